/* Commands about symbols, code and stacks, on a kernel with tables for them. */
#include "world.h"

#include "kernel/tiny_kernel.h"

struct tiny_session {
	struct tiny_kernel *t;
	struct shell *s;
};

/* Debug information that knows two functions. */
static bool find_place(void *ctx, u64 addr, struct source_place *ret)
{
	if (addr < TINY(0x1200) || addr >= TINY(0x1400))
		return false;
	ret->file = addr < TINY(0x1300) ? "lib/\033middle.c" : "lib/inner.c";
	ret->line = (unsigned)(addr & 0xff) / 0x10 + 1;
	return true;
}

static size_t find_inlined(void *ctx, u64 addr, struct inlined_call *ret, size_t max)
{
	if (addr < TINY(0x1300) || !max)
		return 0;
	*ret = (struct inlined_call){.function = "tiny_help",
				     .call = {.file = "lib/inner.c", .line = 77}};
	return 1;
}

static bool find_variable(void *ctx, const char *name, struct variable_type *ret)
{
	return false;
}

static const struct debuginfo debuginfo = {
	.place = find_place, .inlined = find_inlined, .variable = find_variable};

static struct tiny_session open_tiny_with(struct tiny_kernel *t, const struct debuginfo *d)
{
	const struct shell_options o = {.stdout_fd = -1, .program = "test", .debuginfo = d};
	struct tiny_session w = {.t = t};

	tiny_kernel_open(t);
	assert_success(shell_open(t->k, &o, &w.s));
	return w;
}

static struct tiny_session open_tiny(struct tiny_kernel *t)
{
	return open_tiny_with(t, NULL);
}

static void close_tiny(struct tiny_session *w)
{
	shell_close(w->s);
	tiny_kernel_free(w->t);
}

static void symbols_are_translated_both_ways(void **state)
{
	struct tiny_session w = open_tiny(tiny_kernel_new(TINY_WHOLE));

	assert_output(w.s, "sym middle", "ffffffff80001200 (t) middle\n");
	assert_output(w.s, "sym ffffffff80001210", "ffffffff80001210 (t) middle+16\n");
	assert_output(w.s, "sym middle+0x10 outer",
		      "ffffffff80001210 (t) middle+16\nffffffff80001100 (T) outer\n");
	run(w.s, "hex", SHELL_DONE);
	assert_output(w.s, "sym ffffffff80001210", "ffffffff80001210 (t) middle+0x10\n");
	assert_output(w.s, "sym -p -n middle",
		      "ffffffff80001100 (T) outer\nffffffff80001200 (t) middle\n"
		      "ffffffff80001300 (t) inner\n");
	assert_output(w.s, "sym mod_work", "ffffffff8000a000 (?) mod_work [tiny_mod]\n");
	assert_output(w.s, "sym -q iddl", "ffffffff80001200 (t) middle\n");
	assert_string_equal(run(w.s, "sym zzz", SHELL_FAILED),
			    "sym: symbol not found: zzz\n");
	assert_string_equal(run(w.s, "sym 10", SHELL_FAILED), "sym: invalid address: 10\n");
	close_tiny(&w);
}

static void symbols_are_listed_by_module(void **state)
{
	struct tiny_session w = open_tiny(tiny_kernel_new(TINY_WHOLE));
	const char *out = run(w.s, "sym -m tiny_mod", SHELL_DONE);

	assert_non_null(strstr(out, "ffffffff8000a000 MODULE START: tiny_mod\n"
				    "ffffffff8000a000 (?) mod_work\n"));
	assert_non_null(strstr(out, "ffffffff8000a200 MODULE END: tiny_mod\n"));
	assert_non_null(strstr(run(w.s, "sym -l", SHELL_DONE), " outer\n"));
	run(w.s, "sym -m nosuch", SHELL_FAILED);
	close_tiny(&w);
}

static void modules_are_listed(void **state)
{
	struct tiny_session w = open_tiny(tiny_kernel_new(TINY_WHOLE));

	assert_output(w.s, "mod",
		      "     MODULE       NAME         TEXT_BASE         SIZE  OBJECT FILE\n"
		      "ffffffff8000b000  tiny_mod  ffffffff8000a000     512  (not loaded)  "
		      "[CONFIG_KALLSYMS]\n");
	assert_output(w.s, "lsmod -t", "NAME      TAINTS\ntiny_mod  O\n");
	assert_non_null(strstr(run(w.s, "mod -S", SHELL_FAILED), "are not loaded"));
	close_tiny(&w);
}

static void values_that_are_addresses_have_names(void **state)
{
	struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct tiny_session w;

	tiny_put64(t, TINY_STACK, TINY(0x1234));
	tiny_put64(t, TINY_STACK + 8, 0x1234);
	w = open_tiny(t);
	assert_output(w.s, "rd -s ffffffff8000d000 2",
		      "ffffffff8000d000:  middle+52        0000000000001234 \n");
	close_tiny(&w);
}

