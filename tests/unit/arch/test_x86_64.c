#include "testing.h"

#include "arch/arch.h"
#include "base/bytes.h"

#include <elf.h>

/* Page tables of three levels' worth of memory, physical addresses 0 … 0x5fff. */
static u64 tables[6][512];

static struct err *read_table(void *ctx, paddr_t addr, u64 *ret)
{
	if (addr >= sizeof(tables))
		return err_fault(addr, "no memory at 0x%llx", (unsigned long long)addr);
	*ret = tables[addr / 4096][addr % 4096 / 8];
	return NULL;
}

static struct arch_paging five_levels(void)
{
	return (struct arch_paging){.page_shift = 12,
				    .levels = 5,
				    .table_address_mask = 0x000ffffffffff000ULL,
				    .root = 0,
				    .has_root = true};
}

static void five_levels_are_walked_to_a_small_page(void **state)
{
	struct arch_paging p = five_levels();
	vaddr_t addr = 0xff11000000003123ULL;
	paddr_t paddr;
	u64 len;

	memset(tables, 0, sizeof(tables));
	tables[0][addr >> 48 & 511] = 0x1001;
	tables[1][addr >> 39 & 511] = 0x2001;
	tables[2][addr >> 30 & 511] = 0x3001;
	tables[3][addr >> 21 & 511] = 0x4001;
	tables[4][addr >> 12 & 511] = 0x8000000abcdef001ULL;
	assert_success(arch_x86_64.walk(&p, read_table, NULL, addr, &paddr, &len));
	assert_int_equal(paddr, 0xabcdef123);
	assert_int_equal(len, 4096 - 0x123);
}

static void a_large_leaf_ends_the_walk_and_loses_its_attribute_bits(void **state)
{
	struct arch_paging p = five_levels();
	vaddr_t addr = 0xff11000000203123ULL;
	paddr_t paddr;
	u64 len;

	memset(tables, 0, sizeof(tables));
	p.levels = 4;
	tables[0][addr >> 39 & 511] = 0x1001;
	tables[1][addr >> 30 & 511] = 0x2001;
	tables[2][addr >> 21 & 511] = 0x40001081;
	assert_success(arch_x86_64.walk(&p, read_table, NULL, addr, &paddr, &len));
	assert_int_equal(paddr, 0x40003123);
	assert_int_equal(len, (2 << 20) - 0x3123);
}

static void an_unmapped_address_is_a_fault_naming_it(void **state)
{
	struct arch_paging p = five_levels();
	paddr_t paddr;
	u64 len;

	memset(tables, 0, sizeof(tables));
	assert_failure(
		arch_x86_64.walk(&p, read_table, NULL, 0xdead000000000100ULL, &paddr, &len),
		ERR_FAULT, "0xdead000000000100");
}

static void a_prstatus_note_gives_registers_and_pid(void **state)
{
	u8 desc[336] = {0};
	struct arch_regs regs;
	u64 value;
	u32 pid;

	put_le32(desc + 32, 42);
	put_le64(desc + 112 + 16 * 8, 0xffffffff81000000ULL);
	put_le64(desc + 112 + 19 * 8, 0xffffc90000000000ULL);
	assert_success(arch_x86_64.parse_prstatus(desc, sizeof(desc), &regs, &pid));
	assert_int_equal(pid, 42);
	assert_true(regs_get(&regs, X86_64_RIP, &value));
	assert_int_equal(value, 0xffffffff81000000ULL);
	assert_true(regs_get(&regs, X86_64_RSP, &value));
	assert_int_equal(value, 0xffffc90000000000ULL);
	assert_failure(arch_x86_64.parse_prstatus(desc, 200, &regs, &pid), ERR_BAD_DATA,
		       "200");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_levels_are_walked_to_a_small_page),
		cmocka_unit_test(a_large_leaf_ends_the_walk_and_loses_its_attribute_bits),
		cmocka_unit_test(an_unmapped_address_is_a_fault_naming_it),
		cmocka_unit_test(a_prstatus_note_gives_registers_and_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
