/* Debug information of this very program. */
#include "testing.h"

#include "symbol/dwarf_file.h"

#include <fcntl.h>
#include <string.h>

#define FAR 0x1234567000ULL

struct thing {
	int number;
};
enum colour { RED };
typedef unsigned int count_of_tests;

struct thing things_of_test[7];
struct thing *const volatile pointers_of_test[3];
const char *text_of_test = "text";
enum colour colour_of_test;
count_of_tests numbers_of_test[2][5];
void *void_of_test;
int (*function_of_test)(int);
long abc;

extern const char __executable_start[];

struct world {
	int fd;
	struct dwarf_file *file;
	const struct debuginfo *d;
};

/* As if we had been moved by FAR. */
static bool open_self(struct world *w)
{
	struct err *err;

	w->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(w->fd >= 0);
	w->file = NULL;
	err = dwarf_file_open(w->fd, "self", FAR, &w->file);
	if (err) {
		/* Built without debug information, or without libdw. */
		assert_true(err_code(err) == ERR_ABSENT ||
			    err_code(err) == ERR_UNSUPPORTED);
		print_message("%s\n", err_message(err));
		err_free(err);
		close(w->fd);
		return false;
	}
	w->d = dwarf_file_debuginfo(w->file);
	return true;
}

static void close_self(struct world *w)
{
	dwarf_file_close(w->file);
	close(w->fd);
}

/* Where @p of ours is in the file, moved. */
static u64 moved(const void *p)
{
	return (u64)(uintptr_t)p - (u64)(uintptr_t)__executable_start + FAR;
}

__attribute__((noinline)) static u64 caller(void)
{
	__asm__ volatile("");
	return moved(__builtin_return_address(0));
}

/* Both lines are told apart from all others by their numbers. */
__attribute__((always_inline)) static inline u64 inlined_here(unsigned *ret_line)
{
	*ret_line = __LINE__ + 1;
	return caller() - 1;
}

__attribute__((noinline)) static u64 call_inlined(unsigned *ret_line, unsigned *ret_call)
{
	*ret_call = __LINE__ + 1;
	return inlined_here(ret_line);
}

static bool is_this_file(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, "test_dwarf_file.c") == 0;
}

static void code_has_a_line(void **state)
{
	struct world w;
	struct source_place place;
	unsigned line, call;
	u64 addr = call_inlined(&line, &call);

	if (!open_self(&w))
		skip();
	assert_true(w.d->place(w.d->ctx, addr, &place));
	assert_true(is_this_file(place.file));
	assert_int_equal(place.line, line);
	close_self(&w);
}

static void functions_that_are_inlined_are_known_with_their_calls(void **state)
{
	struct world w;
	struct inlined_call calls[4];
	unsigned line, call;
	u64 addr = call_inlined(&line, &call);

	if (!open_self(&w))
		skip();
	assert_int_equal(w.d->inlined(w.d->ctx, addr, calls, 4), 1);
	assert_string_equal(calls[0].function, "inlined_here");
	assert_true(is_this_file(calls[0].call.file));
	assert_int_equal(calls[0].call.line, call);
	assert_int_equal(w.d->inlined(w.d->ctx, addr, calls, 0), 0);
	close_self(&w);
}

static void addresses_without_code_have_no_line(void **state)
{
	struct world w;
	struct source_place place;

	if (!open_self(&w))
		skip();
	assert_false(w.d->place(w.d->ctx, FAR - 4096, &place));
	assert_false(w.d->place(w.d->ctx, UINT64_MAX, &place));
	assert_false(w.d->place(w.d->ctx, 0, &place));
	close_self(&w);
}

static void variables_have_types_by_name(void **state)
{
	static const struct {
		const char *variable, *type;
		unsigned pointers;
		u64 count;
	} expected[] = {
		{"things_of_test", "struct thing", 0, 7},
		{"pointers_of_test", "struct thing", 1, 3},
		{"text_of_test", "char", 1, 1},
		{"colour_of_test", "enum colour", 0, 1},
		{"numbers_of_test", "count_of_tests", 0, 10},
		{"void_of_test", "void", 1, 1},
		{"abc", "long int", 0, 1},
	};
	struct variable_type type;
	struct world w;

	if (!open_self(&w))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(w.d->variable(w.d->ctx, expected[i].variable, &type));
		/* gcc says "long int", clang "long". */
		if (strcmp(expected[i].variable, "abc") != 0)
			assert_string_equal(type.name, expected[i].type);
		assert_int_equal(type.pointers, expected[i].pointers);
		assert_int_equal(type.count, expected[i].count);
	}
	close_self(&w);
}

static void what_is_no_variable_has_no_type(void **state)
{
	struct variable_type type;
	struct world w;

	if (!open_self(&w))
		skip();
	assert_false(w.d->variable(w.d->ctx, "call_inlined", &type));
	assert_false(w.d->variable(w.d->ctx, "of_test", &type));
	assert_false(w.d->variable(w.d->ctx, "nothing of that name", &type));
	assert_false(w.d->variable(w.d->ctx, "xyz", &type));
	assert_false(w.d->variable(w.d->ctx, "", &type));
	assert_false(w.d->variable(w.d->ctx, "function_of_test", &type));
	close_self(&w);
}

static void a_file_without_debug_information_is_told(void **state)
{
	struct dwarf_file *file;
	struct err *err;
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);

	err = dwarf_file_open(fd, "the file", 0, &file);
	assert_non_null(err);
	if (err_code(err) == ERR_UNSUPPORTED) {
		err_free(err);
		close(fd);
		skip();
	}
	assert_non_null(strstr(err_message(err), "the file: no debug information"));
	err_free(err);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_has_a_line),
		cmocka_unit_test(functions_that_are_inlined_are_known_with_their_calls),
		cmocka_unit_test(addresses_without_code_have_no_line),
		cmocka_unit_test(variables_have_types_by_name),
		cmocka_unit_test(what_is_no_variable_has_no_type),
		cmocka_unit_test(a_file_without_debug_information_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
