#include "trigger/pages.h"

#include "base/io.h"
#include "base/str.h"
#include "trigger/capture_json.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "testing.h"

#define ID "5ee0a3f2-4c1f-4d0e-9f8a-000000000001"
/* What would break out of any place in a page that is not escaped. */
#define HOSTILE "\"'><script>alert(1)</script>&<!--\x1b[2J\xff"

/* A directory for dumps, an instance, and one capture of it. */
struct world {
	char dir[32], dump[64];
	struct config_instance instance;
	struct config config;
	struct capture capture;
	struct capture_step step;
	struct pages_site site;
	struct pages_request request;
	struct pages_answer answer;
	bool is_store_broken;
};

static struct err *list(void *ctx, const char *instance_id, size_t max, json_t **ret)
{
	struct world *w = ctx;

	if (w->is_store_broken)
		return err_new(ERR_OS, "the disk of the store <is> gone");
	if (instance_id && !str_eq(instance_id, w->capture.instance_id))
		return captures_to_json(NULL, 0, ret);
	return captures_to_json(&w->capture, 1, ret);
}

static struct err *capture(void *ctx, const char *capture_id, json_t **ret)
{
	struct world *w = ctx;

	if (!str_eq(capture_id, ID))
		return err_new(ERR_ABSENT, "there is no capture %s", capture_id);
	return capture_to_json(&w->capture, &w->step, 1, ret);
}

static bool status(void *ctx, const char *instance_id, struct engine_status *ret)
{
	struct world *w = ctx;

	ret->state = w->capture.state;
	strcpy(ret->capture_id, ID);
	ret->changed_ms = w->capture.changed_ms;
	return true;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/pages-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->dump, sizeof(w->dump), "%s/web-2026", w->dir);
	assert_int_equal(mkdir(w->dump, 0700), 0);
	w->instance = (struct config_instance){.id = "i-0123456789abcdef0",
					       .account = "123456789012",
					       .region = "us-east-1",
					       .type = "m5.large",
					       .has_interrupt = true,
					       .dump_dir = w->dir};
	w->config = (struct config){.pages = {.address = "127.0.0.1"},
				    .instances = &w->instance,
				    .num_instances = 1};
	w->capture = (struct capture){
		.id = ID,
		.instance_id = (char *)"i-0123456789abcdef0",
		.account = (char *)"123456789012",
		.region = (char *)"us-east-1",
		.principal_arn = (char *)"arn:aws:iam::123456789012:user/alice",
		.request_id = (char *)"r-1",
		.state = CAPTURE_CAPTURING,
		.requested_ms = 1792584000123,
		.changed_ms = 1792584060000,
	};
	w->step = (struct capture_step){1792584000123, CAPTURE_REQUESTED,
					(char *)"asked for by alice"};
	w->site = (struct pages_site){&w->config, w, list, capture, status};
	w->request = (struct pages_request){
		.method = "GET", .path = "/", .host = "localhost:8481", .body = ""};
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"vmcore-report.txt", "secret"};
	struct world *w = *state;
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", w->dump, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/outside.report.txt", w->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/link", w->dir);
	unlink(path);
	rmdir(w->dump);
	assert_int_equal(rmdir(w->dir), 0);
	pages_answer_deinit(&w->answer);
	free(w);
	return 0;
}

/* The page at @path. */
static const char *get(struct world *w, const char *path)
{
	pages_answer_deinit(&w->answer);
	w->request.path = path;
	assert_success(pages_answer(&w->site, &w->request, &w->answer));
	return buf_text(&w->answer.body);
}

static const char *header(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->answer.num_headers; i++)
		if (str_eq(w->answer.headers[i].name, name))
			return w->answer.headers[i].value;
	return NULL;
}

static void write_report(const struct world *w, const char *text, size_t len)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/vmcore-report.txt", w->dump);
	assert_success(io_write_file(path, 0600, text, len));
}

static void assert_has(const char *text, const char *words)
{
	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
}

static void the_first_page_has_instances_and_captures(void **state)
{
	struct world *w = *state;
	const char *page = get(w, "/");

	assert_int_equal(w->answer.status, 200);
	assert_string_equal(w->answer.content_type, "text/html; charset=utf-8");
	assert_has(page, "href=\"/instances/i-0123456789abcdef0\"");
	assert_has(page, "href=\"/captures/" ID "\"");
	assert_has(page, ">capturing</span>");
	assert_has(page, "2026-10-21 12:00:00");
	assert_has(header(w, "Content-Security-Policy"), "default-src 'none'");
	assert_null(strstr(header(w, "Content-Security-Policy"), "unsafe"));
	assert_string_equal(header(w, "Cache-Control"), "no-store");
	assert_string_equal(header(w, "X-Content-Type-Options"), "nosniff");
}

