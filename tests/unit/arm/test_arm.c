/* From a configuration to an image, on a made-up machine. */
#include "fake_machine.h"

#include "arm/arm_priv.h"
#include "arm/configuration.h"
#include "arm/estimate.h"
#include "arm/image_store.h"
#include "arm/initramfs_check.h"
#include "arm/modules.h"
#include "arm/plan.h"
#include "arm/reservation.h"

static void setup(struct fake_modules *m)
{
	fake_modules_init(m);
	machine_make(m);
}

static void read_config(const struct fake_modules *m, struct capture_config *c)
{
	assert_success(configuration_read(m->dir, c));
}

/* Arm without loading; what is said ends up in @said. */
static void gather(void *ctx, const char *sentence)
{
	buf_printf(ctx, "%s\n", sentence);
}

static struct err *arm(const struct fake_modules *m, bool rebuild, struct buf *said)
{
	char init[128];
	struct capture_config c;
	struct arm_options options = {
		.rebuild = rebuild, .init = init, .say = gather, .ctx = said};
	struct err *err;

	snprintf(init, sizeof(init), "%s/usr/libexec/inquest-capture", m->dir);
	read_config(m, &c);
	err = arm_load(m->dir, &c, &options);
	capture_config_deinit(&c);
	return err;
}

static void said_is(struct buf *said, const char *words)
{
	if (!strstr(buf_text(said), words))
		print_error("\"%s\" lacks \"%s\"\n", buf_text(said), words);
	assert_non_null(strstr(buf_text(said), words));
	buf_deinit(said);
	*said = BUF_INIT;
}

static void the_plan_is_what_the_machine_and_its_configuration_say(void **state)
{
	struct fake_modules m;
	struct capture_config c;
	struct plan *p;

	setup(&m);
	read_config(&m, &c);
	assert_success(plan_make(m.dir, &c, &p));
	assert_string_equal(p->kernel.image, "/boot/vmlinuz-" FAKE_RELEASE);
	assert_string_equal(p->kernel.modules_dir, "/lib/modules/" FAKE_RELEASE);
	assert_string_equal(p->target_text, "/dev/vda1 (ext4), /var/crash");
	assert_int_equal(p->manifest.num_targets, 1);
	assert_string_equal(p->manifest.targets[0].device, "UUID=1111-aaaa");
	assert_string_equal(p->manifest.targets[0].path, "/var/crash");
	assert_string_equal(p->manifest.targets[0].options, "errors=remount-ro");
	assert_string_equal(p->manifest.dump.compression, "zstd");
	assert_int_equal(p->manifest.dump.level, 31);
	assert_string_equal(p->manifest.host_name, "host1");
	assert_string_equal(p->modules[0], "virtio_pci");
	assert_string_equal(p->modules[1], "virtio_blk");
	assert_string_equal(p->modules[2], "ext4");
	assert_null(strstr(p->command_line, "crashkernel"));
	assert_null(strstr(p->command_line, "root="));
	assert_non_null(strstr(p->command_line, "console=ttyS0"));
	assert_non_null(strstr(p->command_line, "disable_cpu_apicid=4"));
	assert_non_null(strstr(p->command_line, "nr_cpus=1"));
	assert_non_null(strstr(p->command_line, " no5lvl"));
	plan_free(p);
	capture_config_deinit(&c);
	fake_modules_deinit(&m);
}

static void an_image_is_built_once_and_again_when_an_input_changes(void **state)
{
	struct fake_modules m;
	struct buf said = BUF_INIT;

	setup(&m);
	assert_success(arm(&m, false, &said));
	said_is(&said, "/var/lib/inquest/initrd-" FAKE_RELEASE ": there was none");
	assert_success(arm(&m, false, &said));
	assert_string_equal(buf_text(&said), "");
	assert_success(arm(&m, true, &said));
	said_is(&said, "it was asked for");
	machine_module(&m, "fs/jbd2/jbd2.ko", "virtio");
	assert_success(arm(&m, false, &said));
	said_is(&said, "jbd2.ko changed");
	machine_file(&m, "usr/libexec/inquest-capture", "another one\n");
	assert_success(arm(&m, false, &said));
	said_is(&said, "inquest-capture changed");
	machine_file(&m, "etc/inquest.conf", "final_action poweroff\n");
	assert_success(arm(&m, false, &said));
	said_is(&said, "manifest: final changed");
	fake_modules_deinit(&m);
}

