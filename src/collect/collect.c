#include "collect/collect.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "collect/bits_priv.h"
#include "collect/filter_priv.h"
#include "collect/writer_priv.h"
#include "format/diskdump.h"
#include "format/note.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define READ_BYTES ((size_t)1 << 20)

/* What lies behind the last symbol known of the kernel image is part of it too, about so
 * much.
 */
#define IMAGE_TAIL_LEN ((u64)4 << 20)
#define IMAGE_MAX_LEN  ((u64)1 << 30)

/* Page frames that are copied in one go, and how many pages kept precede them in the dump.
 */
struct stripe {
	pfn_t first, end;
	u64 rank;
};

/* One run of the collector. */
struct collector {
	struct dump *d;
	int fd;
	const char *name;
	const struct collect_options *options;
	struct collect_stats *stats;
	struct diskdump dd;
	struct dump_reader *reader; /* of the filter */
	struct filter *filter;
	struct filter_scan *scan;
	struct writer writer;
	u8 *pages;		  /* READ_BYTES */
	bool vmcoreinfo_is_apart; /* not inside the notes */
	u64 pages_total;
	struct stripe image, behind; /* around the end of the image */
	struct stripe now;	     /* being copied */
	struct filter_chunk chunk;   /* being filtered or copied */
};

static void collector_freep(struct collector **p)
{
	if (!*p)
		return;
	filter_scan_close((*p)->scan);
	dump_reader_close((*p)->reader);
	filter_close((*p)->filter);
	writer_deinit(&(*p)->writer);
	free((*p)->pages);
	free(*p);
}

const char *collect_codec_name(const struct collect_codec *codec)
{
	return codec->name;
}

static void report_progress(struct collector *c)
{
	struct collect_progress p = {
		.pages_done = c->stats->pages_written,
		.pages_total = c->pages_total,
		.bytes_written = c->writer.data_offset + c->writer.data_len,
	};

	if (c->options->progress)
		c->options->progress(c->options->progress_ctx, &p);
}

/* The system's name and release, out of the crashed kernel's memory. */
static void fill_uts(struct collector *c)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(c->d);
	char names[DISKDUMP_UTS_FIELDS * DISKDUMP_UTS_FIELD_LEN];
	const char *release = vi ? vmcoreinfo_find(vi, "OSRELEASE") : NULL;
	vaddr_t addr;
	u64 offset;

	/* struct new_utsname has the same six fields in the same order. */
	if (vi && vmcoreinfo_symbol(vi, "init_uts_ns", &addr) &&
	    vmcoreinfo_offset(vi, "uts_namespace.name", &offset)) {
		struct err *err =
			dump_read(c->d, ADDR_VIRTUAL, addr + offset, names, sizeof(names));

		if (!err)
			for (size_t i = 0; i < DISKDUMP_UTS_FIELDS; i++)
				memcpy(c->dd.uts[i], names + i * DISKDUMP_UTS_FIELD_LEN,
				       DISKDUMP_UTS_FIELD_LEN);
		notices_add_err(dump_notices(c->d), err_wrap(err, "system name"));
	}
	/* Readers choose the CPU by it: it must be right even if memory is not. */
	if (strcmp(c->dd.uts[DISKDUMP_MACHINE], dump_arch(c->d)->name) != 0) {
		snprintf(c->dd.uts[DISKDUMP_SYSNAME], DISKDUMP_UTS_FIELD_LEN, "Linux");
		snprintf(c->dd.uts[DISKDUMP_RELEASE], DISKDUMP_UTS_FIELD_LEN, "%s",
			 release ? release : "");
		snprintf(c->dd.uts[DISKDUMP_MACHINE], DISKDUMP_UTS_FIELD_LEN, "%s",
			 dump_arch(c->d)->name);
	}
}

/* Notes lie right behind the sub header, the VMCOREINFO text inside them, or behind them if
 * it came by itself. */
