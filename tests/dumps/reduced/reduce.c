/*
 * usage: reduce DUMP FILE
 *
 * Reduce a real dump to what a report reads of it, so that it is small enough for the
 * sources and quick enough to be mutated a million times. The tables of symbols and types
 * are written anew with the few that are asked for; long lists (tasks that only sleep,
 * modules, slab caches, vmalloc areas, the log) are made short; of the rest, each byte that
 * no report reads is left out.
 */
#include "reduce.h"

#include "analyse/brief.h"
#include "analyse/render_html.h"
#include "analyse/render_text.h"
#include "analyse/report.h"
#include "base/bytes.h"
#include "core_image.h"
#include "kernel/field.h"
#include "kernel/module.h"

#include <stdio.h>
#include <string.h>

#define KEPT_OF_LIST 4
#define KEPT_RECORDS 48
#define KEPT_SYMBOLS 150 /* of a module */

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

void must(struct err *err)
{
	if (err) {
		fprintf(stderr, "reduce: %s\n", err_message(err));
		exit(1);
	}
}

/* ---- the whole dump as a core that can be changed ---- */

static struct core_run *present_runs(struct dump *d, size_t *ret_num)
{
	struct core_run *runs = NULL;
	size_t num = 0;

	for (pfn_t pfn = 0, end; pfn < dump_max_pfn(d); pfn = end) {
		if (dump_pfn_run(d, pfn, &end) != PFN_PRESENT)
			continue;
		runs = reallocarray(runs, num + 1, sizeof(*runs));
		if (num && runs[num - 1].start + runs[num - 1].len == pfn << 12) {
			runs[num - 1].len += (end - pfn) << 12;
			continue;
		}
		runs[num++] =
			(struct core_run){.start = pfn << 12, .len = (end - pfn) << 12};
	}
	*ret_num = num;
	return runs;
}

static void read_all(struct core_image *c, const char *path)
{
	cleanup(dump_closep) struct dump *d = NULL;
	struct core_run *runs;
	const void *notes;
	size_t num, len;

	must(dump_open(path, formats, &d));
	notes = dump_notes(d, &len);
	runs = present_runs(d, &num);
	core_image_init(c, notes, len, runs, num);
	for (size_t i = 0; i < num; i++)
		must(dump_read(d, ADDR_PHYSICAL, runs[i].start, c->file + runs[i].offset,
			       runs[i].len));
}

void reduction_write(struct reduction *r, vaddr_t addr, const void *data, size_t len)
{
	while (len) {
		paddr_t paddr;
		u64 here;
		u8 *to;

		must(dump_translate(kernel_dump(r->k), addr, &paddr));
		to = core_image_at(r->image, paddr, &here);
		here = min_u64(min_u64(here, len), 4096 - paddr % 4096);
		memcpy(to, data, here);
		data = (const u8 *)data + here;
		addr += here;
		len -= here;
	}
}

static void write_ptr(struct reduction *r, vaddr_t addr, u64 value)
{
	u8 bytes[8];

	put_le64(bytes, value);
	reduction_write(r, addr, bytes, sizeof(bytes));
}

/* ---- names that matter ---- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool reduction_wants(const struct reduction *r, const char *name)
{
	return bsearch(&name, r->names, r->num_names, sizeof(*r->names), compare_names);
}

static bool is_name_char(char c)
{
	return c &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.",
		      c);
}

static void add_name(struct reduction *r, const char *start, size_t len)
{
	if (len < 2 || len > 200)
		return;
	if (r->num_names % 4096 == 0)
		r->names = reallocarray(r->names, r->num_names + 4096, sizeof(*r->names));
	r->names[r->num_names++] = strndup(start, len);
}

/* Every word in @text, in parts, and with the rest of its parts: a linker lets "mutex" lie
 * in the end of "rt_mutex". */
