/* net: interfaces, neighbours, and the sockets of tasks. */
#include "shell/command.h"

#include "analyse/type_text.h"
#include "base/str.h"
#include "kernel/net_device.h"
#include "kernel/open_file.h"
#include "kernel/socket.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* ---- interfaces ---- */

struct interfaces {
	struct shell *s;
	size_t num_addresses;
};

static const char *address_text(bool is_v6, const u8 *bytes, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes, text, INET6_ADDRSTRLEN);
}

static void print_address(void *ctx, const struct net_address *a)
{
	char text[INET6_ADDRSTRLEN];
	struct interfaces *l = ctx;

	buf_printf(shell_out(l->s), "%s%s", l->num_addresses++ ? ", " : "",
		   address_text(a->is_v6, a->bytes, text));
}

static bool print_interface(void *ctx, const struct net_device *d)
{
	struct interfaces *l = ctx;
	struct buf *b = shell_out(l->s);
	size_t start;
	struct err *err;

	buf_printf(b, "%016llx  ", (unsigned long long)d->addr);
	start = b->len;
	shell_text(l->s, d->name);
	while (b->len - start < 10 && !b->failed)
		buf_add_char(b, ' ');
	buf_add_char(b, ' ');
	l->num_addresses = 0;
	err = net_device_each_address(l->s->k, d, print_address, l);
	buf_add_char(b, '\n');
	if (err)
		shell_tell(l->s, "net", err);
	return !shell_is_over(l->s);
}

static struct err *print_interfaces(struct shell *s, vaddr_t net)
{
	struct interfaces l = {.s = s};

	buf_add_str(shell_out(s), "   NET_DEVICE     NAME       IP ADDRESS(ES)\n");
	return net_device_each(s->k, net, print_interface, &l);
}

/* ---- neighbours ---- */

/* Bit by bit, NUD_INCOMPLETE first. */
static const char *state_name(u64 state)
{
	static const char *const names[] = {"INCOMPLETE", "REACHABLE", "STALE",
					    "DELAY",	  "PROBE",     "FAILED",
					    "NOARP",	  "PERMANENT"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (state >> i & 1)
			return names[i];
	return "NONE";
}

static const char *hardware_name(u64 type)
{
	return type == 1 ? "ETHER" : type == 32 ? "INFINIBAND" : "UNKNOWN";
}

static bool print_neighbour(void *ctx, const struct neighbour *n)
{
	struct interfaces *l = ctx;
	struct buf *b = shell_out(l->s);
	char text[INET6_ADDRSTRLEN];
	size_t start;

	if (!l->num_addresses++)
		buf_add_str(b, "NEIGHBOUR        IP ADDRESS      HW TYPE    HW ADDRESS     "
			       "    DEVICE  STATE\n");
	buf_printf(b, "%016llx %-15s %-10s ", (unsigned long long)n->addr,
		   address_text(false, n->address, text), hardware_name(n->hardware_type));
	start = b->len;
	for (u64 i = 0; i < n->hardware_len; i++)
		buf_printf(b, "%s%02x",
			   !i			   ? ""
			   : n->hardware_type == 1 ? ":"
						   : " ",
			   n->hardware[i]);
	while (b->len - start < 19 && !b->failed)
		buf_add_char(b, ' ');
	start = b->len;
	shell_text(l->s, n->device);
	while (b->len - start < 7 && !b->failed)
		buf_add_char(b, ' ');
	buf_printf(b, " %s\n", state_name(n->state));
	return !shell_is_over(l->s);
}

/* ---- sockets ---- */

struct how {
	char what; /* 's', 'S', 'a', 'n', or 0 for the interfaces */
	const char *reference;
	bool is_foreach;
	struct type_text_options text;
};

struct sockets {
	struct shell *s;
	const struct how *how;
	const struct task *task;
	size_t count;
};

static void print_end(struct buf *b, const struct socket *s, const u8 *address, u16 port)
{
	bool is_v6 = s->family == SOCKET_AF_INET6;
	char text[INET6_ADDRSTRLEN];

	buf_printf(b, is_v6 ? " [%s]-%-5u" : " %15s-%-5u",
		   address_text(is_v6, address, text), port);
}

static void print_short(struct shell *s, unsigned fd, const struct socket *socket)
{
	const char *family = socket_family_name(socket), *type = socket_type_name(socket);
	struct buf *b = shell_out(s);

	buf_printf(b, "%2u %016llx %016llx ", fd, (unsigned long long)socket->addr,
		   (unsigned long long)socket->sock);
	if (family)
		buf_printf(b, "%s:", family);
	else
		buf_printf(b, "%llu:", (unsigned long long)socket->family);
	if (type)
		buf_printf(b, "%s ", type);
	else
		buf_printf(b, "%llu ", (unsigned long long)socket->type);
	if (socket->has_ends) {
		print_end(b, socket, socket->source, socket->source_port);
		print_end(b, socket, socket->destination, socket->destination_port);
	}
	buf_add_char(b, '\n');
}

static void print_struct(struct shell *s, const struct how *how, const char *name,
			 vaddr_t addr)
{
	struct type_ref type;
	struct types *types;
	struct object o;
	struct err *err = shell_types(s, &types);

	if (err || !types_find(types, name, BTF_BIT(BTF_KIND_STRUCT), &type)) {
		err_ignore(err);
		return;
	}
	o = object_at(types, type, addr);
	type_text_object(shell_out(s), &o, &how->text);
}

static void print_long(struct shell *s, const struct how *how, unsigned fd,
		       const struct socket *socket)
{
	bool is_inet =
		socket->family == SOCKET_AF_INET || socket->family == SOCKET_AF_INET6;

	buf_printf(shell_out(s),
		   "FD       SOCKET             SOCK      \n%2u  %016llx  %016llx\n\n", fd,
		   (unsigned long long)socket->addr, (unsigned long long)socket->sock);
	print_struct(s, how, "socket", socket->addr);
	if (socket->sock)
		print_struct(s, how, is_inet ? "inet_sock" : "sock", socket->sock);
	buf_add_char(shell_out(s), '\n');
}

static bool is_meant(const char *word, unsigned fd, const struct socket *s)
{
	char *end;
	u64 number = strtoull(word, &end, 10);

	if (!*end && isdigit((unsigned char)*word) && number == fd)
		return true;
	number = strtoull(word, &end, 16);
	return !*end && number && (number == s->addr || number == s->sock);
}

static bool print_socket(void *ctx, const struct open_file *f)
{
	struct sockets *l = ctx;
	struct socket socket;
	struct err *err;

	if (!f->inode || !str_eq(file_type_name(f->mode), "SOCK"))
		return true;
	err = socket_read(l->s->k, f->private, &socket);
	if (err) {
		shell_tell(l->s, "net", err);
		return true;
	}
	if (l->how->reference && !is_meant(l->how->reference, f->fd, &socket))
		return true;
	if (!l->count++) {
		if (l->how->reference)
			shell_task_header(l->s, l->task);
		if (l->how->what == 's')
			buf_add_str(shell_out(l->s),
				    "FD      SOCKET            SOCK       FAMILY:TYPE "
				    "SOURCE-PORT DESTINATION-PORT\n");
	}
	if (l->how->what == 's')
		print_short(l->s, f->fd, &socket);
	else
		print_long(l->s, l->how, f->fd, &socket);
	return !shell_is_over(l->s);
}

static struct err *print_sockets(struct shell *s, const struct how *how,
				 const struct task *t)
{
	struct sockets l = {.s = s, .how = how, .task = t};
	struct err *err;

	if (!how->reference)
		shell_task_header(s, t);
	err = open_file_each(s->k, t->addr, print_socket, &l);
	if (!err && !l.count && !how->reference)
		buf_add_str(shell_out(s), "No open sockets.\n");
	if (how->is_foreach && (l.count || !how->reference))
		buf_add_char(shell_out(s), '\n');
	return err;
}

/* ---- the command ---- */

/* -N: "10.1.16.62" of a number as it lies in memory. */
static struct err *print_number(struct shell *s, const char *word)
{
	char text[INET6_ADDRSTRLEN];
	u8 bytes[4];
	u64 number;
	struct err *err = shell_number(s, word, &number);

	if (err)
		return err;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)(number >> 8 * i);
	buf_printf(shell_out(s), "%s\n", address_text(false, bytes, text));
	return NULL;
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct how *how,
				const char **ret_number)
{
	char option;
	struct err *err;

	how->text.hex = s->radix == 16;
	*ret_number = NULL;
	while (!(err = shell_option(w, "sSanR:N:xd", &option)) && option) {
		if (option == 'R')
			how->reference = w->value;
		else if (option == 'N')
			*ret_number = w->value;
		else if (option == 'x' || option == 'd')
			how->text.hex = option == 'x';
		else
			how->what = option;
	}
	return err;
}

