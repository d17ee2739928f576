#include "dump/dump_priv.h"

#include "format/note.h"
#include "format/status_note.h"

#include <elf.h>
#include <string.h>

#define HEAD_LEN	64
#define MAX_CPU_NOTES	65536
#define FLATTENED_MAGIC "makedumpfile"
#define MIN_PAGE_SHIFT	12
#define MAX_PAGE_SHIFT	16
#define OWN_CACHE_BYTES ((size_t)512 << 10)

struct err *dump_load(struct dump *d, u64 offset, u64 len, size_t max_len, const char *what,
		      void **ret, size_t *ret_len)
{
	cleanup(freep) char *data = NULL;
	u64 fitting = offset < d->src->size ? min_u64(len, d->src->size - offset) : 0;
	struct err *err;

	if (fitting < len) {
		notices_add(&d->notices,
			    "%s: truncated: %s at offset 0x%llx of 0x%llx bytes reach past "
			    "the end at 0x%llx",
			    d->src->name, what, (unsigned long long)offset,
			    (unsigned long long)len, (unsigned long long)d->src->size);
		d->is_incomplete = true;
	}
	if (fitting > max_len) {
		notices_add(
			&d->notices,
			"%s: %s at offset 0x%llx: only the first 0x%zx of 0x%llx bytes are "
			"looked at",
			d->src->name, what, (unsigned long long)offset, max_len,
			(unsigned long long)len);
		fitting = max_len;
	}
	data = malloc(fitting + 1);
	if (!data)
		return err_nomem();
	err = source_read(d->src, fitting ? offset : 0, data, fitting);
	if (err)
		return err_wrap(err, "%s", what);
	data[fitting] = '\0';
	*ret = steal(data);
	*ret_len = fitting;
	return NULL;
}

struct err *dump_add_ram(struct dump *d, paddr_t start, u64 len)
{
	struct ram_range *last = d->num_ram ? &d->ram[d->num_ram - 1] : NULL;
	struct ram_range *grown;

	if (last && last->start + last->len == start) {
		last->len += len;
		return NULL;
	}
	/* Grow at powers of two. */
	if (!(d->num_ram & (d->num_ram - 1))) {
		size_t capacity = d->num_ram ? 2 * d->num_ram : 16;

		grown = reallocarray(d->ram, capacity, sizeof(*grown));
		if (!grown)
			return err_nomem();
		d->ram = grown;
	}
	d->ram[d->num_ram++] = (struct ram_range){.start = start, .len = len};
	return NULL;
}

struct err *dump_page_fault(paddr_t addr, enum pfn_state state)
{
	static const char *const why[] = {
		[PFN_PRESENT] = "cannot be read",
		[PFN_EXCLUDED] = "was filtered out of this dump",
		[PFN_ABSENT] = "is not in this dump",
		[PFN_LOST] = "lies in a missing or damaged part of the file",
	};

	return err_fault(addr, "physical address 0x%llx %s", (unsigned long long)addr,
			 why[state]);
}

/* An ELF core says by a note of ours what kdump-compressed files have fields for. */
static void take_status(struct dump *d, const struct status_note *status)
{
	d->level |= status->dump_level;
	if (!status->is_incomplete)
		return;
	d->is_incomplete = true;
	notices_add(&d->notices, "%s is marked incomplete: the collector was cut short",
		    d->src->name);
}

/* Remember one note: the kernel's self-description, or the registers of a CPU. */
static struct err *take_note(struct dump *d, const struct note *n)
{
	struct note_ref *grown;
	struct status_note status;

	if (status_note_parse(n, &status)) {
		take_status(d, &status);
		return NULL;
	}
	if (note_has_name(n, "VMCOREINFO") && !d->vmcoreinfo) {
		struct err *err = vmcoreinfo_parse(n->desc, n->desc_len, &d->vmcoreinfo);

		notices_add_err(&d->notices, err_wrap(err, "%s", d->src->name));
		return NULL;
	}
	if (!note_has_name(n, "CORE") || n->type != NT_PRSTATUS)
		return NULL;
	if (d->num_cpu_notes == MAX_CPU_NOTES) {
		notices_add(&d->notices, "%s: more than %d CPU notes", d->src->name,
			    MAX_CPU_NOTES);
		return NULL;
	}
	if (!(d->num_cpu_notes & (d->num_cpu_notes - 1))) {
		size_t capacity = d->num_cpu_notes ? 2 * d->num_cpu_notes : 16;

		grown = reallocarray(d->cpu_notes, capacity, sizeof(*grown));
		if (!grown)
			return err_nomem();
		d->cpu_notes = grown;
	}
	d->cpu_notes[d->num_cpu_notes++] = (struct note_ref){
		.offset = (size_t)((const char *)n->desc - (const char *)d->notes),
		.len = n->desc_len};
	return NULL;
}

