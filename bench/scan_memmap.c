/* Time the filter alone: decide every page of a dump some times, and print what a struct
 * page costs each time.
 *
 * usage: scan_memmap DUMP LEVEL RUNS
 *
 * A line per run: nanoseconds of the CPU and of the clock, both per struct page, and the
 * number of struct pages. */
#include "base/types.h"
#include "collect/filter_priv.h"

#include <stdio.h>
#include <time.h>

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static u64 scan_all(struct filter_scan *s, struct dump *d, struct filter_chunk *chunk)
{
	u64 pages = 0;

	for (pfn_t first = 0; first < dump_max_pfn(d); first += CHUNK_PAGES) {
		filter_scan_chunk(s, first, dump_max_pfn(d), chunk);
		pages += chunk->pages_ram;
	}
	return pages;
}

static struct err *measure(const char *path, unsigned level, unsigned runs)
{
	const struct filter_options options = {.level = level};
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(dump_reader_closep) struct dump_reader *r = NULL;
	cleanup(filter_closep) struct filter *f = NULL;
	cleanup(freep) struct filter_chunk *chunk = malloc(sizeof(*chunk));
	struct err *err = chunk ? dump_open(path, formats, &d) : err_nomem();

	if (!err)
		err = dump_reader_open(d, &r);
	if (!err)
		err = filter_open(d, &options, &f);
	for (unsigned i = 0; !err && i < runs; i++) {
		double cpu = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
		struct filter_scan *s;
		u64 pages;

		err = filter_scan_open(f, r, &s);
		if (err)
			break;
		pages = scan_all(s, d, chunk);
		filter_scan_close(s);
		printf("%.3f %.3f %llu\n",
		       (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)pages,
		       (now(CLOCK_MONOTONIC) - wall) / (double)pages,
		       (unsigned long long)pages);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct err *err;

	if (argc != 4) {
		fprintf(stderr, "usage: %s DUMP LEVEL RUNS\n", argv[0]);
		return 2;
	}
	err = measure(argv[1], (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	if (!err)
		return 0;
	fprintf(stderr, "%s\n", err_message(err));
	err_free(err);
	return 1;
}
