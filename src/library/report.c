#include "analyse/report.h"
#include "analyse/tree.h"
#include "library/library_priv.h"

#include <inquest/report.h>
#include <string.h>

static struct err *build(struct inquest *q, json_t **ret)
{
	const struct report_options o = {.log_records = REPORT_LOG_RECORDS};

	return report_build(q->k, &o, ret);
}

PUBLIC struct inquest_error *inquest_verdict(struct inquest *q, char **ret)
{
	cleanup(json_decrefp) json_t *report = NULL;
	struct err *err = build(q, &report);
	const char *verdict;
	char *copy;

	if (err)
		return to_public(err);
	verdict = json_string_value(json_object_get(report, "verdict"));
	copy = strdup(verdict ? verdict : "");
	if (!copy)
		return to_public(err_nomem());
	*ret = copy;
	return NULL;
}

PUBLIC struct inquest_error *inquest_report_json(struct inquest *q, char **ret)
{
	cleanup(json_decrefp) json_t *report = NULL;
	struct err *err = build(q, &report);
	char *text;

	if (err)
		return to_public(err);
	text = json_dumps(report, JSON_INDENT(2));
	if (!text)
		return to_public(err_nomem());
	*ret = text;
	return NULL;
}
