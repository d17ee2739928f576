#include "failing_malloc.h"
#include "testing.h"

#include "arm/bootloader.h"
#include "base/io.h"
#include "base/str.h"

#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/bootloader-XXXXXX";
static char told[4096]; /* what was said, a line each */

static int make_root(void **state)
{
	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
	told[0] = '\0';
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static const char *below_root(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static void put(const char *path, const char *text)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = full + sizeof(root); (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	assert_success(io_write_file(full, 0644, text, strlen(text)));
}

static void assert_text(const char *path, const char *wanted)
{
	cleanup(freep) char *text = NULL;

	assert_success(io_read_file(below_root(path), 1 << 20, &text, NULL));
	assert_string_equal(text, wanted);
}

static void assert_absent(const char *path)
{
	assert_int_equal(access(below_root(path), F_OK), -1);
}

static void hear(void *ctx, const char *sentence)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n", sentence);
}

static struct err *set(const char *value, const char *kernel)
{
	told[0] = '\0';
	return bootloader_set(&(struct bootloader_options){
		.root = root, .value = value, .kernel = kernel, .say = hear});
}

static void restore(void)
{
	told[0] = '\0';
	assert_success(bootloader_restore(
		&(struct bootloader_options){.root = root, .say = hear}));
	assert_absent(BOOTLOADER_STATE);
}

static void assert_next_boot(const char *wanted)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT;
	bool is_certain = false;

	assert_success(bootloader_read(root, &words, &is_certain));
	assert_string_equal(buf_text(&words), wanted);
	assert_true(is_certain);
}

#define DEBIAN_DEFAULTS                                                                    \
	"GRUB_DEFAULT=0\n"                                                                 \
	"GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n"               \
	"GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"                                           \
	"GRUB_CMDLINE_LINUX=\"\"\n"
#define OUR_LINE(words)                                                                    \
	"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT " words "\"\n"

