#include "capture/dialect.h"

#include "base/str.h"
#include "capture/names.h"

static bool is_debian(const struct target *t)
{
	return str_eq(t->manifest->naming, "kdump-tools");
}

static bool is_kdump(const struct target *t)
{
	return str_eq(t->manifest->naming, "kdump");
}

static const char *directory_of(const struct target *t)
{
	return t->record->directory[0] ? t->record->directory : t->row->device;
}

void dialect_try_again(const struct target *t, u64 left)
{
	struct buf line = BUF_INIT;

	if (is_debian(t))
		buf_printf(&line, "Network not reachable; will try %llu more times\n",
			   (unsigned long long)left);
	sink_say(t->sink, &line);
}

void dialect_begin_log(const struct target *t)
{
	struct buf line = BUF_INIT;

	if (is_debian(t))
		buf_add_str(&line, "Begin: Saving vmcore from kernel crash ...\n");
	else if (is_kdump(t))
		buf_printf(&line, "kdump: saving to %s/\nkdump: saving vmcore-dmesg.txt\n",
			   directory_of(t));
	sink_say(t->sink, &line);
}

void dialect_begin_dump(const struct target *t)
{
	const char *words = t->manifest->collector.words;
	struct buf line = BUF_INIT;
	struct names names;

	names_make(t->manifest->naming, t->record->started, DUMP_KDUMP, &names);
	if (is_debian(t))
		buf_printf(&line, "kdump-tools: running %s /proc/vmcore %s/%s\n",
			   *words ? words : "makedumpfile", directory_of(t),
			   names.dump_incomplete);
	else if (is_kdump(t))
		buf_add_str(&line, "kdump: saving vmcore\n");
	sink_say(t->sink, &line);
}

void dialect_begin_copy(const struct target *t)
{
	struct buf line = BUF_INIT;

	if (is_debian(t))
		buf_add_str(&line,
			    "kdump-tools: makedumpfile failed, falling back to 'cp'\n");
	sink_say(t->sink, &line);
}

void dialect_saved_log(const struct target *t)
{
	struct buf line = BUF_INIT;

	if (is_debian(t))
		buf_printf(&line, "kdump-tools: saved dmesg content in %s\n",
			   directory_of(t));
	else if (is_kdump(t))
		buf_add_str(&line, "kdump: saving vmcore-dmesg.txt complete\n");
	sink_say(t->sink, &line);
}

void dialect_saved_dump(const struct target *t, const char *reason)
{
	struct buf line = BUF_INIT;

	if (is_debian(t) && reason)
		buf_printf(&line, "kdump-tools: failed to save vmcore in %s\n",
			   directory_of(t));
	else if (is_debian(t))
		buf_printf(&line, "kdump-tools: saved vmcore in %s\n", directory_of(t));
	else if (is_kdump(t))
		buf_printf(&line, "kdump: saving vmcore %s\n",
			   reason ? "failed" : "complete");
	sink_say(t->sink, &line);
}
