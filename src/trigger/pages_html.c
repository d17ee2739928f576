#include "trigger/pages_priv.h"

#include "base/markup.h"
#include "base/str.h"

#include <string.h>

static const char *get(json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text ? text : "";
}

/* ---- the frame ---- */

static void open_page(struct buf *b, const char *title, bool has_token)
{
	buf_add_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
		       "charset=\"utf-8\">\n<meta name=\"viewport\" "
		       "content=\"width=device-width, initial-scale=1\">\n<title>");
	markup_text(b, title);
	buf_add_str(b, " \u2013 inquestd</title>\n<link rel=\"stylesheet\" "
		       "href=\"/style.css\">\n</head>\n<body>\n<nav "
		       "aria-label=\"Pages\"><a href=\"/\">All instances and captures</a>");
	if (has_token)
		buf_add_str(b, "<form method=\"post\" action=\"/logout\"><button>Log out"
			       "</button></form>");
	buf_add_str(b, "</nav>\n<main>\n<h1>");
	markup_text(b, title);
	buf_add_str(b, "</h1>\n");
}

static void close_page(struct buf *b)
{
	buf_add_str(b, "</main>\n</body>\n</html>\n");
}

/* ---- states ---- */

/* What a state means, and whether it is good news. */
struct state_words {
	const char *state, *class, *sentence;
};

static const struct state_words *words_of(const char *state)
{
	static const struct state_words table[] = {
		{"requested", "going", "Asked for; the machine has not been reached yet."},
		{"injected", "going", "The interrupt was delivered."},
		{"unknown", "going",
		 "It is not known whether the interrupt arrived. It is not sent again."},
		{"panicked", "going", "The kernel panicked."},
		{"capturing", "going", "The capture kernel is saving a dump."},
		{"dumped", "going", "The dump is saved, or begins to arrive."},
		{"rebooted", "going", "The machine has rebooted."},
		{"verified", "ok", "The dump has arrived, is whole and of this machine."},
		{"ignored", "bad",
		 "The kernel took the interrupt and did not panic, or gave no sign of it."},
		{"no-kdump", "bad", "It panicked, and no capture kernel was loaded."},
		{"timeout-fallback-dumped", "ok",
		 "Nothing came of the interrupt; the dump was taken from outside."},
		{"unverified", "going",
		 "It is over as far as can be seen; nothing here could see the dump."},
		{"failed", "bad", "No whole dump came of it."},
		{"not-sent", "bad", "The interrupt was not sent."},
	};
	static const struct state_words none = {"", "dim", ""};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_eq(table[i].state, state))
			return &table[i];
	return &none;
}

static void add_state(struct buf *b, const char *state)
{
	buf_printf(b, "<span class=\"state %s\">", words_of(state)->class);
	markup_text(b, state);
	buf_add_str(b, "</span>");
}

/* ---- tables ---- */

static void open_table(struct buf *b, const char *const *headings)
{
	buf_add_str(b, "<table class=\"cards\"><thead><tr>");
	for (; *headings; headings++)
		buf_printf(b, "<th scope=\"col\">%s</th>", *headings);
	buf_add_str(b, "</tr></thead><tbody>\n");
}

static void cell(struct buf *b, const char *heading, const char *text)
{
	buf_printf(b, "<td data-of=\"%s\">", heading);
	markup_text(b, text);
	buf_add_str(b, "</td>");
}

/* The newest, to the second: what is beyond is for programs. */
static void add_time(struct buf *b, const char *text)
{
	size_t len = strcspn(text, ".");

	if (!*text)
		return;
	buf_add_str(b, "<time datetime=\"");
	markup_text(b, text);
	buf_add_str(b, "\">");
	for (size_t i = 0; i < len; i++) {
		const char one[2] = {text[i] == 'T' ? ' ' : text[i], '\0'};

		markup_text(b, one);
	}
	buf_add_str(b, "</time>");
}

static void time_cell(struct buf *b, const char *heading, json_t *j, const char *key)
{
	buf_printf(b, "<td data-of=\"%s\">", heading);
	add_time(b, get(j, key));
	buf_add_str(b, "</td>");
}

/* A link to "/@where/ID"; @shown instead of the id if it is not "". */
static void link_to(struct buf *b, const char *where, const char *id, const char *shown)
{
	buf_printf(b, "<a href=\"/%s/", where);
	markup_text(b, id);
	buf_add_str(b, "\">");
	markup_text(b, *shown ? shown : id);
	buf_add_str(b, "</a>");
}

static void link_cell(struct buf *b, const char *heading, const char *where, const char *id)
{
	buf_printf(b, "<td data-of=\"%s\">", heading);
	link_to(b, where, id, "");
	buf_add_str(b, "</td>");
}

