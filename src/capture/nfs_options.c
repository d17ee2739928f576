#include "capture/nfs_options.h"

#include "base/str.h"

#include <string.h>

/* How long a server may be silent: 60 s a try, so that a reboot of it is survived. */
#define TIMEO	"600"
#define RETRANS "3"

struct word {
	const char *text;
	size_t len;
};

static bool next_word(const char **at, struct word *ret)
{
	*at += strspn(*at, ",");
	ret->text = *at;
	ret->len = strcspn(*at, ",");
	*at += ret->len;
	return ret->len > 0;
}

/* Is @w the option @name, with a value or without? */
static bool is_option(const struct word *w, const char *name)
{
	size_t len = strlen(name);

	return w->len >= len && strncmp(w->text, name, len) == 0 &&
	       (w->len == len || w->text[len] == '=');
}

static bool has_option(const char *options, const char *name)
{
	struct word w;

	while (next_word(&options, &w))
		if (is_option(&w, name))
			return true;
	return false;
}

static bool is_version(const struct word *w)
{
	static const char *const names[] = {"vers", "nfsvers", "v3",  "v4",
					    "v4.0", "v4.1",    "v4.2"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_option(w, names[i]))
			return true;
	return false;
}

static bool names_version(const char *options)
{
	struct word w;

	while (next_word(&options, &w))
		if (is_version(&w))
			return true;
	return false;
}

void nfs_versions(const char *options, const char *ret[NFS_VERSIONS_MAX])
{
	static const char *const all[NFS_VERSIONS_MAX] = {"4.1", "4.2", "4.0", "3", NULL};

	memcpy(ret, all, sizeof(all));
	if (!names_version(options))
		return;
	if (strstr(options, "4.2")) {
		ret[1] = "";
		ret[2] = NULL;
	} else {
		ret[0] = "";
		ret[1] = NULL;
	}
}

/* Words for mount(8), for flags that we set ourselves, and what was true of another mount.
 */
static bool is_left_out(const struct word *w)
{
	static const char *const names[] = {
		"hard",	     "ro",	   "rw",	  "addr",     "clientaddr",
		"mountaddr", "auto",	   "noauto",	  "nofail",   "nobootwait",
		"_netdev",   "defaults",   "bg",	  "fg",	      "retry",
		"user",	     "nouser",	   "users",	  "group",    "owner",
		"suid",	     "nosuid",	   "dev",	  "nodev",    "exec",
		"noexec",    "atime",	   "noatime",	  "relatime", "norelatime",
		"diratime",  "nodiratime", "strictatime", "comment",  "lock",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_option(w, names[i]))
			return true;
	return w->len > 2 && w->text[0] == 'x' && w->text[1] == '-';
}

static void add_default(struct buf *b, const char *options, const char *name,
			const char *value)
{
	if (has_option(options, name))
		return;
	buf_printf(b, ",%s%s%s", name, *value ? "=" : "", value);
}

/* Version 3 is mounted by a protocol of its own, which the kernel speaks as well. */
static bool may_be_3(const char *options, const char *version)
{
	if (*version)
		return str_eq(version, "3");
	return has_option(options, "v3") || strstr(options, "vers=3");
}

void nfs_options_add(const struct nfs_mount *m, const char *version, struct buf *b)
{
	const char *at = m->options;
	const char *transport = strchr(m->address, ':') ? "tcp6" : "tcp";
	char port[24];
	struct word w;

	buf_printf(b, "addr=%s", m->address);
	if (*version)
		buf_printf(b, ",vers=%s", version);
	while (next_word(&at, &w))
		if (!is_left_out(&w) && !(*version && is_version(&w)))
			buf_printf(b, ",%.*s", (int)w.len, w.text);
	add_default(b, m->options, "soft", "");
	add_default(b, m->options, "proto", transport);
	add_default(b, m->options, "timeo", TIMEO);
	add_default(b, m->options, "retrans", RETRANS);
	snprintf(port, sizeof(port), "%llu", (unsigned long long)m->port);
	if (m->port)
		add_default(b, m->options, "port", port);
	if (may_be_3(m->options, version)) {
		buf_printf(b, ",mountaddr=%s", m->address);
		add_default(b, m->options, "nolock", "");
		add_default(b, m->options, "mountproto", transport);
	} else if (m->own_address && *m->own_address) {
		buf_printf(b, ",clientaddr=%s", m->own_address);
	}
}
