#include "analyse/report.h"
#include "analyse/render_text.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/open.h"

static const struct opt options[] = {
	{.name = "json", .letter = 'j', .help = "Print the report as JSON."},
	{.name = "text", .letter = 't', .help = "Print the report as text (the default)."},
	{.name = "log-records",
	 .arg = OPTS_VALUE,
	 .value_name = "N",
	 .help = "How many of the newest log records to include (30)."},
	OPTS_END,
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

static struct err *read_options(const struct opts_result *given, struct report_options *ret)
{
	const char *text = opts_value(given, "log-records", NULL);
	u64 records = REPORT_LOG_RECORDS;

	if (text && (!str_parse_u64(text, &records) || records > REPORT_MAX_LOG_RECORDS))
		return err_new(ERR_USAGE,
			       "report: --log-records %s: a number up to %d is right", text,
			       REPORT_MAX_LOG_RECORDS);
	ret->log_records = records;
	return NULL;
}

static struct err *print_json(json_t *report)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	char *text = json_dumps(report, JSON_INDENT(2));

	if (!text)
		return err_nomem();
	buf_add_str(&b, text);
	buf_add_char(&b, '\n');
	free(text);
	return cmd_print(&b);
}

static struct err *print_text(json_t *report)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	report_render_text(&b, report);
	return cmd_print(&b);
}

static struct err *run_report(const struct opts_result *given, enum exit_status *status)
{
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(kernel_closep) struct kernel *k = NULL;
	cleanup(json_decrefp) json_t *report = NULL;
	struct report_options wanted;
	struct err *err = read_options(given, &wanted);

	if (!err)
		err = cmd_open_dump(given->operands[0], &d);
	if (!err)
		err = kernel_open(d, &k);
	if (!err)
		err = report_build(k, &wanted, &report);
	if (err)
		return err;
	return wants_json(given) ? print_json(report) : print_text(report);
}

const struct cmd cmd_report = {
	.opts = {.name = "report",
		 .operands = "VMCORE",
		 .summary = "Say what died, where and why, from a dump alone.",
		 .options = options,
		 .min_operands = 1,
		 .max_operands = 1},
	.run = run_report,
};
