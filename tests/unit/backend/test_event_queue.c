#include "testing.h"

#include "backend/event_queue_priv.h"

static void expect(struct event_queue *q, enum backend_event wanted)
{
	enum backend_event event = BACKEND_EVENT_NONE;

	assert_true(event_queue_pop(q, &event));
	assert_int_equal(event, wanted);
}

static void expect_none(struct event_queue *q)
{
	enum backend_event event = BACKEND_EVENT_GONE;

	assert_false(event_queue_pop(q, &event));
	assert_int_equal(event, BACKEND_EVENT_GONE);
}

static void the_oldest_comes_first(void **state)
{
	struct event_queue q = {0};

	expect_none(&q);
	event_queue_add(&q, BACKEND_EVENT_PANICKED);
	event_queue_add(&q, BACKEND_EVENT_PAUSED);
	event_queue_add(&q, BACKEND_EVENT_RESUMED);
	expect(&q, BACKEND_EVENT_PANICKED);
	expect(&q, BACKEND_EVENT_PAUSED);
	expect(&q, BACKEND_EVENT_RESUMED);
	expect_none(&q);
}

static void a_flood_loses_the_oldest_and_keeps_the_newest(void **state)
{
	struct event_queue q = {0};

	event_queue_add(&q, BACKEND_EVENT_PANICKED);
	for (unsigned i = 1; i < EVENT_QUEUE_MAX; i++)
		event_queue_add(&q, BACKEND_EVENT_RESET);
	event_queue_add(&q, BACKEND_EVENT_SHUTDOWN);
	for (unsigned i = 1; i < EVENT_QUEUE_MAX; i++)
		expect(&q, BACKEND_EVENT_RESET);
	expect(&q, BACKEND_EVENT_SHUTDOWN);
	expect_none(&q);
}

static void the_pause_of_a_dump_is_not_the_machines(void **state)
{
	struct event_queue q = {.is_dumping = true};

	event_queue_add(&q, BACKEND_EVENT_PAUSED);
	event_queue_add(&q, BACKEND_EVENT_RESET);
	/* Its end may come behind the last answer about the dump. */
	q.is_dumping = false;
	event_queue_add(&q, BACKEND_EVENT_RESUMED);
	expect(&q, BACKEND_EVENT_RESET);
	expect_none(&q);
	/* The next ones are the machine's own again. */
	event_queue_add(&q, BACKEND_EVENT_PAUSED);
	event_queue_add(&q, BACKEND_EVENT_RESUMED);
	expect(&q, BACKEND_EVENT_PAUSED);
	expect(&q, BACKEND_EVENT_RESUMED);
}

static void a_resumption_without_our_pause_is_the_machines(void **state)
{
	struct event_queue q = {.is_dumping = true};

	event_queue_add(&q, BACKEND_EVENT_RESUMED);
	expect(&q, BACKEND_EVENT_RESUMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_comes_first),
		cmocka_unit_test(a_flood_loses_the_oldest_and_keeps_the_newest),
		cmocka_unit_test(the_pause_of_a_dump_is_not_the_machines),
		cmocka_unit_test(a_resumption_without_our_pause_is_the_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