static struct err *read_notes(struct dump *d)
{
	struct note_iter it = note_iter_init(d->notes, d->notes_len);
	struct note n;

	if (d->vmcoreinfo_text) {
		struct err *err = vmcoreinfo_parse(d->vmcoreinfo_text, d->vmcoreinfo_len,
						   &d->vmcoreinfo);

		notices_add_err(&d->notices, err_wrap(err, "%s", d->src->name));
	}
	while (note_next(&it, &n)) {
		struct err *err = take_note(d, &n);

		if (err)
			return err;
	}
	if (it.is_damaged)
		notices_add(&d->notices, "%s: the last note is cut off", d->src->name);
	return NULL;
}

static void find_page_shift(struct dump *d)
{
	u64 page_size;

	if (d->page_shift)
		return;
	d->page_shift = d->arch->default_page_shift;
	if (!d->vmcoreinfo || !vmcoreinfo_value(d->vmcoreinfo, "PAGESIZE", 10, &page_size))
		return;
	for (unsigned shift = MIN_PAGE_SHIFT; shift <= MAX_PAGE_SHIFT; shift++) {
		if (page_size == (u64)1 << shift) {
			d->page_shift = shift;
			return;
		}
	}
	notices_add(&d->notices, "%s: VMCOREINFO names a page size of %llu, taken as %u",
		    d->src->name, (unsigned long long)page_size, 1u << d->page_shift);
}

static void find_max_pfn(struct dump *d)
{
	const struct ram_range *last;

	if (d->max_pfn || !d->num_ram)
		return;
	last = &d->ram[d->num_ram - 1];
	d->max_pfn = ((last->start + last->len - 1) >> d->page_shift) + 1;
}

static struct err *find_format(struct dump *d, const struct dump_format *const *formats)
{
	u8 head[HEAD_LEN] = {0};
	size_t len = min_u64(sizeof(head), d->src->size);
	struct err *err = source_read(d->src, 0, head, len);

	if (err)
		return err;
	if (!len)
		return err_new(ERR_BAD_DATA, "%s: not a dump: the file is empty",
			       d->src->name);
	for (; *formats; formats++) {
		if ((*formats)->recognises(head, len)) {
			d->format = *formats;
			return NULL;
		}
	}
	return err_new(
		ERR_UNSUPPORTED,
		"%s: not a dump: first bytes %02x %02x %02x %02x at offset 0x0 are of "
		"no known dump format",
		d->src->name, head[0], head[1], head[2], head[3]);
}

static struct err *open_with(struct dump *d, const struct dump_format *const *formats)
{
	size_t num_parts = input_num_parts(d->input);
	struct err *err = find_format(d, formats);

	if (err)
		return err;
	if (num_parts > 1 && !d->format->can_be_split)
		return err_new(
			ERR_UNSUPPORTED,
			"%s: a dump of format %s cannot be read together with others",
			d->src->name, d->format->name);
	for (size_t i = 0; i < num_parts; i++) {
		struct err *cut = input_check_end(d->input, i);

		d->is_incomplete |= cut != NULL;
		notices_add_err(&d->notices, cut);
	}
	err = d->format->open(d);
	if (err)
		return err;
	err = read_notes(d);
	if (err)
		return err;
	find_page_shift(d);
	find_max_pfn(d);
	err = reader_init(&d->own, d, d->input, OWN_CACHE_BYTES);
	if (!err && !d->vmcoreinfo)
		err = dump_find_self_description(d);
	return err ? err : translation_init(d);
}

/* Takes @input. */
static struct err *open_input(struct input *input, const struct dump_format *const *formats,
			      struct dump **ret)
{
	cleanup(dump_closep) struct dump *d = calloc(1, sizeof(*d));
	struct err *err;