static void the_default_of_each_dialect_makes_an_image(void **state)
{
	static const struct {
		const char *file, *text;
	} dialects[] = {
		{"etc/inquest.conf", ""},
		{"etc/kdump.conf", ""},
		{"etc/default/kdump-tools", "USE_KDUMP=1\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
		struct fake_modules m;
		struct buf said = BUF_INIT;

		setup(&m);
		machine_file(&m, dialects[i].file, dialects[i].text);
		assert_success(arm(&m, false, &said));
		said_is(&said, "there was none");
		fake_modules_deinit(&m);
	}
}

static void a_file_with_the_same_bytes_is_the_same(void **state)
{
	struct fake_modules m;
	struct buf said = BUF_INIT;

	setup(&m);
	assert_success(arm(&m, false, &said));
	buf_deinit(&said);
	said = BUF_INIT;
	machine_file(&m, "usr/libexec/inquest-capture", "the program\n");
	assert_success(arm(&m, false, &said));
	assert_string_equal(buf_text(&said), "");
	buf_deinit(&said);
	fake_modules_deinit(&m);
}

#define IMAGE "var/lib/inquest/initrd-" FAKE_RELEASE

static void forget(struct buf *said)
{
	buf_deinit(said);
	*said = BUF_INIT;
}

static bool has_file(const struct fake_modules *m, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	return access(path, F_OK) == 0;
}

static void a_damaged_image_is_built_anew(void **state)
{
	struct fake_modules m;
	struct buf said = BUF_INIT;

	setup(&m);
	assert_success(arm(&m, false, &said));
	forget(&said);
	machine_file(&m, IMAGE, "rubbish");
	assert_success(arm(&m, false, &said));
	said_is(&said, "is damaged");
	machine_file(&m, IMAGE ".json", "{}");
	assert_success(arm(&m, false, &said));
	said_is(&said, "is damaged");
	assert_success(image_store_purge(m.dir));
	assert_false(has_file(&m, "var/lib/inquest"));
	fake_modules_deinit(&m);
}

static void only_a_good_image_takes_the_place_of_the_one_before(void **state)
{
	struct fake_modules m;
	struct stored_image image;
	struct buf said = BUF_INIT;

	setup(&m);
	assert_failure(image_store_last_good(m.dir, FAKE_RELEASE, &image), ERR_ABSENT,
		       "no image from before");
	assert_success(arm(&m, false, &said));
	assert_success(arm(&m, true, &said));
	assert_true(has_file(&m, IMAGE ".old"));
	machine_file(&m, IMAGE, "rubbish");
	assert_success(arm(&m, false, &said));
	forget(&said);
	/* Now the new one goes bad, and that from before it did. */
	machine_file(&m, IMAGE, "rubbish");
	assert_success(image_store_last_good(m.dir, FAKE_RELEASE, &image));
	assert_string_equal(image.path, "/" IMAGE);
	assert_string_equal(image.reason, "there was none for this kernel");
	assert_true(image.image_bytes > 0);
	assert_true(image.unpacked_bytes > 0);
	stored_image_deinit(&image);
	assert_false(has_file(&m, IMAGE ".old"));
	assert_success(image_store_last_good(m.dir, FAKE_RELEASE, &image));
	stored_image_deinit(&image);
	machine_file(&m, IMAGE, "rubbish");
	assert_failure(image_store_last_good(m.dir, FAKE_RELEASE, &image), ERR_ABSENT,
		       "no image from before");
	fake_modules_deinit(&m);
}

/* arm_load() below a root never loads; this is what it does before. */
static struct err *prepare(const struct fake_modules *m, bool no_load, struct buf *said,
			   struct armament *a)
{
	char init[128];
	struct capture_config c;
	struct arm_options options = {
		.no_load = no_load, .init = init, .say = gather, .ctx = said};
	struct err *err;

	snprintf(init, sizeof(init), "%s/usr/libexec/inquest-capture", m->dir);
	read_config(m, &c);
	err = arm_prepare(m->dir, &c, &options, a);
	capture_config_deinit(&c);
	return err;
}

static void lose_module(const struct fake_modules *m, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/lib/modules/" FAKE_RELEASE "/kernel/%s", m->dir,
		 name);
	assert_int_equal(unlink(path), 0);
}

