#include "format/inquest_conf.h"

#include "format/config_priv.h"

#include "base/str.h"

#include <string.h>

struct reader {
	struct capture_config *c;
	struct config_place at;
	u64 seen; /* bits of options[] */
};

struct option {
	const char *name;
	struct err *(*set)(struct reader *r, const struct option *o, const char *value);
	size_t offset;	  /* of a member of struct capture_config, for what needs one */
	bool is_repeated; /* may stand more than once */
};

static void *member_at(const struct reader *r, const struct option *o)
{
	return (char *)r->c + o->offset;
}

static struct err *set_flag(struct reader *r, const struct option *o, const char *value)
{
	return config_flag(&r->at, o->name, value, member_at(r, o));
}

static struct err *set_number(struct reader *r, const struct option *o, const char *value)
{
	return config_number(&r->at, o->name, value, 1u << 20, member_at(r, o));
}

static struct err *set_string(struct reader *r, const struct option *o, const char *value)
{
	return config_set(r->c, member_at(r, o), value, strlen(value));
}

static struct err *set_words(struct reader *r, const struct option *o, const char *value)
{
	return config_add_words(r->c, member_at(r, o), value, strlen(value));
}

static struct err *set_file(struct reader *r, const struct option *o, const char *value)
{
	return config_set_file(r->c, &r->at, o->name, value, member_at(r, o));
}

static struct err *set_path(struct reader *r, const struct option *o, const char *value)
{
	return config_set_path(r->c, &r->at, o->name, value, member_at(r, o));
}

static struct err *set_bins(struct reader *r, const struct option *o, const char *value)
{
	return config_set_bins(r->c, &r->at, o->name, value);
}

static struct err *set_modules(struct reader *r, const struct option *o, const char *value)
{
	return config_set_modules(r->c, value);
}

static struct err *set_release(struct reader *r, const struct option *o, const char *value)
{
	if (strchr(value, '/') || value[strcspn(value, " \t")])
		return config_expect(&r->at, o->name, value,
				     "a kernel release as uname -r prints it");
	return set_string(r, o, value);
}

static struct err *set_collector(struct reader *r, const struct option *o,
				 const char *value)
{
	bool streams;
	struct err *err = config_check_collector(&r->at, value, &streams);

	r->c->has_core_collector = true;
	return err ? err : set_string(r, o, value);
}

static struct err *set_action(struct reader *r, const struct option *o, const char *value)
{
	bool is_final = o->offset == offsetof(struct capture_config, final_action);

	return config_set_action(&r->at, o->name, value,
				 is_final ? CONFIG_POWEROFF : CONFIG_DUMP_TO_ROOTFS,
				 member_at(r, o));
}

static struct err *set_host_tag(struct reader *r, const struct option *o, const char *value)
{
	if (!str_eq(value, "ip") && !str_eq(value, "hostname"))
		return config_expect(&r->at, o->name, value, "ip or hostname");
	r->c->host_tag =
		str_eq(value, "ip") ? CONFIG_HOST_TAG_IP : CONFIG_HOST_TAG_HOSTNAME;
	return NULL;
}

static struct err *set_rebuild(struct reader *r, const struct option *o, const char *value)
{
	static const char *const words[] = {
		[CONFIG_REBUILD_IF_CHANGED] = "if-changed",
		[CONFIG_REBUILD_ALWAYS] = "always",
		[CONFIG_REBUILD_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (str_eq(value, words[i])) {
			r->c->rebuild = (enum config_rebuild)i;
			return NULL;
		}
	}
	return config_expect(&r->at, o->name, value, "if-changed, always or never");
}

static struct err *set_remove(struct reader *r, const struct option *o, const char *value)
{
	r->c->cmdline.has_remove = true;
	return set_words(r, o, value);
}

static struct err *set_append(struct reader *r, const struct option *o, const char *value)
{
	r->c->cmdline.has_append = true;
	return set_string(r, o, value);
}

static struct err *set_sysctl(struct reader *r, const struct option *o, const char *value)
{
	size_t name = strcspn(value, "= \t");

	if (!name || value[name] != '=' || !value[name + 1])
		return config_expect(&r->at, o->name, value,
				     "NAME=VALUE, such as kernel.panic_on_oops=1");
	return capture_config_add_word(r->c, member_at(r, o), value, strlen(value));
}

/* KIND SPEC [OPTIONS]: a KIND that is none of ours is the type of a file system. */
static struct err *set_target(struct reader *r, const struct option *o, const char *value)
{
	struct config_target target = {.fs_type = ""};
	cleanup(freep) char *copy = strdup(value);
	char *words[3] = {NULL}, *state = NULL;
	size_t count = 0;

