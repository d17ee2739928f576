/* Targets beyond the network: the way there, and what a client needs. */
#include "arm/elf_closure.h"
#include "arm/plan_priv.h"
#include "arm/root.h"
#include "base/child.h"
#include "base/str.h"

#include <string.h>

#define IMAGE_KEY	  "/etc/inquest/ssh_key"
#define IMAGE_KNOWN_HOSTS "/etc/inquest/known_hosts"
#define SSH_KEYGEN_MS	  20000

/* Take the way to @host along; *@t gets the server's address and ours. */
static struct err *add_way(struct planning *g, const char *host, struct manifest_target *t)
{
	struct plan *p = g->plan;
	struct network_way way;
	struct err *err = network_snapshot_add(&p->network, g->root, host, &way);

	if (err)
		return err;
	t->address = way.address;
	t->host = way.own_address;
	p->manifest.interfaces = p->network.interfaces;
	p->manifest.num_interfaces = p->network.num_interfaces;
	p->manifest.routes = p->network.routes;
	p->manifest.num_routes = p->network.num_routes;
	for (size_t i = 0; !err && i < p->network.num_modules; i++)
		err = plan_add_module(p, p->network.modules[i]);
	/* A DHCP server is asked through it; IPv6 is built in mostly. */
	if (!err)
		err = plan_add_module(p, "?af_packet");
	if (!err && strchr(way.address, ':'))
		err = plan_add_module(p, "?ipv6");
	return err;
}

/* "server:/export" or "[2001:db8::7]:/export": the server, copied. */
static struct err *server_of(const char *source, char **ret)
{
	bool is_bracketed = source[0] == '[';
	const char *end = is_bracketed ? strchr(source, ']') : strstr(source, ":/");

	if (!end || end == source + is_bracketed ||
	    (is_bracketed && !str_has_prefix(end, "]:/")))
		return err_new(ERR_USAGE, "%s is not SERVER:/EXPORT", source);
	*ret = strndup(source + is_bracketed, (size_t)(end - source) - is_bracketed);
	return *ret ? NULL : err_nomem();
}

/* Clients of the versions that may be used: of that which is named, else of all. */
static struct err *add_nfs_modules(struct planning *g, const char *options)
{
	cleanup(freep) char *version = NULL;
	struct err *err = mount_option(options, "vers", &version);

	if (!err && !version)
		err = mount_option(options, "nfsvers", &version);
	if (!err)
		err = plan_add_module(g->plan, "nfs");
	if (!err && (!version || version[0] == '4'))
		err = plan_add_module(g->plan, "nfsv4");
	if (!err && (!version || version[0] == '3'))
		err = plan_add_module(g->plan, "nfsv3");
	return err;
}

/* Options of a live mount are passed on; what is of that mount alone is left out where they
 * are used. Debian's variables stand for options. */
static const char *nfs_options(struct planning *g, const char *options)
{
	const struct config_nfs *nfs = &g->config->nfs;

	if (*options || !nfs->timeo_ds)
		return options;
	return plan_printf(g->plan, "timeo=%llu,retrans=%llu",
			   (unsigned long long)nfs->timeo_ds,
			   (unsigned long long)(nfs->retrans ? nfs->retrans : 3));
}

struct err *plan_nfs(struct planning *g, const char *source, const char *options,
		     const char *path, struct manifest_target *t)
{
	cleanup(freep) char *server = NULL;
	struct err *err = server_of(source, &server);

	*t = MANIFEST_TARGET_DEFAULTS;
	t->kind = "nfs";
	t->fs_type = "nfs";
	t->path = path;
	t->tries = g->config->nfs.mount_retries;
	t->device = plan_printf(g->plan, "%s", source);
	t->options = nfs_options(g, options);
	if (!err && (!t->device || !t->options))
		err = err_nomem();
	if (!err)
		err = add_way(g, server, t);
	if (!err)
		err = add_nfs_modules(g, t->options);
	if (!err)
		t->options = plan_printf(g->plan, "%s", t->options);
	if (!err && !t->options)
		err = err_nomem();
	return err ? err : plan_describe_target(g, t, t->device);
}

/* Append the lines of @file that are about @host, by its name or hashed. */
static struct err *find_host_keys(struct planning *g, const char *file, const char *host,
				  struct buf *b)
{
	cleanup(freep) char *full = NULL;
	struct child_output output = {.out = BUF_INIT};
	struct err *err = root_join(g->root, file, &full);
	const char *const argv[] = {"ssh-keygen", "-F", host, "-f", full, NULL};
	const struct child_spec spec = {.argv = argv};
	char *line, *pos;

	if (!err)
		err = child_run(&spec, SSH_KEYGEN_MS, NULL, &output);
	pos = !err && output.status == 0 ? output.out.data : NULL;
	while ((line = pos ? strsep(&pos, "\n") : NULL))
		if (*line && *line != '#')
			buf_printf(b, "%s\n", line);
	child_output_deinit(&output);
	return err ? err : buf_check(b);
}

/* The keys of the server that root has accepted: what is pinned now is all that is believed
 * then. */
static struct err *add_known_hosts(struct planning *g, const char *host)
{
	static const char *const files[] = {"/root/.ssh/known_hosts",
					    "/etc/ssh/ssh_known_hosts"};
	cleanup(buf_deinit) struct buf all = BUF_INIT;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++)
		if (root_has(g->root, files[i]))
			err = find_host_keys(g, files[i], host, &all);
	if (err)
		return err;
	if (!all.len)
		return err_new(
			ERR_REFUSED,
			"the key of %s is not in %s: log in there once as root, or run inquest propagate",
			host, files[0]);
	return image_files_add_data(&g->plan->files, IMAGE_KNOWN_HOSTS, all.data, all.len,
				    0600);
}

/* The client, and the user it believes to be. */
static struct err *add_ssh(struct planning *g)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n";
	struct image_files *files = &g->plan->files;
	struct err *err = elf_closure_add(files, g->root, "ssh", NULL);

	return err ? err
		   : image_files_add_data(files, "/etc/passwd", passwd, strlen(passwd),
					  0644);
}

struct err *plan_ssh(struct planning *g, const char *user_at_host,
		     struct manifest_target *t)
{
	const char *at = strrchr(user_at_host, '@');
	const char *key = g->config->ssh_key;
	struct err *err;

	if (!at || at == user_at_host || !at[1])
		return err_new(ERR_USAGE, "%s is not USER@HOST", user_at_host);
	if (!root_has(g->root, key))
		return err_new(
			ERR_REFUSED,
			"there is no key %s to log in to %s with: run inquest propagate, or set sshkey",
			key, user_at_host);
	*t = MANIFEST_TARGET_DEFAULTS;
	t->kind = "ssh";
	t->device = user_at_host;
	t->path = g->config->path;
	t->tries = g->config->ssh_retries;
	t->key = IMAGE_KEY;
	t->known_hosts = IMAGE_KNOWN_HOSTS;
	err = add_known_hosts(g, at + 1);
	if (!err)
		err = plan_add_file(g, IMAGE_KEY, key, 0600);
	if (!err)
		err = add_way(g, at + 1, t);
	if (!err)
		err = add_ssh(g);
	return err ? err : plan_describe_target(g, t, user_at_host);
}
