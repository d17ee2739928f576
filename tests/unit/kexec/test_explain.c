#include "testing.h"

#include "kexec/kexec.h"

#include <errno.h>

#define MIB (1ULL << 20)

/* A machine on which nothing is wrong, so that each row shows one fact alone. */
static struct kexec_facts facts_with(int os_errno)
{
	return (struct kexec_facts){
		.os_errno = os_errno,
		.kernel = "/boot/vmlinuz",
		.reserved_bytes = 128 * MIB,
		.needed_bytes = 66 * MIB,
		.has_cap_sys_boot = true,
		.has_crashkernel = true,
	};
}

static void explain(const struct kexec_facts *f, const char *words)
{
	assert_failure(kexec_explain(f), ERR_REFUSED, "kexec_file_load refused: ");
	assert_failure(kexec_explain(f), ERR_REFUSED, words);
}

static void too_small_a_reservation_is_told_in_numbers(void **state)
{
	struct kexec_facts f = facts_with(EADDRNOTAVAIL);

	f.reserved_bytes = 64 * MIB;
	f.needed_bytes = 65 * MIB + 1;
	explain(&f,
		"kexec_file_load refused: 64M reserved, this kernel and image need 66M;");
	f.needed_bytes = 0;
	explain(&f, "64M reserved, too little for this kernel and image;");
}

static void no_reservation_is_told_apart_from_one_without_effect(void **state)
{
	struct kexec_facts f = facts_with(EADDRNOTAVAIL);

	f.reserved_bytes = 0;
	explain(&f, "did not take effect");
	f.has_crashkernel = false;
	explain(&f, "boot with crashkernel= on the command line, 66M or more");
}

static void a_reboot_is_told_of_its_own_limits(void **state)
{
	struct kexec_facts f = facts_with(EADDRNOTAVAIL);

	f.use = KEXEC_FOR_REBOOT;
	f.reserved_bytes = 0;
	explain(&f, "no place for this kernel and initrd is free in memory, they need 66M");
	f.os_errno = EPERM;
	f.is_limit_used_up = true;
	explain(&f, "kernel.kexec_load_limit_reboot is 0");
}

static void every_cause_of_eperm_has_its_sentence(void **state)
{
	struct kexec_facts f = facts_with(EPERM);

	explain(&f, "a security module forbids it");
	f.lockdown = KEXEC_LOCKDOWN_INTEGRITY;
	explain(&f, "lockdown is integrity and /boot/vmlinuz is not signed");
	f.is_signed = true;
	explain(&f, "lockdown is integrity and the signature of /boot/vmlinuz");
	f.lockdown = KEXEC_LOCKDOWN_SECRET;
	explain(&f, "lockdown is confidentiality");
	f.is_limit_used_up = true;
	explain(&f, "kernel.kexec_load_limit_panic is 0");
	f.is_load_disabled = true;
	explain(&f, "kernel.kexec_load_disabled is 1");
	f.has_cap_sys_boot = false;
	explain(&f, "CAP_SYS_BOOT");
}

static void signatures_have_three_sentences(void **state)
{
	struct kexec_facts f = facts_with(ENODATA);

	explain(&f, "/boot/vmlinuz is not signed");
	f.os_errno = ENOKEY;
	explain(&f, "a key that this kernel does not have");
	f.os_errno = EKEYREJECTED;
	explain(&f, "the signature of /boot/vmlinuz is wrong");
	f.os_errno = EBADMSG;
	explain(&f, "the signature of /boot/vmlinuz is wrong");
}

static void a_command_line_too_long_is_told_in_numbers(void **state)
{
	struct kexec_facts f = facts_with(EINVAL);

	explain(&f, "does not accept these arguments (Invalid argument)");
	f.command_line_len = 2030;
	explain(&f, "the command line has 2030 bytes, at most 2017 fit");
	f.os_errno = E2BIG;
	explain(&f, "the command line has 2030 bytes");
}

static void the_other_rows_say_what_to_do(void **state)
{
	static const struct {
		int os_errno;
		const char *words;
	} rows[] = {
		{ENOEXEC, "/boot/vmlinuz is no kernel image that can be loaded (wanted: "},
		{EBUSY, "another load is under way"},
		{ENOMEM, "out of memory"},
		{EBADF, "cannot be read by the kernel"},
		{ENOSYS, "CONFIG_KEXEC_FILE"},
		{EFBIG, "File too large"},
	};
	struct kexec_facts f;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		f = facts_with(rows[i].os_errno);
		explain(&f, rows[i].words);
	}
	f = facts_with(ENOEXEC);
	f.kernel_fault = "no bzImage";
	explain(&f, "that can be loaded (no bzImage)");
}

static void the_need_holds_the_kernel_aligned_and_the_initrd(void **state)
{
	const u64 init_size = 66703360; /* Debian 6.1.0-56 */

	/* Without an alignment it is the sum with 1 MiB for the rest. */
	assert_int_equal(kexec_needed_bytes(init_size, 1, MIB), 66 * MIB);
	assert_int_equal(kexec_needed_bytes(init_size, 2 * MIB, MIB), 66 * MIB);
	/* An initrd that fits neither below the aligned kernel nor above it needs more. */
	assert_true(kexec_needed_bytes(init_size, 16 * MIB, 10 * MIB) >=
		    kexec_needed_bytes(init_size, 1, 10 * MIB));
	/* Headers that make no sense do not make it loop or overflow. */
	assert_int_equal(kexec_needed_bytes(0, UINT64_MAX, 0), MIB);
	assert_int_equal(kexec_needed_bytes(UINT32_MAX, 3, 0), 4097 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reboot_is_told_of_its_own_limits),
		cmocka_unit_test(too_small_a_reservation_is_told_in_numbers),
		cmocka_unit_test(no_reservation_is_told_apart_from_one_without_effect),
		cmocka_unit_test(every_cause_of_eperm_has_its_sentence),
		cmocka_unit_test(signatures_have_three_sentences),
		cmocka_unit_test(a_command_line_too_long_is_told_in_numbers),
		cmocka_unit_test(the_other_rows_say_what_to_do),
		cmocka_unit_test(the_need_holds_the_kernel_aligned_and_the_initrd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