static void a_capture_has_its_timeline_and_its_state_in_words(void **state)
{
	struct world *w = *state;
	const char *page = get(w, "/captures/" ID);

	assert_int_equal(w->answer.status, 200);
	assert_has(page, "asked for by alice");
	assert_has(page, "The capture kernel is saving a dump.");
	assert_has(page, "It has not arrived.");
	assert_has(page, "href=\"?follow\"");
	assert_null(header(w, "Refresh"));
}

static void a_capture_that_is_not_over_can_be_followed(void **state)
{
	struct world *w = *state;

	w->request.query = "follow";
	get(w, "/captures/" ID);
	assert_string_equal(header(w, "Refresh"), "5");
	w->capture.state = CAPTURE_VERIFIED;
	get(w, "/captures/" ID);
	assert_null(header(w, "Refresh"));
}

static void an_instance_has_a_page(void **state)
{
	struct world *w = *state;

	assert_has(get(w, "/instances/i-0123456789abcdef0"), "m5.large");
	assert_has(buf_text(&w->answer.body), "/captures/" ID);
	get(w, "/instances/i-00000000000000000");
	assert_int_equal(w->answer.status, 404);
}

static void json_is_had_by_name_and_by_accept(void **state)
{
	struct world *w = *state;
	json_t *j = json_loads(get(w, "/captures/" ID ".json"), 0, NULL);

	assert_string_equal(w->answer.content_type, "application/json");
	assert_string_equal(json_string_value(json_object_get(j, "state")), "capturing");
	assert_string_equal(json_string_value(json_object_get(j, "schema")),
			    "inquest.interrupt");
	json_decref(j);
	w->request.accept = "application/json";
	j = json_loads(get(w, "/"), 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "instances")), 1);
	assert_int_equal(json_array_size(json_object_get(j, "captures")), 1);
	json_decref(j);
	w->request.accept = "text/html,application/json";
	get(w, "/");
	assert_string_equal(w->answer.content_type, "text/html; charset=utf-8");
}

static void the_report_is_shown_when_it_has_arrived(void **state)
{
	struct world *w = *state;
	json_t *j;

	w->capture.dump_path = w->dump;
	assert_has(get(w, "/captures/" ID), "There is none beside the dump.");
	write_report(w, "it died of <this>\nand that\n", 27);
	assert_has(get(w, "/captures/" ID),
		   "<pre>it died of &lt;this&gt;\nand that\n</pre>");
	j = json_loads(get(w, "/captures/" ID ".json"), 0, NULL);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "report"), "text")),
		"it died of <this>\nand that\n");
	json_decref(j);
}

static void the_report_of_a_dump_from_outside_stands_beside_it(void **state)
{
	struct world *w = *state;
	char path[128], file[128];

	snprintf(path, sizeof(path), "%s/outside", w->dir);
	snprintf(file, sizeof(file), "%s/outside.report.txt", w->dir);
	w->instance.dump_dir = NULL;
	w->instance.fallback.directory = w->dir;
	w->capture.dump_path = path;
	assert_success(io_write_file(file, 0600, "hung in foo", 11));
	assert_has(get(w, "/captures/" ID), "<pre>hung in foo</pre>");
}

static void a_long_report_is_cut_and_says_so(void **state)
{
	struct world *w = *state;
	size_t len = (256u << 10) + 5;
	char *text = malloc(len);

	memset(text, 'x', len);
	write_report(w, text, len);
	free(text);
	w->capture.dump_path = w->dump;
	assert_has(get(w, "/captures/" ID), "It is longer: 256 KiB of it are shown.");
	assert_true(w->answer.body.len < len + 8000);
}

/* Who writes the dump directory is the crashed machine. */
static void links_and_ways_out_of_the_dump_directory_are_not_followed(void **state)
{
	struct world *w = *state;
	char path[128], link_path[128];

	snprintf(path, sizeof(path), "%s/vmcore-report.txt", w->dump);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	w->capture.dump_path = w->dump;
	assert_null(strstr(get(w, "/captures/" ID), "root:"));
	assert_has(buf_text(&w->answer.body), "There is none beside the dump.");
	unlink(path);

	write_report(w, "seen", 4);
	snprintf(link_path, sizeof(link_path), "%s/link", w->dir);
	assert_int_equal(symlink(w->dump, link_path), 0);
	w->capture.dump_path = link_path;
	assert_null(strstr(get(w, "/captures/" ID), "<pre>"));
	snprintf(path, sizeof(path), "%s/../%s", w->dir, w->dump + 5);
	w->capture.dump_path = path;
	assert_null(strstr(get(w, "/captures/" ID), "<pre>"));
	w->capture.dump_path = (char *)"/etc";
	assert_null(strstr(get(w, "/captures/" ID), "<pre>"));
	w->capture.dump_path = w->dump;
	assert_has(get(w, "/captures/" ID), "<pre>seen</pre>");
}

