#include "arm/cmdline.h"

#include "base/str.h"
#include "format/kernel_cmdline.h"

#include <string.h>

/* What is appended at load time: " elfcorehdr=0x…K" by the kernel, " inquest.boot_id=UUID
 * inquest.machine_id=ID" by whoever loads. */
#define APPENDED_MAX 160

/* What must not reach a capture kernel: it would reserve, panic or wait a second time, or
 * belongs to the boot loader. "panic" alone is replaced by ours. */
static const char *const dropped[] = {
	"BOOT_IMAGE",
	"crashkernel",
	"fadump",
	"hugepages",
	"hugepagesz",
	"default_hugepagesz",
	"initrd",
	"panic_on_warn",
	"softlockup_panic",
	"hardlockup_panic",
	"hung_task_panic",
	"unknown_nmi_panic",
	"panic_print",
	"slub_debug",
	"page_owner",
	"kvm-intel.nested",
	"trace_buf_size",
	"trace_event",
	"ftrace",
	"memmap",
	"mem",
	"numa",
	"nr_cpus",
	"maxcpus",
	"isolcpus",
	"log_buf_len",
	"inquest.role",
	"rd.break",
	"kernelcore",
	"movablecore",
	"memhp_default_state",
	"efi_fake_mem",
};

/* One CPU, because a second one costs memory and may not come up after a crash; polled
 * interrupts and a device reset, because the crashed kernel did not stop its devices; a
 * reboot, and not a halt, if the capture kernel panics. */
static const char *const always[] = {
	"nr_cpus=1", "irqpoll", "reset_devices", "panic=10", "inquest.role=capture",
};

/* Each saves memory at boot: 14.8 MB together on 6.1, 6.5 MB on 6.12. tracefs alone is 8.5
 * MB before eventfs (5790b1fb3d67, 6.6) and nobody traces a capture kernel; nokmem drops a
 * 4 MiB array of the percpu allocator that cgroup_disable=memory leaves. */
static const char *const lean[] = {
	"cgroup_disable=memory",
	"cgroup.memory=nokmem",
	"numa=off",
	"transparent_hugepage=never",
	"initcall_blacklist=tracer_init_tracefs",
};

static bool is_dropped(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		if (kernel_cmdline_is(word, len, dropped[i]))
			return true;
	return false;
}

static void add_word(struct buf *b, const char *word, size_t len)
{
	if (b->len)
		buf_add_char(b, ' ');
	buf_add(b, word, len);
}

/* Add @word unless @base sets that parameter itself in a word that was not dropped. */
static void add_default(struct buf *b, const char *base, const char *word)
{
	char name[64];
	size_t len = strcspn(word, "=");

	if (len < sizeof(name)) {
		memcpy(name, word, len);
		name[len] = '\0';
		/* These two may stand more than once, with different values. */
		if (!str_eq(name, "cgroup_disable") &&
		    !str_eq(name, "initcall_blacklist") && kernel_cmdline_has(base, name) &&
		    !is_dropped(word, strlen(word)))
			return;
	}
	add_word(b, word, strlen(word));
}

struct err *cmdline_format(const struct cmdline_options *options, char **ret)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *pos = options->base, *word;
	struct err *err;
	size_t len;

	while ((word = kernel_cmdline_next(&pos, &len)))
		if (!is_dropped(word, len))
			add_word(&b, word, len);
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		add_default(&b, options->base, always[i]);
	for (size_t i = 0; options->lean && i < ARRAY_SIZE(lean); i++)
		add_default(&b, options->base, lean[i]);
	if (options->no5lvl)
		add_default(&b, options->base, "no5lvl");
	err = buf_check(&b);
	if (err)
		return err;
	if (b.len + APPENDED_MAX >= KERNEL_CMDLINE_SIZE)
		return err_new(
			ERR_USAGE,
			"the command line of the capture kernel is %zu bytes long; at most %d fit, because %d more are appended when it is loaded",
			b.len, KERNEL_CMDLINE_SIZE - APPENDED_MAX - 1, APPENDED_MAX);
	*ret = steal(b.data);
	return NULL;
}

/* "100000000-27fffffff : System RAM": RAM must end below 64 TiB, what 4-level page tables
 * can map directly. */
bool cmdline_may_use_no5lvl(const char *iomem)
{
	const u64 limit = 64ULL << 40;
	bool any = false;

	while (*iomem) {
		const char *end = iomem + strcspn(iomem, "\n");
		unsigned long long start, last;
		char *rest;

		start = strtoull(iomem, &rest, 16);
		if (rest != iomem && *rest == '-') {
			last = strtoull(rest + 1, &rest, 16);
			if (str_has_prefix(rest, " : System RAM")) {
				if (last >= limit || (start == 0 && last == 0))
					return false;
				any = true;
			}
		}
		iomem = *end ? end + 1 : end;
	}
	return any;
}
