#include "machine/qmp_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct err *qmp_socket_bind(const char *path, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup(closep) int fd = -1;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return err_new(ERR_USAGE,
			       "QMP socket \"%s\": the path of a socket has 1 to %zu bytes",
			       path, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_os(errno, "cannot make a QMP socket");
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EADDRINUSE)
			return err_new(ERR_REFUSED,
				       "%s is there already: remove it, or name another "
				       "path for the QMP socket",
				       path);
		return err_os(errno, "cannot make the QMP socket %s", path);
	}
	if (chmod(address.sun_path, 0600) < 0) {
		struct err *err =
			err_os(errno, "cannot protect the QMP socket %s", address.sun_path);

		unlink(address.sun_path);
		return err;
	}
	*ret_fd = steal_fd(&fd);
	return NULL;
}