static void on_debian_a_file_of_our_own_is_written_and_removed(void **state)
{
	struct stat st;

	put("/etc/default/grub", DEBIAN_DEFAULTS);
	put("/usr/sbin/grub-mkconfig", "for x in /etc/default/grub.d/*.cfg ; do\n");
	assert_success(set("384M-2G:64M,2G-:128M", NULL));
	assert_text("/etc/default/grub", DEBIAN_DEFAULTS);
	assert_non_null(strstr(told, "changed " BOOTLOADER_DROPIN));
	assert_next_boot("crashkernel=384M-2G:64M,2G-:128M");
	assert_int_equal(stat(below_root(BOOTLOADER_DROPIN), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	restore();
	assert_absent(BOOTLOADER_DROPIN);
	assert_next_boot("");
}

static void doing_it_again_changes_nothing(void **state)
{
	put("/etc/default/grub", DEBIAN_DEFAULTS);
	put("/etc/default/grub.d/kdump-tools.cfg", OUR_LINE("crashkernel=384M-:128M"));
	assert_success(set("256M", NULL));
	assert_next_boot("crashkernel=384M-:128M crashkernel=256M");
	assert_success(set("256M", NULL));
	assert_non_null(strstr(told, "has crashkernel=256M already"));
	assert_success(set("512M", NULL));
	assert_next_boot("crashkernel=384M-:128M crashkernel=512M");
	restore();
	assert_next_boot("crashkernel=384M-:128M");
	restore();
}

static void the_order_of_grub_d_counts(void **state)
{
	put("/etc/default/grub", DEBIAN_DEFAULTS);
	put("/etc/default/grub.d/50-cloudimg-settings.cfg",
	    "GRUB_CMDLINE_LINUX_DEFAULT=\"console=ttyS0\"\n");
	assert_success(set("128M", NULL));
	assert_next_boot("crashkernel=128M");
	restore();
	/* Comes after ours, and throws away what was there. */
	put("/etc/default/grub.d/zzz.cfg",
	    "GRUB_CMDLINE_LINUX_DEFAULT=\"crashkernel=64M\"\n");
	assert_failure(set("128M", NULL), ERR_REFUSED,
		       "the kernel would still get \"crashkernel=64M\"; change it in "
		       "/etc/default/grub.d/zzz.cfg");
	assert_absent(BOOTLOADER_DROPIN);
	assert_absent(BOOTLOADER_STATE);
}

static void the_last_plain_word_is_the_one_that_counts(void **state)
{
	put("/etc/default/grub", DEBIAN_DEFAULTS);
	/* Keeps ours, and adds another behind it. */
	put("/etc/default/grub.d/zzz.cfg", OUR_LINE("crashkernel=64M"));
	assert_failure(set("128M", NULL), ERR_REFUSED,
		       "the kernel would still get \"crashkernel=128M crashkernel=64M\"; "
		       "change it in /etc/default/grub.d/zzz.cfg");
	assert_absent(BOOTLOADER_DROPIN);
}

static void no_low_memory_at_all_can_be_asked_for(void **state)
{
	put("/etc/kernel/cmdline", "quiet\n");
	assert_success(set("512M,high 0,low", NULL));
	assert_text("/etc/kernel/cmdline",
		    "quiet crashkernel=512M,high crashkernel=0,low\n");
}

static void words_that_only_end_like_ours_stay(void **state)
{
	put("/etc/kernel/cmdline", "quiet foo.crashkernel=5 crashkernel=64M\n");
	assert_success(set("128M", NULL));
	assert_text("/etc/kernel/cmdline", "quiet foo.crashkernel=5 crashkernel=128M\n");
	restore();
	assert_text("/etc/kernel/cmdline", "quiet foo.crashkernel=5 crashkernel=64M\n");
}

static void a_file_in_which_ours_would_be_part_of_a_quote_is_left_alone(void **state)
{
	static const char text[] = "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX='quiet\n";

	put("/etc/default/grub", text);
	assert_failure(set("128M", NULL), ERR_UNSUPPORTED, "change it by hand");
	assert_text("/etc/default/grub", text);
	assert_absent(BOOTLOADER_STATE);
}

static void high_does_not_get_past_a_plain_one(void **state)
{
	put("/etc/default/grub", DEBIAN_DEFAULTS);
	put("/etc/default/grub.d/kdump-tools.cfg", OUR_LINE("crashkernel=384M-:128M"));
	assert_failure(set("512M,high 72M,low", NULL), ERR_REFUSED,
		       "change it in /etc/default/grub.d/kdump-tools.cfg");
	unlink(below_root("/etc/default/grub.d/kdump-tools.cfg"));
	assert_success(set("512M,high 72M,low", NULL));
	assert_next_boot("crashkernel=512M,high crashkernel=72M,low");
}

static void without_grub_d_the_defaults_are_edited_in_place(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{"GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"crashkernel=auto rhgb quiet\"\n",
		 "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"crashkernel=256M rhgb quiet\"\n"},
		{"GRUB_CMDLINE_LINUX=\"rhgb quiet\"\n",
		 "GRUB_CMDLINE_LINUX=\"rhgb quiet crashkernel=256M\"\n"},
		{"GRUB_CMDLINE_LINUX=''\n", "GRUB_CMDLINE_LINUX='crashkernel=256M'\n"},
		{"GRUB_CMDLINE_LINUX=\n", "GRUB_CMDLINE_LINUX=\"crashkernel=256M\"\n"},
		{"GRUB_CMDLINE_LINUX=quiet # x\n",
		 "GRUB_CMDLINE_LINUX=\"quiet crashkernel=256M\" # x\n"},
		{"GRUB_TIMEOUT=5",
		 "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT=\"crashkernel=256M\"\n"},
		{"GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\nGRUB_CMDLINE_LINUX=\"b\"\n",
		 "GRUB_CMDLINE_LINUX_DEFAULT=\"a crashkernel=256M\"\n"
		 "GRUB_CMDLINE_LINUX=\"b\"\n"},
		{"GRUB_CMDLINE_LINUX=\"a crashkernel=1M,high b crashkernel=2M,low\"\n"
		 "GRUB_CMDLINE_LINUX_DEFAULT=\"crashkernel=3M c\"\n",
		 "GRUB_CMDLINE_LINUX=\"a crashkernel=256M b\"\n"
		 "GRUB_CMDLINE_LINUX_DEFAULT=\"c\"\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put("/etc/default/grub", rows[i].before);
		assert_success(set("256M", NULL));
		assert_text("/etc/default/grub", rows[i].after);
		assert_next_boot("crashkernel=256M");
		restore();
		assert_text("/etc/default/grub", rows[i].before);
	}
}

static void what_others_changed_since_then_stays(void **state)
{
	put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"crashkernel=64M quiet\"\n");
	assert_success(set("256M", NULL));
	put("/etc/default/grub",
	    "GRUB_TIMEOUT=9\nGRUB_CMDLINE_LINUX=\"crashkernel=256M splash\"\n");
	assert_success(set("300M", NULL));
	restore();
	assert_text("/etc/default/grub",
		    "GRUB_TIMEOUT=9\nGRUB_CMDLINE_LINUX=\"crashkernel=64M splash\"\n");
}

#define ENTRY(n, options)                                                                  \
	"title Linux " n "\nlinux /vmlinuz-" n "\ninitrd /i\noptions " options "\n"

static void entries_of_the_boot_loader_specification(void **state)
{
	static const char a[] = "/boot/loader/entries/a.conf";
	static const char b[] = "/boot/loader/entries/b.conf";

	put(a, ENTRY("6.1", "root=/dev/vda ro"));
	put(b, ENTRY("6.2", "$kernelopts crashkernel=auto quiet"));
	put("/etc/kernel/cmdline", "root=/dev/vda ro\n");
	put("/etc/default/grub", "GRUB_ENABLE_BLSCFG=true\nGRUB_CMDLINE_LINUX=\"ro\"\n");
	assert_success(set("256M", NULL));
	assert_text(a, ENTRY("6.1", "root=/dev/vda ro crashkernel=256M"));
	assert_text(b, ENTRY("6.2", "$kernelopts crashkernel=256M quiet"));
	assert_text("/etc/kernel/cmdline", "root=/dev/vda ro crashkernel=256M\n");
	assert_next_boot("crashkernel=256M");
	/* A kernel that came meanwhile was given our words, too. */
	put("/boot/loader/entries/c.conf", ENTRY("6.3", "ro crashkernel=256M"));
	restore();
	assert_text(a, ENTRY("6.1", "root=/dev/vda ro"));
	assert_text(b, ENTRY("6.2", "$kernelopts crashkernel=auto quiet"));
	assert_text("/boot/loader/entries/c.conf", ENTRY("6.3", "ro"));
	assert_text("/etc/kernel/cmdline", "root=/dev/vda ro\n");
}

static void one_kernel_alone_needs_an_entry_of_its_own(void **state)
{
	put("/boot/loader/entries/a.conf", ENTRY("6.1", "ro"));
	put("/boot/loader/entries/b.conf", ENTRY("6.2", "ro"));
	put("/etc/kernel/cmdline", "ro\n");
	assert_success(set("256M", "/boot/vmlinuz-6.2"));
	assert_text("/boot/loader/entries/a.conf", ENTRY("6.1", "ro"));
	assert_text("/boot/loader/entries/b.conf", ENTRY("6.2", "ro crashkernel=256M"));
	assert_text("/etc/kernel/cmdline", "ro\n");
	assert_failure(set("256M", "/boot/vmlinuz-6.3"), ERR_ABSENT,
		       "no entry of its own for /boot/vmlinuz-6.3");
}

static void a_dry_run_only_says(void **state)
{
	put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	assert_success(bootloader_set(&(struct bootloader_options){
		.root = root, .value = "256M", .dry_run = true, .say = hear}));
	assert_non_null(strstr(told, "would change /etc/default/grub\n"));
	assert_non_null(strstr(told, "GRUB has no configuration where it is looked for"));
	assert_text("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	assert_absent(BOOTLOADER_STATE);
}

static void grub_s_own_configuration_is_to_be_made_anew(void **state)
{
	put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	put("/boot/efi/EFI/redhat/grub.cfg", "linux /vmlinuz ro\n");
	assert_int_equal(symlink("../boot/efi/EFI/redhat/grub.cfg",
				 below_root("/etc/grub2-efi.cfg")),
			 0);
	assert_success(set("256M", NULL));
	assert_non_null(strstr(told, "/etc/grub2-efi.cfg is to be made anew"));
	/* As long as it was not, this is said again. */
	assert_success(set("256M", NULL));
	assert_non_null(strstr(told, "/etc/grub2-efi.cfg is to be made anew"));
	put("/boot/efi/EFI/redhat/grub.cfg", "linux /vmlinuz ro crashkernel=256M\n");
	assert_success(set("256M", NULL));
	assert_null(strstr(told, "made anew"));
}

static void what_no_kernel_reads_is_refused(void **state)
{
	put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	assert_failure(set("auto", NULL), ERR_USAGE, "\"auto\" is known only to");
	assert_failure(set("128Q", NULL), ERR_USAGE, "unknown unit");
	assert_failure(set(" ", NULL), ERR_USAGE, "there is no size");
	assert_failure(set("1M\";reboot", NULL), ERR_USAGE, "unknown unit");
	assert_text("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
}

static void where_no_boot_loader_is_known_that_is_said(void **state)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT;
	bool is_certain;

	assert_failure(set("128M", NULL), ERR_ABSENT, "/boot/loader/entries");
	assert_failure(bootloader_read(root, &words, &is_certain), ERR_ABSENT, "no config");
	put("/run/ostree-booted", "");
	put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	assert_failure(set("128M", NULL), ERR_ABSENT,
		       "rpm-ostree kargs --append-if-missing=crashkernel=128M");
	restore();
}

static void a_value_that_only_a_shell_can_tell_is_uncertain(void **state)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT;
	bool is_certain = true;

	put("/etc/default/grub", "X=`cat /x`\nGRUB_CMDLINE_LINUX=\"$X crashkernel=64M\"\n");
	assert_success(bootloader_read(root, &words, &is_certain));
	assert_string_equal(words.data, "crashkernel=64M");
	assert_false(is_certain);
}

static void a_damaged_memory_of_what_was_is_no_licence_to_guess(void **state)
{
	put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	put(BOOTLOADER_STATE, "{\"version\": 1, \"files\": [{\"path\": \"x\"}]}");
	assert_failure(set("128M", NULL), ERR_BAD_DATA, BOOTLOADER_STATE);
	assert_text("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	put(BOOTLOADER_STATE, "{\"version\": 7}");
	assert_failure(set("128M", NULL), ERR_UNSUPPORTED, "not of version 1");
}

static void a_symlink_stays_one(void **state)
{
	char target[8];

	put("/etc/default/real", "GRUB_CMDLINE_LINUX=\"ro\"\n");
	assert_int_equal(symlink("real", below_root("/etc/default/grub")), 0);
	assert_success(set("128M", NULL));
	assert_int_equal(readlink(below_root("/etc/default/grub"), target, sizeof(target)),
			 4);
	assert_text("/etc/default/real", "GRUB_CMDLINE_LINUX=\"ro crashkernel=128M\"\n");
}

/* To another size each time, so that there is something to do. */
static struct err *set_and_restore(void *ctx)
{
	unsigned *megabytes = ctx;
	struct bootloader_options options = {.root = root};
	char value[16];
	struct err *err;

	snprintf(value, sizeof(value), "%uM", ++*megabytes);
	options.value = value;
	err = bootloader_set(&options);
	return err ? err : bootloader_restore(&options);
}

static void an_allocation_that_fails_is_told(void **state)
{
	unsigned megabytes = 64;

	put("/etc/default/grub", DEBIAN_DEFAULTS);
	put("/etc/default/grub.d/a.cfg", OUR_LINE("a=1"));
	put("/etc/kernel/cmdline", "ro crashkernel=1M\n");
	put("/boot/loader/entries/a.conf", ENTRY("6.1", "ro"));
	assert_true(each_allocation_fails_once(set_and_restore, &megabytes) > 50);
	restore();
	assert_text("/etc/default/grub", DEBIAN_DEFAULTS);
	assert_text("/etc/kernel/cmdline", "ro crashkernel=1M\n");
	assert_text("/boot/loader/entries/a.conf", ENTRY("6.1", "ro"));
	assert_absent(BOOTLOADER_DROPIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(on_debian_a_file_of_our_own_is_written_and_removed),
		TEST(doing_it_again_changes_nothing),
		TEST(the_order_of_grub_d_counts),
		TEST(the_last_plain_word_is_the_one_that_counts),
		TEST(no_low_memory_at_all_can_be_asked_for),
		TEST(words_that_only_end_like_ours_stay),
		TEST(a_file_in_which_ours_would_be_part_of_a_quote_is_left_alone),
		TEST(high_does_not_get_past_a_plain_one),
		TEST(without_grub_d_the_defaults_are_edited_in_place),
		TEST(what_others_changed_since_then_stays),
		TEST(entries_of_the_boot_loader_specification),
		TEST(one_kernel_alone_needs_an_entry_of_its_own),
		TEST(a_dry_run_only_says),
		TEST(grub_s_own_configuration_is_to_be_made_anew),
		TEST(what_no_kernel_reads_is_refused),
		TEST(where_no_boot_loader_is_known_that_is_said),
		TEST(a_value_that_only_a_shell_can_tell_is_uncertain),
		TEST(a_damaged_memory_of_what_was_is_no_licence_to_guess),
		TEST(a_symlink_stays_one),
		TEST(an_allocation_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
