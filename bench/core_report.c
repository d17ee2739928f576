/*
 * The core report as inquest-capture makes it, over an ELF core that is read and mapped in
 * windows, as /proc/vmcore is. Prints "user-seconds system-seconds anonymous-bytes", and
 * with a second argument the report before it. For `bench/report`.
 *
 * The anonymous memory is what the heap has at its end: what is freed is not given back to
 * the system before, and nothing has a mapping of its own.
 */
#include "analyse/brief.h"
#include "base/io.h"
#include "dump/file.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static unsigned long long anonymous_bytes(void)
{
	char line[128];
	unsigned long long kib = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

static struct err *make_report(const char *path, struct buf *text)
{
	cleanup(file_source_closep) struct file_source *file = NULL;
	cleanup(dump_closep) struct dump *dump = NULL;
	cleanup(kernel_closep) struct kernel *kernel = NULL;
	struct err *err = file_source_open_in_windows(path, &file);

	if (!err)
		err = dump_open_source(file_source_bytes(file), formats, &dump);
	if (!err)
		err = kernel_open(dump, &kernel);
	if (!err)
		err = brief_format(text, kernel);
	return err;
}

int main(int argc, char **argv)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct rusage usage;
	struct err *err;

	if (argc < 2) {
		fprintf(stderr, "usage: core_report ELF-CORE [show]\n");
		return 2;
	}
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	err = make_report(argv[1], &text);
	if (err) {
		fprintf(stderr, "%s\n", err_message(err));
		err_free(err);
		return 1;
	}
	if (argc > 2)
		printf("%s", buf_text(&text));
	getrusage(RUSAGE_SELF, &usage);
	printf("%.4f %.4f %llu\n", seconds(usage.ru_utime), seconds(usage.ru_stime),
	       anonymous_bytes());
	return 0;
}
