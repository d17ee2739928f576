#include "analyse/render_html.h"

#include "analyse/html_priv.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <string.h>

/* What the content security policy allows as the one style: base64 of its SHA-256. */
static struct err *add_style_hash(struct buf *b)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char text[2 * EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!EVP_Digest(html_style, strlen(html_style), digest, &len, EVP_sha256(), NULL))
		return err_new(ERR_OS, "cannot hash the style sheet");
	EVP_EncodeBlock(text, digest, (int)len);
	buf_add_str(b, (const char *)text);
	return NULL;
}

static struct err *add_head(struct buf *b, json_t *report)
{
	struct err *err;

	buf_add_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
		       "charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
		       "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; "
		       "style-src 'sha256-");
	err = add_style_hash(b);
	if (err)
		return err;
	buf_add_str(b, "'\">\n<meta name=\"viewport\" "
		       "content=\"width=device-width, initial-scale=1\">\n<title>");
	html_member(b, report, "verdict");
	buf_add_str(b, "</title>\n<style>");
	buf_add_str(b, html_style);
	buf_add_str(b, "</style>\n</head>\n<body>\n");
	return NULL;
}

static void add_verdict(struct buf *b, json_t *report)
{
	json_t *crash = json_object_get(report, "crash");
	json_t *signature = json_object_get(crash, "signature");

	buf_printf(b, "<header%s><h1>",
		   str_eq(html_get(crash, "class"), "running") ? " class=\"calm\"" : "");
	html_member(b, report, "verdict");
	buf_add_str(b, "</h1>\n<p>Class <b>");
	html_member(b, crash, "class");
	buf_add_str(b, "</b>, brought to light by <b>");
	html_member(b, crash, "trigger");
	buf_add_str(b, "</b>, <b>");
	html_member(b, crash, "confidence");
	buf_add_str(b, "</b></p>\n<p class=\"dim\">Signature <code>");
	html_member(b, signature, "bucket");
	buf_add_str(b, "</code><br><code>");
	html_member(b, signature, "hash");
	buf_add_str(b, "</code></p></header>\n");
}

static void add_evidence(struct buf *b, json_t *report)
{
	json_t *list = json_object_get(json_object_get(report, "crash"), "evidence"), *e;
	size_t i;

	if (!json_array_size(list))
		return;
	buf_add_str(
		b,
		"<section><h2>Evidence</h2><div class=\"scroll\"><table><thead><tr>"
		"<th class=\"n\">Worth</th><th>What</th><th>From</th><th>Address</th></tr>"
		"</thead><tbody>\n");
	json_array_foreach(list, i, e)
	{
		buf_add_str(b, "<tr><td class=\"n ");
		html_member(b, e, "confidence");
		buf_add_str(b, "\">");
		html_member(b, e, "confidence");
		buf_add_str(b, "</td><td>");
		html_member(b, e, "text");
		buf_add_str(b, "</td><td class=\"n\">");
		html_member(b, e, "source");
		buf_add_str(b, "</td><td><code>");
		html_member(b, e, "address");
		buf_add_str(b, "</code></td></tr>\n");
	}
	buf_add_str(b, "</tbody></table></div></section>\n");
}

static void add_machine(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner");
	u64 up = html_get_int(banner, "uptime_s");
	char text[64] = "";

	if (html_has(banner, "uptime_s"))
		snprintf(text, sizeof(text), "%llu days %02u:%02u:%02u",
			 (unsigned long long)(up / 86400), (unsigned)(up % 86400 / 3600),
			 (unsigned)(up % 3600 / 60), (unsigned)(up % 60));
	buf_add_str(b, "<section><h2>Machine</h2><table><tbody>\n");
	html_row(b, "Name", html_get(banner, "nodename"));
	html_row(b, "Kernel", html_get(banner, "release"));
	html_row(b, "Version", html_get(banner, "kernel_version"));
	html_row(b, "When (UTC)", html_get(banner, "date"));
	html_row(b, "Up", text);
	html_row(b, "Panic", html_get(banner, "panic"));
	html_row(b, "Taint", html_get(banner, "taint"));
	html_row(b, "Command line", html_get(banner, "command_line"));
	html_row(b, "Dump", html_get(banner, "dumpfile"));
	buf_add_str(b, "</tbody></table></section>\n");
}