static void a_pipe_in_place_of_the_report_does_not_make_us_wait(void **state)
{
	struct world *w = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/vmcore-report.txt", w->dump);
	assert_int_equal(mkfifo(path, 0600), 0);
	w->capture.dump_path = w->dump;
	assert_has(get(w, "/captures/" ID), "There is none beside the dump.");
}

/* Nothing of it may stand in the page as it is. */
static void check_harmless(const char *page)
{
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<!--"));
	assert_null(strchr(page, '\x1b'));
	assert_null(strchr(page, '\xff'));
	assert_has(page, "&lt;script&gt;");
}

static void hostile_text_stays_text_in_every_field(void **state)
{
	struct world *w = *state;
	char hostile[] = HOSTILE;
	const struct config_tag tag = {"Name", hostile};
	char **const fields[] = {&w->capture.principal_arn, &w->capture.request_id,
				 &w->capture.reason, &w->capture.dump_path, &w->step.text};
	const char **const configured[] = {&w->instance.type, &w->instance.region,
					   &w->instance.account};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char *before = *fields[i];

		*fields[i] = hostile;
		check_harmless(get(w, "/captures/" ID));
		*fields[i] = before;
	}
	for (size_t i = 0; i < ARRAY_SIZE(configured); i++) {
		const char *before = *configured[i];

		*configured[i] = hostile;
		check_harmless(get(w, "/"));
		check_harmless(get(w, "/instances/i-0123456789abcdef0"));
		*configured[i] = before;
	}
	w->instance.tags = &tag;
	w->instance.num_tags = 1;
	check_harmless(get(w, "/"));
	write_report(w, hostile, strlen(hostile));
	w->capture.dump_path = w->dump;
	check_harmless(get(w, "/captures/" ID));
	w->capture.instance_id = hostile;
	check_harmless(get(w, "/"));
}

static void a_hostile_path_is_not_repeated_as_it_is(void **state)
{
	struct world *w = *state;

	assert_null(strstr(get(w, "/captures/<script>"), "<script"));
	assert_int_equal(w->answer.status, 404);
	get(w, "/captures/../../etc/passwd");
	assert_int_equal(w->answer.status, 404);
	w->config.pages.token = "open sesame";
	assert_null(strstr(get(w, "/\"><script>"), "<script"));
	assert_int_equal(w->answer.status, 401);
}

static void a_store_that_cannot_be_read_is_told(void **state)
{
	struct world *w = *state;

	w->is_store_broken = true;
	assert_has(get(w, "/"), "the disk of the store &lt;is&gt; gone");
	assert_int_equal(w->answer.status, 500);
}

static void pages_can_only_be_read(void **state)
{
	struct world *w = *state;

	w->request.method = "POST";
	get(w, "/");
	assert_int_equal(w->answer.status, 405);
	assert_string_equal(header(w, "Allow"), "GET, HEAD");
	get(w, "/login");
	assert_int_equal(w->answer.status, 405);
	w->request.method = "DELETE";
	get(w, "/captures/" ID);
	assert_int_equal(w->answer.status, 405);
}

/* A page of a stranger whose name was made to point to 127.0.0.1. */
static void without_a_token_only_names_of_this_machine_do(void **state)
{
	static const char *const good[] = {"localhost", "LOCALHOST:80", "127.0.0.1:8481",
					   "[::1]:8481", "[::1]"};
	static const char *const bad[] = {"evil.example",
					  "localhost.evil.example",
					  "127.0.0.1.nip.io",
					  "localhost:80@evil",
					  "",
					  "127.0.0.10x"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		w->request.host = good[i];
		get(w, "/");
		assert_int_equal(w->answer.status, 200);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		w->request.host = bad[i];
		assert_null(strstr(get(w, "/"), "m5.large"));
		assert_int_equal(w->answer.status, 403);
	}
	w->request.host = NULL;
	get(w, "/");
	assert_int_equal(w->answer.status, 403);
}

static void with_a_token_nothing_is_shown_without_it(void **state)
{
	static const char *const paths[] = {"/",
					    "/captures",
					    "/captures/" ID,
					    "/captures/" ID ".json",
					    "/instances/i-0123456789abcdef0",
					    "/nothing"};
	struct world *w = *state;

	w->config.pages.token = "open sesame";
	w->request.host = "pages.example";
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *page = get(w, paths[i]);

		assert_int_equal(w->answer.status, 401);
		assert_null(strstr(page, "m5.large"));
		assert_null(strstr(page, "alice"));
	}
	assert_has(get(w, "/"), "<input id=\"token\"");
	get(w, "/style.css");
	assert_int_equal(w->answer.status, 200);
}

