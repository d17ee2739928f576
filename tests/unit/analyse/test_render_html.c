#include "testing.h"

#include "analyse/render_html.h"

static char *page_of(json_t *report)
{
	struct buf b = BUF_INIT;
	char *page;

	assert_success(report_render_html(&b, report));
	page = strdup(buf_text(&b));
	assert_non_null(page);
	buf_deinit(&b);
	json_decref(report);
	return page;
}

static json_t *hostile(void)
{
	return json_string("<script>alert('x')</script>\"&");
}

static void markup_of_the_dump_is_text_on_the_page(void **state)
{
	json_t *report = json_pack(
		"{s:o, s:{s:o, s:o, s:[{s:o, s:o}]}, s:{s:o}, s:[{s:o}], s:[o], s:[{s:i, "
		"s:o}], s:[{s:i, s:{s:o, s:i}}], s:{s:[{s:o, s:i, s:o, s:s}], s:[{s:s, "
		"s:o}]}}",
		"verdict", hostile(), "crash", "class", hostile(), "trigger", hostile(),
		"evidence", "text", hostile(), "confidence", hostile(), "banner",
		"nodename", hostile(), "modules", "name", hostile(), "health", hostile(),
		"log_tail", "ts_ns", 1, "text", hostile(), "cpus", "cpu", 0, "task", "comm",
		hostile(), "pid", 1, "blocked", "tasks", "comm", hostile(), "pid", 2,
		"function", hostile(), "lock", "0x1", "locks", "address", "0x1", "kind",
		hostile());
	char *page;

	assert_non_null(report);
	page = page_of(report);
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "alert('x')"));
	assert_non_null(strstr(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
	free(page);
}

static void a_report_with_nothing_in_it_is_a_page_too(void **state)
{
	char *page = page_of(json_object());

	assert_non_null(strstr(page, "</html>"));
	assert_null(strstr(page, "<svg"));
	free(page);
}

static void a_ring_is_drawn_and_told(void **state)
{
	json_t *report = json_pack(
		"{s:{s:[{s:s, s:s, s:i, s:s, s:i}, {s:s, s:s, s:i, s:s, s:i}], s:[{s:s, "
		"s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]}}",
		"blocked", "tasks", "address", "0xa", "comm", "one", "pid", 1, "lock",
		"0x1", "ring", 1, "address", "0xb", "comm", "two", "pid", 2, "lock", "0x2",
		"ring", 1, "locks", "address", "0x1", "owner_address", "0xb", "kind",
		"mutex", "state", "held", "address", "0x2", "owner_address", "0xa", "kind",
		"mutex", "state", "held");
	char *page, *at;
	unsigned num = 0;

	assert_non_null(report);
	page = page_of(report);
	for (at = page; (at = strstr(at, "class=\"edge")); at++)
		num++;
	assert_int_equal(num, 4);
	assert_non_null(strstr(page, "class=\"task ring\""));
	assert_non_null(strstr(page, "two (pid 2), <b>deadlock</b>"));
	free(page);
}

static void more_nodes_than_fit_are_in_the_table_alone(void **state)
{
	json_t *report = json_object(), *blocked = json_object(), *tasks = json_array();
	char *page, *at;
	unsigned num = 0;

	for (int i = 0; i < 200; i++)
		json_array_append_new(tasks, json_pack("{s:o, s:s, s:i, s:s}", "address",
						       json_sprintf("0x%x", i), "comm", "t",
						       "pid", i, "lock", "0x1"));
	json_object_set_new(blocked, "tasks", tasks);
	json_object_set_new(blocked, "locks",
			    json_pack("[{s:s, s:s}]", "address", "0x1", "kind", "mutex"));
	json_object_set_new(report, "blocked", blocked);
	page = page_of(report);
	for (at = page; (at = strstr(at, "<rect class=\"task")); at++)
		num++;
	assert_int_equal(num, 40);
	assert_non_null(strstr(page, "t (pid 199)"));
	free(page);
}

static void block_io_is_a_table_without_markup_of_the_dump(void **state)
{
	json_t *r = json_pack("{s:o, s:s, s:s, s:i, s:i, s:i, s:s}", "device", hostile(),
			      "operation", "read", "state", "in flight", "sector", 5,
			      "bytes", 512, "age_ms", 2001, "address", "0x10");
	char *page = page_of(
		json_pack("{s:{s:i, s:[o]}}", "block_io", "requests", 7, "oldest", r));

	assert_non_null(strstr(page, "Block I/O under way (7)"));
	assert_non_null(strstr(page, "<td>2.001 s</td>"));
	assert_non_null(strstr(page, "and 6 more"));
	assert_null(strstr(page, "<script"));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_of_the_dump_is_text_on_the_page),
		cmocka_unit_test(a_report_with_nothing_in_it_is_a_page_too),
		cmocka_unit_test(a_ring_is_drawn_and_told),
		cmocka_unit_test(block_io_is_a_table_without_markup_of_the_dump),
		cmocka_unit_test(more_nodes_than_fit_are_in_the_table_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
