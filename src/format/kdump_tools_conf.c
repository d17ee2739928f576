#include "format/kdump_tools_conf.h"

#include "format/config_vars_priv.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

static struct err *set_use_kdump(const struct config_var_at *v, const char *value)
{
	v->c->is_enabled = !str_eq(value, "0");
	return NULL;
}

static struct err *set_core_dir(const struct config_var_at *v, const char *value)
{
	if (*value != '/')
		return config_expect(&v->place, v->row->name, value,
				     "an absolute path, such as /var/crash");
	return config_set_path(v->c, &v->place, v->row->name, value, config_var_string(v));
}

static struct err *set_dump_dmesg(const struct config_var_at *v, const char *value)
{
	return config_flag(&v->place, v->row->name, value, &v->c->save_dmesg);
}

/* Options for makedumpfile alone. -F, which kdump-config forces so that it can pipe the
 * dump, is not needed to make a file, and is dropped from where it was added. */
static struct err *set_makedump_args(const struct config_var_at *v, const char *value)
{
	cleanup(buf_deinit) struct buf line = BUF_INIT;
	const char *word, *pos = value;
	struct err *err;
	bool streams;
	size_t len;

	buf_add_str(&line, "makedumpfile");
	while ((word = config_next_word(&pos, &len))) {
		if (config_word_is(word, len, "-F"))
			continue;
		buf_add_char(&line, ' ');
		buf_add(&line, word, len);
	}
	err = buf_check(&line);
	if (!err)
		err = config_check_collector(&v->place, line.data, &streams);
	v->c->has_core_collector = true;
	return err ? err : config_set(v->c, &v->c->core_collector, line.data, line.len);
}

static bool is_given(const struct config_var_at *v, const char *name)
{
	return *shell_vars_get(v->vars, name, "") != '\0';
}

static struct err *set_ssh(const struct config_var_at *v, const char *value)
{
	return config_add_target(
		v->c, &v->place,
		&(struct config_target){.kind = CONFIG_TARGET_SSH, .spec = value});
}

static struct err *set_nfs(const struct config_var_at *v, const char *value)
{
	if (is_given(v, "SSH"))
		return config_warn(v->c, &v->place,
				   "NFS is left out: SSH is set too, and comes first");
	return config_add_target(
		v->c, &v->place,
		&(struct config_target){.kind = CONFIG_TARGET_NFS, .spec = value});
}

/* Silently dumping elsewhere would be worse than saying it now. */
static struct err *refuse_ftp(const struct config_var_at *v, const char *value)
{
	return config_error(&v->place, "dumps cannot be sent by FTP to", value,
			    strlen(value),
			    "; set SSH or NFS, or leave FTP empty for KDUMP_COREDIR");
}

static struct err *set_host_tag(const struct config_var_at *v, const char *value)
{
	if (!str_eq(value, "ip") && !str_eq(value, "hostname"))
		return config_expect(&v->place, v->row->name, value, "ip or hostname");
	v->c->host_tag =
		str_eq(value, "ip") ? CONFIG_HOST_TAG_IP : CONFIG_HOST_TAG_HOSTNAME;
	return NULL;
}

/* "kernel.panic_on_oops=1", several separated by blanks or commas. */
static struct err *set_sysctls(const struct config_var_at *v, const char *value)
{
	struct err *err = NULL;

	while (!err && *value) {
		size_t len = strcspn(value, " \t\n,");

		if (len && !memchr(value, '=', len))
			return config_error(&v->place, "KDUMP_SYSCTL has", value, len,
					    "; write NAME=VALUE, such as "
					    "kernel.panic_on_oops=1");
		if (len)
			err = capture_config_add_word(v->c, &v->c->sysctls, value, len);
		value += len + (value[len] != '\0');
	}
	return err;
}

