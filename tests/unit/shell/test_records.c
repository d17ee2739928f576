/* What `struct` shows besides values: bytes, and what pointers lead to. */
#include "world.h"

#include "kernel/typed_kernel.h"

struct typed_session {
	struct typed_kernel *t;
	struct shell *s;
};

static struct typed_session open_typed(struct typed_kernel *t)
{
	const struct shell_options o = {.stdout_fd = -1, .program = "test"};
	struct typed_session w = {.t = t};

	typed_kernel_open(t);
	assert_success(shell_open(t->tiny->k, &o, &w.s));
	return w;
}

static void close_typed(struct typed_session *w)
{
	shell_close(w->s);
	typed_kernel_free(w->t);
}

/* @line and the address of what lies at @offset of the image. */
static const char *run_at(struct typed_session *w, const char *line, u32 offset)
{
	char text[256];

	snprintf(text, sizeof(text), "%s %llx", line, TINY(offset));
	return run(w->s, text, SHELL_DONE);
}

static void a_structure_can_be_shown_as_its_bytes(void **state)
{
	struct typed_session w = open_typed(typed_kernel_new());

	assert_string_equal(run_at(&w, "struct -r thing.list", TYPED_THING),
			    "ffffffff8000f210:  ffffffff8000f210 ffffffff80001108   "
			    "................\n");
	assert_string_equal(run_at(&w, "struct -r thing.number", TYPED_THING),
			    "ffffffff8000f200:  fffffffb                              "
			    "....\n");
	assert_non_null(strstr(
		run(w.s, "struct -r thing.number,list ffffffff8000f200", SHELL_FAILED),
		"only one structure member"));
	close_typed(&w);
}

static void pointers_are_followed_one_step(void **state)
{
	struct typed_session w = open_typed(typed_kernel_new());
	const char *out;

	assert_string_equal(run_at(&w, "struct -p list_head", TYPED_THING + 16),
			    "struct list_head {\n"
			    "  struct list_head *next = 0xffffffff8000f210\n"
			    "  -> {\n"
			    "       next = 0xffffffff8000f210,\n"
			    "       prev = 0xffffffff80001108 <outer+8>\n"
			    "     }\n"
			    "  struct list_head *prev = 0xffffffff80001108\n"
			    "  -> {\n"
			    "       next = 0x0,\n"
			    "       prev = 0x0\n"
			    "     }\n"
			    "}\n");
	assert_string_equal(run_at(&w, "struct -p thing.text,number", TYPED_THING),
			    "  const char *text = 0xffffffff8000f100\n"
			    "  -> \"a \"text\"\\x0a\"\n"
			    "  number = -5,\n");
	/* All of it, with what has no name and with pointers to nothing. */
	out = run_at(&w, "struct -p thing", TYPED_SECOND);
	assert_non_null(strstr(out, "  number = 42,\n"));
	assert_non_null(strstr(out, "  struct thing *next = 0x0\n  -> NULL\n"));
	assert_non_null(strstr(out, "  {\n    word = 0,\n"));
	close_typed(&w);
}

static void counts_may_lead_backwards(void **state)
{
	struct typed_session w = open_typed(typed_kernel_new());

	assert_string_equal(
		run_at(&w, "struct list_head.next -c -2", TYPED_THING + 16),
		"  next = 0x1b310078fffffffb,\n\n  next = 0xffffffff8000f210,\n");
	run(w.s, "struct list_head ffffffff8000f210 0", SHELL_FAILED);
	run(w.s, "struct list_head -c -0 ffffffff8000f210", SHELL_FAILED);
	close_typed(&w);
}

static void memory_can_be_stood_in_for(void **state)
{
	static const u8 bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct typed_kernel *t = typed_kernel_new();
	u64 value = 0;

	typed_kernel_open(t);
	kernel_stand_in(t->tiny->k, 0x7000, bytes, sizeof(bytes));
	assert_success(kernel_read_u64(t->tiny->k, 0x7000, &value));
	assert_int_equal(value, 0x0807060504030201);
	/* Only for what lies in it whole; all else is read as ever. */
	assert_failure(kernel_read_u64(t->tiny->k, 0x7001, &value), ERR_FAULT, "7001");
	assert_success(kernel_read_u64(t->tiny->k, TINY(TYPED_SECOND), &value));
	kernel_stand_in(t->tiny->k, 0, NULL, 0);
	assert_failure(kernel_read_u64(t->tiny->k, 0x7000, &value), ERR_FAULT, "7000");
	typed_kernel_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_structure_can_be_shown_as_its_bytes),
		cmocka_unit_test(pointers_are_followed_one_step),
		cmocka_unit_test(counts_may_lead_backwards),
		cmocka_unit_test(memory_can_be_stood_in_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