static void add_names(struct reduction *r, const char *text, size_t len)
{
	for (size_t i = 0, start; i < len; i++) {
		for (start = i; i < len && is_name_char(text[i]); i++)
			;
		if (i == start)
			continue;
		add_name(r, text + start, i - start);
		for (size_t part = start, at = start; at <= i; at++) {
			if (at < i && text[at] == '_')
				add_name(r, text + at + 1, i - at - 1);
			if (at == i || text[at] == '.') {
				add_name(r, text + part, at - part);
				part = at + 1;
			}
		}
	}
}

/* What the program asks for by name is in the program. */
static void find_names(struct reduction *r)
{
	char *program;
	size_t len;

	must(io_read_file("/proc/self/exe", 64 << 20, &program, &len));
	add_names(r, program, len);
	add_names(r, r->told, strlen(r->told));
	free(program);
	qsort(r->names, r->num_names, sizeof(*r->names), compare_names);
}

/* ---- shorter lists ---- */

/* What lies in a list: how far from its start its list_head is, and its name, if any. */
struct element {
	u64 link, name;
};

static bool is_told(const struct reduction *r, vaddr_t addr, const struct element *e)
{
	char text[80] = "\"";

	if (e->name) {
		must(kernel_read_str(r->k, addr + e->name, text + 1, sizeof(text) - 2));
		strcat(text, "\"");
	} else {
		snprintf(text, sizeof(text), "%llx", (unsigned long long)addr);
	}
	return strstr(r->told, text);
}

/* Of the ring at @head, leave the first few elements and those that were told of. */
static void shorten(struct reduction *r, vaddr_t head, const struct element *e)
{
	vaddr_t last = head, node;
	unsigned kept = 0;

	must(kernel_read_ptr(r->k, head, &node));
	for (unsigned i = 0; i < 100000 && node != head; i++) {
		vaddr_t next;

		must(kernel_read_ptr(r->k, node, &next));
		if (i < KEPT_OF_LIST || is_told(r, node - e->link, e)) {
			write_ptr(r, last, node);
			write_ptr(r, node + 8, last);
			last = node;
			kept++;
		}
		node = next;
	}
	write_ptr(r, last, head);
	write_ptr(r, head + 8, last);
	printf("list at 0x%llx: %u kept\n", (unsigned long long)head, kept);
}

static void shorten_list(struct reduction *r, const char *symbol, const char *type,
			 const char *link, const char *name)
{
	struct element e = {.link = field_find(r->k, type, link).offset};
	vaddr_t head;

	if (name)
		e.name = field_find(r->k, type, name).offset;
	if (kernel_symbol_find(r->k, symbol, &head))
		shorten(r, head, &e);
}

static void shorten_nodes(struct reduction *r)
{
	struct field head = field_find(r->k, "vmap_node", "busy.head");
	vaddr_t nodes, at;
	u32 count;
	u64 size;

	if (!head.present || !kernel_symbol_find(r->k, "vmap_nodes", &nodes) ||
	    !kernel_symbol_find(r->k, "nr_vmap_nodes", &at) ||
	    !type_size_find(r->k, "vmap_node", &size))
		return;
	must(kernel_read_u32(r->k, at, &count));
	must(kernel_read_ptr(r->k, nodes, &nodes));
	for (u32 i = 0; i < count && i < 1024; i++)
		shorten(r, nodes + i * size + head.offset, &(struct element){0});
}

static void shorten_log(struct reduction *r)
{
	u64 ring, head, desc_ring = 0;
	u64 head_offset = 0, tail_offset = 0;
	const struct vmcoreinfo *vi = dump_vmcoreinfo(kernel_dump(r->k));
	vaddr_t prb;

	must(kernel_symbol_get(r->k, "prb", &prb));
	must(kernel_read_ptr(r->k, prb, &ring));
	if (!vmcoreinfo_offset(vi, "printk_ringbuffer.desc_ring", &desc_ring) ||
	    !vmcoreinfo_offset(vi, "prb_desc_ring.head_id", &head_offset) ||
	    !vmcoreinfo_offset(vi, "prb_desc_ring.tail_id", &tail_offset))
		return;
	must(kernel_read_u64(r->k, ring + desc_ring + head_offset, &head));
	write_ptr(r, ring + desc_ring + tail_offset, head - KEPT_RECORDS);
}

