#include "trigger/pages.h"

#include "base/str.h"
#include "format/aws_query.h"
#include "trigger/pages_priv.h"

#include <string.h>

#define REFRESH_S "5"

void pages_answer_deinit(struct pages_answer *a)
{
	buf_deinit(&a->body);
}

static void add_header(struct pages_answer *a, const char *name, const char *value)
{
	if (a->num_headers < PAGES_HEADERS_MAX)
		a->headers[a->num_headers++] = (struct pages_header){name, value};
}

/* Nothing is loaded but our own style sheet, nothing is framed, kept or told to others. */
static void add_usual_headers(struct pages_answer *a)
{
	add_header(a, "Content-Security-Policy",
		   "default-src 'none'; style-src 'self'; form-action 'self'; base-uri "
		   "'none'; frame-ancestors 'none'");
	add_header(a, "X-Content-Type-Options", "nosniff");
	add_header(a, "X-Frame-Options", "DENY");
	add_header(a, "Referrer-Policy", "no-referrer");
	add_header(a, "Cross-Origin-Resource-Policy", "same-origin");
	add_header(a, "Cache-Control", "no-store");
}

/* What is asked for, taken apart. */
struct wish {
	const struct pages_site *site;
	const struct pages_request *request;
	char path[PAGES_PATH_MAX]; /* without ".json" */
	bool as_json;
};

static void set_type(const struct wish *w, struct pages_answer *a)
{
	a->content_type = w->as_json ? "application/json" : "text/html; charset=utf-8";
}

static struct err *put_json(json_t *tree, struct pages_answer *a)
{
	cleanup(freep) char *text = tree ? json_dumps(tree, JSON_INDENT(2)) : NULL;

	if (!text)
		return err_nomem();
	buf_add_str(&a->body, text);
	buf_add_char(&a->body, '\n');
	return NULL;
}

static struct err *refuse(const struct wish *w, unsigned status, const char *title,
			  const char *sentence, struct pages_answer *a)
{
	a->status = status;
	set_type(w, a);
	if (w->as_json) {
		cleanup(pages_json_decref) json_t *j =
			json_pack("{s:s}", "error", sentence);

		return put_json(j, a);
	}
	pages_html_refusal(&a->body, title, sentence);
	return NULL;
}

/* ---- the token ---- */

static struct err *ask_token(const struct wish *w, bool is_wrong, const char *to,
			     struct pages_answer *a)
{
	add_header(a, "WWW-Authenticate", "Bearer realm=\"inquestd\"");
	if (w->as_json)
		return refuse(w, 401, "Token needed",
			      "a token is needed: Authorization: Bearer TOKEN", a);
	a->status = 401;
	set_type(w, a);
	pages_html_login(&a->body, to, is_wrong);
	return NULL;
}

/* A path of ours, and nothing that a browser could take for another place. */
static bool is_own_path(const char *path)
{
	size_t len = strlen(path);

	return path[0] == '/' && path[1] != '/' && len < PAGES_PATH_MAX &&
	       strspn(path, "/-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz") == len;
}

static void send_to(const char *path, struct pages_answer *a)
{
	a->status = 303;
	a->content_type = "text/plain; charset=utf-8";
	snprintf(a->location, sizeof(a->location), "%s", is_own_path(path) ? path : "/");
	add_header(a, "Location", a->location);
}

static struct err *log_in(const struct wish *w, struct pages_answer *a)
{
	cleanup(aws_query_deinitp) struct aws_query form = {.num = 0};
	const struct pages_request *r = w->request;
	const char *token, *to;
	struct err *err =
		aws_query_parse(&form, r->body, r->body_len, PERCENT_PLUS_IS_SPACE);

	if (err) {
		if (err_code(err) == ERR_NOMEM)
			return err;
		err_free(err);
		return refuse(w, 400, "Not understood", "The form cannot be read.", a);
	}
	token = aws_query_find(&form, "token");
	to = aws_query_find(&form, "to");
	if (!to || !is_own_path(to))
		to = "/";
	if (!token || !pages_is_token(w->site->config, token))
		return ask_token(w, true, to, a);
	err = pages_make_cookie(w->site->config, r->is_tls, false, a);
	if (err)
		return err;
	add_header(a, "Set-Cookie", a->cookie);
	send_to(to, a);
	return NULL;
}

static struct err *log_out(const struct wish *w, struct pages_answer *a)
{
	struct err *err = pages_make_cookie(w->site->config, w->request->is_tls, true, a);

	if (err)
		return err;
	add_header(a, "Set-Cookie", a->cookie);
	send_to("/", a);
	return NULL;
}

/* ---- what there is to see ---- */

static bool is_word(const char *text, size_t max)
{
	size_t len = strlen(text);

	return len && len <= max &&
	       strspn(text, "-0123456789abcdefghijklmnopqrstuvwxyz") == len;
}

