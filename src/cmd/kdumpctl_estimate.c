/* kdumpctl estimate: the memory of a capture, in the words and the order of kdump-utils. */
#include "arm/estimate.h"
#include "cmd/arming.h"
#include "cmd/kdumpctl.h"
#include "cmd/service.h"

/* What belongs neither to the kernel image nor to the capture image. */
static u64 runtime_bytes(const struct estimate *e)
{
	return e->memmap_bytes + e->runtime_bytes + e->cpus_bytes + e->devices_bytes +
	       e->margin_bytes;
}

static void print_large_modules(const struct estimate *e)
{
	printf("Large modules:%s\n", e->num_large ? "" : " <none>");
	for (size_t i = 0; i < e->num_large; i++)
		printf("    %s: %llu\n", e->large[i].name,
		       (unsigned long long)e->large[i].bytes);
}

static void print_estimate(const struct estimate *e)
{
	if (e->reserved_bytes)
		printf("Reserved crashkernel:    %lluM\n", arming_mib(e->reserved_bytes));
	printf("Recommended crashkernel: %lluM\n\n", arming_mib(e->recommended_bytes));
	printf("Kernel image size:   %lluM\n", arming_mib(e->kernel_bytes));
	printf("Kernel modules size: %lluM\n", arming_mib(e->modules_bytes));
	printf("Initramfs size:      %lluM\n",
	       arming_mib(e->initrd_bytes + e->unpacked_bytes));
	printf("Runtime reservation: %lluM\n", arming_mib(runtime_bytes(e)));
	print_large_modules(e);
	if (e->reserved_bytes < e->recommended_bytes)
		printf("WARNING: Current crashkernel size is lower than recommended size "
		       "%lluM.\n",
		       arming_mib(e->recommended_bytes));
}

int kdumpctl_estimate(struct service *s, char **words)
{
	struct estimate e;
	struct err *err = service_configure(s, CONFIG_KDUMP);

	if (!err)
		err = estimate_make(s->root, &s->config, NULL, &e);
	if (err) {
		service_tell(s, err);
		return 1;
	}
	print_estimate(&e);
	return 0;
}
