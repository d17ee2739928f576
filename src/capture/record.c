#include "capture/record.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#define MEMINFO_BYTES_MAX 16384

struct err *record_new(struct record **ret)
{
	void *memory = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return err_os(errno, "cannot share memory between the phases");
	*ret = memory;
	return NULL;
}

void record_free(struct record *r)
{
	if (r)
		munmap(r, sizeof(*r));
}

bool meminfo_bytes(const char *path, const char *key, u64 *ret)
{
	cleanup(freep) char *text = NULL;
	const char *line;
	size_t key_len = strlen(key);

	err_ignore(io_read_file(path, MEMINFO_BYTES_MAX, &text, NULL));
	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (str_has_prefix(line, key) && line[key_len] == ':') {
			*ret = strtoull(line + key_len + 1, NULL, 10) * 1024;
			return true;
		}
	}
	return false;
}

void record_step(struct record *r, const char *meminfo)
{
	u64 available;

	r->progress++;
	if (!meminfo_bytes(meminfo, "MemAvailable", &available))
		return;
	if (!r->mem_available_low_bytes || available < r->mem_available_low_bytes)
		r->mem_available_low_bytes = available;
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

void record_fail(struct record *r, const char *reason)
{
	if (!r->reason[0])
		copy_text(r->reason, sizeof(r->reason), reason);
}

void record_add_phase(struct record *r, const char *name, u64 ms, bool failed)
{
	struct record_phase *p = &r->phases[r->num_phases];

	if (r->num_phases == RECORD_PHASES_MAX)
		return;
	copy_text(p->name, sizeof(p->name), name);
	p->ms = ms;
	p->failed = failed;
	r->num_phases++;
}

void record_add_file(struct record *r, const char *name, u64 bytes, bool is_complete)
{
	struct record_file *f = &r->files[r->num_files];

	if (r->num_files == RECORD_FILES_MAX)
		return;
	copy_text(f->name, sizeof(f->name), name);
	f->bytes = bytes;
	f->is_complete = is_complete;
	f->is_dump = false;
	r->num_files++;
}

void record_add_dump(struct record *r, const char *name, u64 bytes)
{
	size_t before = r->num_files;

	record_add_file(r, name, bytes, true);
	if (r->num_files > before)
		r->files[before].is_dump = true;
}

void record_begin_target(struct record *r, const char *kind, const char *device)
{
	snprintf(r->target, sizeof(r->target), "%s %s", kind, device);
	r->directory[0] = '\0';
	r->num_files = 0;
	r->outcome = RECORD_FAILED;
}

void record_settle(struct record *r)
{
	r->outcome = RECORD_FAILED;
	for (size_t i = 0; i < r->num_files; i++) {
		const struct record_file *f = &r->files[i];

		if (f->is_complete && f->is_dump)
			r->outcome = RECORD_COMPLETE;
		else if (r->outcome == RECORD_FAILED && f->bytes)
			r->outcome = RECORD_INCOMPLETE;
	}
}

const char *record_outcome_name(enum record_outcome outcome)
{
	switch (outcome) {
	case RECORD_COMPLETE:
		return "complete";
	case RECORD_INCOMPLETE:
		return "incomplete";
	case RECORD_FAILED:
		break;
	}
	return "failed";
}

/* A string, or null where there is none. Text that is not UTF-8 is escaped. */
static json_t *text_or_null(const char *text)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	if (!*text)
		return json_null();
	str_escape(&b, text, strlen(text), false);
	return json_string(buf_text(&b));
}

static json_t *time_text(time_t when)
{
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text_or_null(text);
}

static json_t *phases_to_json(const struct record *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->num_phases; i++)
		json_array_append_new(array,
				      json_pack("{so sf sb}", "name",
						text_or_null(r->phases[i].name), "seconds",
						(double)r->phases[i].ms / 1000, "failed",
						(int)r->phases[i].failed));
	return array;
}

static json_t *files_to_json(const struct record *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->num_files; i++)
		json_array_append_new(array,
				      json_pack("{so sI sb}", "name",
						text_or_null(r->files[i].name), "bytes",
						(json_int_t)r->files[i].bytes, "complete",
						(int)r->files[i].is_complete));
	return array;
}

static json_t *crashed_to_json(const struct record *r)
{
	return json_pack("{so so so}", "machine_id", text_or_null(r->identity.machine_id),
			 "boot_id", text_or_null(r->identity.boot_id), "product_uuid",
			 text_or_null(r->identity.product_uuid));
}

static json_t *capture_to_json(const struct record *r, time_t now)
{
	struct utsname uts = {0};

	uname(&uts);
	return json_pack("{ss so so so sf}", "inquest", INQUEST_VERSION, "kernel",
			 text_or_null(uts.release), "started", time_text(r->started),
			 "finished", time_text(now), "seconds",
			 (double)(clock_now_ms() - r->started_ms) / 1000);
}

struct err *record_format(const struct record *r, time_t now, struct buf *b)
{
	json_t *root = json_pack(
		"{ss si ss so so so so so s{sI so} so so s{sI sI}}", "schema",
		"inquest.capture", "version", RECORD_VERSION, "outcome",
		record_outcome_name(r->outcome), "reason", text_or_null(r->reason),
		"crashed", crashed_to_json(r), "capture", capture_to_json(r, now), "target",
		text_or_null(r->target), "directory", text_or_null(r->directory), "dump",
		"level", (json_int_t)r->dump_level, "compression",
		text_or_null(r->compression), "files", files_to_json(r), "phases",
		phases_to_json(r), "memory", "total_bytes", (json_int_t)r->mem_total_bytes,
		"available_low_bytes", (json_int_t)r->mem_available_low_bytes);
	cleanup(freep) char *text = NULL;

	if (root)
		text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	json_decref(root);
	if (!text)
		return err_nomem();
	buf_add_str(b, text);
	buf_add_char(b, '\n');
	return buf_check(b);
}