static struct err *run_for_task(struct shell *s, const struct how *how,
				const struct task *t)
{
	vaddr_t net;
	struct err *err;

	if (how->what != 'n')
		return print_sockets(s, how, t);
	err = net_of_task(s->k, t->addr, &net);
	return err ? err : print_interfaces(s, net);
}

static struct err *run_for_tasks(struct shell *s, const struct shell_words *w,
				 const struct how *how)
{
	const struct task_row *row;
	struct err *err = shell_context(s, &row);

	if (!err && !w->num_operands)
		err = run_for_task(s, how, &row->task);
	for (size_t i = 0; !err && i < w->num_operands && !shell_is_over(s); i++) {
		row = shell_find_task(s, w->words[i]);
		err = row ? run_for_task(s, how, &row->task)
			  : err_new(ERR_ABSENT, "invalid task or pid value: %s",
				    w->words[i]);
	}
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {.what = '\0'};
	struct interfaces l = {.s = s};
	const char *number;
	vaddr_t net;
	struct err *err = read_options(s, w, &how, &number);

	if (err)
		return err;
	if (number)
		return print_number(s, number);
	if (how.what == 'a')
		return neighbour_each(s->k, print_neighbour, &l);
	if (how.what)
		return run_for_tasks(s, w, &how);
	err = shell_check_operands(w, 0, 0);
	if (!err)
		err = kernel_symbol_get(s->k, "init_net", &net);
	return err ? err : print_interfaces(s, net);
}

static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct how how = {.is_foreach = true};
	const char *number;
	struct err *err = read_options(s, w, &how, &number);

	if (!err && how.what != 's' && how.what != 'S')
		err = err_new(ERR_USAGE, "-s or -S is required with foreach");
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++)
		err = print_sockets(s, &how, &rows[i]->task);
	return err;
}

const struct shell_command shell_cmd_net = {
	.name = "net",
	.synopsis =
		"[[-s | -S] [-xd] [-R ref] [pid | task]] [-a] [-n [pid | task]] [-N addr]",
	.summary = "network command",
	.help = "Show the network interfaces and their addresses.\n\n"
		"    -n [task]  those that this task sees, by pid or address; without it, the\n"
		"               current one.\n"
		"    -a         the ARP cache.\n"
		"    -s [task]  the open sockets: struct socket and sock, family and type, and of\n"
		"               INET and INET6 both ends with their ports.\n"
		"    -S [task]  the same as whole structures.\n"
		"    -R ref     with -s and -S, only this descriptor, socket or sock.\n"
		"    -N addr    this number as an IPv4 address.\n"
		"    -x, -d     with -S, numbers in hexadecimal, decimal.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