static void code_is_shown_with_targets(void **state)
{
	struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct tiny_session w;

	tiny_put_call(t, 0x1205, 0x1300);
	w = open_tiny(t);
	if (strstr(run(w.s, "help dis", SHELL_DONE), "disassemble")) {
		enum shell_outcome outcome;

		assert_success(shell_run(w.s, "dis middle 1", &outcome));
		if (strstr(shell_kept(w.s), "without capstone")) {
			close_tiny(&w);
			skip();
		}
	}
	assert_output(w.s, "dis middle 1",
		      "0xffffffff80001200 <middle>:\tcall   0xffffffff80001300 <inner>\n");
	assert_output(w.s, "dis -x ffffffff80001205",
		      "0xffffffff80001205 <middle+0x5>:\tadd    %al,(%rax)\n");
	assert_string_equal(run(w.s, "dis ffffffff80fff000", SHELL_FAILED),
			    "dis: virtual address 0xffffffff80fff000: physical address "
			    "0xfff000 is not in this dump\n");
	close_tiny(&w);
}

static void memory_is_shown_as_a_type(void **state)
{
	struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct tiny_session w;

	tiny_put64(t, TINY_STACK, TINY(0x1200));
	tiny_put64(t, TINY_STACK + 8, 5);
	w = open_tiny(t);
	assert_output(w.s, "struct module_memory",
		      "struct module_memory {\n    unsigned long base;\n"
		      "    unsigned int size;\n}\nSIZE: 16\n");
	assert_output(w.s, "struct module_memory.size",
		      "struct module_memory {\n   [8] unsigned int size;\n}\n");
	assert_output(w.s, "struct module_memory.size,base -x ffffffff8000d000",
		      "  size = 0x5\n  base = 0xffffffff80001200,\n");
	assert_output(w.s, "module_memory.size ffffffff8000d000", "  size = 5\n");
	assert_output(w.s, "*module_memory.size -l module_memory.size ffffffff8000d008",
		      "  size = 5\n");
	assert_output(w.s, "whatis module_memory",
		      "struct module_memory {\n    unsigned long base;\n"
		      "    unsigned int size;\n}\nSIZE: 16\n");
	assert_output(w.s, "p ((struct module_memory *)0xffffffff8000d000)->size",
		      "$1 = 5\n");
	assert_output(w.s, "px sizeof(struct module_memory)", "$2 = 0x10\n");
	assert_string_equal(run(w.s, "struct nosuch", SHELL_FAILED),
			    "struct: invalid data structure reference: nosuch\n");
	assert_non_null(
		strstr(run(w.s, "struct module_memory.nosuch", SHELL_FAILED), "nosuch"));
	run(w.s, "union module_memory", SHELL_FAILED);
	run(w.s, "struct module_memory ffffffff8000d000 0", SHELL_FAILED);
	close_tiny(&w);
}

static void many_of_a_type_end_where_memory_does(void **state)
{
	struct tiny_session w = open_tiny(tiny_kernel_new(TINY_WHOLE));
	const char *out = run(w.s, "struct module_memory ffffffff8000fff0 3", SHELL_DONE);

	assert_non_null(strstr(out, "<error: "));
	close_tiny(&w);
}

static void lines_come_from_debug_information(void **state)
{
	struct tiny_session w = open_tiny_with(tiny_kernel_new(TINY_WHOLE), &debuginfo);

	assert_output(w.s, "sym middle+0x10",
		      "ffffffff80001210 (t) middle+16 lib/\\x1bmiddle.c: 2\n");
	assert_output(w.s, "sym outer", "ffffffff80001100 (T) outer\n");
	/* What lies at the address of a module is none of the image's business. */
	assert_output(w.s, "sym mod_work", "ffffffff8000a000 (?) mod_work [tiny_mod]\n");
	close_tiny(&w);
}

static void disassembly_names_lines_where_they_change(void **state)
{
	struct tiny_session w = open_tiny_with(tiny_kernel_new(TINY_WHOLE), &debuginfo);
	enum shell_outcome outcome;
	const char *out;

	assert_success(shell_run(w.s, "dis -l inner 9", &outcome));
	out = shell_kept(w.s);
	if (strstr(out, "without capstone")) {
		close_tiny(&w);
		skip();
	}
	assert_int_equal(outcome, SHELL_DONE);
	assert_true(strncmp(out, "lib/inner.c: 1\n0xffffffff80001300 <inner>:", 42) == 0);
	assert_non_null(strstr(out, "\nlib/inner.c: 2\n0xffffffff80001310 <inner+16>:"));
	assert_null(strstr(strstr(out, "inner.c: 1\n") + 1, "inner.c: 1\n"));
	close_tiny(&w);
}

static void without_debug_information_lines_are_told_to_be_missing(void **state)
{
	struct tiny_session w = open_tiny(tiny_kernel_new(TINY_WHOLE));
	enum shell_outcome outcome;

	assert_success(shell_run(w.s, "dis -l inner 1", &outcome));
	assert_non_null(strstr(shell_kept(w.s), "dis: -l: lines need debug information"));
	close_tiny(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_translated_both_ways),
		cmocka_unit_test(symbols_are_listed_by_module),
		cmocka_unit_test(modules_are_listed),
		cmocka_unit_test(values_that_are_addresses_have_names),
		cmocka_unit_test(code_is_shown_with_targets),
		cmocka_unit_test(memory_is_shown_as_a_type),
		cmocka_unit_test(lines_come_from_debug_information),
		cmocka_unit_test(disassembly_names_lines_where_they_change),
		cmocka_unit_test(without_debug_information_lines_are_told_to_be_missing),
		cmocka_unit_test(many_of_a_type_end_where_memory_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