static void place_notes(struct collector *c)
{
	struct diskdump *dd = &c->dd;
	size_t notes_len;
	const void *notes = dump_notes(c->d, &notes_len);
	struct note_iter it = note_iter_init(notes, notes_len);
	u64 end = dd->block_size + DISKDUMP_SUB_HEADER_LEN;
	struct note n;

	if (notes_len) {
		dd->notes_offset = end;
		dd->notes_size = notes_len;
		end += notes_len;
	}
	while (note_next(&it, &n)) {
		if (!note_has_name(&n, "VMCOREINFO"))
			continue;
		dd->vmcoreinfo_offset = dd->notes_offset +
					(u64)((const char *)n.desc - (const char *)notes);
		dd->vmcoreinfo_size = n.desc_len;
	}
	if (!dd->vmcoreinfo_size && dump_vmcoreinfo(c->d)) {
		size_t len;

		(void)vmcoreinfo_text(dump_vmcoreinfo(c->d), &len);
		c->vmcoreinfo_is_apart = true;
		dd->vmcoreinfo_offset = end;
		dd->vmcoreinfo_size = len;
		end += len;
	}
	dd->sub_header_blocks = (u32)((end - 1) / dd->block_size);
}

/* About where the kernel image lies: from the lowest to behind the highest of the symbols
 * that VMCOREINFO has of it. Only the order of pages in the file depends on it. */
static void find_image(struct collector *c)
{
	static const char *const symbols[] = {
		"_stext",    "swapper_pg_dir", "init_uts_ns",	   "node_online_map", "prb",
		"clear_seq", "kallsyms_names", "kallsyms_offsets", "node_data",
	};
	const struct vmcoreinfo *vi = dump_vmcoreinfo(c->d);
	paddr_t low = UINT64_MAX, high = 0, paddr;
	vaddr_t addr;

	for (size_t i = 0; vi && i < ARRAY_SIZE(symbols); i++) {
		struct err *err;

		if (!vmcoreinfo_symbol(vi, symbols[i], &addr))
			continue;
		err = dump_translate(c->d, addr, &paddr);
		if (err) {
			err_ignore(err);
			continue;
		}
		low = min_u64(low, paddr);
		high = max_u64(high, paddr);
	}
	if (low < high && high - low < IMAGE_MAX_LEN) {
		c->image.first = low >> dump_page_shift(c->d);
		c->image.end = (high + IMAGE_TAIL_LEN) >> dump_page_shift(c->d);
	}
	c->behind = (struct stripe){.first = c->image.end, .end = UINT64_MAX};
}

static void plan(struct collector *c)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(c->d);
	struct diskdump *dd = &c->dd;
	u64 bitmap_bytes;

	*dd = (struct diskdump){
		.version = DISKDUMP_LATEST_VERSION,
		.status = c->options->codec->flag | DISKDUMP_INCOMPLETE,
		.block_size = (u32)dump_page_size(c->d),
		.num_cpus = (u32)dump_num_cpu_notes(c->d),
		.max_pfn = dump_max_pfn(c->d),
		/* What a source lacks stays lacking. */
		.dump_level = c->options->dump_level | dump_level(c->d),
	};
	if (dump_is_partial(c->d) && !dd->dump_level)
		dd->dump_level = COLLECT_ZERO;
	bitmap_bytes = (dd->max_pfn + 7) / 8;
	dd->bitmap_blocks =
		(u32)(2 * ((bitmap_bytes + dd->block_size - 1) / dd->block_size));
	if (vi)
		vmcoreinfo_number(vi, "phys_base", &dd->phys_base);
	if (!vi || !vmcoreinfo_value(vi, "CRASHTIME", 10, &dd->timestamp_s))
		dd->timestamp_s = (u64)time(NULL);
	fill_uts(c);
	find_image(c);
	place_notes(c);
	diskdump_lay_out(dd);
}

static struct err *write_header(struct collector *c)
{
	u8 header[DISKDUMP_HEADER_LEN];