static void where_no_image_can_be_built_the_last_good_one_is_taken(void **state)
{
	struct fake_modules m;
	struct armament a;
	struct buf said = BUF_INIT;

	setup(&m);
	assert_success(prepare(&m, false, &said, &a));
	assert_string_equal(a.outdated, "");
	assert_string_equal(a.target, "/dev/vda1 (ext4), /var/crash");
	armament_deinit(&a);
	forget(&said);
	lose_module(&m, "fs/jbd2/jbd2.ko");
	assert_success(prepare(&m, false, &said, &a));
	assert_string_equal(a.image.path, "/" IMAGE);
	assert_non_null(strstr(a.outdated, "jbd2"));
	assert_string_equal(a.target, "that of an image built before");
	assert_true(a.image.image_bytes > 0);
	armament_deinit(&a);
	assert_non_null(strstr(buf_text(&said), "no image can be built: "));
	said_is(&said, "is the last good one and is taken");
	/* What is only built, for a kernel to come, is as good as not built. */
	assert_failure(prepare(&m, true, &said, &a), ERR_ABSENT, "jbd2");
	assert_true(has_file(&m, IMAGE));
	machine_file(&m, IMAGE, "rubbish");
	assert_failure(prepare(&m, false, &said, &a), ERR_ABSENT, "jbd2");
	forget(&said);
	fake_modules_deinit(&m);
}

static void an_outdated_image_leads_where_it_did(void **state)
{
	struct fake_modules m;
	struct arm_record r = {.kernel = "/boot/vmlinuz",
			       .initrd = "/" IMAGE,
			       .command_line = "",
			       .release = FAKE_RELEASE,
			       .target = "/dev/vdz9 (xfs), /dumps",
			       .outdated = "",
			       .boot_id = "ab"};
	struct armament a;
	struct buf said = BUF_INIT;

	setup(&m);
	assert_success(prepare(&m, false, &said, &a));
	armament_deinit(&a);
	assert_success(arm_record_write(m.dir, &r));
	lose_module(&m, "fs/jbd2/jbd2.ko");
	assert_success(prepare(&m, false, &said, &a));
	assert_string_equal(a.target, "/dev/vdz9 (xfs), /dumps");
	armament_deinit(&a);
	forget(&said);
	fake_modules_deinit(&m);
}

static void the_record_says_that_an_image_is_outdated(void **state)
{
	struct fake_modules m;
	struct arm_record r = {.kernel = "/boot/vmlinuz",
			       .initrd = "/" IMAGE,
			       .command_line = "",
			       .release = FAKE_RELEASE,
			       .target = "",
			       .outdated = "the disk is full",
			       .boot_id = "ab"};
	struct arm_record read;

	setup(&m);
	machine_dir(&m, "var/lib/inquest");
	assert_success(arm_record_write(m.dir, &r));
	assert_success(arm_record_read(m.dir, &read));
	assert_string_equal(read.outdated, "the disk is full");
	arm_record_deinit(&read);
	fake_modules_deinit(&m);
}

