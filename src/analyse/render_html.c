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
	html_fill(b, report,
		  "'\">\n<meta name=\"viewport\" content=\"width=device-width, "
		  "initial-scale=1\">\n<title>{verdict}</title>\n<style>");
	buf_add_str(b, html_style);
	buf_add_str(b, "</style>\n</head>\n<body>\n");
	return NULL;
}

static void add_verdict(struct buf *b, json_t *report)
{
	json_t *crash = json_object_get(report, "crash");
	bool is_calm = str_eq(tree_show(crash, "class"), "running");

	buf_printf(b, "<header%s>", is_calm ? " class=\"calm\"" : "");
	html_fill(b, report, "<h1>{verdict}</h1>\n");
	html_fill(b, crash,
		  is_calm ? "<p>Class <b>{class}</b>, <b>{confidence}</b></p>\n"
			  : "<p>Class <b>{class}</b>, brought to light by "
			    "<b>{trigger}</b>, <b>{confidence}</b></p>\n");
	html_fill(b, json_object_get(crash, "signature"),
		  "<p class=\"dim\">Signature <code>{bucket}</code><br>"
		  "<code>{hash}</code></p></header>\n");
}

static void add_evidence(struct buf *b, json_t *report)
{
	json_t *list = json_object_get(json_object_get(report, "crash"), "evidence"), *e;
	size_t i;

	if (!json_array_size(list))
		return;
	buf_add_str(b, "<section><h2>Evidence</h2><div class=\"scroll\"><table "
		       "class=\"cards\"><thead><tr><th>How sure</th><th>What</th>"
		       "<th>From</th><th>Address</th></tr></thead><tbody>\n");
	json_array_foreach(list, i, e)
	{
		html_fill(b, e,
			  "<tr><td class=\"n {confidence}\" data-of=\"How sure\">"
			  "{confidence}</td><td data-of=\"What\">{text}</td><td "
			  "class=\"n\" data-of=\"From\">{source}</td><td "
			  "data-of=\"Address\">");
		if (tree_has(e, "address"))
			html_fill(b, e, "<code>{address}</code>");
		buf_add_str(b, "</td></tr>\n");
	}
	buf_add_str(b, "</tbody></table></div></section>\n");
}

static void add_load(struct buf *b, json_t *banner)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(banner, "load_average"), i, value)
		buf_printf(&text, "%s%s", i ? ", " : "",
			   json_string_value(value) ? json_string_value(value) : "");
	html_row(b, "Load", buf_text(&text));
	b->failed |= text.failed;
}

static void add_taint(struct buf *b, json_t *banner)
{
	json_t *list = json_object_get(banner, "taints"), *reason, *module;
	size_t i, k;

	if (!json_array_size(list)) {
		html_row(b, "Taint", tree_show(banner, "taint"));
		return;
	}
	buf_add_str(b, "<tr><th scope=\"row\">Taint</th><td>");
	json_array_foreach(list, i, reason)
	{
		html_fill(b, reason,
			  i ? "<br><b>{letter}</b> {meaning}"
			    : "<b>{letter}</b> {meaning}");
		json_array_foreach(json_object_get(reason, "modules"), k, module)
		{
			buf_add_str(b, k ? ", " : ": ");
			html_text(b, json_string_value(module));
		}
	}
	buf_add_str(b, "</td></tr>\n");
}

static void add_machine(struct buf *b, json_t *report)
{
	json_t *banner = json_object_get(report, "banner");
	u64 up = tree_get_int(banner, "uptime_s");
	char text[64] = "";

	if (tree_has(banner, "uptime_s"))
		snprintf(text, sizeof(text), "%llu days %02u:%02u:%02u",
			 (unsigned long long)(up / 86400), (unsigned)(up % 86400 / 3600),
			 (unsigned)(up % 3600 / 60), (unsigned)(up % 60));
	buf_add_str(b, "<section><h2>Machine</h2><table class=\"facts\"><tbody>\n");
	html_row(b, "Name", tree_show(banner, "nodename"));
	html_row(b, "Kernel", tree_show(banner, "release"));
	html_row(b, "Version", tree_show(banner, "kernel_version"));
	html_row(b, "When (UTC)", tree_show(banner, "date"));
	html_row(b, "Up", text);
	add_load(b, banner);
	html_row(b, "Memory", tree_show(banner, "memory"));
	html_row(b, "Panic", tree_show(banner, "panic"));
	add_taint(b, banner);
	html_row(b, "Command line", tree_show(banner, "command_line"));
	html_row(b, "Dump", tree_show(banner, "dumpfile"));
	buf_add_str(b, "</tbody></table></section>\n");
}

static void add_modules(struct buf *b, json_t *report)
{
	json_t *modules = json_object_get(report, "modules"), *m;
	size_t i;

	buf_printf(b, "<section><h2>Modules (%zu)</h2><details><summary>Names</summary><p>",
		   json_array_size(modules));
	json_array_foreach(modules, i, m)
	{
		html_fill(b, m,
			  *tree_show(m, "taint") ? "<code>{name}</code> ({taint})\n"
						 : "<code>{name}</code>\n");
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

static bool is_about_memory(json_t *report)
{
	const char *class = tree_show(json_object_get(report, "crash"), "class");

	return str_eq(class, "out-of-memory") || str_eq(class, "memory-leak");
}

/* What the verdict is about comes first. */
static void add_findings(struct buf *b, json_t *report)
{
	bool locks = html_is_about_locks(report), memory = is_about_memory(report);

	if (locks)
		html_blocked(b, report);
	add_evidence(b, report);
	if (memory)
		html_memory(b, report);
	if (!locks)
		html_blocked(b, report);
	html_block_io(b, report);
	html_cpus(b, report);
	html_stacks(b, report);
	html_log(b, report);
	if (!memory)
		html_memory(b, report);
	add_machine(b, report);
}

struct err *report_render_html(struct buf *b, json_t *report)
{
	struct err *err = add_head(b, report);

	if (err)
		return err;
	add_verdict(b, report);
	add_findings(b, report);
	add_modules(b, report);
	add_health(b, report);
	html_fill(b, report,
		  "<footer class=\"dim\"><p>{made_by}</p></footer>\n</body>\n</html>\n");
	return buf_check(b);
}