static void add_captures(struct buf *b, json_t *tree)
{
	static const char *const headings[] = {"Begun (UTC)",  "Instance", "State",
					       "Asked for by", "Capture",  NULL};
	json_t *list = json_object_get(tree, "captures"), *c;
	size_t i;

	buf_add_str(b, "<section><h2>Captures, the newest first</h2>\n");
	if (!json_array_size(list)) {
		buf_add_str(b, "<p>There is none yet.</p></section>\n");
		return;
	}
	open_table(b, headings);
	json_array_foreach(list, i, c)
	{
		buf_add_str(b, "<tr>");
		time_cell(b, "Begun (UTC)", c, "requested");
		link_cell(b, "Instance", "instances", get(c, "instance"));
		buf_add_str(b, "<td data-of=\"State\">");
		add_state(b, get(c, "state"));
		buf_add_str(b, "</td>");
		cell(b, "Asked for by", get(c, "principal"));
		link_cell(b, "Capture", "captures", get(c, "id"));
		buf_add_str(b, "</tr>\n");
	}
	buf_add_str(b, "</tbody></table>\n");
	if (json_array_size(list) >= PAGES_CAPTURES_MAX)
		buf_printf(b, "<p class=\"dim\">The newest %u are shown.</p>\n",
			   PAGES_CAPTURES_MAX);
	buf_add_str(b, "</section>\n");
}

static void add_newest(struct buf *b, json_t *newest)
{
	if (!json_is_object(newest)) {
		buf_add_str(b, "none");
		return;
	}
	add_state(b, get(newest, "state"));
	buf_add_str(b, ", ");
	link_to(b, "captures", get(newest, "id"), "its timeline");
}

static void add_instances(struct buf *b, json_t *tree)
{
	static const char *const headings[] = {
		"Instance", "Name", "Type", "Region", "Account", "Newest capture", NULL};
	json_t *list = json_object_get(tree, "instances"), *j;
	size_t i;

	buf_printf(b, "<section><h2>Instances (%zu)</h2>\n", json_array_size(list));
	if (!json_array_size(list)) {
		buf_add_str(b, "<p>None is configured.</p></section>\n");
		return;
	}
	open_table(b, headings);
	json_array_foreach(list, i, j)
	{
		buf_add_str(b, "<tr>");
		link_cell(b, "Instance", "instances", get(j, "id"));
		cell(b, "Name", get(j, "name"));
		cell(b, "Type", get(j, "type"));
		cell(b, "Region", get(j, "region"));
		cell(b, "Account", get(j, "account"));
		buf_add_str(b, "<td data-of=\"Newest capture\">");
		add_newest(b, json_object_get(j, "capture"));
		buf_add_str(b, "</td></tr>\n");
	}
	buf_add_str(b, "</tbody></table></section>\n");
}

void pages_html_index(struct buf *b, json_t *tree, bool has_token)
{
	open_page(b, "Diagnostic interrupts", has_token);
	add_captures(b, tree);
	add_instances(b, tree);
	close_page(b);
}

static void fact(struct buf *b, const char *heading, const char *text)
{
	if (!*text)
		return;
	buf_printf(b, "<tr><th scope=\"row\">%s</th><td>", heading);
	markup_text(b, text);
	buf_add_str(b, "</td></tr>\n");
}

void pages_html_instance(struct buf *b, json_t *tree, bool has_token)
{
	json_t *j = json_object_get(tree, "instance");

	open_page(b, get(j, "id"), has_token);
	buf_add_str(b, "<table class=\"facts\"><tbody>\n");
	fact(b, "Name", get(j, "name"));
	fact(b, "Type", get(j, "type"));
	fact(b, "Region", get(j, "region"));
	fact(b, "Account", get(j, "account"));
	fact(b, "Diagnostic interrupt",
	     json_is_true(json_object_get(j, "has_interrupt")) ? "yes"
							       : "its type has none");
	buf_add_str(b, "</tbody></table>\n");
	add_captures(b, tree);
	close_page(b);
}

/* ---- one capture ---- */

static void time_fact(struct buf *b, const char *heading, json_t *j, const char *key)
{
	if (!*get(j, key))
		return;
	buf_printf(b, "<tr><th scope=\"row\">%s</th><td>", heading);
	add_time(b, get(j, key));
	buf_add_str(b, " UTC</td></tr>\n");
}

static void add_facts(struct buf *b, json_t *c)
{
	json_int_t absorbed = json_integer_value(json_object_get(c, "absorbed"));
	char number[32] = "";

	buf_add_str(b, "<table class=\"facts\"><tbody>\n<tr><th scope=\"row\">Instance</th>"
		       "<td>");
	link_to(b, "instances", get(c, "instance"), "");
	buf_add_str(b, "</td></tr>\n");
	fact(b, "Asked for by", get(c, "principal"));
	time_fact(b, "Begun", c, "requested");
	time_fact(b, "Delivered", c, "injected");
	time_fact(b, "Changed", c, "changed");
	if (absorbed > 0)
		snprintf(number, sizeof(number), "%lld", (long long)absorbed);
	fact(b, "Repetitions absorbed", number);
	if (json_is_true(json_object_get(c, "is_forced")))
		fact(b, "Forced", "a second interrupt, on purpose");
	fact(b, "Dump", get(c, "dump"));
	fact(b, "Request", get(c, "request_id"));
	fact(b, "Capture", get(c, "id"));
	buf_add_str(b, "</tbody></table>\n");
}

