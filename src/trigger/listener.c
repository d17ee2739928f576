#include "trigger/listener.h"

#include "trigger/listener_priv.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define PEM_MAX	 (1u << 20)
#define BACKLOG	 1024u
#define POOL_LEN (40u << 10) /* of memory for one header, in the library's own form */

void wire_set_busy(struct listener *l, struct wire *w, bool is_busy)
{
	pthread_mutex_lock(&l->lock);
	w->is_busy = is_busy;
	w->since_ms = clock_now_ms();
	pthread_mutex_unlock(&l->lock);
}

static void add_wire(struct listener *l, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct wire *w = calloc(1, sizeof(*w));

	/* Without one it is served all the same; only the library's own timeout ends it. */
	*context = w;
	if (!w)
		return;
	w->fd = info ? info->connect_fd : -1;
	w->since_ms = clock_now_ms();
	pthread_mutex_lock(&l->lock);
	w->next = l->wires;
	if (w->next)
		w->next->prev = w;
	l->wires = w;
	l->num_wires++;
	pthread_mutex_unlock(&l->lock);
}

static void remove_wire(struct listener *l, struct wire *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&l->lock);
	if (w->next)
		w->next->prev = w->prev;
	if (w->prev)
		w->prev->next = w->next;
	else
		l->wires = w->next;
	l->num_wires--;
	pthread_mutex_unlock(&l->lock);
	free(w);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		add_wire(ctx, connection, context);
	else
		remove_wire(ctx, *context);
}

/* The library gives up on a connection that is silent; one that sends a byte now and then
 * is ours to give up on. The descriptor cannot be another's by now: it is closed only after
 * remove_wire(). */
static void shut_slow(struct listener *l, u64 now_ms)
{
	for (struct wire *w = l->wires; w; w = w->next)
		if (!w->is_busy && w->fd >= 0 &&
		    now_ms - w->since_ms > (u64)l->idle_s * 1000)
			shutdown(w->fd, SHUT_RDWR);
}

static void *watch(void *ctx)
{
	struct listener *l = ctx;
	struct timespec until;

	pthread_mutex_lock(&l->lock);
	while (!l->is_ending) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&l->ending, &l->lock, &until);
		shut_slow(l, clock_now_ms());
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)sa)
				     ->sin_addr.s_addr) >>
			       24 ==
		       127;
	return IN6_IS_ADDR_LOOPBACK(
		&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
}

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static must_check struct err *parse_address(const struct config_listener *where,
					    union address *ret)
{
	*ret = (union address){0};
	if (inet_pton(AF_INET, where->address, &ret->in.sin_addr) == 1) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(where->port);
		return NULL;
	}
	if (inet_pton(AF_INET6, where->address, &ret->in6.sin6_addr) == 1) {
		ret->in6.sin6_family = AF_INET6;
		ret->in6.sin6_port = htons(where->port);
		return NULL;
	}
	return err_new(ERR_BAD_DATA,
		       "%s is not an address to listen on, as 127.0.0.1 or ::1",
		       where->address);
}

struct pem {
	char *certificate, *key;
};

static void pem_deinit(struct pem *p)
{
	str_free_secret(p->key);
	free(p->certificate);
}

/* A group may have it: Debian's ssl-cert is for that. */
static must_check struct err *check_key(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_os(errno, "%s", path);
	if (st.st_mode & S_IRWXO)
		return err_new(
			ERR_REFUSED,
			"a private key that everybody may read or write: chmod o= %s",
			path);
	return NULL;
}

static must_check struct err *read_pem(const struct config_listener *where, struct pem *ret)
{
	struct err *err = NULL;

	if (!where->certificate)
		return NULL;
	err = io_read_file(where->certificate, PEM_MAX, &ret->certificate, NULL);
	if (!err)
		err = check_key(where->key);
	if (!err)
		err = io_read_file(where->key, PEM_MAX, &ret->key, NULL);
	return err;
}