	if (!copy)
		return err_nomem();
	for (char *word = strtok_r(copy, " \t", &state); word;
	     word = strtok_r(NULL, " \t", &state)) {
		if (count == ARRAY_SIZE(words))
			return config_error(&r->at, "one word too many for a target:", word,
					    strlen(word), "; write KIND SPEC [OPTIONS]");
		words[count++] = word;
	}
	if (count < 2)
		return config_expect(&r->at, o->name, value,
				     "KIND SPEC [OPTIONS], such as ext4 LABEL=crash");
	target.kind = config_target_kind(words[0]);
	if (target.kind == CONFIG_TARGET_FS)
		target.fs_type = words[0];
	target.spec = words[1];
	target.options = words[2];
	return config_add_target(r->c, &r->at, &target);
}

#define MEMBER(name) offsetof(struct capture_config, name)

static const struct option options[] = {
	{"enabled", set_flag, MEMBER(is_enabled), false},
	/* Where to. */
	{"target", set_target, 0, true},
	{"path", set_path, MEMBER(path), false},
	{"host_tag", set_host_tag, 0, false},
	{"ssh_key", set_file, MEMBER(ssh_key), false},
	{"ssh_retries", set_number, MEMBER(ssh_retries), false},
	{"nfs_timeo", set_number, MEMBER(nfs.timeo_ds), false},
	{"nfs_retrans", set_number, MEMBER(nfs.retrans), false},
	{"nfs_mount_retries", set_number, MEMBER(nfs.mount_retries), false},
	/* What. */
	{"core_collector", set_collector, MEMBER(core_collector), false},
	{"save_dmesg", set_flag, MEMBER(save_dmesg), false},
	{"keep_dumps", set_number, MEMBER(keep_dumps), false},
	/* And then. */
	{"pre", set_file, MEMBER(pre), false},
	{"post", set_file, MEMBER(post), false},
	{"emergency", set_file, MEMBER(emergency), false},
	{"fail_command", set_string, MEMBER(fail_command), false},
	{"failure_action", set_action, MEMBER(failure_action), false},
	{"final_action", set_action, MEMBER(final_action), false},
	{"watchdog", set_flag, MEMBER(watchdog), false},
	/* The image. */
	{"extra_bins", set_bins, 0, true},
	{"extra_modules", set_modules, 0, true},
	{"rebuild", set_rebuild, 0, false},
	{"kernel_release", set_release, MEMBER(kernel_release), false},
	{"boot_dir", set_path, MEMBER(boot_dir), false},
	{"kernel", set_file, MEMBER(kernel_image), false},
	{"initrd", set_file, MEMBER(initrd), false},
	{"command_line", set_string, MEMBER(cmdline.replace), false},
	{"command_line_remove", set_remove, MEMBER(cmdline.remove), false},
	{"command_line_append", set_append, MEMBER(cmdline.append), false},
	{"kexec_args", set_words, MEMBER(kexec_args), false},
	/* The running system. */
	{"sysctl", set_sysctl, MEMBER(sysctls), true},
	{"auto_reset_crashkernel", set_flag, MEMBER(auto_reset_crashkernel), false},
	{"fast_reboot", set_flag, MEMBER(load_kexec), false},
	{"fast_reboot_kernel", set_file, MEMBER(kexec_kernel), false},
	{"fast_reboot_initrd", set_file, MEMBER(kexec_initrd), false},
	{"fast_reboot_append", set_string, MEMBER(kexec_append), false},
};
_Static_assert(ARRAY_SIZE(options) <= 64, "a bit each");

const char *inquest_conf_option(size_t index)
{
	return index < ARRAY_SIZE(options) ? options[index].name : NULL;
}

/* The length of the line at @text up to its comment. */
static size_t length_of_line(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '#' && (i == 0 || config_is_blank(text[i - 1])))
			return i;
	return len;
}

static struct err *find_option(struct reader *r, const char *name, size_t len,
			       const struct option **ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!config_word_is(name, len, options[i].name))
			continue;
		if (r->seen >> i & 1 && !options[i].is_repeated)
			return config_error(&r->at, "the option stands here again:", name,
					    len, "; keep one of the lines");
		r->seen |= 1ULL << i;
		*ret = &options[i];
		return NULL;
	}
	return config_error(&r->at, "there is no option", name, len,
			    "; inquest.conf(5) lists those there are");
}

static struct err *read_line(struct reader *r, const char *line, const char *end)
{
	cleanup(freep) char *value = NULL;
	const struct option *o = NULL;
	const char *name;
	struct err *err;
	bool is_quoted;

	while (line < end && config_is_blank(*line))
		line++;
	while (end > line && config_is_blank(end[-1]))
		end--;
	if (line == end)
		return NULL;
	for (name = line; line < end && !config_is_blank(*line);)
		line++;
	err = find_option(r, name, (size_t)(line - name), &o);
	if (err)
		return err;
	while (line < end && config_is_blank(*line))
		line++;
	is_quoted = end - line >= 2 && *line == '"' && end[-1] == '"' &&
		    !memchr(line + 1, '"', (size_t)(end - line - 2));
	if (line == end)
		return config_error(&r->at, "a value is missing behind", o->name,
				    strlen(o->name), "");
	value = strndup(line + is_quoted, (size_t)(end - line) - 2 * is_quoted);
	return value ? config_place_error(&r->at, o->set(r, o, value)) : err_nomem();
}

struct err *inquest_conf_parse(const char *text, const char *file, struct capture_config *c)
{
	struct reader r = {.c = c, .at = {.file = file}};
	struct err *err = NULL;

	while (!err && *text) {
		size_t len = strcspn(text, "\n");

		r.at.line++;
		err = read_line(&r, text, text + length_of_line(text, len));
		text += len + (text[len] == '\n');
	}
	return err;
}
