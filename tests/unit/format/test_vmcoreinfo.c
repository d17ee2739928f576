#include "testing.h"

#include "format/vmcoreinfo.h"

static struct vmcoreinfo *parse(const char *text)
{
	struct vmcoreinfo *vi = NULL;

	assert_success(vmcoreinfo_parse(text, strlen(text), &vi));
	return vi;
}

static void negative_numbers_come_as_twos_complement(void **state)
{
	struct vmcoreinfo *vi = parse("OSRELEASE=6.1.0\nNUMBER(phys_base)=-635437056\n");
	u64 v;

	assert_true(vmcoreinfo_number(vi, "phys_base", &v));
	assert_int_equal((s64)v, -635437056);
	vmcoreinfo_free(vi);
}

static void absence_of_a_key_is_a_value(void **state)
{
	struct vmcoreinfo *vi = parse("OSRELEASE=6.1.0\nSYMBOL(prb)=ffffffff82a0\nX\n");
	u64 v;

	assert_false(vmcoreinfo_symbol(vi, "pr", &v));
	assert_false(vmcoreinfo_symbol(vi, "prbx", &v));
	assert_null(vmcoreinfo_find(vi, "X"));
	assert_true(vmcoreinfo_symbol(vi, "prb", &v));
	assert_int_equal(v, 0xffffffff82a0);
	vmcoreinfo_free(vi);
}

static void a_note_without_a_release_is_bad_data(void **state)
{
	struct vmcoreinfo *vi;

	assert_failure(vmcoreinfo_parse("PAGESIZE=4096\n", 14, &vi), ERR_BAD_DATA,
		       "OSRELEASE");
	assert_failure(vmcoreinfo_parse("", 0, &vi), ERR_BAD_DATA, "OSRELEASE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(negative_numbers_come_as_twos_complement),
		cmocka_unit_test(absence_of_a_key_is_a_value),
		cmocka_unit_test(a_note_without_a_release_is_bad_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