static void what_cannot_be_a_target_is_refused_by_its_name(void **state)
{
	static const struct {
		const char *mount, *words;
	} cases[] = {
		{"30 21 0:40 / /var/crash rw - tmpfs tmpfs rw", "in memory"},
		{"30 21 0:40 / /var rw - overlay overlay rw", "overlay"},
		{"30 21 253:0 / /var rw - ext4 /dev/mapper/vg-var rw", "an LVM volume"},
		{"30 21 7:0 / /var rw - ext4 /dev/loop0 rw", "loop"},
		{"30 21 9:0 / /var rw - ext4 /dev/md0 rw", "software RAID"},
		{"30 21 99:0 / /var rw - ext4 /dev/gone rw", "no block device 99:0"},
	};
	struct fake_modules m;
	struct buf said = BUF_INIT;

	setup(&m);
	machine_block(&m, "virtual/block/dm-0", "253:0", false);
	machine_file(&m, "sys/devices/virtual/block/dm-0/dm/uuid", "LVM-abc\n");
	machine_file(&m, "sys/devices/virtual/block/dm-0/dm/name", "vg-var\n");
	machine_block(&m, "virtual/block/loop0", "7:0", false);
	machine_file(&m, "sys/devices/virtual/block/loop0/loop/backing_file", "/x\n");
	machine_block(&m, "virtual/block/md0", "9:0", false);
	machine_file(&m, "sys/devices/virtual/block/md0/md/level", "raid1\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];

		snprintf(text, sizeof(text), "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n%s\n",
			 cases[i].mount);
		machine_file(&m, "proc/self/mountinfo", text);
		assert_failure(arm(&m, false, &said),
			       strstr(cases[i].words, "no block") ? ERR_ABSENT
								  : ERR_UNSUPPORTED,
			       cases[i].words);
	}
	buf_deinit(&said);
	fake_modules_deinit(&m);
}

static void plan(const struct fake_modules *m, struct capture_config *c, struct plan **p)
{
	read_config(m, c);
	assert_success(plan_make(m->dir, c, p));
}

static void done(struct capture_config *c, struct plan *p)
{
	plan_free(p);
	capture_config_deinit(c);
}

static void a_disk_is_named_by_uuid_label_or_device(void **state)
{
	static const char *const specs[][2] = {
		{"/dev/vda1", "UUID=1111-aaaa"},
		{"UUID=1111-aaaa", "UUID=1111-aaaa"},
		{"LABEL=\"dumps here\"", "LABEL=dumps here"},
	};
	struct fake_modules m;
	struct capture_config c;
	struct plan *p;

	setup(&m);
	for (size_t i = 0; i < ARRAY_SIZE(specs) - 1; i++) {
		char text[256];

		snprintf(text, sizeof(text), "ext4 %s\npath /dumps\n", specs[i][0]);
		machine_file(&m, "etc/kdump.conf", text);
		plan(&m, &c, &p);
		assert_string_equal(p->manifest.targets[0].device, specs[i][1]);
		assert_string_equal(p->manifest.targets[0].path, "/dumps");
		assert_string_equal(p->manifest.naming, "kdump");
		done(&c, p);
	}
	machine_file(&m, "etc/kdump.conf", "xfs /dev/vda1\n");
	read_config(&m, &c);
	assert_failure(plan_make(m.dir, &c, &p), ERR_USAGE, "is ext4, and mounted so at /");
	capture_config_deinit(&c);
	machine_file(&m, "etc/kdump.conf", "ext4 UUID=2222\n");
	read_config(&m, &c);
	assert_failure(plan_make(m.dir, &c, &p), ERR_ABSENT, "UUID=2222");
	capture_config_deinit(&c);
	machine_file(&m, "etc/kdump.conf", "raw /dev/vda1\n");
	read_config(&m, &c);
	assert_failure(plan_make(m.dir, &c, &p), ERR_REFUSED, "mounted at /");
	capture_config_deinit(&c);
	fake_modules_deinit(&m);
}

static void a_btrfs_subvolume_is_mounted_by_its_name(void **state)
{
	struct fake_modules m;
	struct capture_config c;
	struct plan *p;

	setup(&m);
	machine_module(&m, "fs/btrfs/btrfs.ko", "");
	machine_file(&m, "proc/self/mountinfo",
		     "21 1 0:25 /@ / rw - btrfs /dev/vda1 rw,subvolid=256,subvol=/@\n");
	plan(&m, &c, &p);
	assert_string_equal(p->manifest.targets[0].options, "subvol=/@");
	assert_string_equal(p->manifest.targets[0].path, "/var/crash");
	done(&c, p);
	/* A directory of another subvolume, bound here. */
	machine_file(&m, "proc/self/mountinfo",
		     "21 1 0:25 /@x/srv / rw - btrfs /dev/vda1 rw,subvolid=5,subvol=/@\n");
	plan(&m, &c, &p);
	assert_string_equal(p->manifest.targets[0].options, "subvol=/");
	assert_string_equal(p->manifest.targets[0].path, "/@x/srv/var/crash");
	done(&c, p);
	fake_modules_deinit(&m);
}

