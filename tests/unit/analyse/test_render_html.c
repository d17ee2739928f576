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

static unsigned count(const char *page, const char *what)
{
	unsigned num = 0;

	for (const char *at = page; (at = strstr(at, what)); at++)
		num++;
	return num;
}

static json_t *report_of_ring(void)
{
	return json_pack(
		"{s:{s:i, s:[{s:s, s:s, s:i, s:s, s:i}, {s:s, s:s, s:i, s:s, s:i}], s:[{s:s, "
		"s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}], s:[{s:[i], s:{s:[{s:s}]}}]}}",
		"blocked", "rings", 1, "tasks", "address", "0xa", "comm", "one", "pid", 1,
		"lock", "0x1", "ring", 1, "address", "0xb", "comm", "two", "pid", 2, "lock",
		"0x2", "ring", 1, "locks", "address", "0x1", "owner_address", "0xb", "kind",
		"mutex", "state", "held", "address", "0x2", "owner_address", "0xa", "kind",
		"mutex", "state", "held", "stacks", "pids", 2, "backtrace", "frames",
		"function", "schedule");
}

static void a_ring_is_drawn_and_told(void **state)
{
	json_t *report = report_of_ring();
	char *page;

	assert_non_null(report);
	page = page_of(report);
	assert_int_equal(count(page, "class=\"edge ring"), 4);
	assert_int_equal(count(page, "class=\"task ring\""), 2);
	assert_int_equal(count(page, "class=\"lock ring\""), 2);
	assert_non_null(strstr(page, "<li><b>one (pid 1)</b> again: a deadlock"));
	free(page);
}

static void stacks_of_a_ring_are_open_and_say_so(void **state)
{
	char *page = page_of(report_of_ring());

	assert_non_null(strstr(page, "<details open><summary>Blocked: two (pid 2) <b "
				     "class=\"tag\">deadlock 1</b></summary>"));
	free(page);
}

/* The tree may be anybody's: one that never comes back must end all the same. */
static void a_ring_that_never_closes_ends(void **state)
{
	json_t *report = report_of_ring();
	json_t *locks = json_object_get(json_object_get(report, "blocked"), "locks");
	char *page;

	json_object_set_new(json_array_get(locks, 1), "owner_address", json_string("0xb"));
	page = page_of(report);
	assert_non_null(strstr(page, "<li>\u2026</li>"));
	assert_null(strstr(page, "again: a deadlock"));
	free(page);
}

static void a_crowd_that_waits_for_one_lock_shares_a_box(void **state)
{
	json_t *report = json_object(), *blocked = json_object(), *tasks = json_array();
	char *page;

	for (int i = 0; i < 200; i++)
		json_array_append_new(tasks, json_pack("{s:o, s:s, s:i, s:s}", "address",
						       json_sprintf("0x%x", i), "comm", "t",
						       "pid", i, "lock", "0x1"));
	json_object_set_new(blocked, "tasks", tasks);
	json_object_set_new(blocked, "locks",
			    json_pack("[{s:s, s:s}]", "address", "0x1", "kind", "mutex"));
	json_object_set_new(report, "blocked", blocked);
	page = page_of(report);
	assert_int_equal(count(page, "<rect class=\"task"), 7);
	assert_non_null(strstr(page, "194 more tasks"));
	assert_non_null(strstr(page, "<summary>184 more blocked tasks</summary>"));
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
	assert_non_null(strstr(page, "<td data-of=\"Age\">2.001 s</td>"));
	assert_non_null(strstr(page, "and 6 more"));
	assert_null(strstr(page, "<script"));
	free(page);
}

static void the_lock_that_is_the_cause_is_named_and_marked(void **state)
{
	json_t *report = json_pack(
		"{s:{s:s}, s:{s:[{s:s, s:s, s:i, s:s}], s:[{s:s, s:s, s:s, s:s, s:i, s:i}, "
		"{s:s, s:s, s:s, s:i}]}}",
		"crash", "class", "frozen-filesystem", "blocked", "tasks", "address", "0xa",
		"comm", "one", "pid", 1, "lock", "0x1", "locks", "address", "0x1", "kind",
		"percpu_rw_semaphore", "what", "freeze of ext4 on vda", "owner_is", "none",
		"waiters", 1, "waiters_behind", 1, "address", "0x2", "kind", "mutex",
		"owner_is", "running", "waiters_behind", 9);
	char *page;

	assert_non_null(report);
	page = page_of(report);
	assert_non_null(
		strstr(page, "<b>1 task</b> waits for <b>freeze of ext4 on vda</b>"));
	assert_non_null(strstr(page, "The filesystem is frozen"));
	assert_int_equal(count(page, "class=\"lock ring\""), 1);
	assert_non_null(strstr(page, ">cause</text>"));
	free(page);
}

