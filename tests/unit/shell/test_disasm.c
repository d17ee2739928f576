#include "testing.h"

#include "shell/disasm.h"

#define ADDR 0xffffffff81000000ULL

static void name(void *ctx, vaddr_t addr, struct buf *b)
{
	buf_printf(b, " <sym+%llu>", (unsigned long long)(addr - ADDR));
}

static struct disasm *open_or_skip(void)
{
	struct disasm *d = NULL;
	struct err *err = disasm_open(&arch_x86_64, &d);

	if (err && strstr(err_message(err), "without capstone")) {
		err_free(err);
		skip();
	}
	assert_success(err);
	return d;
}

/* Bytes and what objdump -d prints of them. */
static const struct {
	const char *bytes, *text;
	size_t len;
} cases[] = {
	{"\x55", "push   %rbp", 1},
	{"\x48\x89\xe5", "mov    %rsp,%rbp", 3},
	{"\x0f\x1f\x44\x00\x00", "nopl   0x0(%rax,%rax,1)", 5},
	{"\x66\x90", "xchg   %ax,%ax", 2},
	{"\xe8\x0b\x00\x00\x00", "call   0xffffffff81000010 <sym+16>", 5},
	{"\x74\x02", "je     0xffffffff81000004 <sym+4>", 2},
	{"\xff\xd0", "call   *%rax", 2},
	{"\xff\x60\x18", "jmp    *0x18(%rax)", 3},
	{"\x8b\x43\x18", "mov    0x18(%rbx),%eax", 3},
	{"\x48\x8b\x45\x00", "mov    0x0(%rbp),%rax", 4},
	{"\x48\x8b\x43\xf8", "mov    -0x8(%rbx),%rax", 4},
	{"\xf6\x40\x19\x10", "testb  $0x10,0x19(%rax)", 4},
	{"\xa8\x30", "test   $0x30,%al", 2},
	{"\x48\xc7\x00\xff\xff\xff\xff", "movq   $0xffffffffffffffff,(%rax)", 7},
	{"\xc7\x00\xff\xff\xff\xff", "movl   $0xffffffff,(%rax)", 6},
	{"\x65\x48\x8b\x1c\x25\x80\xfb\x01\x00", "mov    %gs:0x1fb80,%rbx", 9},
	{"\x48\x8b\x05\x10\x00\x00\x00",
	 "mov    0x10(%rip),%rax        # 0xffffffff81000017 <sym+23>", 7},
	{"\x0f\xb6\xc0", "movzbl %al,%eax", 3},
	{"\x48\x63\xd0", "movslq %eax,%rdx", 3},
	{"\x48\x98", "cltq   ", 2},
	{"\xf3\x48\xa5", "rep movsq %ds:(%rsi),%es:(%rdi)", 3},
	{"\xf3\x48\xab", "rep stos %rax,%es:(%rdi)", 3},
	{"\xf0\x41\x80\x65\x00\xf7", "lock andb $0xf7,0x0(%r13)", 6},
	{"\xc1\x20\x04", "shll   $0x4,(%rax)", 3},
	{"\x9c", "pushf  ", 1},
	{"\xc3", "ret    ", 1},
};

static void instructions_are_printed_as_objdump_does(void **state)
{
	cleanup(disasm_freep) struct disasm *d = open_or_skip();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;

		assert_int_equal(disasm_format(d, ADDR, (const u8 *)cases[i].bytes,
					       cases[i].len, name, NULL, &b),
				 cases[i].len);
		assert_string_equal(buf_text(&b), cases[i].text);
	}
}

static void half_an_instruction_is_none(void **state)
{
	cleanup(disasm_freep) struct disasm *d = open_or_skip();
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_int_equal(disasm_format(d, ADDR, (const u8 *)"\xe8\x00", 2, name, NULL, &b),
			 0);
	assert_int_equal(disasm_format(d, ADDR, (const u8 *)"\x06", 1, name, NULL, &b), 0);
	assert_int_equal(b.len, 0);
}

static void all_bytes_give_some_text(void **state)
{
	cleanup(disasm_freep) struct disasm *d = open_or_skip();
	u32 seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		cleanup(buf_deinit) struct buf b = BUF_INIT;
		u8 bytes[DISASM_MAX_LEN];
		size_t len;

		for (size_t n = 0; n < sizeof(bytes); n++) {
			seed = seed * 1664525 + 1013904223;
			bytes[n] = (u8)(seed >> 24);
		}
		len = disasm_format(d, ADDR, bytes, sizeof(bytes), name, NULL, &b);
		assert_true(len <= sizeof(bytes));
		assert_true(!len == !b.len);
		assert_null(strchr(buf_text(&b), '\n'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_are_printed_as_objdump_does),
		cmocka_unit_test(half_an_instruction_is_none),
		cmocka_unit_test(all_bytes_give_some_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
