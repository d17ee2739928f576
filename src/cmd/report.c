#include "analyse/report.h"
#include "analyse/crash_class.h"
#include "analyse/render_html.h"
#include "analyse/render_text.h"
#include "base/io.h"
#include "base/new_file.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/debug_file.h"
#include "cmd/open.h"

#include <sys/stat.h>

static const struct opt options[] = {
	{.name = "json", .letter = 'j', .help = "Print the report as JSON."},
	{.name = "text", .letter = 't', .help = "Print the report as text (the default)."},
	{.name = "html",
	 .arg = OPTS_VALUE,
	 .value_name = "FILE",
	 .help = "Write the report as a web page to FILE, and print its verdict."},
	{.name = "exit-class",
	 .help = "Exit with the number of the crash's class (docs/classes.md)."},
	{.name = "log-records",
	 .arg = OPTS_VALUE,
	 .value_name = "N",
	 .help = "How many of the newest log records to include (30)."},
	{.name = "debuginfo",
	 .arg = OPTS_VALUE,
	 .value_name = "VMLINUX",
	 .help = "Show lines of source in stacks, from the vmlinux of this very build."},
	OPTS_END,
};

/* What the command line asked for. */
struct wish {
	struct report_options report;
	bool as_json;
	bool exits_with_class;
	const char *html;	  /* a path, NULL: none */
	struct shell_files files; /* the first dump, and --debuginfo */
};

/* As the last of --json and --text says. */
static bool wants_json(const struct opts_result *given)
{
	bool json = false;

	for (size_t i = 0; i < given->num_given; i++) {
		if (str_eq(given->given[i].row->name, "json"))
			json = true;
		if (str_eq(given->given[i].row->name, "text"))
			json = false;
	}
	return json;
}

static struct err *read_options(const struct opts_result *given, struct wish *ret)
{
	const char *text = opts_value(given, "log-records", NULL);
	u64 records = REPORT_LOG_RECORDS;

	if (text && (!str_parse_u64(text, &records) || records > REPORT_MAX_LOG_RECORDS))
		return err_new(ERR_USAGE,
			       "report: --log-records %s: a number up to %d is right", text,
			       REPORT_MAX_LOG_RECORDS);
	ret->report.log_records = records;
	ret->as_json = wants_json(given);
	ret->exits_with_class = opts_has(given, "exit-class");
	ret->html = opts_value(given, "html", NULL);
	ret->files = (struct shell_files){.dump = given->operands[0],
					  .vmlinux = opts_value(given, "debuginfo", NULL)};
	if ((ret->exits_with_class || ret->html) && given->num_operands > 1)
		return err_new(ERR_USAGE, "report: --%s is for one dump",
			       ret->html ? "html" : "exit-class");
	return NULL;
}

/* ---- one dump ---- */

static struct err *build(struct dump *d, const struct wish *wish, json_t **ret)
{
	cleanup(kernel_closep) struct kernel *k = NULL;
	cleanup(debug_file_close) struct debug_file debug = DEBUG_FILE_NONE;
	cleanup(buf_deinit) struct buf remarks = BUF_INIT;
	struct report_options how = wish->report;
	struct err *err = kernel_open(d, &k);

	if (!err)
		err = debug_file_open(&wish->files, k, &remarks, &debug);
	if (err)
		return err;
	debug_file_tell(&remarks, "inquest");
	how.debuginfo = debug_file_info(&debug);
	return report_build(k, &how, ret);
}

static struct err *print_text(json_t *report)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	report_render_text(&b, report);
	return cmd_print(&b);
}

static json_t *crash_member(json_t *report, const char *key)
{
	return json_object_get(json_object_get(report, "crash"), key);
}

static enum exit_status class_status(json_t *report)
{
	const char *name = json_string_value(crash_member(report, "class"));
	enum crash_class class = CRASH_UNKNOWN;

	if (name)
		crash_class_find(name, &class);
	return (enum exit_status)crash_class_number(class);
}