	diskdump_format_header(&c->dd, header);
	return io_pwrite_all(c->fd, header, sizeof(header), 0, c->name);
}

static struct err *write_front(struct collector *c)
{
	const struct diskdump *dd = &c->dd;
	u8 sub[DISKDUMP_SUB_HEADER_LEN];
	size_t len;
	const void *bytes;
	struct err *err = write_header(c);

	if (err)
		return err;
	diskdump_format_sub_header(dd, sub);
	err = io_pwrite_all(c->fd, sub, sizeof(sub), dd->block_size, c->name);
	bytes = dump_notes(c->d, &len);
	if (!err && len)
		err = io_pwrite_all(c->fd, bytes, len, dd->notes_offset, c->name);
	if (err || !c->vmcoreinfo_is_apart)
		return err;
	bytes = vmcoreinfo_text(dump_vmcoreinfo(c->d), &len);
	return io_pwrite_all(c->fd, bytes, len, dd->vmcoreinfo_offset, c->name);
}

/* Bytes of a bitmap that chunk @first takes. */
static size_t chunk_len(const struct collector *c, pfn_t first)
{
	return min_u64(CHUNK_BYTES, c->dd.bitmap_size - first / 8);
}

static struct err *write_bitmaps(struct collector *c, pfn_t first)
{
	size_t len = chunk_len(c, first);
	struct err *err = io_pwrite_all(c->fd, c->chunk.ram, len,
					c->dd.bitmap1_offset + first / 8, c->name);

	if (err)
		return err;
	return io_pwrite_all(c->fd, c->chunk.kept, len, c->dd.bitmap2_offset + first / 8,
			     c->name);
}

/* Call @f for each chunk that has RAM; chunks without leave holes in the file. */
static struct err *each_chunk(struct collector *c,
			      struct err *(*f)(struct collector *c, pfn_t first))
{
	unsigned shift = dump_page_shift(c->d);
	pfn_t next = 0; /* chunks before are done */
	size_t count;
	const struct ram_range *ram = dump_ram(c->d, &count);

	for (size_t i = 0; i < count; i++) {
		pfn_t end = (ram[i].start + ram[i].len - 1) / ((u64)1 << shift) + 1;
		pfn_t first = align_down(ram[i].start >> shift, CHUNK_PAGES);

		for (first = max_u64(first, next); first < end; first += CHUNK_PAGES) {
			struct err *err = f(c, first);

			if (err)
				return err;
			next = first + CHUNK_PAGES;
		}
	}
	return NULL;
}

/* Pages kept in the chunk from @first on that precede page frame @end. */
static u64 count_before(const struct collector *c, pfn_t first, pfn_t end)
{
	return end <= first ? 0
			    : bits_count(c->chunk.kept, min_u64(end - first, CHUNK_PAGES));
}

static struct err *filter_one(struct collector *c, pfn_t first)
{
	filter_scan_chunk(c->scan, first, c->dd.max_pfn, &c->chunk);
	c->stats->pages_ram += c->chunk.pages_ram;
	c->stats->pages_not_in_source += c->chunk.pages_not_in_source;
	for (size_t i = 0; i < PAGE_NUM_CLASSES; i++)
		c->stats->excluded[i] += c->chunk.excluded[i];
	c->pages_total += c->chunk.num_kept;
	c->image.rank += count_before(c, first, c->image.first);
	c->behind.rank += count_before(c, first, c->behind.first);
	return write_bitmaps(c, first);
}

