/* The installed library, as a program that links it sees it. */
#include "kernel/typed_kernel.h"

#include "gen_session.h"

#include <inquest/inquest.h>
#include <unistd.h>

#define HEAD  0xe000
#define LINKS 0xe100 /* lists of struct thing are linked at 16 */

static struct inquest *open_bytes(const struct buf *b)
{
	char path[] = "/tmp/inquest-library-XXXXXX";
	const char *paths[] = {path};
	int fd = mkstemp(path);
	struct inquest *q;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->len), b->len);
	close(fd);
	assert_null(inquest_open(paths, 1, &q));
	unlink(path);
	return q;
}

static struct inquest *open_gen(struct gen *g)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	gen_elf(g, NULL, &b);
	return open_bytes(&b);
}

/* A kernel with types, and a list of struct thing at HEAD with three entries. */
static struct inquest *open_typed(bool loops)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	const u32 links[] = {HEAD, LINKS, LINKS + 0x100, LINKS + 0x200};

	for (u32 i = 0; i < 4; i++) {
		const u32 next = loops && i == 3 ? LINKS : links[(i + 1) % 4];

		tiny_put64(t->tiny, links[i], TINY(next));
		tiny_put64(t->tiny, links[(i + 1) % 4] + 8, TINY(links[i]));
	}
	return open_gen(&t->tiny->g);
}

static struct inquest *open_session(void)
{
	struct gen g;
	struct inquest *q;

	gen_session_init(&g);
	q = open_gen(&g);
	gen_deinit(&g);
	return q;
}

static void assert_error(struct inquest_error *e, enum inquest_error_kind kind,
			 const char *words)
{
	assert_non_null(e);
	if (!strstr(inquest_error_message(e), words))
		print_error("\"%s\" lacks \"%s\"\n", inquest_error_message(e), words);
	assert_non_null(strstr(inquest_error_message(e), words));
	assert_int_equal(inquest_error_kind(e), kind);
	inquest_error_free(e);
}

static void what_is_no_dump_is_an_error_that_names_the_file(void **state)
{
	const char *missing[] = {"/nonexistent/vmcore"};
	struct inquest *q = NULL;

	assert_error(inquest_open(missing, 1, &q), INQUEST_ERROR_SYSTEM,
		     "/nonexistent/vmcore");
	assert_error(inquest_open(NULL, 0, &q), INQUEST_ERROR_USAGE, "no file");
	assert_null(q);
	inquest_close(NULL);
	inquest_error_free(NULL);
	inquest_free(NULL);
}

static void memory_is_read_by_address(void **state)
{
	struct inquest *q = open_typed(false);
	char text[16];
	uint64_t value;
	uint32_t half;

	assert_null(inquest_read_number(q, TINY(TYPED_THING + 12), 4, &value));
	assert_true(value == 0xffffffff);
	assert_null(inquest_read(q, TINY(TYPED_SECOND), &half, sizeof(half)));
	assert_int_equal(half, 42);
	assert_null(inquest_read_physical(q, TYPED_SECOND, &half, sizeof(half)));
	assert_int_equal(half, 42);
	assert_null(inquest_read_string(q, TINY(TYPED_TEXT), text, 4));
	assert_string_equal(text, "a \"");
	assert_error(inquest_read_number(q, 0x10, 8, &value), INQUEST_ERROR_FAULT, "0x10");
	assert_error(inquest_read_number(q, TINY(TYPED_THING), 3, &value),
		     INQUEST_ERROR_UNSUPPORTED, "3 bytes");
	assert_error(inquest_read_string(q, TINY(TYPED_TEXT), text, 0), INQUEST_ERROR_USAGE,
		     "no room");
	inquest_close(q);
}