static void program(const struct fake_modules *m, const char *path)
{
	char full[512];

	machine_file(m, path, "does nothing\n");
	snprintf(full, sizeof(full), "%s/%s", m->dir, path);
	assert_int_equal(chmod(full, 0755), 0);
}

static void programs_run_in_the_documented_order(void **state)
{
	static const struct manifest_hook wanted[] = {
		{"pre", "/root/before", false},
		{"pre", "/etc/kdump/pre.d/10-a", true},
		{"pre", "/etc/kdump/pre.d/20-b", true},
		{"post", "/etc/kdump/post.d/x", true},
		{"post", "/root/after", false},
	};
	struct fake_modules m;
	struct capture_config c;
	struct plan *p;

	setup(&m);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		program(&m, wanted[i].path + 1);
	machine_file(&m, "etc/kdump/pre.d/30-not-executable", "");
	program(&m, "etc/kdump/pre.d/40-old~");
	program(&m, "usr/bin/tool");
	program(&m, "bin/sh");
	machine_file(&m, "etc/kdump.conf",
		     "kdump_pre /root/before\nkdump_post /root/after\n"
		     "extra_bins /usr/bin/tool\nfailure_action shell\n");
	plan(&m, &c, &p);
	assert_int_equal(p->manifest.num_hooks, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_string_equal(p->manifest.hooks[i].when, wanted[i].when);
		assert_string_equal(p->manifest.hooks[i].path, wanted[i].path);
		assert_int_equal(p->manifest.hooks[i].is_optional, wanted[i].is_optional);
	}
	assert_true(image_files_has(&p->files, "/usr/bin/tool"));
	assert_true(image_files_has(&p->files, "/bin/sh"));
	assert_string_equal(p->manifest.failure_action, "shell");
	done(&c, p);
	machine_file(&m, "etc/kdump.conf", "kdump_post /root/nothing\n");
	read_config(&m, &c);
	assert_failure(plan_make(m.dir, &c, &p), ERR_ABSENT, "/root/nothing");
	capture_config_deinit(&c);
	fake_modules_deinit(&m);
}

static void fail_command(const struct fake_modules *m, const char *command,
			 const char *action, size_t hooks)
{
	struct capture_config c;
	struct plan *p;
	char text[256];

	snprintf(text, sizeof(text), "KDUMP_FAIL_CMD=\"%s\"\n", command);
	machine_file(m, "etc/default/kdump-tools", text);
	plan(m, &c, &p);
	assert_string_equal(p->manifest.failure_action, action);
	assert_int_equal(p->manifest.num_hooks, hooks);
	done(&c, p);
}

static void what_debian_does_on_failure_ends_as_it_says(void **state)
{
	struct fake_modules m;

	setup(&m);
	program(&m, "bin/sh");
	fail_command(&m, "reboot -f", "reboot", 0);
	fail_command(&m, "/sbin/poweroff", "poweroff", 1);
	fail_command(&m, "echo 'makedumpfile FAILED.'; /bin/bash; reboot -f", "shell", 0);
	fail_command(&m, "logger lost; halt -f", "halt", 1);
	fake_modules_deinit(&m);
}

/* Of what the image says about a module. */
static void options_are(const struct fake_modules *m, const char *name, const char *wanted)
{
	char dir[256];
	char *options;

	snprintf(dir, sizeof(dir), "%s/lib/modules/" FAKE_RELEASE, m->dir);
	assert_success(module_options(m->dir, dir, name,
				      "console=ttyS0 virtio-blk.queue_depth=4 ext4.x",
				      &options));
	assert_string_equal(options, wanted);
	free(options);
}

