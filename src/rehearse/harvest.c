/* What the guest left on its disk: taken out, verified, reported on. */
#include "rehearse/rehearse_priv.h"

#include "analyse/render_text.h"
#include "analyse/report.h"
#include "base/cancel.h"
#include "base/io.h"
#include "base/str.h"
#include "dump/dump.h"
#include "dump/file.h"

#include <string.h>
#include <strings.h>

#define DUMP_NAME	"vmcore"
#define INCOMPLETE_NAME "vmcore-incomplete"
#define RECORD_NAME	"capture.json"
#define RECORD_MAX	(1u << 20)

/* What is taken out of the dump directory; any of them may be missing. The record, which
 * names the others, gets its name last. */
static const char *const wanted[] = {
	DUMP_NAME,	     INCOMPLETE_NAME,	   "vmcore-dmesg.txt",
	"vmcore-report.txt", "vmcore-report.json", "kexec-dmesg.log",
	RECORD_NAME,
};

struct harvest {
	struct rehearsal *r;
	const char *dump_name; /* DUMP_NAME or INCOMPLETE_NAME, NULL if there is none */
	u64 dump_bytes;
	struct file_source *file;
	struct byte_source source; /* of the dump, under the name it will have */
	struct dump *dump;
};

static void harvest_deinit(struct harvest *h)
{
	dump_close(h->dump);
	file_source_close(h->file);
}

/* The dump is no good: not an error of the rehearsal, but its result. Of a dump that is
 * only a part, the capture kernel has said already what is wrong with it. */
static struct err *spoil(struct harvest *h, struct err *err)
{
	struct rehearse_result *result = h->r->result;

	if (!err || err_code(err) == ERR_NOMEM || err_code(err) == ERR_OS)
		return err;
	if (result->outcome == REHEARSE_INCOMPLETE) {
		rehearsal_remark(h->r, "%s", err_message(err));
		err_free(err);
		return NULL;
	}
	result->outcome = REHEARSE_FAILED;
	free(result->sentence);
	result->sentence = strdup(err_message(err));
	err_free(err);
	return result->sentence ? NULL : err_nomem();
}

/* ---- extraction ---- */

static bool is_listed(const struct disk_listing *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++) {
		if (str_eq(l->entries[i].name, name) && !l->entries[i].is_directory)
			return true;
	}
	return false;
}

static struct err *extract_file(struct harvest *h, const char *name)
{
	struct rehearsal *r = h->r;
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	u64 bytes = 0;
	int fd = -1;
	struct err *err;

	buf_printf(&path, "%s/%s", r->story.directory, name);
	err = buf_check(&path);
	if (!err)
		err = results_create(r->results, name, &fd);
	if (!err)
		err = disk_copy_out(r->disk, path.data, fd, results_name(r->results, name),
				    &bytes);
	if (err)
		return err;
	if (str_eq(name, DUMP_NAME) || str_eq(name, INCOMPLETE_NAME)) {
		h->dump_name = name;
		h->dump_bytes = bytes;
	}
	return NULL;
}

static struct err *extract(struct harvest *h)
{
	struct rehearsal *r = h->r;
	cleanup(freep) struct disk_listing *listing = malloc(sizeof(*listing));
	struct err *err;

	if (!listing)
		return err_nomem();
	if (r->story.directory[0] != '/')
		return err_new(ERR_ABSENT,
			       "the capture kernel did not say where the dump is");
	err = disk_list(r->disk, r->story.directory, listing);
	for (size_t i = 0; !err && i < ARRAY_SIZE(wanted); i++) {
		if (is_listed(listing, wanted[i]))
			err = extract_file(h, wanted[i]);
	}
	if (!err && !h->dump_name && r->result->outcome == REHEARSE_PASSED)
		err = err_new(ERR_ABSENT, "there is no %s in %s of the scratch disk",
			      DUMP_NAME, r->story.directory);
	return err;
}

/* ---- verification ---- */

static struct err *check_text(const json_t *object, const char *key, const char *want)
{
	const char *have = json_string_value(json_object_get(object, key));

	if (!have || strcasecmp(have, want) != 0)
		return err_new(ERR_BAD_DATA,
			       RECORD_NAME ": %s is not that of this guest (%s)", key,
			       want);
	return NULL;
}

/* Did capture.json tell of this guest, of this dump, and of a good end? */
static struct err *check_record(struct harvest *h)
{
	struct rehearsal *r = h->r;
	cleanup(freep) char *text = NULL;
	const char *path = results_path(r->results, RECORD_NAME);
	const json_t *crashed, *file;
	json_t *root;
	size_t i, len = 0;
	u64 bytes = 0;
	struct err *err;

	if (!path)
		return err_new(ERR_ABSENT, "the capture kernel left no " RECORD_NAME);
	err = io_read_file(path, RECORD_MAX, &text, &len);
	if (err)
		return err;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	crashed = json_object_get(root, "crashed");
	err = check_text(root, "outcome", "complete");
	if (!err)
		err = check_text(crashed, "product_uuid", r->uuid);
	if (!err)
		err = check_text(crashed, "machine_id", r->machine_id);
	if (!err)
		err = check_text(crashed, "boot_id", r->story.boot_id);
	json_array_foreach(json_object_get(root, "files"), i, file)
	{
		const char *name = json_string_value(json_object_get(file, "name"));

		if (name && str_eq(name, DUMP_NAME))
			bytes = (u64)json_integer_value(json_object_get(file, "bytes"));
	}
	if (!err && bytes != h->dump_bytes)
		err = err_new(ERR_BAD_DATA,
			      RECORD_NAME " says %llu bytes, the dump has %llu",
			      (unsigned long long)bytes, (unsigned long long)h->dump_bytes);
	json_decref(root);
	return err;
}

