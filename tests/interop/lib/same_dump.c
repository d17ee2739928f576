/* Do two dumps say the same? Opens both with the readers of this project and compares the
 * state and the bytes of every page frame, the RAM they speak of, notes and VMCOREINFO.
 *
 * usage: same_dump FILE[,PART]... FILE[,PART]...
 *
 * The exit status is 0 if they do; else the first difference is printed. */
#include "dump/dump.h"

#include <stdio.h>
#include <string.h>

static const struct dump_format *const formats[] = {&dump_format_diskdump,
						    &dump_format_elfcore, NULL};

#define MAX_PARTS 64

static struct dump *open_list(char *list)
{
	const char *parts[MAX_PARTS];
	struct dump *d = NULL;
	size_t count = 0;
	struct err *err;

	for (char *part = strtok(list, ","); part && count < MAX_PARTS;
	     part = strtok(NULL, ","))
		parts[count++] = part;
	err = dump_open_set(parts, count, formats, &d);
	if (err) {
		fprintf(stderr, "%s\n", err_message(err));
		err_free(err);
		exit(1);
	}
	for (size_t i = 0; i < dump_notices(d)->count; i++)
		printf("# %s\n", dump_notices(d)->texts[i]);
	return d;
}

static bool same_bytes(const char *what, const void *a, size_t a_len, const void *b,
		       size_t b_len)
{
	if (a_len == b_len && (!a_len || memcmp(a, b, a_len) == 0))
		return true;
	printf("%s differ: %zu and %zu bytes\n", what, a_len, b_len);
	return false;
}

static bool same_facts(struct dump *a, struct dump *b)
{
	size_t a_len = 0, b_len = 0;
	const void *x = dump_notes(a, &a_len), *y = dump_notes(b, &b_len);
	bool is_same = same_bytes("notes", x, a_len, y, b_len);

	a_len = b_len = 0;
	x = dump_vmcoreinfo(a) ? vmcoreinfo_text(dump_vmcoreinfo(a), &a_len) : NULL;
	y = dump_vmcoreinfo(b) ? vmcoreinfo_text(dump_vmcoreinfo(b), &b_len) : NULL;
	is_same &= same_bytes("VMCOREINFO", x, a_len, y, b_len);
	x = dump_ram(a, &a_len);
	y = dump_ram(b, &b_len);
	is_same &= same_bytes("ranges of RAM", x, a_len * sizeof(struct ram_range), y,
			      b_len * sizeof(struct ram_range));
	if (dump_max_pfn(a) != dump_max_pfn(b) || dump_page_size(a) != dump_page_size(b) ||
	    dump_is_incomplete(a) != dump_is_incomplete(b) ||
	    dump_level(a) != dump_level(b)) {
		printf("headers differ\n");
		return false;
	}
	return is_same;
}

/* Read all of a page that is RAM; the rest is zeros. */
static size_t read_page(struct dump_reader *r, pfn_t pfn, void *page, size_t size)
{
	struct err *why;
	size_t len;

	memset(page, 0, size);
	dump_reader_read_some(r, ADDR_PHYSICAL, pfn * size, page, size, &len, &why);
	err_free(why);
	return len;
}

static bool same_pages(struct dump *a, struct dump *b)
{
	static char x[1 << 16], y[1 << 16];
	cleanup(dump_reader_closep) struct dump_reader *ra = NULL, *rb = NULL;
	size_t size = dump_page_size(a);
	u64 num_present = 0;
	struct err *err = dump_reader_open(a, &ra);

	if (!err)
		err = dump_reader_open(b, &rb);
	if (err) {
		printf("%s\n", err_message(err));
		err_free(err);
		return false;
	}
	for (pfn_t pfn = 0; pfn < dump_max_pfn(a); pfn++) {
		enum pfn_state s = dump_reader_pfn_state(ra, pfn);

		if (s != dump_reader_pfn_state(rb, pfn)) {
			printf("page frame 0x%llx: states differ\n",
			       (unsigned long long)pfn);
			return false;
		}
		if (s != PFN_PRESENT)
			continue;
		num_present++;
		if (read_page(ra, pfn, x, size) != read_page(rb, pfn, y, size) ||
		    memcmp(x, y, size) != 0) {
			printf("page frame 0x%llx: pages differ\n",
			       (unsigned long long)pfn);
			return false;
		}
	}
	printf("# %llu pages are the same\n", (unsigned long long)num_present);
	return num_present > 0;
}

int main(int argc, char **argv)
{
	struct dump *a, *b;
	bool is_same;

	if (argc != 3) {
		fprintf(stderr, "usage: same_dump FILE[,PART]... FILE[,PART]...\n");
		return 2;
	}
	a = open_list(argv[1]);
	b = open_list(argv[2]);
	is_same = same_facts(a, b) && same_pages(a, b);
	dump_close(a);
	dump_close(b);
	return is_same ? 0 : 1;
}