	if (!d) {
		input_close(input);
		return err_nomem();
	}
	d->input = input;
	d->src = input_part(input, 0);
	err = open_with(d, formats);
	if (err)
		return err;
	*ret = steal(d);
	return NULL;
}

struct err *dump_open_sources(const struct byte_source *const *srcs, size_t count,
			      const struct dump_format *const *formats, struct dump **ret)
{
	struct input *input;
	struct err *err = input_open_sources(srcs, count, &input);

	return err ? err : open_input(input, formats, ret);
}

struct err *dump_open_source(const struct byte_source *src,
			     const struct dump_format *const *formats, struct dump **ret)
{
	return dump_open_sources(&src, 1, formats, ret);
}

struct err *dump_open_set(const char *const *paths, size_t count,
			  const struct dump_format *const *formats, struct dump **ret)
{
	struct input *input;
	struct err *err = input_open(paths, count, &input);

	return err ? err : open_input(input, formats, ret);
}

struct err *dump_open(const char *path, const struct dump_format *const *formats,
		      struct dump **ret)
{
	return dump_open_set(&path, 1, formats, ret);
}

void dump_close(struct dump *d)
{
	if (!d)
		return;
	reader_deinit(&d->own);
	if (d->format)
		d->format->close(d);
	free(d->notes);
	free(d->far_notes);
	free(d->vmcoreinfo_text);
	free(d->ram);
	free(d->cpu_notes);
	vmcoreinfo_free(d->vmcoreinfo);
	notices_deinit(&d->notices);
	input_close(d->input);
	free(d);
}

enum pfn_state dump_pfn_state(struct dump *d, pfn_t pfn)
{
	return dump_reader_pfn_state(&d->own, pfn);
}

enum pfn_state dump_pfn_run(struct dump *d, pfn_t pfn, pfn_t *ret_end)
{
	return dump_reader_pfn_run(&d->own, pfn, ret_end);
}

void dump_read_some(struct dump *d, enum addr_space space, u64 addr, void *data, size_t len,
		    size_t *ret_len, struct err **ret_why)
{
	dump_reader_read_some(&d->own, space, addr, data, len, ret_len, ret_why);
}

struct err *dump_read(struct dump *d, enum addr_space space, u64 addr, void *data,
		      size_t len)
{
	return dump_reader_read(&d->own, space, addr, data, len);
}

const char *dump_path(const struct dump *d)
{
	return d->src->name;
}

const struct arch *dump_arch(const struct dump *d)
{
	return d->arch;
}

u64 dump_page_size(const struct dump *d)
{
	return (u64)1 << d->page_shift;
}

unsigned dump_page_shift(const struct dump *d)
{
	return d->page_shift;
}

pfn_t dump_max_pfn(const struct dump *d)
{
	return d->max_pfn;
}

const struct vmcoreinfo *dump_vmcoreinfo(const struct dump *d)
{
	return d->vmcoreinfo;
}

bool dump_is_partial(const struct dump *d)
{
	return d->is_partial;
}

unsigned dump_level(const struct dump *d)
{
	return d->level;
}

bool dump_is_incomplete(const struct dump *d)
{
	return d->is_incomplete;
}

u32 dump_codec_flags(const struct dump *d)
{
	return d->codec_flags;
}

const char *dump_format_name(const struct dump *d)
{
	return d->format->name;
}

const struct ram_range *dump_ram(const struct dump *d, size_t *ret_count)
{
	*ret_count = d->num_ram;
	return d->ram;
}

const void *dump_notes(const struct dump *d, size_t *ret_len)
{
	*ret_len = d->notes_len;
	return d->notes;
}

size_t dump_num_cpu_notes(const struct dump *d)
{
	return d->num_cpu_notes;
}

struct err *dump_cpu_regs(const struct dump *d, size_t index, struct arch_regs *ret)
{
	u32 pid;

	if (index >= d->num_cpu_notes)
		return err_new(ERR_ABSENT, "%s: there is no CPU note %zu of %zu",
			       d->src->name, index, d->num_cpu_notes);
	return err_wrap(
		d->arch->parse_prstatus((const char *)d->notes + d->cpu_notes[index].offset,
					d->cpu_notes[index].len, ret, &pid),
		"%s: CPU note %zu", d->src->name, index);
}

struct notices *dump_notices(struct dump *d)
{
	return &d->notices;
}
