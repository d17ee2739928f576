/* Collect an open dump, whatever is in it, and hold the collector to its word: what it
 * calls done is whole and has the source's bytes, and what it does not is not taken for
 * whole. */
#ifndef TESTS_FUZZ_COLLECT_CHECK_H
#define TESTS_FUZZ_COLLECT_CHECK_H

#include "collect/collect.h"
#include "collect/verify.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COLLECT_CHECK_OPTIONS 3 /* bytes */

/* A dump may claim more memory than anybody can write a bitmap of in a fuzzer's patience.
 */
#define COLLECT_CHECK_MAX_PFN ((pfn_t)1 << 20)

static const struct dump_format *const collect_check_formats[] = {
	&dump_format_elfcore, &dump_format_diskdump, NULL};

static inline struct collect_options collect_check_options(const uint8_t bytes[3])
{
	static const struct collect_codec *const codecs[] = {
		&collect_codec_none, &collect_codec_zlib,   &collect_codec_zstd,
		&collect_codec_lzo,  &collect_codec_snappy, NULL};

	return (struct collect_options){
		.dump_level = bytes[0] % (COLLECT_MAX_LEVEL + 1),
		.codec = codecs[bytes[1] % 6],
		.format = bytes[1] & 0x80 ? COLLECT_ELF : COLLECT_KDUMP,
		.num_workers = 1 + (bytes[2] & 1),
		.is_ordered = bytes[2] & 2,
		.keeps_pcp = bytes[2] & 8,
		.excludes_memmap = bytes[2] & 16,
	};
}

/* Each page that the new dump has is one of the source, with its bytes. */
static inline void collect_check_pages(struct dump *in, struct dump *out)
{
	static unsigned char a[65536], b[65536];
	size_t size = dump_page_size(out);
	/* An ELF core has the page size that its VMCOREINFO names, if any, which need not
	 * be the one that the header of its source claimed. */
	bool is_same_size = size == dump_page_size(in);

	for (pfn_t pfn = 0, end; pfn < dump_max_pfn(out); pfn = end) {
		enum pfn_state state = dump_pfn_run(out, pfn, &end);
		struct err *err;

		if (state != PFN_PRESENT)
			continue;
		end = pfn + 1;
		assert(!is_same_size || dump_pfn_state(in, pfn) == PFN_PRESENT);
		err = dump_read(out, ADDR_PHYSICAL, pfn * size, a, size);
		if (!err)
			err = dump_read(in, ADDR_PHYSICAL, pfn * size, b, size);
		/* RAM may begin or end inside the page. */
		assert(err || memcmp(a, b, size) == 0);
		err_free(err);
	}
}

static inline void collect_check_result(struct dump *in, int fd,
					const struct collect_stats *stats, bool is_done)
{
	const struct verify_options options = {.num_workers = 1};
	struct verify_result r;
	struct dump *out = NULL;
	char path[64];
	struct err *err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = dump_open(path, collect_check_formats, &out);
	assert(!is_done || !err);
	err_free(err);
	if (!out)
		return;
	err = verify_dump(out, &options, &r);
	assert(!err);
	if (is_done) {
		/* Damaged notes are carried over as they are. */
		assert(r.is_whole || !stats->pages_written || r.notes_are_damaged);
		assert(r.pages_decoded == stats->pages_written);
		collect_check_pages(in, out);
	} else {
		assert(!r.is_whole);
	}
	verify_result_deinit(&r);
	dump_close(out);
}

static inline void collect_and_check(struct dump *in, const uint8_t bytes[3])
{
	struct collect_options o = collect_check_options(bytes);
	int fd = memfd_create("vmcore", MFD_CLOEXEC);
	struct collect_stats stats;
	struct err *err;

	assert(fd >= 0);
	if (dump_max_pfn(in) <= COLLECT_CHECK_MAX_PFN) {
		err = bytes[2] & 4 ? collect_to_stream(in, fd, "stream", &o, &stats)
				   : collect_to_fd(in, fd, "vmcore", &o, &stats);
		assert(stats.pages_written + stats.pages_not_in_source <= stats.pages_ram);
		collect_check_result(in, fd, &stats, !err && !stats.is_incomplete);
		err_free(err);
	}
	close(fd);
}

#endif
