#include "kernel/socket.h"

#include "kernel/field.h"

static const char *name_of(u64 number, const char *const *names, size_t count)
{
	return number < count ? names[number] : NULL;
}

const char *socket_family_name(const struct socket *s)
{
	static const char *const names[] = {
		[0] = "UNSPEC", [1] = "UNIX",	   [2] = "INET",       [3] = "AX25",
		[4] = "IPX",	[5] = "APPLETALK", [6] = "NETROM",     [9] = "X25",
		[10] = "INET6", [15] = "KEY",	   [16] = "NETLINK",   [17] = "PACKET",
		[29] = "CAN",	[30] = "TIPC",	   [31] = "BLUETOOTH", [38] = "ALG",
		[40] = "VSOCK", [44] = "XDP",
	};

	return name_of(s->family, names, ARRAY_SIZE(names));
}

const char *socket_type_name(const struct socket *s)
{
	static const char *const names[] = {
		[1] = "STREAM",	   [2] = "DGRAM", [3] = "RAW",	   [4] = "RDM",
		[5] = "SEQPACKET", [6] = "DCCP",  [10] = "PACKET",
	};

	return name_of(s->type, names, ARRAY_SIZE(names));
}

/* Ports: the far one in the order of the network, ours in that of the machine. */
static struct err *read_ends(struct kernel *k, struct socket *s)
{
	bool is_v6 = s->family == SOCKET_AF_INET6;
	size_t len = is_v6 ? 16 : 4;
	struct field near = field_find(k, "sock",
				       is_v6 ? "__sk_common.skc_v6_rcv_saddr"
					     : "__sk_common.skc_rcv_saddr");
	struct field far = field_find(
		k, "sock", is_v6 ? "__sk_common.skc_v6_daddr" : "__sk_common.skc_daddr");
	u64 number, port;
	struct err *err;

	if (!near.present || !far.present)
		return NULL;
	err = kernel_read(k, s->sock + near.offset, s->source, len);
	if (!err)
		err = kernel_read(k, s->sock + far.offset, s->destination, len);
	if (!err)
		err = field_read_by_name(k, s->sock, "sock", "__sk_common.skc_num",
					 &number);
	if (!err)
		err = field_read_by_name(k, s->sock, "sock", "__sk_common.skc_dport",
					 &port);
	if (err)
		return err;
	s->source_port = (u16)number;
	s->destination_port = (u16)((port & 0xff) << 8 | (port >> 8 & 0xff));
	s->has_ends = true;
	return NULL;
}

struct err *socket_read(struct kernel *k, vaddr_t addr, struct socket *ret)
{
	struct socket s = {.addr = addr};
	struct err *err = field_read_by_name(k, addr, "socket", "sk", &s.sock);

	if (!err)
		err = field_read_by_name(k, addr, "socket", "type", &s.type);
	if (!err && s.sock)
		err = field_read_by_name(k, s.sock, "sock", "__sk_common.skc_family",
					 &s.family);
	if (!err && s.sock && (s.family == SOCKET_AF_INET || s.family == SOCKET_AF_INET6))
		err = read_ends(k, &s);
	if (!err)
		*ret = s;
	return err;
}
