#include "arm/estimate.h"

#include "arm/initramfs.h"
#include "arm/modules.h"
#include "arm/plan.h"
#include "base/io.h"
#include "base/str.h"
#include "format/bzimage.h"
#include "format/kernel_cmdline.h"
#include "kexec/kexec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MIB (1ULL << 20)

/* One section of 128 MiB for the memory below 640 KiB, one for the reservation, and another
 * because it may cross into the next: where it lies changes with each boot. 32,768 struct
 * page of 64 bytes each. */
#define MEMMAP_SECTIONS	     3
#define MEMMAP_SECTION_BYTES (2 * MIB)

/* Measured with 6.1 and 6.12, by making the reservation smaller until the boot fails, with
 * the memory savers on the command line: what is left of the smallest size that works when
 * kernel, image and memory map are taken off. It is 2 MiB for a disk, and up to 3 where the
 * image goes to an SSH or NFS server. Drivers of a common kind, a network's rings and what
 * runs then need no more: the kernel gives back about 8 MiB and the packed image before
 * /init starts. */
#define RUNTIME_BYTES (3 * MIB)
#define CPU_BYTES     (4 * MIB)

/* A size that boots by a hair on one boot does not on the next. */
#define MARGIN_BYTES (6 * MIB)
#define ROUND_TO     (2 * MIB)

#define LARGE_MODULE MIB

/* What drivers allocate beside their code, as tables of distributions and their own
 * documentation have it; what is not named here is a card of the common kind. */
static const struct {
	const char *module;
	u64 bytes;
} devices[] = {
	{"mlx5_core", 150 * MIB}, {"bnxt_en", 64 * MIB},  {"ice", 64 * MIB},
	{"i40e", 32 * MIB},	  {"qede", 64 * MIB},	  {"lpfc", 64 * MIB},
	{"qla2xxx", 64 * MIB},	  {"mpt3sas", 32 * MIB},  {"megaraid_sas", 32 * MIB},
	{"hpsa", 16 * MIB},	  {"smartpqi", 16 * MIB},
};

static u64 bytes_of_device(const char *module)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (str_eq(devices[i].module, module))
			return devices[i].bytes;
	return 0;
}

static struct err *count_kernel(const char *root, const struct plan *plan,
				struct estimate *e)
{
	cleanup(freep) char *path = NULL;
	cleanup(freep) u8 *head = malloc(BZIMAGE_HEADER_MAX);
	cleanup(closep) int fd = -1;
	struct bzimage image;
	struct err *err;
	size_t len;

	if (!head || asprintf(&path, "%s%s", root, plan->kernel.image) < 0) {
		path = NULL;
		return err_nomem();
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_os(errno, "cannot open %s", path);
	err = io_pread_some(fd, head, BZIMAGE_HEADER_MAX, 0, path, &len);
	if (!err)
		err = bzimage_parse(head, len, path, &image);
	if (!err)
		e->kernel_bytes = image.init_bytes;
	return err;
}

static struct err *count_module(const struct module_file *file, struct estimate *e)
{
	cleanup(freep) void *data = NULL;
	size_t len;
	struct err *err = module_read(file->path, &data, &len);

	if (err)
		return err;
	e->modules_bytes += len;
	e->devices_bytes += bytes_of_device(file->name);
	if (len >= LARGE_MODULE && e->num_large < ESTIMATE_LARGE_MAX) {
		struct estimate_module *m = &e->large[e->num_large++];

		snprintf(m->name, sizeof(m->name), "%s", file->name);
		m->bytes = len;
	}
	return NULL;
}

static struct err *count_modules(const char *dir, const struct plan *plan,
				 struct estimate *e)
{
	struct module_list list = {0};
	struct err *err = modules_resolve(dir, plan->modules, &list);

	for (size_t i = 0; !err && i < list.count; i++)
		err = count_module(&list.files[i], e);
	module_list_deinit(&list);
	return err;
}

static struct err *count_image(const char *dir, const struct plan *plan, const char *init,
			       struct estimate *e)
{
	cleanup(initramfs_deinit) struct initramfs image = {0};
	struct initramfs_options options = {.init = init,
					    .modules_dir = dir,
					    .modules = plan->modules,
					    .manifest = &plan->manifest,
					    .files = plan->files.files,
					    .num_files = plan->files.count,
					    .compression = INITRAMFS_GZIP};
	struct err *err = initramfs_build(&options, &image);

	e->initrd_bytes = image.len;
	e->unpacked_bytes = image.unpacked_bytes;
	return err;
}

static void sum_up(const char *root, const struct plan *plan, struct estimate *e)
{
	cleanup(buf_deinit) struct buf cpus = BUF_INIT;
	struct kexec_state state = {0};
	u64 count = 1;

	err_ignore(kexec_read_state(root, &state));
	e->reserved_bytes = state.reserved_bytes;
	if (kernel_cmdline_find(plan->command_line, "nr_cpus", &cpus) &&
	    str_parse_u64(buf_text(&cpus), &count) && count > 1 && count < 8192)
		e->cpus_bytes = (count - 1) * CPU_BYTES;
	e->memmap_bytes = MEMMAP_SECTIONS * MEMMAP_SECTION_BYTES;
	e->runtime_bytes = RUNTIME_BYTES;
	e->margin_bytes = MARGIN_BYTES;
	e->recommended_bytes =
		align_up(e->kernel_bytes + e->initrd_bytes + e->unpacked_bytes +
				 e->memmap_bytes + e->runtime_bytes + e->cpus_bytes +
				 e->devices_bytes + e->margin_bytes,
			 ROUND_TO);
}

/* The kernel and its modules; *@ret_dir is where those are. */
static struct err *count_parts(const char *root, const struct plan *plan, char **ret_dir,
			       struct estimate *e)
{
	struct err *err = count_kernel(root, plan, e);

	if (!err && asprintf(ret_dir, "%s%s", root, plan->kernel.modules_dir) < 0) {
		*ret_dir = NULL;
		err = err_nomem();
	}
	return err ? err : count_modules(*ret_dir, plan, e);
}

struct err *estimate_make(const char *root, const struct capture_config *config,
			  const char *init, struct estimate *ret)
{
	cleanup(plan_freep) struct plan *plan = NULL;
	cleanup(freep) char *found = NULL;
	cleanup(freep) char *dir = NULL;
	struct estimate e = {0};
	struct err *err = plan_make(root, config, &plan);

	if (!err && !init) {
		err = initramfs_find_init(&found);
		init = found;
	}
	if (!err)
		err = count_parts(root, plan, &dir, &e);
	if (!err)
		err = count_image(dir, plan, init, &e);
	if (err)
		return err;
	sum_up(root, plan, &e);
	*ret = e;
	return NULL;
}

struct err *estimate_needed(const char *root, const struct plan *plan, u64 image_bytes,
			    u64 unpacked_bytes, u64 *ret)
{
	cleanup(freep) char *dir = NULL;
	struct estimate e = {.initrd_bytes = image_bytes, .unpacked_bytes = unpacked_bytes};
	struct err *err = count_parts(root, plan, &dir, &e);

	if (err)
		return err;
	sum_up(root, plan, &e);
	/* The reservation may lie well within its section. */
	*ret = e.kernel_bytes + e.initrd_bytes + e.unpacked_bytes + e.memmap_bytes -
	       MEMMAP_SECTION_BYTES + e.runtime_bytes + e.cpus_bytes + e.devices_bytes;
	return NULL;
}