static void symbols_have_addresses_and_addresses_symbols(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct inquest *q = open_gen(&t->g);
	struct inquest_symbol symbol;
	uint64_t address;

	assert_string_equal(inquest_release(q), "6.99.0-tiny");
	assert_null(inquest_symbol_address(q, "middle", &address));
	assert_true(address == TINY(0x1200));
	assert_null(inquest_symbol_address(q, "mod_work", &address));
	assert_true(inquest_symbol_at(q, address + 4, &symbol));
	assert_string_equal(symbol.name, "mod_work");
	assert_string_equal(symbol.module, "tiny_mod");
	assert_int_equal(symbol.offset, 4);
	assert_false(inquest_symbol_at(q, 0x10, &symbol));
	assert_error(inquest_symbol_address(q, "nosuch", &address), INQUEST_ERROR_ABSENT,
		     "nosuch");
	assert_null(inquest_percpu_address(q, "runqueues", 1, &address));
	assert_true(address == TINY(0x2040));
	inquest_close(q);
}

static void members_are_found_by_path(void **state)
{
	struct inquest *q = open_typed(false);
	uint64_t value;

	assert_null(inquest_type_size(q, "struct thing", &value));
	assert_int_equal(value, TYPED_THING_SIZE);
	assert_null(inquest_member_offset(q, "struct thing", "named.deep.y", &value));
	assert_int_equal(value, 136);
	assert_null(inquest_read_member(q, "struct thing", TINY(TYPED_THING),
					"next->number", &value));
	assert_int_equal(value, 42);
	assert_null(inquest_member_address(q, "struct thing", TINY(TYPED_THING),
					   "next->list", &value));
	assert_true(value == TINY(TYPED_SECOND + 16));
	assert_error(
		inquest_read_member(q, "struct thing", TINY(TYPED_THING), "nosuch", &value),
		INQUEST_ERROR_ABSENT, "struct thing.nosuch at 0xffffffff8000f200");
	assert_error(inquest_type_size(q, "struct nosuch", &value), INQUEST_ERROR_ABSENT,
		     "nosuch");
	assert_error(inquest_type_size(q, "struct thing *", &value), INQUEST_ERROR_USAGE,
		     "pointer");
	inquest_close(q);
}

static void expressions_have_values_and_text(void **state)
{
	struct inquest *q = open_typed(false);
	uint64_t value;
	char *text;

	assert_null(inquest_evaluate(
		q, "((struct thing *)0xffffffff8000f200)->next->number + 1", &value));
	assert_int_equal(value, 43);
	assert_null(
		inquest_format(q, "((struct thing *)0xffffffff8000f200)->flags", &text));
	assert_string_equal(text, "(READ | WRITE)");
	inquest_free(text);
	assert_error(inquest_evaluate(q, "sizeof(", &value), INQUEST_ERROR_USAGE,
		     "sizeof(");
	assert_error(inquest_evaluate(q, "*(struct thing *)0xffffffff8000f200", &value),
		     INQUEST_ERROR_UNSUPPORTED, "no number");
	inquest_close(q);
}

struct entries {
	uint64_t addresses[8];
	unsigned count, limit;
};

static bool note_entry(void *ctx, uint64_t address)
{
	struct entries *e = ctx;

	assert_true(e->count < 8);
	e->addresses[e->count++] = address;
	return e->count != e->limit;
}

static void lists_are_followed_until_told_to_stop(void **state)
{
	struct inquest *q = open_typed(false);
	struct entries e = {.count = 0};

	assert_null(
		inquest_list_each(q, TINY(HEAD), "struct thing", "list", note_entry, &e));
	assert_int_equal(e.count, 3);
	assert_true(e.addresses[1] == TINY(LINKS + 0x100 - 16));
	e = (struct entries){.limit = 2};
	assert_null(
		inquest_list_each(q, TINY(HEAD), "struct thing", "list", note_entry, &e));
	assert_int_equal(e.count, 2);
	inquest_close(q);
}

static void a_list_that_loops_is_an_error(void **state)
{
	struct inquest *q = open_typed(true);
	struct entries e = {.count = 0};

	assert_error(
		inquest_list_each(q, TINY(HEAD), "struct thing", "list", note_entry, &e),
		INQUEST_ERROR_BAD_DATA, "is not the one before");
	assert_int_equal(e.count, 3);
	inquest_close(q);
}