static void the_token_may_be_in_the_header(void **state)
{
	static const char *const bad[] = {
		"Bearer open sesam", "Bearer open sesame1", "Bearer ", "Bearer",
		"Basic open sesame", "open sesame",
	};
	struct world *w = *state;

	w->config.pages.token = "open sesame";
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		w->request.authorization = bad[i];
		get(w, "/");
		assert_int_equal(w->answer.status, 401);
	}
	w->request.authorization = "Bearer open sesame";
	get(w, "/");
	assert_int_equal(w->answer.status, 200);
}

static void post_login(struct world *w, const char *body)
{
	w->request.method = "POST";
	w->request.body = body;
	w->request.body_len = strlen(body);
	get(w, "/login");
	w->request.method = "GET";
}

static void the_form_gives_a_cookie_that_lets_in(void **state)
{
	struct world *w = *state;
	char cookie[200];

	w->config.pages.token = "open sesame";
	post_login(w, "token=open+sesam&to=%2F");
	assert_int_equal(w->answer.status, 401);
	assert_null(header(w, "Set-Cookie"));
	post_login(w, "token=open+sesame&to=%2Fcaptures%2F" ID);
	assert_int_equal(w->answer.status, 303);
	assert_string_equal(header(w, "Location"), "/captures/" ID);
	assert_has(header(w, "Set-Cookie"), "HttpOnly");
	assert_has(header(w, "Set-Cookie"), "SameSite=Lax");
	assert_null(strstr(header(w, "Set-Cookie"), "sesame"));
	snprintf(cookie, sizeof(cookie), "other=1; %.*s",
		 (int)strcspn(header(w, "Set-Cookie"), ";"), header(w, "Set-Cookie"));
	w->request.cookie = cookie;
	get(w, "/");
	assert_int_equal(w->answer.status, 200);
	cookie[strlen(cookie) - 1] ^= 1;
	get(w, "/");
	assert_int_equal(w->answer.status, 401);
	cookie[strlen(cookie) - 1] ^= 1;
	strcat(cookie, "0");
	get(w, "/");
	assert_int_equal(w->answer.status, 401);
	cookie[strlen(cookie) - 1] = '\0';
	get(w, "/");
	assert_int_equal(w->answer.status, 200);
	w->config.pages.token = "another";
	get(w, "/");
	assert_int_equal(w->answer.status, 401);
}

static void over_tls_the_cookie_is_for_tls_only(void **state)
{
	struct world *w = *state;

	w->config.pages.token = "t";
	w->request.is_tls = true;
	post_login(w, "token=t");
	assert_has(header(w, "Set-Cookie"), "__Host-inquestd=");
	assert_has(header(w, "Set-Cookie"), "; Secure");
}

static void the_form_sends_nobody_to_another_place(void **state)
{
	static const char *const bodies[] = {
		"token=t&to=https%3A%2F%2Fevil.example", "token=t&to=%2F%2Fevil.example",
		"token=t&to=%2F%5Cevil.example", "token=t&to=%2Fa%0d%0aSet-Cookie:x",
		"token=t"};
	struct world *w = *state;

	w->config.pages.token = "t";
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		post_login(w, bodies[i]);
		if (w->answer.status == 303)
			assert_string_equal(header(w, "Location"), "/");
		else
			assert_int_equal(w->answer.status, 400);
	}
}

static void logging_out_makes_the_browser_forget(void **state)
{
	struct world *w = *state;

	w->config.pages.token = "t";
	w->request.authorization = "Bearer t";
	w->request.method = "POST";
	get(w, "/logout");
	assert_int_equal(w->answer.status, 303);
	assert_has(header(w, "Set-Cookie"), "Max-Age=0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(the_first_page_has_instances_and_captures),
		TEST(a_capture_has_its_timeline_and_its_state_in_words),
		TEST(a_capture_that_is_not_over_can_be_followed),
		TEST(an_instance_has_a_page),
		TEST(json_is_had_by_name_and_by_accept),
		TEST(the_report_is_shown_when_it_has_arrived),
		TEST(the_report_of_a_dump_from_outside_stands_beside_it),
		TEST(a_long_report_is_cut_and_says_so),
		TEST(links_and_ways_out_of_the_dump_directory_are_not_followed),
		TEST(a_pipe_in_place_of_the_report_does_not_make_us_wait),
		TEST(hostile_text_stays_text_in_every_field),
		TEST(a_hostile_path_is_not_repeated_as_it_is),
		TEST(a_store_that_cannot_be_read_is_told),
		TEST(pages_can_only_be_read),
		TEST(without_a_token_only_names_of_this_machine_do),
		TEST(with_a_token_nothing_is_shown_without_it),
		TEST(the_token_may_be_in_the_header),
		TEST(the_form_gives_a_cookie_that_lets_in),
		TEST(over_tls_the_cookie_is_for_tls_only),
		TEST(the_form_sends_nobody_to_another_place),
		TEST(logging_out_makes_the_browser_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