static void modules_keep_the_options_of_this_machine(void **state)
{
	struct fake_modules m;
	struct buf said = BUF_INIT;

	setup(&m);
	machine_file(&m, "etc/modprobe.d/local.conf",
		     "options virtio_blk num_request_queues=1\n");
	options_are(&m, "virtio_blk", "num_request_queues=1 queue_depth=4");
	options_are(&m, "jbd2", "");
	assert_success(arm(&m, false, &said));
	buf_deinit(&said);
	said = BUF_INIT;
	machine_file(&m, "etc/modprobe.d/local.conf", "options jbd2 x=1\n");
	assert_success(arm(&m, false, &said));
	said_is(&said, "options of module virtio_blk changed");
	fake_modules_deinit(&m);
}

static void vfat_is_told_to_end_at_4_gib(void **state)
{
	struct fake_modules m;
	struct buf said = BUF_INIT;

	setup(&m);
	machine_module(&m, "fs/fat/vfat.ko", "");
	machine_file(&m, "proc/iomem", "100000000-2ffffffff : System RAM\n");
	machine_file(&m, "proc/self/mountinfo", "21 1 254:1 / / rw - vfat /dev/vda1 rw\n");
	assert_success(arm(&m, false, &said));
	said_is(&said, "vfat holds no file of 4 GiB");
	machine_file(&m, "etc/kdump.conf", "core_collector cp --sparse=always\n");
	assert_failure(arm(&m, false, &said), ERR_USAGE, "copies all 8192M of memory");
	buf_deinit(&said);
	fake_modules_deinit(&m);
}

static void a_disk_that_is_not_mounted_is_looked_at(void **state)
{
	struct fake_modules m;
	struct buf said = BUF_INIT;
	u8 super[65536] = {0};

	setup(&m);
	machine_file(&m, "proc/self/mountinfo", "21 1 0:9 / / rw - ext4 /dev/vdz rw\n");
	machine_file(&m, "etc/kdump.conf", "ext4 /dev/vda1\n");
	assert_failure(arm(&m, false, &said), ERR_USAGE, "no file system on /dev/vda1");
	/* An encrypted volume says so in its first bytes. */
	memcpy(super, "LUKS\xba\xbe\0\1", 8);
	fake_file(&m, "dev/vda1", super, sizeof(super));
	assert_failure(arm(&m, false, &said), ERR_USAGE, "holds crypto_LUKS");
	machine_file(&m, "etc/kdump.conf", "raw /dev/vda1\n");
	assert_success(arm(&m, false, &said));
	said_is(&said, "raw /dev/vda1 holds crypto_LUKS, which a dump overwrites");
	fake_modules_deinit(&m);
}

static void what_the_loader_cannot_do_is_told(void **state)
{
	struct fake_modules m;
	struct capture_config c;
	struct plan *p;

	setup(&m);
	machine_file(&m, "etc/kdump.conf", "");
	machine_file(&m, "etc/sysconfig/kdump", "KEXEC_ARGS=\"-s --reset-vga\"\n");
	plan(&m, &c, &p);
	assert_int_equal(p->num_warnings, 1);
	assert_non_null(strstr(p->warnings[0], "--reset-vga"));
	done(&c, p);
	fake_modules_deinit(&m);
}

static void ssh_needs_a_key_and_a_known_host(void **state)
{
	struct fake_modules m;
	struct capture_config c;
	struct plan *p;

	setup(&m);
	machine_file(&m, "etc/kdump.conf", "ssh dump@192.0.2.1\n");
	read_config(&m, &c);
	assert_failure(plan_make(m.dir, &c, &p), ERR_REFUSED, "inquest propagate");
	machine_file(&m, "root/.ssh/kdump_id_rsa", "key\n");
	assert_failure(plan_make(m.dir, &c, &p), ERR_REFUSED, "known_hosts");
	/* That of another server does not help. */
	machine_file(&m, "root/.ssh/known_hosts", "192.0.2.99 ssh-ed25519 AAAA\n");
	assert_failure(plan_make(m.dir, &c, &p), ERR_REFUSED,
		       "the key of 192.0.2.1 is not");
	capture_config_deinit(&c);
	fake_modules_deinit(&m);
}

