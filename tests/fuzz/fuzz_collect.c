/* Collect whatever opens as a dump: a hostile memory model must lead to more pages being
 * kept, never to trouble. */
#include "fuzz.h"

#include "collect/collect.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

static void collect(struct dump *d)
{
	struct collect_options o = {.dump_level = 31, .codec = &collect_codec_none};
	struct collect_stats stats;
	int fd = memfd_create("vmcore", MFD_CLOEXEC);

	assert(fd >= 0);
	err_free(collect_to_fd(d, fd, "vmcore", &o, &stats));
	assert(stats.pages_written + stats.pages_not_in_source <= stats.pages_ram);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_source src = source_from_memory(data, size, "source");
	struct dump *d = NULL;
	struct err *err = dump_open_source(&src, formats, &d);

	if (err) {
		err_free(err);
		return 0;
	}
	collect(d);
	dump_close(d);
	return 0;
}