/* Lines that the verdict was made from, and those of the panic. */
static bool is_marked(json_t *report, const char *line)
{
	json_t *list = json_object_get(json_object_get(report, "crash"), "evidence"), *e;
	size_t i;

	if (strstr(line, "Kernel panic - not syncing"))
		return true;
	json_array_foreach(list, i, e)
	{
		const char *text = html_get(e, "text");

		if (str_eq(html_get(e, "source"), "log") && *text && strstr(line, text))
			return true;
	}
	return false;
}

static void add_log(struct buf *b, json_t *report)
{
	json_t *log = json_object_get(report, "log_tail"), *record;
	size_t i;

	if (!json_array_size(log))
		return;
	buf_printf(b,
		   "<section><h2>End of the kernel log</h2><details open><summary>%zu "
		   "records, the telling ones in bold</summary>\n<pre>",
		   json_array_size(log));
	json_array_foreach(log, i, record)
	{
		u64 ts = html_get_int(record, "ts_ns");
		bool marked = is_marked(report, html_get(record, "text"));

		buf_printf(b, "[%5llu.%06llu] %s", (unsigned long long)(ts / 1000000000),
			   (unsigned long long)(ts % 1000000000 / 1000),
			   marked ? "<mark>" : "");
		html_member(b, record, "text");
		buf_add_str(b, marked ? "</mark>\n" : "\n");
	}
	buf_add_str(b, "</pre></details></section>\n");
}

static void add_modules(struct buf *b, json_t *report)
{
	json_t *modules = json_object_get(report, "modules"), *m;
	size_t i;

	buf_printf(b, "<section><h2>Modules (%zu)</h2><details><summary>Names</summary><p>",
		   json_array_size(modules));
	json_array_foreach(modules, i, m)
	{
		buf_add_str(b, "<code>");
		html_member(b, m, "name");
		buf_add_str(b, "</code>");
		if (*html_get(m, "taint")) {
			buf_add_str(b, " (");
			html_member(b, m, "taint");
			buf_add_char(b, ')');
		}
		buf_add_char(b, '\n');
	}
	buf_add_str(b, "</p></details></section>\n");
}

static void add_health(struct buf *b, json_t *report)
{
	json_t *health = json_object_get(report, "health"), *remark;
	size_t i;

	buf_add_str(b, "<section><h2>Dump health</h2>\n");
	if (!json_array_size(health))
		buf_add_str(b, "<p>Nothing that this report needed was missing.</p>\n");
	else
		buf_add_str(b, "<ul>\n");
	json_array_foreach(health, i, remark)
	{
		buf_add_str(b, "<li>");
		html_text(b, json_string_value(remark));
		buf_add_str(b, "</li>\n");
	}
	buf_printf(b, "%s</section>\n", json_array_size(health) ? "</ul>" : "");
}

struct err *report_render_html(struct buf *b, json_t *report)
{
	struct err *err = add_head(b, report);

	if (err)
		return err;
	add_verdict(b, report);
	add_evidence(b, report);
	html_blocked(b, report);
	html_block_io(b, report);
	html_cpus(b, report);
	html_memory(b, report);
	html_stacks(b, report);
	add_machine(b, report);
	add_log(b, report);
	add_modules(b, report);
	add_health(b, report);
	buf_add_str(b, "<footer class=\"dim\"><p>");
	html_member(b, report, "made_by");
	buf_add_str(b, "</p></footer>\n</body>\n</html>\n");
	return buf_check(b);
}