static void the_collector_comes_to_a_kind_and_a_level(void **state)
{
	struct fake_modules m;
	struct capture_config c;
	struct plan *p;

	setup(&m);
	machine_file(&m, "etc/kdump.conf", "core_collector makedumpfile -c -d 17\n");
	plan(&m, &c, &p);
	assert_string_equal(p->manifest.collector.kind, "makedumpfile");
	assert_string_equal(p->manifest.dump.compression, "zlib");
	assert_int_equal(p->manifest.dump.level, 17);
	done(&c, p);
	machine_file(&m, "etc/kdump.conf", "core_collector makedumpfile -p -d 1\n");
	read_config(&m, &c);
	assert_failure(plan_make(m.dir, &c, &p), ERR_UNSUPPORTED, "snappy");
	capture_config_deinit(&c);
	machine_file(&m, "etc/kdump.conf", "core_collector cp --sparse=always\n");
	plan(&m, &c, &p);
	assert_string_equal(p->manifest.collector.kind, "cp");
	done(&c, p);
	fake_modules_deinit(&m);
}

static void the_status_tells_what_is_reserved_and_why_not(void **state)
{
	struct fake_modules m;
	struct arm_status s;
	cleanup(buf_deinit) struct buf why = BUF_INIT;

	setup(&m);
	assert_success(arm_status_read(m.dir, &s));
	assert_true(s.has_kexec);
	assert_int_equal(s.kexec.reserved_bytes, 128 << 20);
	assert_int_equal(s.crashkernel_start, 0x120000000);
	assert_int_equal(s.ram_bytes, 0x40000000 + 0x9f000);
	assert_string_equal(s.crashkernel, "128M");
	assert_success(reservation_why_not_armed(&s, &why));
	assert_non_null(strstr(buf_text(&why), "128M are reserved"));
	arm_status_deinit(&s);
	machine_file(&m, "sys/kernel/kexec_crash_size", "0\n");
	machine_file(&m, "proc/cmdline", "crashkernel=4G-:256M\n");
	assert_success(arm_status_read(m.dir, &s));
	assert_success(reservation_why_not_armed(&s, &why));
	assert_non_null(strstr(buf_text(&why), "no range of"));
	arm_status_deinit(&s);
	fake_modules_deinit(&m);
}

#define LOADED                                                                                 \
	"{\"schema\": \"inquest.armed\", \"kernel\": \"/boot/vmlinuz\", \"boot_id\": \"ab\", " \
	"\"needed_bytes\": "

static void what_is_loaded_is_ready_only_with_the_memory_it_needs(void **state)
{
	struct fake_modules m;
	struct arm_status s;
	cleanup(buf_deinit) struct buf why = BUF_INIT;

	setup(&m);
	machine_file(&m, "proc/sys/kernel/random/boot_id", "ab\n");
	machine_file(&m, "sys/kernel/kexec_crash_loaded", "1\n");
	assert_success(arm_status_read(m.dir, &s));
	assert_true(arm_is_ready(&s));
	arm_status_deinit(&s);
	machine_file(&m, "var/lib/inquest/armed.json", LOADED "134217728}");
	assert_success(arm_status_read(m.dir, &s));
	assert_true(arm_is_ready(&s));
	arm_status_deinit(&s);
	machine_file(&m, "var/lib/inquest/armed.json", LOADED "134217729}");
	assert_success(arm_status_read(m.dir, &s));
	assert_false(arm_is_ready(&s));
	assert_success(reservation_why_not_armed(&s, &why));
	assert_non_null(
		strstr(buf_text(&why), "128M are reserved and about 129M are needed"));
	arm_status_deinit(&s);
	machine_file(&m, "sys/kernel/kexec_crash_loaded", "0\n");
	assert_success(arm_status_read(m.dir, &s));
	assert_false(arm_is_ready(&s));
	arm_status_deinit(&s);
	fake_modules_deinit(&m);
}

