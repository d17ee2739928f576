#include "cmd/sd_notify.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

bool sd_notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	cleanup(closep) int fd = -1;
	size_t len = path ? strlen(path) : 0;

	if (!len || len >= sizeof(to.sun_path))
		return false;
	memcpy(to.sun_path, path, len);
	/* "@name" is an abstract one, whose first byte is 0. */
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 &&
	       sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) >= 0;
}

bool sd_notify_reloading(void)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_printf(&b, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)(clock_now_ns() / 1000));
	return !b.failed && sd_notify_send(b.data);
}