/* Index of the first stretch of RAM that ends past @addr. */
static size_t find_ram(const struct ram_range *ram, size_t count, paddr_t addr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ram[mid].start + ram[mid].len <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Read one page of which not all can be had: RAM may begin or end inside it. */
static void read_ragged(struct collector *c, pfn_t pfn, u8 *page)
{
	u64 size = dump_page_size(c->d), start = pfn << dump_page_shift(c->d);
	bool is_unreadable = false;
	size_t count;
	const struct ram_range *ram = dump_ram(c->d, &count);

	memset(page, 0, size);
	for (size_t i = find_ram(ram, count, start);
	     i < count && ram[i].start < start + size; i++) {
		paddr_t from = max_u64(start, ram[i].start);
		paddr_t to = min_u64(start + size, ram[i].start + ram[i].len);
		struct err *err = dump_read(c->d, ADDR_PHYSICAL, from,
					    page + (from - start), to - from);

		if (err)
			is_unreadable = true;
		err_ignore(err);
	}
	c->stats->pages_unreadable += is_unreadable;
}

/* Copy a run of @count pages. */
static struct err *copy_run(struct collector *c, pfn_t first, u64 count)
{
	size_t size = dump_page_size(c->d), len;
	struct err *err = NULL;

	for (u64 done = 0; done < count;) {
		struct err *why;
		u64 n = min_u64(count - done, READ_BYTES / size);

		dump_read_some(c->d, ADDR_PHYSICAL, (first + done) * size, c->pages,
			       n * size, &len, &why);
		n = len / size;
		if (why && !n) {
			read_ragged(c, first + done, c->pages);
			n = 1;
		}
		err_ignore(why);
		for (u64 i = 0; i < n && !err; i++)
			err = writer_add_page(&c->writer, c->pages + i * size);
		if (err)
			return err;
		done += n;
		c->stats->pages_written += n;
		report_progress(c);
	}
	return NULL;
}

static struct err *copy_one(struct collector *c, pfn_t first)
{
	size_t len = chunk_len(c, first), got;
	u64 bit = max_u64(first, c->now.first) - first;
	u64 end = max_u64(first, min_u64(first + len * 8, c->now.end)) - first;
	struct err *err;

	if (bit >= end)
		return NULL;
	err = io_pread_some(c->fd, c->chunk.kept, len, c->dd.bitmap2_offset + first / 8,
			    c->name, &got);
	if (!err && got != len)
		err = err_new(ERR_BAD_DATA, "%s: the page bitmap cannot be read back",
			      c->name);
	while (!err && bit < end) {
		u64 run = bits_find(c->chunk.kept, bit, end, true);

		bit = bits_find(c->chunk.kept, run, end, false);
		if (run < bit)
			err = copy_run(c, first + run, bit - run);
	}
	return err;
}

/* Take the space of the descriptors now: without them the data of a file cut short by a
 * full disk would be of no use. */
static struct err *reserve(struct collector *c, u64 descs_len)
{
	off_t end = (off_t)(c->dd.descs_offset + descs_len);

	if (descs_len &&
	    fallocate(c->fd, 0, (off_t)c->dd.descs_offset, (off_t)descs_len) < 0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
		return err_os(errno, "%s: cannot reserve %llu bytes for page descriptors",
			      c->name, (unsigned long long)descs_len);
	return ftruncate(c->fd, end) < 0 ? err_os(errno, "%s: cannot be extended", c->name)
					 : NULL;
}

static struct err *filter_and_reserve(struct collector *c)
{
	const struct filter_options options = {.level = c->options->dump_level};
	u64 start = clock_now_ms(), descs_len;
	struct err *err = write_front(c);

	if (!err)
		err = filter_open(c->d, &options, &c->filter);
	if (!err)
		err = dump_reader_open(c->d, &c->reader);
	if (!err)
		err = filter_scan_open(c->filter, c->reader, &c->scan);
	if (!err)
		err = each_chunk(c, filter_one);
	if (err)
		return err;
	filter_scan_close(steal(c->scan));
	c->stats->filter_ms = clock_now_ms() - start;
	descs_len = c->pages_total * DISKDUMP_PAGE_DESC_LEN;
	err = reserve(c, descs_len);
	if (err)
		return err;
	return writer_init(&c->writer, c->fd, c->name, dump_page_size(c->d), c->options,
			   c->dd.descs_offset, c->dd.descs_offset + descs_len);
}

/* Everything is in the file: take the mark away, unless the source was cut short itself. */
static struct err *finish(struct collector *c)
{
	struct err *err = writer_flush(&c->writer);

	if (err)
		return err;
	if (c->stats->pages_unreadable)
		notices_add(dump_notices(c->d),
			    "%llu pages could not be read; they are zeros in %s",
			    (unsigned long long)c->stats->pages_unreadable, c->name);
	if (dump_is_incomplete(c->d) || c->stats->pages_unreadable)
		return NULL;
	c->stats->is_incomplete = false;
	c->dd.status &= ~DISKDUMP_INCOMPLETE;
	return write_header(c);
}

/* The image first, so that a dump that is cut short has the kernel's log, names and types.
 */
static struct err *copy_stripes(struct collector *c)
{
	const struct stripe before = {.end = c->image.first};
	const struct stripe *order[] = {&c->image, &before, &c->behind};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct err *err = writer_move(&c->writer, order[i]->rank);

		c->now = *order[i];
		if (!err)
			err = each_chunk(c, copy_one);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *copy_pages(struct collector *c)
{
	u64 start = clock_now_ms();
	struct err *err = copy_stripes(c);

	if (!err)
		err = finish(c);
	c->stats->copy_ms = clock_now_ms() - start;
	c->stats->pages_zero = c->writer.num_zero;
	c->stats->bytes_written = c->writer.data_offset;
	return err;
}

/* Turn a failure to write into an incomplete dump, if there is enough of it. */
static struct err *give_up(struct collector *c, struct err *err)
{
	struct err *incomplete;

	if (err_code(err) != ERR_OS)
		return err;
	writer_rescue(&c->writer);
	c->stats->pages_written = c->writer.num_in_file;
	incomplete = err_new(ERR_INCOMPLETE, "%s; the file holds %llu of %llu pages",
			     err_message(err), (unsigned long long)c->stats->pages_written,
			     (unsigned long long)c->pages_total);
	err_free(err);
	return incomplete;
}

static struct err *check_options(const struct collect_options *o)
{
	if (o->dump_level > COLLECT_MAX_LEVEL)
		return err_new(ERR_USAGE, "dump level %u is not one of 0 … %u",
			       o->dump_level, COLLECT_MAX_LEVEL);
	if (!o->has_codec_level)
		return NULL;
	if (!o->codec->flag)
		return err_new(ERR_USAGE, "compression %s has no levels", o->codec->name);
	if (o->codec_level < o->codec->min_level || o->codec_level > o->codec->max_level)
		return err_new(ERR_USAGE, "%s level %d is not one of %d … %d",
			       o->codec->name, o->codec_level, o->codec->min_level,
			       o->codec->max_level);
	return NULL;
}

static struct err *check_target(int fd, const char *name)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(errno, "cannot stat %s", name);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_UNSUPPORTED, "%s is not a regular file", name);
	if (ftruncate(fd, 0) < 0)
		return err_os(errno, "cannot empty %s", name);
	return NULL;
}

struct err *collect_to_fd(struct dump *d, int fd, const char *name,
			  const struct collect_options *options, struct collect_stats *ret)
{
	cleanup(collector_freep) struct collector *c = calloc(1, sizeof(*c));
	struct err *err;

	*ret = (struct collect_stats){0};
	if (!c)
		return err_nomem();
	c->d = d;
	c->fd = fd;
	c->name = name;
	c->options = options;
	c->stats = ret;
	err = check_options(options);
	if (!err)
		err = check_target(fd, name);
	if (err)
		return err;
	c->pages = malloc(READ_BYTES);
	if (!c->pages)
		return err_nomem();
	ret->is_incomplete = true;
	plan(c);
	err = filter_and_reserve(c);
	if (err)
		return err;
	err = copy_pages(c);
	return err ? give_up(c, err) : NULL;
}
