/* The pages of kdump-config, with the words, the order and the white space of Debian 12's
 * kdump-tools; KDUMP_SYSCTL is from older releases, and shown where it is set.
 */
#include "cmd/kdump_config.h"

#include "arm/root.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define COMMAND_BYTES_MAX 16384
#define COMMAND_FILE	  "/kexec_cmd"

static const char *kernel_of(const struct service *s)
{
	const char *image = s->config.kernel_image;

	return image[0] == '/' ? image : KDUMP_CONFIG_KERNEL;
}

static const char *initrd_of(const struct service *s)
{
	return *s->config.initrd ? s->config.initrd : KDUMP_CONFIG_INITRD;
}

/* "   PATH", and for a link what file(1) says of it. */
static struct err *add_file(const struct service *s, const char *path, struct buf *b)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(s->root, path, &full);
	char target[PATH_MAX];
	ssize_t len;

	if (err)
		return err;
	len = readlink(full, target, sizeof(target) - 1);
	buf_printf(b, "   %s", path);
	if (len > 0) {
		target[len] = '\0';
		buf_printf(b, ": %ssymbolic link to %s",
			   root_has(s->root, path) ? "" : "broken ", target);
	}
	buf_add_char(b, '\n');
	return NULL;
}

static void add_address(const struct arm_status *status, struct buf *b)
{
	if (status->crashkernel_start)
		buf_printf(b, "0x%llx", (unsigned long long)status->crashkernel_start);
	buf_add_char(b, '\n');
}

static void add_sysctls(const struct config_words *sysctls, struct buf *b)
{
	if (!sysctls->count)
		return;
	buf_add_str(b, "KDUMP_SYSCTL:\t\t");
	for (size_t i = 0; i < sysctls->count; i++)
		buf_printf(b, "%s%s", i ? " " : "", sysctls->words[i]);
	buf_add_char(b, '\n');
}

static u64 or_default(u64 value, u64 otherwise)
{
	return value ? value : otherwise;
}

static void add_target(const struct capture_config *c, const struct config_target *t,
		       struct buf *b)
{
	if (t->kind == CONFIG_TARGET_SSH)
		buf_printf(b, "SSH:              %s\nSSH_KEY:          %s\n", t->spec,
			   *c->ssh_key ? c->ssh_key : "/root/.ssh/kdump_id_rsa");
	if (t->kind == CONFIG_TARGET_NFS)
		buf_printf(b,
			   "NFS:              %s\nNFS_TIMEO:        %llu\n"
			   "NFS_RETRANS       %llu\n",
			   t->spec, (unsigned long long)or_default(c->nfs.timeo_ds, 600),
			   (unsigned long long)or_default(c->nfs.retrans, 3));
}

static void add_targets(const struct capture_config *c, struct buf *b)
{
	bool is_remote = false;

	for (size_t i = 0; i < c->num_targets; i++) {
		add_target(c, &c->targets[i], b);
		is_remote |= c->targets[i].kind == CONFIG_TARGET_SSH ||
			     c->targets[i].kind == CONFIG_TARGET_NFS;
	}
	if (is_remote)
		buf_printf(b, "HOSTTAG:          %s\n",
			   c->host_tag == CONFIG_HOST_TAG_IP ? "ip" : "hostname");
}

static struct err *add_recorded_command(const struct service *s, struct buf *b)
{
	cleanup(freep) char *path = NULL;
	cleanup(freep) char *command = NULL;

	if (asprintf(&path, "%s" COMMAND_FILE, s->config.path) < 0) {
		path = NULL;
		return err_nomem();
	}
	command = root_read_or_null(s->root, path, COMMAND_BYTES_MAX);
	buf_printf(b, "\nkexec command:\n  %s\n",
		   command ? command : "no kexec command recorded");
	return NULL;
}

static void add_head(const struct service *s, struct buf *b)
{
	buf_printf(b, "USE_KDUMP:\t\t%d\n", s->config.is_enabled ? 1 : 0);
	add_sysctls(&s->config.sysctls, b);
	buf_printf(b, "KDUMP_COREDIR:\t\t%s\n", s->config.path);
}

struct err *kdump_config_add_show(const struct service *s, struct buf *b)
{
	struct arm_status status;
	struct err *err = arm_status_read(s->root, &status);

	if (err)
		return err;
	buf_add_str(b, "DUMP_MODE:\t\tkdump\n");
	add_head(s, b);
	buf_add_str(b, "crashkernel addr: ");
	add_address(&status, b);
	err = add_file(s, kernel_of(s), b);
	buf_add_str(b, "kdump initrd: \n");
	if (!err)
		err = add_file(s, initrd_of(s), b);
	add_targets(&s->config, b);
	buf_printf(b, "current state:    %s\n",
		   arm_is_ready(&status) ? "ready to kdump" : "Not ready to kdump");
	arm_status_deinit(&status);
	return err ? err : add_recorded_command(s, b);
}

struct err *kdump_config_add_test(const struct service *s, const char *command,
				  struct buf *b)
{
	struct arm_status status;
	struct err *err = arm_status_read(s->root, &status);

	if (err)
		return err;
	add_head(s, b);
	buf_add_str(b, "crashkernel addr\t\t");
	add_address(&status, b);
	arm_status_deinit(&status);
	buf_add_str(b, "kdump kernel addr\t\trelocatable\nkdump kernel:\n");
	err = add_file(s, kernel_of(s), b);
	buf_add_str(b, "kdump initrd: \n");
	if (!err)
		err = add_file(s, initrd_of(s), b);
	buf_printf(b, "kexec command to be used:\n  %s\n", command);
	return err;
}

/* In double quotes, so that a shell would take it as it stands. */
static void add_quoted(const char *text, struct buf *b)
{
	buf_add_char(b, '"');
	for (; *text; text++) {
		if (strchr("\"\\$`", *text))
			buf_add_char(b, '\\');
		buf_add_char(b, *text);
	}
	buf_add_char(b, '"');
}

void kdump_config_add_command(const struct service *s, const char *command_line,
			      struct buf *b)
{
	const struct config_words *args = &s->config.kexec_args;

	buf_add_str(b, "/sbin/kexec -p");
	for (size_t i = 0; i < args->count; i++)
		buf_printf(b, " %s", args->words[i]);
	buf_add_str(b, " --command-line=");
	add_quoted(command_line, b);
	buf_printf(b, " --initrd=%s %s", initrd_of(s), kernel_of(s));
}

static struct err *make_core_dir(const struct service *s)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(s->root, s->config.path, &full);

	if (err)
		return err;
	for (char *p = full + strlen(s->root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	if (mkdir(full, 0755) < 0 && errno != EEXIST)
		return err_os(errno, "cannot make the directory %s", full);
	return NULL;
}

struct err *kdump_config_record(const struct service *s, const char *command)
{
	cleanup(freep) char *path = NULL;
	cleanup(freep) char *line = NULL;
	struct err *err = make_core_dir(s);
	int len;

	if (err)
		return err;
	if (asprintf(&path, "%s%s" COMMAND_FILE, s->root, s->config.path) < 0) {
		path = NULL;
		return err_nomem();
	}
	len = asprintf(&line, "%s\n", command);
	if (len < 0) {
		line = NULL;
		return err_nomem();
	}
	return io_write_file(path, 0644, line, (size_t)len);
}