/* A pipe or a device, such as /dev/null: it is written to, and not replaced by a file. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* The page appears under its name when it is whole. */
static struct err *write_page(const char *path, const struct buf *page)
{
	cleanup(new_file_deinit) struct new_file file = {.fd = -1};
	struct err *err;

	if (is_special(path))
		return io_write_file(path, 0600, page->data, page->len);
	err = new_file_open(&file, path, true);
	if (!err)
		err = io_write_all(file.fd, page->data, page->len, path);
	return err ? err : new_file_keep(&file);
}

static struct err *write_html(const char *path, json_t *report)
{
	cleanup(buf_deinit) struct buf page = BUF_INIT, line = BUF_INIT;
	struct err *err = report_render_html(&page, report);

	if (!err)
		err = write_page(path, &page);
	if (err)
		return err;
	buf_printf(&line, "%s\n", json_string_value(json_object_get(report, "verdict")));
	return cmd_print(&line);
}

static struct err *report_one(struct dump *d, const struct wish *wish,
			      enum exit_status *status)
{
	cleanup(json_decrefp) json_t *report = NULL;
	struct err *err = build(d, wish, &report);

	if (!err)
		err = wish->html      ? write_html(wish->html, report)
		      : wish->as_json ? cmd_print_json(report, JSON_INDENT(2))
				      : print_text(report);
	if (!err && wish->exits_with_class)
		*status = class_status(report);
	return err;
}

/* ---- many dumps, a line each ---- */

/* A directory of a kdump tool stands for the dump in it. Returns @path, or @room. */
static const char *dump_in(const char *path, char room[4096])
{
	static const char *const names[] = {"vmcore", "vmcore.flat"};
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return path;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(room, 4096, "%s/%s", path, names[i]);
		if (stat(room, &st) == 0)
			return room;
	}
	return path;
}

static struct err *print_line(const char *path, json_t *report)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *verdict = json_string_value(json_object_get(report, "verdict"));
	const char *hash = json_string_value(
		json_object_get(crash_member(report, "signature"), "hash"));

	/* Enough of the hash to see which are the same. */
	buf_printf(&b, "%s: %s (%.16s)\n", path, verdict ? verdict : "", hash ? hash : "");
	return cmd_print(&b);
}

static struct err *report_line(const char *path, const struct wish *wish)
{
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(json_decrefp) json_t *report = NULL;
	char room[4096];
	struct err *err;

	path = dump_in(path, room);
	err = cmd_open_dump(path, &d);
	if (!err)
		err = build(d, wish, &report);
	if (err)
		return err;
	return wish->as_json ? cmd_print_json(report, JSON_COMPACT)
			     : print_line(path, report);
}

/* One that cannot be read does not keep the others from being told. */
static struct err *report_lines(const struct opts_result *given, const struct wish *wish,
				enum exit_status *status)
{
	for (size_t i = 0; i < given->num_operands; i++) {
		struct err *err = report_line(given->operands[i], wish);

		if (!err)
			continue;
		fprintf(stderr, "inquest: %s\n", err_message(err));
		err_free(err);
		*status = EXIT_FAILED;
	}
	return NULL;
}

static struct err *run_report(const struct opts_result *given, enum exit_status *status)
{
	cleanup(dump_closep) struct dump *d = NULL;
	struct wish wish;
	char room[4096];
	struct err *err = read_options(given, &wish);

	if (err)
		return err;
	if (given->num_operands > 1) {
		/* The parts of a split dump are one. */
		err = cmd_open_dumps(given->operands, given->num_operands, &d);
		if (!err)
			return report_one(d, &wish, status);
		err_free(err);
		return report_lines(given, &wish, status);
	}
	err = cmd_open_dump(dump_in(given->operands[0], room), &d);
	return err ? err : report_one(d, &wish, status);
}

const struct cmd cmd_report = {
	.opts = {.name = "report",
		 .operands = "VMCORE...",
		 .summary = "Say what died, where and why, from a dump alone.",
		 .options = options,
		 .min_operands = 1,
		 .max_operands = 4096},
	.run = run_report,
};
