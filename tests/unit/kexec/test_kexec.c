#include "testing.h"

#include "kexec/kexec.h"

#include "base/io.h"

#include <errno.h>
#include <sys/stat.h>

static char root[64];

static int set_up(void **state)
{
	snprintf(root, sizeof(root), "/tmp/inquest-test-kexec-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void put(const char *path, const char *text)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	assert_success(io_write_file(full, 0600, text, strlen(text)));
}

static void the_newer_state_files_win(void **state)
{
	struct kexec_state s;

	put("/sys/kernel/kexec_crash_loaded", "0\n");
	put("/sys/kernel/kexec_crash_size", "134217728\n");
	assert_success(kexec_read_state(root, &s));
	assert_false(s.is_loaded);
	assert_int_equal(s.reserved_bytes, 134217728);
	put("/sys/kernel/kexec/crash_loaded", "1\n");
	put("/sys/kernel/kexec/crash_size", "1048576\n");
	assert_success(kexec_read_state(root, &s));
	assert_true(s.is_loaded);
	assert_int_equal(s.reserved_bytes, 1048576);
}

static void a_kernel_without_kexec_is_told_apart_from_nonsense(void **state)
{
	struct kexec_state s;

	assert_failure(kexec_read_state(root, &s), ERR_ABSENT, "no kexec");
	put("/sys/kernel/kexec_crash_loaded", "maybe\n");
	assert_failure(kexec_read_state(root, &s), ERR_BAD_DATA, "\"maybe\" is no number");
}

static void facts_are_what_the_files_say(void **state)
{
	const struct kexec_image image = {.kernel = "/nonexistent",
					  .initrd = "/nonexistent",
					  .command_line = "quiet"};
	cleanup(err_freep) struct err *fault = NULL;
	struct kexec_facts f;

	put("/sys/kernel/kexec_crash_loaded", "0\n");
	put("/sys/kernel/kexec_crash_size", "67108864\n");
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	put("/proc/self/status", "Name:\tx\nCapPrm:\t0\nCapEff:\t0000000000400000\nX:\n");
	put("/proc/sys/kernel/kexec_load_disabled", "1\n");
	put("/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
	put("/proc/cmdline", "ro crashkernel=64M quiet\n");
	kexec_gather_facts(root, &image, KEXEC_FOR_CRASH, EPERM, &f, &fault);
	assert_int_equal(f.os_errno, EPERM);
	assert_int_equal(f.reserved_bytes, 67108864);
	assert_int_equal(f.lockdown, KEXEC_LOCKDOWN_INTEGRITY);
	assert_true(f.has_cap_sys_boot);
	assert_true(f.is_load_disabled);
	assert_false(f.is_limit_used_up);
	assert_true(f.has_crashkernel);
	assert_int_equal(f.command_line_len, 5);
	assert_non_null(strstr(f.kernel_fault, "No such file"));
}

static void what_cannot_be_read_counts_as_not_so(void **state)
{
	const struct kexec_image image = {
		.kernel = "/nonexistent", .initrd = "/nonexistent", .command_line = ""};
	cleanup(err_freep) struct err *fault = NULL;
	struct kexec_facts f;

	kexec_gather_facts(root, &image, KEXEC_FOR_CRASH, EPERM, &f, &fault);
	assert_int_equal(f.reserved_bytes, 0);
	assert_int_equal(f.lockdown, KEXEC_LOCKDOWN_NONE);
	assert_false(f.has_cap_sys_boot || f.is_load_disabled || f.is_limit_used_up ||
		     f.has_crashkernel);
}

static void a_reboot_has_a_limit_and_a_state_of_its_own(void **state)
{
	const struct kexec_image image = {.kernel = "/nonexistent", .command_line = ""};
	cleanup(err_freep) struct err *fault = NULL;
	bool is_loaded = false;
	struct kexec_facts f;

	put("/proc/sys/kernel/kexec_load_limit_panic", "0\n");
	put("/proc/sys/kernel/kexec_load_limit_reboot", "-1\n");
	kexec_gather_facts(root, &image, KEXEC_FOR_REBOOT, EPERM, &f, &fault);
	assert_false(f.is_limit_used_up);
	assert_failure(kexec_read_reboot_is_loaded(root, &is_loaded), ERR_ABSENT,
		       "no kexec");
	put("/sys/kernel/kexec_loaded", "1\n");
	assert_success(kexec_read_reboot_is_loaded(root, &is_loaded));
	assert_true(is_loaded);
	put("/sys/kernel/kexec/loaded", "0\n");
	assert_success(kexec_read_reboot_is_loaded(root, &is_loaded));
	assert_false(is_loaded);
}

/* This machine may or may not know the call, and we may or may not be root: what is not
 * there is refused everywhere. */
static void a_refusal_keeps_the_errno(void **state)
{
	const struct kexec_image image = {.kernel = "/dev/null", .command_line = ""};
	struct kexec_facts f = {0};
	struct err *err = kexec_load_reboot(root, &image, &f);

	assert_non_null(err);
	assert_int_equal(err_code(err), ERR_REFUSED);
	assert_int_not_equal(err_errno(err), 0);
	assert_int_equal(err_errno(err), f.os_errno);
	assert_int_equal(f.use, KEXEC_FOR_REBOOT);
	err_free(err);
}

static void files_that_are_missing_are_named_before_the_kernel_is_asked(void **state)
{
	const struct kexec_image image = {
		.kernel = "/nonexistent/k", .initrd = "/nonexistent/i", .command_line = ""};

	assert_failure(kexec_load_crash(root, &image, NULL), ERR_OS,
		       "cannot open the kernel /nonexistent/k");
}

#define EACH_IN_ITS_OWN_ROOT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_IN_ITS_OWN_ROOT(a_reboot_has_a_limit_and_a_state_of_its_own),
		EACH_IN_ITS_OWN_ROOT(a_refusal_keeps_the_errno),
		EACH_IN_ITS_OWN_ROOT(the_newer_state_files_win),
		EACH_IN_ITS_OWN_ROOT(a_kernel_without_kexec_is_told_apart_from_nonsense),
		EACH_IN_ITS_OWN_ROOT(facts_are_what_the_files_say),
		EACH_IN_ITS_OWN_ROOT(what_cannot_be_read_counts_as_not_so),
		EACH_IN_ITS_OWN_ROOT(
			files_that_are_missing_are_named_before_the_kernel_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