struct tasks {
	unsigned count, blocked;
	uint64_t blocked_address, running_address;
};

static bool note_task(void *ctx, const struct inquest_task *t)
{
	struct tasks *tasks = ctx;

	tasks->count++;
	if (t->state == 'D') {
		tasks->blocked++;
		tasks->blocked_address = t->address;
		assert_int_equal(t->pid, 10);
		assert_false(t->is_running);
	}
	if (t->pid == 1)
		tasks->running_address = t->address;
	return true;
}

static bool stop_at_once(void *ctx, const struct inquest_task *t)
{
	++*(unsigned *)ctx;
	return false;
}

static bool count_frame(void *ctx, const struct inquest_frame *f)
{
	assert_non_null(f->module);
	++*(unsigned *)ctx;
	return true;
}

static void tasks_are_told_with_their_stacks(void **state)
{
	struct inquest *q = open_session();
	struct tasks tasks = {.count = 0};
	unsigned count = 0;
	char why[128] = "untouched";

	assert_null(inquest_task_each(q, note_task, &tasks));
	assert_int_equal(tasks.count, GEN_NUM_TASKS);
	assert_int_equal(tasks.blocked, 1);
	assert_true(tasks.blocked_address ==
		    GEN_SESSION_IMAGE + GEN_SESSION_TASK(GEN_TASK_WORKER));
	assert_null(inquest_task_each(q, stop_at_once, &count));
	assert_int_equal(count, 1);
	count = 0;
	assert_null(inquest_stack_each(q, tasks.blocked_address, count_frame, &count, why,
				       sizeof(why)));
	assert_string_not_equal(why, "untouched");
	assert_error(inquest_stack_each(q, 0x1000, count_frame, &count, NULL, 0),
		     INQUEST_ERROR_ABSENT, "no task at 0x1000");
	inquest_close(q);
}

static bool note_record(void *ctx, const struct inquest_log_record *r)
{
	bool *found = ctx;

	*found |= memmem(r->text, r->len, "Kernel panic", 12) != NULL;
	return !*found;
}

static void the_log_and_the_report_come(void **state)
{
	struct inquest *q = open_session();
	char *verdict, *json, *escaped;
	bool found = false;

	assert_null(inquest_log_each(q, note_record, &found));
	assert_true(found);
	assert_null(inquest_verdict(q, &verdict));
	assert_true(*verdict);
	assert_null(inquest_report_json(q, &json));
	assert_non_null(strstr(json, "\"schema\": \"inquest.report\""));
	inquest_free(json);
	inquest_free(verdict);
	escaped = inquest_escape("a\033[m");
	assert_string_equal(escaped, "a\\x1b[m");
	inquest_free(escaped);
	inquest_close(q);
}

static void what_could_not_be_had_is_told(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t =
		tiny_kernel_new(TINY_NO_KALLSYMS);
	struct inquest *q = open_gen(&t->g);
	bool found = false;

	for (size_t i = 0; inquest_notice(q, i); i++)
		found |= strstr(inquest_notice(q, i), "symbol") != NULL ||
			 strstr(inquest_notice(q, i), "kallsyms") != NULL;
	assert_true(found);
	inquest_close(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_dump_is_an_error_that_names_the_file),
		cmocka_unit_test(memory_is_read_by_address),
		cmocka_unit_test(symbols_have_addresses_and_addresses_symbols),
		cmocka_unit_test(members_are_found_by_path),
		cmocka_unit_test(expressions_have_values_and_text),
		cmocka_unit_test(lists_are_followed_until_told_to_stop),
		cmocka_unit_test(a_list_that_loops_is_an_error),
		cmocka_unit_test(tasks_are_told_with_their_stacks),
		cmocka_unit_test(the_log_and_the_report_come),
		cmocka_unit_test(what_could_not_be_had_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
