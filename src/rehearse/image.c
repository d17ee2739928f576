/* The images of a rehearsal: the one the capture kernel boots from, as on a real machine,
 * and around it the one the guest boots from. */
#include "rehearse/rehearse_priv.h"

#include "arm/cmdline.h"
#include "arm/initramfs.h"
#include "arm/modules.h"
#include "base/io.h"

#include <errno.h>
#include <sys/mman.h>

#define GUEST_KERNEL "/boot/vmlinuz"
#define GUEST_INITRD "/boot/initrd"

/* With these a diagnostic interrupt, and what else a machine may die of, ends in a panic.
 */
static const struct manifest_sysctl sysctls[] = {
	{"kernel.unknown_nmi_panic", "1"},
	{"kernel.panic_on_unrecovered_nmi", "1"},
	{"kernel.panic_on_oops", "1"},
	{"kernel.sysrq", "1"},
};

/* @target is borrowed by the manifest. */
static struct manifest capture_manifest(struct manifest_target *target)
{
	struct manifest m = MANIFEST_DEFAULTS;

	*target = MANIFEST_TARGET_DEFAULTS;
	target->device = "/dev/vda";
	target->fs_type = "ext4";
	m.targets = target;
	m.num_targets = 1;
	m.final = "poweroff";
	return m;
}

static struct err *build_capture_image(struct rehearsal *r, const char *init,
				       struct initramfs *ret)
{
	struct manifest_target target;
	struct manifest manifest = capture_manifest(&target);
	struct initramfs_options options = {.init = init,
					    .modules_dir = r->kernel.modules_dir,
					    .modules = modules_of_virtio_ext4,
					    .manifest = &manifest,
					    .compression = INITRAMFS_ZSTD};

	return initramfs_build(&options, ret);
}

/* A machine that crashes has drivers at work. One that others watch has the device by which
 * it can tell them of its panic. */
static const char *const *modules_of_guest(const struct rehearse_config *c)
{
	static const char *const watched[] = {"virtio_pci", "virtio_blk", "ext4",
					      "?pvpanic_pci", NULL};

	return c->trigger == REHEARSE_TRIGGER_OUTSIDE ? watched : modules_of_virtio_ext4;
}

static struct err *build_guest_image(struct rehearsal *r, const char *init,
				     const struct initramfs *capture,
				     const char *command_line, struct initramfs *ret)
{
	struct manifest_target target;
	struct manifest manifest = capture_manifest(&target);
	const struct initramfs_file files[] = {
		{.path = GUEST_KERNEL, .host_path = r->kernel.image, .mode = 0600},
		{.path = GUEST_INITRD,
		 .data = capture->data,
		 .len = capture->len,
		 .mode = 0600},
		{.path = "/etc/machine-id",
		 .data = r->machine_id,
		 .len = sizeof(r->machine_id) - 1,
		 .mode = 0444},
	};
	struct initramfs_options options = {.init = init,
					    .modules_dir = r->kernel.modules_dir,
					    .modules = modules_of_guest(r->config),
					    .manifest = &manifest,
					    .files = files,
					    .num_files = ARRAY_SIZE(files),
					    .compression = INITRAMFS_PLAIN};

	manifest.crashed = (struct manifest_crashed){.kernel = GUEST_KERNEL,
						     .initrd = GUEST_INITRD,
						     .command_line = command_line,
						     .sysctls = sysctls,
						     .num_sysctls = ARRAY_SIZE(sysctls)};
	return initramfs_build(&options, ret);
}

/* Into memory: QEMU inherits the descriptor. */
static struct err *put_into_memory(struct rehearsal *r, const struct initramfs *image)
{
	r->image_fd = memfd_create("inquest-image", MFD_CLOEXEC);
	if (r->image_fd < 0)
		return err_os(errno, "cannot hold the guest's image in memory");
	return io_write_all(r->image_fd, image->data, image->len, "the guest's image");
}

struct err *rehearsal_build_image(struct rehearsal *r)
{
	/* A guest's RAM ends far below 64 TiB: 4-level page tables do. */
	const struct cmdline_options words = {
		.base = "console=ttyS0,115200 earlyprintk=ttyS0,115200",
		.no5lvl = true,
		.lean = true};
	cleanup(initramfs_deinit) struct initramfs capture = {0}, guest = {0};
	cleanup(freep) char *init = NULL, *command_line = NULL;
	struct err *err = initramfs_find_init(&init);

	if (!err)
		err = cmdline_format(&words, &command_line);
	if (!err)
		err = build_capture_image(r, init, &capture);
	if (!err)
		err = build_guest_image(r, init, &capture, command_line, &guest);
	if (err)
		return err;
	r->result->image_packed_bytes = capture.len;
	r->result->image_unpacked_bytes = capture.unpacked_bytes;
	return put_into_memory(r, &guest);
}
