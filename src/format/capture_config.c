#include "format/capture_config.h"

#include "format/config_priv.h"

#include "base/str.h"

#include <stdarg.h>
#include <string.h>

/* One allocation; what it holds lies behind it. */
struct piece {
	struct piece *next;
	_Alignas(max_align_t) char room[];
};

static void *arena_alloc(struct capture_config *c, size_t size)
{
	struct piece *p = malloc(sizeof(*p) + size);

	if (!p)
		return NULL;
	p->next = c->arena;
	c->arena = p;
	return p->room;
}

void capture_config_deinit(struct capture_config *c)
{
	struct piece *p = c->arena;

	while (p) {
		struct piece *next = p->next;

		free(p);
		p = next;
	}
	*c = (struct capture_config){0};
}

char *capture_config_copy(struct capture_config *c, const char *text, size_t len)
{
	char *copy = arena_alloc(c, len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* Lists grow by doubling from here on; what they leave behind is freed with the arena. */
#define WORDS_FIRST 8

static bool is_full(size_t count)
{
	return count == 0 || (count >= WORDS_FIRST && (count & (count - 1)) == 0);
}

struct err *capture_config_add_word(struct capture_config *c, struct config_words *list,
				    const char *text, size_t len)
{
	const char *copy;

	if (list->count == CONFIG_WORDS_MAX)
		return err_new(ERR_USAGE, "a list of more than %d words", CONFIG_WORDS_MAX);
	if (is_full(list->count)) {
		size_t capacity = list->count ? list->count * 2 : WORDS_FIRST;
		const char **words = arena_alloc(c, capacity * sizeof(*words));

		if (!words)
			return err_nomem();
		if (list->count)
			memcpy(words, list->words, list->count * sizeof(*words));
		list->words = words;
	}
	copy = capture_config_copy(c, text, len);
	if (!copy)
		return err_nomem();
	list->words[list->count++] = copy;
	return NULL;
}

struct err *capture_config_add_target(struct capture_config *c,
				      const struct config_target *target)
{
	struct config_target copy = *target;
	const char **const strings[] = {&copy.spec, &copy.fs_type, &copy.options};

	if (c->num_targets == CONFIG_TARGETS_MAX)
		return err_new(ERR_USAGE, "more than %d dump targets", CONFIG_TARGETS_MAX);
	if (!c->num_targets)
		c->targets = arena_alloc(c, CONFIG_TARGETS_MAX * sizeof(*c->targets));
	if (!c->targets)
		return err_nomem();
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		const char *text = *strings[i] ? *strings[i] : "";

		*strings[i] = capture_config_copy(c, text, strlen(text));
		if (!*strings[i])
			return err_nomem();
	}
	c->targets[c->num_targets++] = copy;
	return NULL;
}

const char *capture_config_path_on(const struct capture_config *c,
				   const struct config_target *target)
{
	return c->dialect == CONFIG_KDUMP_TOOLS && target->kind == CONFIG_TARGET_NFS
		       ? "/"
		       : c->path;
}

const char *config_action_name(enum config_action action)
{
	static const char *const names[] = {
		[CONFIG_REBOOT] = "reboot",
		[CONFIG_HALT] = "halt",
		[CONFIG_POWEROFF] = "poweroff",
		[CONFIG_SHELL] = "shell",
		[CONFIG_DUMP_TO_ROOTFS] = "dump_to_rootfs",
	};

	return names[action];
}

/* What each dialect's own tools do where a file says nothing, on x86-64. */
struct dialect {
	const char *core_collector;
	const char *remove, *append; /* of the command line */
	u64 ssh_retries;
	struct config_nfs nfs;
};

static const struct dialect dialects[] = {
	[CONFIG_INQUEST] = {.core_collector = "makedumpfile --compress=zstd:-1 -d 31",
			    .remove = "",
			    .append = ""},
	/* sysconfig/kdump as kdump-utils installs it. */
	[CONFIG_KDUMP] =
		{.core_collector = CONFIG_KDUMP_COLLECTOR,
		 .remove = "hugepages hugepagesz slub_debug quiet log_buf_len swiotlb "
			   "hugetlb_cma ignition.firstboot cma",
		 .append = "novmcoredd hugetlb_cma=0 kfence.sample_interval=0 "
			   "initramfs_options=size=90% irqpoll nr_cpus=1 reset_devices "
			   "cgroup_disable=memory mce=off numa=off udev.children-max=2 "
			   "panic=10 acpi_no_memhotplug transparent_hugepage=never "
			   "nokaslr hest_disable cma=0 pcie_ports=compat"},
	/* As kdump-config has them, but for systemd.unit=kdump-tools-dump.service: systemd
	 * is not started in our capture kernel. */
	[CONFIG_KDUMP_TOOLS] = {.core_collector = "makedumpfile -c -d 31",
				.remove = "crashkernel hugepages hugepagesz abm",
				.append = "reset_devices nr_cpus=1 irqpoll usbcore.nousb",
				.ssh_retries = 16,
				.nfs = {.timeo_ds = 600, .retrans = 3, .mount_retries = 4}},
};

const char *capture_config_crashkernel(enum config_dialect dialect)
{
	/* Debian's, half of which would do for us; and kdumpctl get-default-crashkernel. */
	return dialect == CONFIG_KDUMP ? "2G-64G:256M,64G-:512M" : "384M-:128M";
}

struct err *capture_config_init(struct capture_config *c, enum config_dialect dialect)
{
	const struct dialect *d = &dialects[dialect];

	*c = (struct capture_config){
		.dialect = dialect,
		.is_enabled = true,
		.path = "/var/crash",
		.ssh_key = "/root/.ssh/kdump_id_rsa",
		.ssh_retries = d->ssh_retries,
		.nfs = d->nfs,
		.core_collector = d->core_collector,
		.save_dmesg = true,
		.pre = "",
		.post = "",
		.emergency = "",
		.fail_command = "",
		.watchdog = true,
		.kernel_release = "",
		.boot_dir = "",
		.kernel_image = "",
		.initrd = "",
		.cmdline = {.replace = "", .append = d->append},
		.auto_reset_crashkernel = true,
		.kexec_kernel = "",
		.kexec_initrd = "",
		.kexec_append = "",
	};
	return config_add_words(c, &c->cmdline.remove, d->remove, strlen(d->remove));
}

struct err *config_add_words(struct capture_config *c, struct config_words *list,
			     const char *text, size_t len)
{
	struct err *err = NULL;
	size_t pos = 0;

	while (!err && pos < len) {
		size_t end = pos;

		while (end < len && !config_is_blank(text[end]))
			end++;
		if (end > pos)
			err = capture_config_add_word(c, list, text + pos, end - pos);
		pos = end + 1;
	}
	return err;
}

struct err *config_set(struct capture_config *c, const char **slot, const char *text,
		       size_t len)
{
	const char *copy = capture_config_copy(c, text, len);

	if (!copy)
		return err_nomem();
	*slot = copy;
	return NULL;
}

/* What is shown of a word that may be a whole line. */
#define WORD_SHOWN_MAX 120

static struct err *error_at(const struct config_place *at, const char *before,
			    const char *quote, const char *word, size_t len,
			    const char *after)
{
	struct buf b = BUF_INIT;
	struct err *err;

	str_escape(&b, word, len > WORD_SHOWN_MAX ? WORD_SHOWN_MAX : len, false);
	err = err_new(ERR_USAGE, "%s line %llu: %s %s%s%s%s", at->file,
		      (unsigned long long)at->line, before, quote, buf_text(&b), quote,
		      after);
	buf_deinit(&b);
	return err;
}

struct err *config_error(const struct config_place *at, const char *before,
			 const char *word, size_t len, const char *after)
{
	return error_at(at, before, "\"", word, len, after);
}

struct err *config_known_error(const struct config_place *at, const char *before,
			       const char *word, const char *after)
{
	return error_at(at, before, "", word, strlen(word), after);
}

struct err *config_place_error(const struct config_place *at, struct err *err)
{
	if (!err || err_code(err) != ERR_USAGE ||
	    str_has_prefix(err_message(err), at->file))
		return err;
	return err_wrap(err, "%s line %llu", at->file, (unsigned long long)at->line);
}

struct err *config_warn(struct capture_config *c, const struct config_place *at,
			const char *fmt, ...)
{
	cleanup(freep) char *text = NULL;
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err;
	va_list args;

	if (c->warnings.count == CONFIG_WORDS_MAX)
		return NULL;
	va_start(args, fmt);
	text = str_vformat(fmt, args);
	va_end(args);
	if (!text)
		return err_nomem();
	buf_printf(&b, "%s line %llu: ", at->file, (unsigned long long)at->line);
	str_escape(&b, text, strlen(text), false);
	err = buf_check(&b);
	return err ? err : capture_config_add_word(c, &c->warnings, b.data, b.len);
}