static void shorten_symbols(struct reduction *r)
{
	struct field count = field_find(r->k, "mod_kallsyms", "num_symtab");
	size_t num;
	const struct kernel_module *modules = kernel_modules(r->k, &num);

	for (size_t i = 0; i < num && count.present; i++) {
		vaddr_t table;
		u32 symbols;

		must(field_read_by_name(r->k, modules[i].address, "module", "kallsyms",
					&table));
		must(kernel_read_u32(r->k, table + count.offset, &symbols));
		if (symbols <= KEPT_SYMBOLS)
			continue;
		put_le32(&symbols, KEPT_SYMBOLS);
		reduction_write(r, table + count.offset, &symbols, sizeof(symbols));
	}
}

static void shorten_lists(struct reduction *r)
{
	struct element task = {.link = field_find(r->k, "task_struct", "tasks").offset};
	vaddr_t init_task;

	must(kernel_symbol_get(r->k, "init_task", &init_task));
	shorten(r, init_task + task.link, &task);
	shorten_symbols(r);
	shorten_list(r, "modules", "module", "list", "name");
	shorten_list(r, "slab_caches", "kmem_cache", "list", NULL);
	shorten_list(r, "vmap_area_list", "vmap_area", "list", NULL);
	shorten_nodes(r);
	shorten_log(r);
}

/* ---- a report, and what it reads ---- */

struct recorder {
	const struct core_image *image;
	u8 *touched;
};

static struct err *record_read(const struct byte_source *src, u64 offset, void *data,
			       size_t len)
{
	struct recorder *rec = src->ctx;

	memcpy(data, rec->image->file + offset, len);
	for (u64 i = offset; i < offset + len; i++)
		rec->touched[i / 8] |= (u8)(1u << i % 8);
	return NULL;
}

/* Everything that is made of a dump; what it says, for the caller to free. */
static char *report(struct kernel *k)
{
	const struct report_options options = {.log_records = 30};
	cleanup(buf_deinit) struct buf out = BUF_INIT;
	json_t *tree = NULL;
	char *json;

	must(report_build(k, &options, &tree));
	must(report_render_html(&out, tree));
	must(brief_format(&out, k));
	/* That a module is listed is no reason to keep it. */
	json_object_del(tree, "modules");
	json = json_dumps(tree, JSON_ENSURE_ASCII);
	json_decref(tree);
	return json;
}

static void record(struct core_image *image, const char *path)
{
	struct recorder rec = {image, calloc(image->len / 8 + 1, 1)};
	struct byte_source src = {
		.read_at = record_read, .ctx = &rec, .size = image->len, .name = "dump"};
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(kernel_closep) struct kernel *k = NULL;
	const void *notes;
	size_t len;
	char *said;

	must(dump_open_source(&src, formats, &d));
	must(kernel_open(d, &k));
	said = report(k);
	printf("%.400s\n", said);
	free(said);
	notes = dump_notes(d, &len);
	core_image_write_reduced(image, rec.touched, notes, len, path);
	free(rec.touched);
}

int main(int argc, char **argv)
{
	struct core_image image;
	struct reduction r = {.image = &image};
	struct byte_source src;
	struct dump *d;

	if (argc != 3) {
		fprintf(stderr, "usage: reduce DUMP FILE\n");
		return 2;
	}
	read_all(&image, argv[1]);
	src = source_from_memory(image.file, image.len, "dump");
	must(dump_open_source(&src, formats, &d));
	must(kernel_open(d, &r.k));
	r.told = report(r.k);
	find_names(&r);
	shorten_lists(&r);
	reduce_types(&r);
	reduce_symbols(&r);
	kernel_close(r.k);
	dump_close(d);
	record(&image, argv[2]);
	return 0;
}