static void add_timeline(struct buf *b, json_t *c)
{
	static const char *const headings[] = {"When (UTC)", "State", "What was seen",
					       NULL};
	json_t *list = json_object_get(c, "timeline"), *step;
	size_t i;

	buf_add_str(b, "<section><h2>Timeline</h2>\n");
	open_table(b, headings);
	json_array_foreach(list, i, step)
	{
		buf_add_str(b, "<tr>");
		time_cell(b, "When (UTC)", step, "time");
		buf_add_str(b, "<td data-of=\"State\">");
		add_state(b, get(step, "state"));
		buf_add_str(b, "</td>");
		cell(b, "What was seen", get(step, "text"));
		buf_add_str(b, "</tr>\n");
	}
	buf_add_str(b, "</tbody></table></section>\n");
}

static void add_report(struct buf *b, json_t *c)
{
	json_t *report = json_object_get(c, "report");

	buf_add_str(b, "<section><h2 id=\"report\">Report</h2>\n");
	if (!report) {
		buf_add_str(b, *get(c, "dump")
				       ? "<p>There is none beside the dump. <code>inquest "
					 "report</code> makes one.</p></section>\n"
				       : "<p>It has not arrived.</p></section>\n");
		return;
	}
	buf_add_str(b, "<p class=\"dim\">");
	markup_text(b, get(report, "path"));
	buf_add_str(b, "</p>\n<pre>");
	markup_text(b, get(report, "text"));
	buf_add_str(b, "</pre>\n");
	if (json_is_true(json_object_get(report, "is_cut")))
		buf_printf(b, "<p>It is longer: %u KiB of it are shown.</p>\n",
			   PAGES_REPORT_MAX >> 10);
	buf_add_str(b, "</section>\n");
}

void pages_html_capture(struct buf *b, json_t *tree, bool has_token, bool follows)
{
	const char *state = get(tree, "state");
	cleanup(buf_deinit) struct buf title = BUF_INIT;

	buf_printf(&title, "Capture of %s: %s", get(tree, "instance"), state);
	open_page(b, buf_text(&title), has_token);
	b->failed |= title.failed;
	buf_add_str(b, "<p>");
	add_state(b, state);
	buf_printf(b, ". %s</p>\n", words_of(state)->sentence);
	if (*get(tree, "reason")) {
		buf_add_str(b, "<p>");
		markup_text(b, get(tree, "reason"));
		buf_add_str(b, "</p>\n");
	}
	if (!json_is_true(json_object_get(tree, "is_over")))
		buf_add_str(b, follows ? "<p>This page is loaded again every 5 seconds. "
					 "<a href=\"?\">Stop that</a></p>\n"
				       : "<p><a href=\"?follow\">Load this page again "
					 "every 5 seconds</a></p>\n");
	if (json_object_get(tree, "report"))
		buf_add_str(b, "<p><a href=\"#report\">To the report</a></p>\n");
	add_facts(b, tree);
	add_timeline(b, tree);
	add_report(b, tree);
	close_page(b);
}

/* ---- without data ---- */

void pages_html_login(struct buf *b, const char *path, bool is_wrong)
{
	open_page(b, "Token needed", false);
	if (is_wrong)
		buf_add_str(b, "<p role=\"alert\"><span class=\"state bad\">That is not "
			       "the token.</span></p>\n");
	buf_add_str(b, "<p>It is the one of <code>pages</code> in inquestd's "
		       "configuration.</p>\n<form class=\"login\" method=\"post\" "
		       "action=\"/login\"><input type=\"hidden\" name=\"to\" value=\"");
	markup_text(b, path);
	/* Those who keep passwords want a name to keep it under. */
	buf_add_str(
		b,
		"\"><input hidden name=\"username\" value=\"inquestd\" "
		"autocomplete=\"username\"><p><label for=\"token\">Token</label><input id=\"token\" "
		"name=\"token\" type=\"password\" required "
		"autocomplete=\"current-password\"></p><p><button>Log "
		"in</button></p></form>\n");
	close_page(b);
}

void pages_html_refusal(struct buf *b, const char *title, const char *sentence)
{
	open_page(b, title, false);
	buf_add_str(b, "<p>");
	markup_text(b, sentence);
	buf_add_str(b, "</p>\n");
	close_page(b);
}
