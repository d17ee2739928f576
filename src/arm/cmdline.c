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

static struct err *finish(struct buf *b, char **ret)
{
	struct err *err = buf_check(b);

	if (err)
		return err;
	if (b->len + APPENDED_MAX >= KERNEL_CMDLINE_SIZE)
		return err_new(
			ERR_USAGE,
			"the command line of the capture kernel is %zu bytes long; at most %d fit, because %d more are appended when it is loaded",
			b->len, KERNEL_CMDLINE_SIZE - APPENDED_MAX - 1, APPENDED_MAX);
	*ret = steal(b->data);
	return NULL;
}

struct err *cmdline_format(const struct cmdline_options *options, char **ret)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *pos = options->base, *word;
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
	return finish(&b, ret);
}

/* What our own dialect leaves out of the running kernel's command line: its root is not
 * mounted by the kernel, and a console that says nothing helps nobody. */
static const char inquest_removed[] = "quiet splash root ro rw rootflags rootfstype resume";

/* Whatever is configured: those of kdumpctl, what would make the capture kernel reserve
 * memory or panic on its own account, and what is ours to say. */
static const char always_removed[] =
	"BOOT_IMAGE crashkernel fadump initrd panic_on_warn unknown_nmi_panic inquest.role "
	"rd.lvm.lv rd.luks.uuid rd.dm.uuid rd.md.uuid fcoe netroot rd.iscsi.initiator "
	"iscsi_initiator";
static const char kdump_removed[] = "root rd.break";

static bool lists(const char *names, const char *word, size_t len)
{
	size_t name_len;
	const char *name;

	while ((name = kernel_cmdline_next(&names, &name_len))) {
		char copy[64];

		if (name_len >= sizeof(copy))
			continue;
		memcpy(copy, name, name_len);
		copy[name_len] = '\0';
		if (kernel_cmdline_is(word, len, copy))
			return true;
	}
	return false;
}

/* The user's list, or else the one of the dialect's tools. */
static bool is_removed(const struct capture_config *c, const char *word, size_t len)
{
	for (size_t i = 0; i < c->cmdline.remove.count; i++)
		if (kernel_cmdline_is(word, len, c->cmdline.remove.words[i]))
			return true;
	return false;
}

/* Is @word of the base, at @word, not for a capture kernel? */
static bool is_unwanted(const struct capture_config *c, const char *word, size_t len)
{
	bool is_running = !*c->cmdline.replace;
	bool has_no_value = word[len - 1] == '=';
	/* panic=0 waits for ever. */
	bool waits = len == strlen("panic=0") && strncmp(word, "panic=0", len) == 0;

	if (has_no_value || waits || lists(always_removed, word, len) ||
	    is_removed(c, word, len))
		return true;
	if (c->dialect == CONFIG_KDUMP && lists(kdump_removed, word, len))
		return true;
	if (c->dialect == CONFIG_INQUEST && is_running && lists(inquest_removed, word, len))
		return true;
	return is_running && is_dropped(word, len);
}

/* Is this very word in @text? */
static bool has_word(const char *text, const char *word)
{
	size_t len, word_len = strlen(word);
	const char *found;

	while ((found = kernel_cmdline_next(&text, &len)))
		if (len == word_len && memcmp(found, word, len) == 0)
			return true;
	return false;
}

/* Add @word unless the user removes that parameter, or the line has it. */
static void add_unless_set(struct buf *b, const struct capture_config *c, const char *word)
{
	size_t len = strcspn(word, "=");
	char name[64];

	if ((c->cmdline.has_remove && is_removed(c, word, strlen(word))) ||
	    has_word(buf_text(b), word))
		return;
	if (len < sizeof(name)) {
		memcpy(name, word, len);
		name[len] = '\0';
		/* These may stand more than once, with different values. */
		if (!str_eq(name, "cgroup_disable") &&
		    !str_eq(name, "initcall_blacklist") &&
		    kernel_cmdline_has(buf_text(b), name))
			return;
	}
	add_word(b, word, strlen(word));
}

static void add_formatted(struct buf *b, const struct capture_config *c, const char *fmt,
			  ...) printf_like(3, 4);
static void add_formatted(struct buf *b, const struct capture_config *c, const char *fmt,
			  ...)
{
	char word[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(word, sizeof(word), fmt, args);
	va_end(args);
	add_unless_set(b, c, word);
}

u64 cmdline_cpus_for(u64 reserved_bytes, u64 cpus)
{
	u64 wanted = reserved_bytes >= (512ULL << 20)	? 4
		     : reserved_bytes >= (256ULL << 20) ? 2
							: 1;

	return cpus && cpus < wanted ? cpus : wanted;
}

static void add_appended(struct buf *b, const struct cmdline_machine *m,
			 const struct capture_config *c)
{
	const char *pos = c->cmdline.append;
	const char *word;
	size_t len;

	while ((word = kernel_cmdline_next(&pos, &len))) {
		/* A second CPU hangs there at boot. */
		if (m->is_hyperv && kernel_cmdline_is(word, len, "nr_cpus"))
			continue;
		/* Debian's default would take the target away. */
		if (!c->cmdline.has_append && m->target_on_usb &&
		    kernel_cmdline_is(word, len, "usbcore.nousb"))
			continue;
		if (!c->cmdline.has_remove || c->cmdline.has_append ||
		    !is_removed(c, word, len))
			add_word(b, word, len);
	}
}

static void add_cpus(struct buf *b, const struct cmdline_machine *m,
		     const struct capture_config *c)
{
	if (kernel_cmdline_has(buf_text(b), "maxcpus"))
		return;
	add_formatted(b, c, "nr_cpus=%llu",
		      m->is_hyperv ? 1
				   : (unsigned long long)cmdline_cpus_for(m->reserved_bytes,
									  m->cpus));
	/* The crashed kernel's first CPU must not be sent the message that starts CPUs: it
	 * would reset the machine. Without it one cannot start others. */
	if (m->has_boot_apicid)
		add_formatted(b, c, "disable_cpu_apicid=%llu",
			      (unsigned long long)m->boot_apicid);
}

struct err *cmdline_derive(const struct cmdline_machine *m,
			   const struct capture_config *config, char **ret)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *pos = *config->cmdline.replace ? config->cmdline.replace : m->running;
	const char *word;
	size_t len;

	while ((word = kernel_cmdline_next(&pos, &len)))
		if (!is_unwanted(config, word, len))
			add_word(&b, word, len);
	add_appended(&b, m, config);
	add_cpus(&b, m, config);
	for (size_t i = 0; m->watchdogs && m->watchdogs[i]; i++) {
		add_formatted(&b, config, "%s.pretimeout=0", m->watchdogs[i]);
		if (str_eq(m->watchdogs[i], "hpwdt"))
			add_unless_set(&b, config, "hpwdt.kdumptimeout=0");
	}
	/* Who wrote a list of their own may have left these out for a reason. */
	if (!config->cmdline.has_append) {
		add_unless_set(&b, config, "irqpoll");
		add_unless_set(&b, config, "reset_devices");
	}
	add_unless_set(&b, config, "panic=10");
	for (size_t i = 0; i < ARRAY_SIZE(lean); i++)
		add_unless_set(&b, config, lean[i]);
	if (m->no5lvl)
		add_unless_set(&b, config, "no5lvl");
	add_word(&b, "inquest.role=capture", strlen("inquest.role=capture"));
	return finish(&b, ret);
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