static const struct config_var vars[] = {
	{"USE_KDUMP", set_use_kdump, 0, NULL},
	{"KDUMP_KERNEL", config_var_set_file, CONFIG_MEMBER(kernel_image), NULL},
	{"KDUMP_INITRD", config_var_set_file, CONFIG_MEMBER(initrd), NULL},
	{"KDUMP_COREDIR", set_core_dir, CONFIG_MEMBER(path), NULL},
	{"KDUMP_FAIL_CMD", config_var_set_string, CONFIG_MEMBER(fail_command), NULL},
	{"KDUMP_DUMP_DMESG", set_dump_dmesg, 0, NULL},
	{"KDUMP_NUM_DUMPS", config_var_set_number, CONFIG_MEMBER(keep_dumps), NULL},
	{"KDUMP_COMPRESSION", config_var_ignore, 0,
	 "the dump is compressed once, page by page; choose how in MAKEDUMP_ARGS"},
	{"MAKEDUMP_ARGS", set_makedump_args, 0, NULL},
	{"KDUMP_KEXEC_ARGS", config_var_set_words, CONFIG_MEMBER(kexec_args), NULL},
	{"KDUMP_CMDLINE", config_var_set_string, CONFIG_MEMBER(cmdline.replace), NULL},
	{"KDUMP_CMDLINE_APPEND", config_var_set_append, 0, NULL},
	{"KDUMP_SYSCTL", set_sysctls, 0, NULL},
	{"DEBUG_KERNEL", config_var_ignore, 0, "a dump describes its kernel itself"},
	{"SSH", set_ssh, 0, NULL},
	{"SSH_KEY", config_var_set_file, CONFIG_MEMBER(ssh_key), NULL},
	{"SSH_KDUMP_RETRY", config_var_set_number, CONFIG_MEMBER(ssh_retries), NULL},
	{"NFS", set_nfs, 0, NULL},
	{"NFS_TIMEO", config_var_set_number, CONFIG_MEMBER(nfs.timeo_ds), NULL},
	{"NFS_RETRANS", config_var_set_number, CONFIG_MEMBER(nfs.retrans), NULL},
	{"NFS_MOUNT_RETRY", config_var_set_number, CONFIG_MEMBER(nfs.mount_retries), NULL},
	{"FTP", refuse_ftp, 0, NULL},
	{"HOSTTAG", set_host_tag, 0, NULL},
};

struct err *kdump_tools_conf_parse(const char *text, const char *file,
				   struct capture_config *c)
{
	/* kdump-config does nothing unless the file says USE_KDUMP=1. */
	c->is_enabled = false;
	return config_vars_apply(text, file, vars, ARRAY_SIZE(vars), true, c);
}

static struct err *set_load_kexec(const struct config_var_at *v, const char *value)
{
	return config_flag(&v->place, v->row->name, value, &v->c->load_kexec);
}

static struct err *set_use_grub(const struct config_var_at *v, const char *value)
{
	bool given = false;
	struct err *err = config_flag(&v->place, v->row->name, value, &given);

	if (err || !given)
		return err;
	return config_warn(v->c, &v->place,
			   "USE_GRUB_CONFIG is left out: KERNEL_IMAGE, INITRD and APPEND "
			   "are what is loaded for a fast reboot");
}

struct err *kexec_conf_parse(const char *text, const char *file, struct capture_config *c)
{
	static const struct config_var kexec_vars[] = {
		{"LOAD_KEXEC", set_load_kexec, 0, NULL},
		{"KERNEL_IMAGE", config_var_set_file, CONFIG_MEMBER(kexec_kernel), NULL},
		{"INITRD", config_var_set_file, CONFIG_MEMBER(kexec_initrd), NULL},
		{"APPEND", config_var_set_string, CONFIG_MEMBER(kexec_append), NULL},
		{"USE_GRUB_CONFIG", set_use_grub, 0, NULL},
	};

	return config_vars_apply(text, file, kexec_vars, ARRAY_SIZE(kexec_vars), true, c);
}