static void two_do_not_arm_at_the_same_time(void **state)
{
	struct fake_modules m;
	int first, second;

	setup(&m);
	assert_success(arm_lock(m.dir, 0, &first));
	assert_failure(arm_lock(m.dir, 50, &second), ERR_REFUSED, "another program");
	arm_unlock(first);
	assert_success(arm_lock(m.dir, 0, &second));
	arm_unlock(second);
	fake_modules_deinit(&m);
}

static void an_image_that_is_never_to_be_rebuilt_is_built_once(void **state)
{
	struct fake_modules m;
	struct buf said = BUF_INIT;

	setup(&m);
	machine_file(&m, "etc/inquest.conf", "rebuild never\n");
	assert_success(arm(&m, false, &said));
	said_is(&said, "there was none");
	assert_true(has_file(&m, IMAGE));
	machine_module(&m, "fs/jbd2/jbd2.ko", "virtio");
	assert_success(arm(&m, false, &said));
	assert_string_equal(buf_text(&said), "");
	fake_modules_deinit(&m);
}

static struct estimate estimate(const struct fake_modules *m, const char *config)
{
	struct capture_config c;
	struct estimate e;
	char init[128];

	snprintf(init, sizeof(init), "%s/usr/libexec/inquest-capture", m->dir);
	machine_file(m, "etc/inquest.conf", config);
	read_config(m, &c);
	assert_success(estimate_make(m->dir, &c, init, &e));
	capture_config_deinit(&c);
	return e;
}

static void an_adapter_that_takes_much_memory_is_reckoned_with(void **state)
{
	struct fake_modules m;
	struct estimate plain, large;

	setup(&m);
	machine_module(&m, "drivers/net/mlx5_core.ko", "");
	plain = estimate(&m, "");
	large = estimate(&m, "extra_modules mlx5_core\n");
	assert_int_equal(plain.devices_bytes, 0);
	assert_int_equal(large.devices_bytes, 150 << 20);
	assert_true(large.recommended_bytes >= plain.recommended_bytes + (150 << 20));
	assert_int_equal(plain.reserved_bytes, 128 << 20);
	fake_modules_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plan_is_what_the_machine_and_its_configuration_say),
		cmocka_unit_test(an_image_is_built_once_and_again_when_an_input_changes),
		cmocka_unit_test(the_default_of_each_dialect_makes_an_image),
		cmocka_unit_test(a_file_with_the_same_bytes_is_the_same),
		cmocka_unit_test(a_damaged_image_is_built_anew),
		cmocka_unit_test(only_a_good_image_takes_the_place_of_the_one_before),
		cmocka_unit_test(where_no_image_can_be_built_the_last_good_one_is_taken),
		cmocka_unit_test(an_outdated_image_leads_where_it_did),
		cmocka_unit_test(the_record_says_that_an_image_is_outdated),
		cmocka_unit_test(what_cannot_be_a_target_is_refused_by_its_name),
		cmocka_unit_test(a_disk_is_named_by_uuid_label_or_device),
		cmocka_unit_test(a_btrfs_subvolume_is_mounted_by_its_name),
		cmocka_unit_test(programs_run_in_the_documented_order),
		cmocka_unit_test(what_debian_does_on_failure_ends_as_it_says),
		cmocka_unit_test(modules_keep_the_options_of_this_machine),
		cmocka_unit_test(vfat_is_told_to_end_at_4_gib),
		cmocka_unit_test(a_disk_that_is_not_mounted_is_looked_at),
		cmocka_unit_test(what_the_loader_cannot_do_is_told),
		cmocka_unit_test(ssh_needs_a_key_and_a_known_host),
		cmocka_unit_test(the_collector_comes_to_a_kind_and_a_level),
		cmocka_unit_test(the_status_tells_what_is_reserved_and_why_not),
		cmocka_unit_test(what_is_loaded_is_ready_only_with_the_memory_it_needs),
		cmocka_unit_test(two_do_not_arm_at_the_same_time),
		cmocka_unit_test(an_image_that_is_never_to_be_rebuilt_is_built_once),
		cmocka_unit_test(an_adapter_that_takes_much_memory_is_reckoned_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