static void the_end_of_a_chain_is_the_cause(void **state)
{
	json_t *report = json_pack(
		"{s:{s:s}, s:{s:[{s:s, s:s}, {s:s, s:s}], s:[{s:s, s:s, s:s, s:s, s:s, s:i}, "
		"{s:s, s:s, s:s, s:s, s:i}]}}",
		"crash", "class", "lock-held", "blocked", "tasks", "address", "0xa", "lock",
		"0x1", "address", "0xb", "lock", "0x2", "locks", "address", "0x1", "kind",
		"mutex", "state", "held", "owner_is", "blocked", "owner_address", "0xb",
		"waiters_behind", 1, "address", "0x2", "kind", "completion", "state",
		"unknown", "owner_is", "none", "waiters_behind", 2);
	char *page;

	assert_non_null(report);
	page = page_of(report);
	assert_non_null(strstr(page, "waits for <b>mutex</b> <code>0x1</code>"));
	assert_null(strstr(page, "unknown"));
	free(page);
}

static void the_culprit_is_marked_on_its_stack(void **state)
{
	json_t *report = json_pack(
		"{s:{s:{s:s}}, s:[{s:i, s:b, s:{s:[{s:s, s:s}, {s:s, s:s, s:i}]}}]}",
		"crash", "culprit", "pc", "0xffffffff81000005", "cpus", "cpu", 0, "online",
		1, "backtrace", "frames", "pc", "0xffffffff81000001", "function", "panic",
		"pc", "0xffffffff81000005", "function", "guilty", "offset", 5);
	char *page;

	assert_non_null(report);
	page = page_of(report);
	assert_int_equal(count(page, "<mark>"), 1);
	assert_non_null(
		strstr(page, "<b>guilty</b>+0x5 <b class=\"tag\">culprit</b></mark>"));
	free(page);
}

static void idle_cpus_share_a_card_and_a_stack(void **state)
{
	json_t *report = json_object(), *cpus = json_array();
	char *page;

	for (int i = 0; i < 64; i++)
		json_array_append_new(
			cpus, json_pack("{s:i, s:b, s:{s:o, s:i}, s:{s:[{s:s, s:s}]}}",
					"cpu", i, "online", 1, "task", "comm",
					json_sprintf("swapper/%d", i), "pid",
					i == 5 ? 77 : 0, "backtrace", "frames", "pc", "0x1",
					"function", "native_safe_halt"));
	json_object_set_new(report, "cpus", cpus);
	page = page_of(report);
	assert_int_equal(count(page, "<li class=\"cpu"), 2);
	assert_non_null(strstr(page, "<b>63 CPUs</b>"));
	assert_non_null(strstr(page, ">0\u20134, 6\u201363<"));
	assert_int_equal(count(page, "<details><summary>CPU "), 2);
	assert_non_null(strstr(page, "and 62 idle CPUs with the same stack"));
	free(page);
}

static void telling_lines_of_the_log_are_marked(void **state)
{
	json_t *report = json_pack("{s:{s:s}, s:[{s:i, s:s}, {s:i, s:s}]}", "panic",
				   "message", "Kernel panic - not syncing: x", "log_tail",
				   "ts_ns", 1, "text", "all is well", "ts_ns", 2, "text",
				   "Kernel panic - not syncing: x");
	char *page;

	assert_non_null(report);
	page = page_of(report);
	assert_int_equal(count(page, "<mark>"), 1);
	assert_non_null(strstr(page, "Kernel panic - not syncing: x</mark>"));
	free(page);
}

static void memory_that_is_more_than_all_fits_the_bar(void **state)
{
	json_t *report = json_pack("{s:{s:I, s:I, s:I}}", "memory", "total_bytes",
				   (json_int_t)1000, "anonymous_bytes", (json_int_t)-1,
				   "page_cache_bytes", (json_int_t)500);
	char *page;

	assert_non_null(report);
	page = page_of(report);
	assert_int_equal(count(page, "class=\"part m0\""), 2); /* the bar, and its key */
	assert_non_null(strstr(page, "width=\"100.00%\""));
	assert_int_equal(count(page, "class=\"part m1\""), 1);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_of_the_dump_is_text_on_the_page),
		cmocka_unit_test(a_report_with_nothing_in_it_is_a_page_too),
		cmocka_unit_test(a_ring_is_drawn_and_told),
		cmocka_unit_test(block_io_is_a_table_without_markup_of_the_dump),
		cmocka_unit_test(stacks_of_a_ring_are_open_and_say_so),
		cmocka_unit_test(a_ring_that_never_closes_ends),
		cmocka_unit_test(a_crowd_that_waits_for_one_lock_shares_a_box),
		cmocka_unit_test(the_lock_that_is_the_cause_is_named_and_marked),
		cmocka_unit_test(the_end_of_a_chain_is_the_cause),
		cmocka_unit_test(the_culprit_is_marked_on_its_stack),
		cmocka_unit_test(idle_cpus_share_a_card_and_a_stack),
		cmocka_unit_test(telling_lines_of_the_log_are_marked),
		cmocka_unit_test(memory_that_is_more_than_all_fits_the_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