/* A tree, or an answer that says why there is none (*@ret stays NULL). */
static struct err *find_tree(const struct wish *w, struct pages_answer *a, json_t **ret)
{
	static const char instances[] = "/instances/", captures[] = "/captures/";
	const char *path = w->path;
	struct err *err;

	if (str_eq(path, "/") || str_eq(path, "/index") || str_eq(path, "/captures"))
		err = pages_tree_index(w->site, ret);
	else if (str_has_prefix(path, instances) &&
		 is_word(path + strlen(instances), CONFIG_INSTANCE_ID_MAX))
		err = pages_tree_instance(w->site, path + strlen(instances), ret);
	else if (str_has_prefix(path, captures) &&
		 is_word(path + strlen(captures), CAPTURE_ID_LEN))
		err = pages_tree_capture(w->site, path + strlen(captures), ret);
	else
		return refuse(w, 404, "Not found", "There is no such page.", a);
	if (!err || err_code(err) == ERR_NOMEM)
		return err;
	if (err_code(err) == ERR_ABSENT) {
		err_free(err);
		return refuse(w, 404, "Not found",
			      "There is no such instance or capture here.", a);
	}
	{
		cleanup(err_freep) struct err *why = err;
		cleanup(buf_deinit) struct buf text = BUF_INIT;

		str_escape(&text, err_message(why), strlen(err_message(why)), false);
		return refuse(w, 500, "Not readable now", buf_text(&text), a);
	}
}

static struct err *show(const struct wish *w, struct pages_answer *a)
{
	cleanup(pages_json_decref) json_t *tree = NULL;
	bool has_token = w->site->config->pages.token != NULL;
	const char *query = w->request->query;
	bool follows;
	struct err *err = find_tree(w, a, &tree);

	if (err || !tree)
		return err;
	a->status = 200;
	set_type(w, a);
	if (w->as_json)
		return put_json(tree, a);
	if (json_object_get(tree, "instances")) {
		pages_html_index(&a->body, tree, has_token);
	} else if (json_is_object(json_object_get(tree, "instance"))) {
		pages_html_instance(&a->body, tree, has_token);
	} else {
		follows = query && str_eq(query, "follow") &&
			  !json_is_true(json_object_get(tree, "is_over"));
		if (follows)
			add_header(a, "Refresh", REFRESH_S);
		pages_html_capture(&a->body, tree, has_token, follows);
	}
	return NULL;
}

/* ---- which of these ---- */

static bool take_apart(struct wish *w)
{
	const struct pages_request *r = w->request;
	size_t len = strlen(r->path);

	w->as_json = r->accept && strstr(r->accept, "application/json") &&
		     !strstr(r->accept, "text/html");
	if (len >= sizeof(w->path))
		return false;
	strcpy(w->path, r->path);
	if (str_has_suffix(w->path, ".json")) {
		w->path[len - strlen(".json")] = '\0';
		w->as_json = true;
	}
	return true;
}

static struct err *style(struct pages_answer *a)
{
	a->status = 200;
	a->content_type = "text/css; charset=utf-8";
	buf_add_str(&a->body, pages_style);
	return NULL;
}

static struct err *answer(struct wish *w, struct pages_answer *a)
{
	const struct pages_request *r = w->request;
	const struct config *c = w->site->config;
	bool is_get = str_eq(r->method, "GET") || str_eq(r->method, "HEAD");
	bool is_post = str_eq(r->method, "POST");

	if (!take_apart(w))
		return refuse(w, 404, "Not found", "There is no such page.", a);
	if (!c->pages.token && !pages_host_is_ours(c, r->host))
		return refuse(w, 403, "Refused",
			      "Without a token these pages are shown under the names of "
			      "this machine only: localhost, 127.0.0.1 or [::1].",
			      a);
	if (is_get && str_eq(r->path, "/style.css"))
		return style(a);
	if (is_post && c->pages.token && str_eq(r->path, "/login"))
		return log_in(w, a);
	if (!pages_is_let_in(c, r))
		return ask_token(w, false, r->path, a);
	if (is_post && c->pages.token && str_eq(r->path, "/logout"))
		return log_out(w, a);
	if (is_get)
		return show(w, a);
	add_header(a, "Allow", "GET, HEAD");
	return refuse(w, 405, "Not allowed", "Pages can be read, and nothing else.", a);
}

struct err *pages_answer(const struct pages_site *site, const struct pages_request *r,
			 struct pages_answer *ret)
{
	struct wish w = {.site = site, .request = r};
	struct err *err;

	*ret = (struct pages_answer){.status = 500};
	add_usual_headers(ret);
	err = answer(&w, ret);
	return err ? err : buf_check(&ret->body);
}