/* MHD wants a daemon with TLS to be told so by options that one without refuses. */
static struct MHD_Daemon *start_daemon(struct listener *l, const struct listener_options *o,
				       union address *address, const struct pem *pem)
{
	const struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, pem->certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, pem->key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0,
		 (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 (l->is_tls ? MHD_USE_TLS : 0) |
			 (address->sa.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	return MHD_start_daemon(
		flags, 0, NULL, NULL, exchange_handle, l, MHD_OPTION_SOCK_ADDR,
		&address->sa, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_end, l, MHD_OPTION_URI_LOG_CALLBACK,
		exchange_begin, l, MHD_OPTION_CONNECTION_LIMIT, o->connections,
		MHD_OPTION_CONNECTION_TIMEOUT, o->idle_s,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_LEN,
		MHD_OPTION_THREAD_POOL_SIZE, o->threads > 1 ? o->threads : 0,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, BACKLOG, MHD_OPTION_LISTENING_ADDRESS_REUSE,
		1u, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
		l->is_tls ? tls : none, MHD_OPTION_END);
}

static struct listener *listener_new(const struct listener_options *o)
{
	struct listener *l = calloc(1, sizeof(*l));
	pthread_condattr_t attr;

	if (!l)
		return NULL;
	l->handle = o->handle;
	l->ctx = o->ctx;
	l->is_tls = o->where->certificate != NULL;
	l->quiet_fd = -1;
	l->idle_s = o->idle_s;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->ending, &attr);
	pthread_condattr_destroy(&attr);
	return l;
}

static must_check struct err *start(struct listener *l, const struct listener_options *o,
				    union address *address)
{
	cleanup(pem_deinit) struct pem pem = {0};
	const union MHD_DaemonInfo *info;
	struct err *err = read_pem(o->where, &pem);

	if (err)
		return err;
	errno = 0;
	l->daemon = start_daemon(l, o, address, &pem);
	if (!l->daemon && errno)
		return err_os(errno, "cannot listen on %s port %u", o->where->address,
			      o->where->port);
	if (!l->daemon)
		return err_new(ERR_BAD_DATA,
			       "cannot listen on %s port %u: the address is in use, or %s",
			       o->where->address, o->where->port,
			       l->is_tls ? "certificate and key are not a pair in PEM form"
					 : "it is not one of this machine");
	info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT);
	l->port = info ? info->port : o->where->port;
	if (pthread_create(&l->watchdog, NULL, watch, l) != 0)
		return err_new(ERR_OS, "no thread for the listener");
	l->has_watchdog = true;
	return NULL;
}

must_check struct err *listener_start(const struct listener_options *o,
				      struct listener **ret)
{
	cleanup(listener_stopp) struct listener *l = NULL;
	union address address;
	struct err *err = parse_address(o->where, &address);

	if (err)
		return err;
	if (!o->where->certificate && !o->where->plain_anywhere &&
	    !is_loopback(&address.sa))
		return err_new(
			ERR_REFUSED,
			"plain HTTP on %s: everybody on the way could read and change "
			"what is sent; give a certificate and its key, or listen on "
			"127.0.0.1",
			o->where->address);
	l = listener_new(o);
	if (!l)
		return err_nomem();
	err = start(l, o, &address);
	if (err)
		return err;
	*ret = steal(l);
	return NULL;
}

u16 listener_port(const struct listener *l)
{
	return l->port;
}

u32 listener_connections(const struct listener *l)
{
	struct listener *m = (struct listener *)(uintptr_t)l;
	u32 count;

	pthread_mutex_lock(&m->lock);
	count = m->num_wires;
	pthread_mutex_unlock(&m->lock);
	return count;
}

void listener_quiesce(struct listener *l)
{
	if (!l->is_quiet)
		l->quiet_fd = MHD_quiesce_daemon(l->daemon);
	l->is_quiet = true;
}

void listener_stop(struct listener *l)
{
	if (!l)
		return;
	if (l->has_watchdog) {
		pthread_mutex_lock(&l->lock);
		l->is_ending = true;
		pthread_cond_signal(&l->ending);
		pthread_mutex_unlock(&l->lock);
		pthread_join(l->watchdog, NULL);
	}
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	if (l->quiet_fd >= 0)
		close(l->quiet_fd);
	pthread_cond_destroy(&l->ending);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
