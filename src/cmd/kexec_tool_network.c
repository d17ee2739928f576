#include "cmd/kexec_tool_priv.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void take_down(int fd, const char *name)
{
	struct ifreq r = {0};

	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0 || !(r.ifr_flags & IFF_UP) ||
	    r.ifr_flags & IFF_LOOPBACK)
		return;
	r.ifr_flags = (short)(r.ifr_flags & ~IFF_UP);
	if (ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		fprintf(stderr, "ifdown: shutdown %s: %s\n", name, strerror(errno));
}

void kexec_tool_stop_network(void)
{
	cleanup(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *interfaces = if_nameindex();

	for (struct if_nameindex *i = interfaces; fd >= 0 && i && i->if_index; i++)
		take_down(fd, i->if_name);
	if (interfaces)
		if_freenameindex(interfaces);
}
