/* A directory of an NFS server, by the kernel's own client and mount(2) alone. */
#include "capture/target.h"

#include "base/str.h"
#include "capture/network.h"
#include "capture/nfs_options.h"
#include "capture/remote.h"

#include <errno.h>
#include <string.h>

#define NFS_PORT 2049

/* Nothing of another version changes these. */
static bool is_final(const struct err *err)
{
	int e = err_errno(err);

	return e == EACCES || e == EPERM || e == ETIMEDOUT || e == EHOSTUNREACH ||
	       e == ENODEV;
}

static struct err *mount_version(const struct target *t, const struct nfs_mount *m,
				 const char *version)
{
	cleanup(buf_deinit) struct buf options = BUF_INIT;
	struct err *err;

	nfs_options_add(m, version, &options);
	err = buf_check(&options);
	if (!err)
		err = target_mount(t, t->row->device, "nfs", options.data);
	return err_wrap(err, "options %s", buf_text(&options));
}

static struct err *mount_export(const struct target *t)
{
	char own[IP_TEXT_SIZE];
	const struct nfs_mount m = {
		.options = t->row->options,
		.address = t->row->address,
		.own_address = network_own_address(own, t->row->address),
		.port = t->row->port,
	};
	const char *versions[NFS_VERSIONS_MAX];
	struct err *first = NULL;

	nfs_versions(m.options, versions);
	for (size_t i = 0; versions[i]; i++) {
		struct err *err = mount_version(t, &m, versions[i]);

		if (!err) {
			err_free(first);
			return NULL;
		}
		if (is_final(err)) {
			err_free(first);
			return err;
		}
		/* The newest version's words are the ones that help. */
		if (first)
			err_free(err);
		else
			first = err;
	}
	return first;
}

static struct err *nfs_open(const struct target *t)
{
	return remote_open(t, NFS_PORT, mount_export);
}

const struct target_kind target_kind_nfs = {
	.name = "nfs",
	.holds_files = true,
	.is_remote = true,
	.open = nfs_open,
	.begin = target_directory_begin,
	.save = target_directory_save,
	.left_over = target_directory_left_over,
	.space = target_directory_space,
	.close = target_directory_close,
};
