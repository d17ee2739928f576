/* The memory section of the report, on a machine with zones, slabs and processes. */
#include "kernel/opened_kernel.h"

#include "analyse/memory_use.h"
#include "analyse/render_text.h"
#include "analyse/report.h"
#include "gen_memory.h"

struct world {
	struct opened_kernel o;
	json_t *report;
};

static struct world *prepare(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	gen_memory_init(&w->o.g, 0);
	return w;
}

static json_t *build(struct world *w)
{
	const struct report_options options = {.log_records = 10};

	opened_kernel_open(&w->o);
	assert_success(report_build(w->o.k, &options, &w->report));
	return json_object_get(w->report, "memory");
}

static void free_world(struct world *w)
{
	json_decref(w->report);
	opened_kernel_deinit(&w->o);
	free(w);
}

static u64 number(json_t *j, const char *key)
{
	assert_true(json_is_integer(json_object_get(j, key)));
	return (u64)json_integer_value(json_object_get(j, key));
}

static const char *text(json_t *j, const char *key)
{
	assert_true(json_is_string(json_object_get(j, key)));
	return json_string_value(json_object_get(j, key));
}

static void free_memory_stands_against_its_marks(void **state)
{
	struct world *w = prepare();
	json_t *node = json_array_get(json_object_get(build(w), "nodes"), 0);
	json_t *zones = json_object_get(node, "zones"), *normal = json_array_get(zones, 1);

	assert_int_equal(json_array_size(zones), 2);
	assert_string_equal(text(node, "address"), "0xffffffff80012000");
	assert_int_equal(number(node, "managed_bytes"), 47 * 4096);
	assert_int_equal(number(node, "low_bytes"), (3 + 4) * 4096);
	assert_string_equal(text(json_array_get(zones, 0), "level"), "below min");
	assert_string_equal(text(normal, "name"), "Normal");
	assert_int_equal(number(normal, "free_bytes"), 5 * 4096);
	assert_int_equal(number(normal, "min_bytes"), 3 * 4096);
	assert_string_equal(text(normal, "level"), "above high");
	free_world(w);
}

static void available_is_estimated_as_the_kernel_does(void **state)
{
	struct world *w = prepare();
	json_t *memory = build(w);

	/* 20 free, 7 in reserve; of 6 pages of files and 6 of slabs, half can be had: the
	 * marks are higher. */
	assert_int_equal(number(memory, "available_bytes"), (20 - 7 + 3 + 3) * 4096);
	assert_int_equal(number(memory, "swap_free_bytes"), 4 * 4096);
	assert_int_equal(number(memory, "commit_limit_bytes"), 30 * 4096);
	free_world(w);
}

static void processes_are_told_once_each(void **state)
{
	struct world *w = prepare();
	json_t *tasks = json_object_get(build(w), "largest_tasks");
	json_t *task = json_array_get(tasks, 0);

	/* All processes of that machine share one memory. */
	assert_int_equal(json_array_size(tasks), 1);
	assert_int_equal(number(task, "pid"), 1);
	assert_string_equal(text(task, "mm"), "0xffffffff80002800");
	assert_int_equal(number(task, "resident_bytes"), 25 * 4096);
	assert_int_equal(number(task, "mapped_bytes"), 100 * 4096);
	free_world(w);
}

static void the_text_has_zones_and_tasks(void **state)
{
	struct world *w = prepare();
	struct buf b = BUF_INIT;

	build(w);
	report_render_text(&b, w->report);
	assert_non_null(strstr(buf_text(&b), "    init             pid 1 "));
	assert_non_null(strstr(buf_text(&b),
			       "      Normal         131.1 kB managed,   20.5 kB "
			       "free, above high (min 12.3 kB, low "));
	buf_deinit(&b);
	free_world(w);
}

static void a_machine_without_nodes_has_the_rest(void **state)
{
	struct world *w = prepare();
	json_t *memory;

	gen_ram(&w->o.g, GEN_MEMORY_NODE >> 12, 1, GEN_ABSENT);
	memory = build(w);
	assert_int_equal(json_array_size(json_object_get(memory, "nodes")), 0);
	assert_null(json_object_get(memory, "available_bytes"));
	assert_int_equal(number(memory, "total_bytes"), 40 * 4096);
	free_world(w);
}

static void count_cache(void *ctx, const struct slab_cache *c)
{
	++*(u64 *)ctx;
}

static void a_list_of_caches_that_loops_is_cut(void **state)
{
	struct world *w = prepare();
	struct slab_cache found;
	u64 count = 0;

	gen_put64(&w->o.g, GEN_MEMORY_CACHE(1) + 48,
		  GEN_SESSION_IMAGE + GEN_MEMORY_CACHE(0) + 48);
	build(w);
	assert_failure(slab_cache_each(w->o.k, count_cache, &count), ERR_BAD_DATA,
		       "leads into itself");
	assert_in_range(count, 2, 8);
	assert_false(slab_cache_find(w->o.k, 0x1234, &found));
	assert_true(
		slab_cache_find(w->o.k, GEN_SESSION_IMAGE + GEN_MEMORY_CACHE(1), &found));
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_memory_stands_against_its_marks),
		cmocka_unit_test(available_is_estimated_as_the_kernel_does),
		cmocka_unit_test(processes_are_told_once_each),
		cmocka_unit_test(the_text_has_zones_and_tasks),
		cmocka_unit_test(a_machine_without_nodes_has_the_rest),
		cmocka_unit_test(a_list_of_caches_that_loops_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