static struct err *open_dump(struct harvest *h)
{
	static const struct dump_format *const formats[] = {&dump_format_diskdump,
							    &dump_format_elfcore, NULL};
	struct results *results = h->r->results;
	struct err *err = file_source_open(results_path(results, h->dump_name), &h->file);

	if (err)
		return err;
	h->source = *file_source_bytes(h->file);
	h->source.name = results_name(results, h->dump_name);
	return dump_open_source(&h->source, formats, &h->dump);
}

static struct err *read_range(struct harvest *h, const struct ram_range *range, void *page,
			      u64 *pages)
{
	u64 size = dump_page_size(h->dump);
	unsigned shift = dump_page_shift(h->dump);
	pfn_t end = (range->start + range->len) >> shift;

	for (pfn_t pfn = range->start >> shift; pfn < end; pfn++) {
		enum pfn_state state = dump_pfn_state(h->dump, pfn);
		struct err *err;

		if (state == PFN_LOST)
			return err_new(ERR_BAD_DATA, "page frame 0x%llx is lost",
				       (unsigned long long)pfn);
		if (state != PFN_PRESENT)
			continue;
		err = dump_read(h->dump, ADDR_PHYSICAL, pfn << shift, page, size);
		if (err)
			return err;
		if (++*pages % 4096 == 0) {
			rehearsal_tick(h->r);
			if (cancel_is_set(h->r->config->cancel))
				return err_new(ERR_REFUSED, "interrupted");
		}
	}
	return NULL;
}

/* Every page that the dump holds can be read. */
static struct err *read_all_pages(struct harvest *h)
{
	size_t count = 0;
	const struct ram_range *ram = dump_ram(h->dump, &count);
	cleanup(freep) void *page = malloc(dump_page_size(h->dump));
	u64 pages = 0;

	if (!page)
		return err_nomem();
	for (size_t i = 0; i < count; i++) {
		struct err *err = read_range(h, &ram[i], page, &pages);

		if (err)
			return err;
	}
	if (!pages)
		return err_new(ERR_BAD_DATA, "the dump holds no page at all");
	h->r->result->dump_pages = pages;
	return NULL;
}

static struct err *verify(struct harvest *h)
{
	struct err *err;

	if (h->dump_bytes != h->r->story.vmcore_bytes)
		return err_new(ERR_BAD_DATA,
			       "the capture kernel saved %llu bytes, the disk has %llu",
			       (unsigned long long)h->r->story.vmcore_bytes,
			       (unsigned long long)h->dump_bytes);
	err = check_record(h);
	if (!err && dump_is_incomplete(h->dump))
		err = err_new(ERR_BAD_DATA, "the dump is marked as cut short");
	return err ? err : read_all_pages(h);
}

/* ---- report ---- */

static struct err *write_report(struct harvest *h, json_t *report)
{
	struct rehearsal *r = h->r;
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	cleanup(freep) char *json = json_dumps(report, JSON_INDENT(2));
	struct err *err;

	report_render_text(&text, report);
	err = buf_check(&text);
	if (err)
		return err;
	if (!json)
		return err_nomem();
	err = results_write(r->results, "report.txt", text.data, text.len);
	if (!err)
		err = results_write(r->results, "report.json", json, strlen(json));
	if (err)
		return err;
	r->result->report = json_incref(report);
	r->result->report_text = steal(text.data);
	return NULL;
}

static struct err *make_report(struct harvest *h)
{
	const struct report_options options = {.log_records = REPORT_LOG_RECORDS};
	cleanup(kernel_closep) struct kernel *k = NULL;
	json_t *report = NULL;
	struct err *err = kernel_open(h->dump, &k);

	if (!err)
		err = report_build(k, &options, &report);
	if (!err)
		err = write_report(h, report);
	json_decref(report);
	return err;
}

static struct err *commit(struct harvest *h)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < ARRAY_SIZE(wanted); i++) {
		if (results_path(h->r->results, wanted[i]))
			err = results_commit(h->r->results, wanted[i]);
	}
	return err;
}

/* Look at the dump, and give the files their names if it is what it claims to be. */
static struct err *verify_and_commit(struct harvest *h)
{
	struct rehearsal *r = h->r;
	struct err *err;

	rehearsal_begin(r, REHEARSE_VERIFY);
	err = open_dump(h);
	/* What is only a part is looked at as it is: the outcome says so already. */
	if (!err && r->result->outcome == REHEARSE_PASSED)
		err = verify(h);
	if (err)
		return err_wrap(err, "the dump is no good");
	rehearsal_done(r, "%llu pages read", (unsigned long long)r->result->dump_pages);
	return commit(h);
}

struct err *rehearsal_harvest(struct rehearsal *r)
{
	cleanup(harvest_deinit) struct harvest h = {.r = r};
	char size[STR_SIZE_TEXT_LEN];
	struct err *err;

	rehearsal_begin(r, REHEARSE_EXTRACT);
	err = extract(&h);
	if (err)
		return spoil(&h, err);
	rehearsal_done(r, "%s", str_format_size(size, h.dump_bytes));
	/* A capture that came to no dump may still have saved the log. */
	if (!h.dump_name)
		return commit(&h);
	err = verify_and_commit(&h);
	if (err)
		return spoil(&h, err);
	rehearsal_begin(r, REHEARSE_REPORT);
	err = make_report(&h);
	if (err)
		return spoil(&h, err_wrap(err, "no report can be made"));
	rehearsal_done(r, NULL);
	return NULL;
}
