/*
 * A load generator for inquestd: signed requests over connections that are kept, one
 * outstanding on each. All is signed before the clock starts; what it costs itself is said.
 *
 * usage: trigger_load PORT CONNECTIONS REQUESTS PRINCIPALS dry|send SERVER-PID
 *
 * Principals are AKIDLOAD0000 and so on, all with the secret "secret". `dry` asks for
 * instance i-00000000 with DryRun and expects 412; `send` asks each instance once,
 * i-00000000 upwards, and expects 200. Prints NAME=NUMBER lines.
 */
#include "access/sigv4.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define ANSWER_MAX 4096

struct connection {
	int fd;
	size_t sent; /* of the request */
	const struct buf *request;
	char answer[ANSWER_MAX + 1];
	size_t len;
	u64 start_ns;
};

struct load {
	unsigned port;
	size_t num_connections, num_requests, num_principals;
	bool is_dry;
	struct buf *requests; /* signed, one for each principal or each instance */
	size_t num_signed;
	struct connection *connections;
	u32 *took_us;
	size_t begun, done, unexpected;
	int epoll;
};

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "trigger_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sign(struct load *l, size_t i, struct buf *ret)
{
	char body[160], host[32], key[32];
	const struct sigv4_header headers[] = {
		{"Host", host},
		{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
	};
	struct sigv4_request r = {
		.method = "POST", .path = "/", .headers = headers, .num_headers = 2};
	struct sigv4_signer signer = {.access_key = key,
				      .secret = "secret",
				      .region = "us-east-1",
				      .service = "ec2",
				      .time = (s64)time(NULL)};
	struct sigv4_signature signature;
	struct err *err;

	snprintf(host, sizeof(host), "127.0.0.1:%u", l->port);
	snprintf(key, sizeof(key), "AKIDLOAD%04zu", i % l->num_principals);
	snprintf(body, sizeof(body),
		 "Action=SendDiagnosticInterrupt&Version=2016-11-15&InstanceId=i-%08zx%s",
		 l->is_dry ? 0 : i, l->is_dry ? "&DryRun=true" : "");
	r.body = body;
	r.body_len = strlen(body);
	err = sigv4_sign(&r, &signer, &signature);
	if (err)
		give_up(err_message(err));
	buf_printf(
		ret,
		"POST / HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: identity\r\n"
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
		"User-Agent: aws-cli/2.9.19 Python/3.11.2 Linux source/x86_64.debian.12\r\n"
		"X-Amz-Date: %s\r\nAuthorization: %s\r\nContent-Length: %zu\r\n\r\n%s",
		host, signature.date, signature.authorization, r.body_len, body);
	sigv4_signature_deinit(&signature);
	if (ret->failed)
		give_up("signing");
}

static void open_connection(struct load *l, struct connection *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((u16)l->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		give_up("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		give_up("epoll_ctl");
}

/* A request is smaller than any socket's buffer, and the last one was read by the server.
 */
static void begin(struct load *l, struct connection *c)
{
	c->len = 0;
	c->request = &l->requests[l->begun++ % l->num_signed];
	c->start_ns = clock_now_ns();
	if (send(c->fd, c->request->data, c->request->len, MSG_NOSIGNAL) !=
	    (ssize_t)c->request->len)
		give_up("send");
}

/* Is the answer whole? */
static bool is_whole(const struct connection *c)
{
	const char *end = strstr(c->answer, "\r\n\r\n");
	const char *length = strstr(c->answer, "Content-Length: ");

	return end && length &&
	       c->len >= (size_t)(end + 4 - c->answer) + strtoul(length + 16, NULL, 10);
}

static void receive(struct load *l, struct connection *c)
{
	ssize_t got = recv(c->fd, c->answer + c->len, ANSWER_MAX - c->len, 0);

	if (got <= 0)
		give_up("the server closed a connection");
	c->len += (size_t)got;
	c->answer[c->len] = '\0';
	if (!is_whole(c))
		return;
	l->took_us[l->done++] = (u32)((clock_now_ns() - c->start_ns) / 1000);
	if (strncmp(c->answer + 9, l->is_dry ? "412" : "200", 3) != 0 && !l->unexpected++)
		fprintf(stderr, "trigger_load: unexpected: %s\n", c->answer);
	if (l->begun < l->num_requests)
		begin(l, c);
}

static void run(struct load *l)
{
	for (size_t i = 0; i < l->num_connections && l->begun < l->num_requests; i++)
		begin(l, &l->connections[i]);
	while (l->done < l->num_requests) {
		struct epoll_event events[64];
		int count = epoll_wait(l->epoll, events, ARRAY_SIZE(events), 60000);

		if (count <= 0)
			give_up("no answer for a minute");
		for (int i = 0; i < count; i++)
			receive(l, events[i].data.ptr);
	}
}

/* Seconds of CPU that the process has used. */
static double cpu_of(const char *pid)
{
	char path[64], text[1024];
	unsigned long long user, system;
	const char *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f))
		give_up(path);
	fclose(f);
	p = strrchr(text, ')');
	if (!p || sscanf(p + 2, "%*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
			 &user, &system) != 2)
		give_up(path);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_of_self(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void prepare(struct load *l)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	l->num_signed = l->is_dry ? l->num_principals : l->num_requests;
	l->requests = calloc(l->num_signed, sizeof(l->requests[0]));
	l->connections = calloc(l->num_connections, sizeof(l->connections[0]));
	l->took_us = calloc(l->num_requests, sizeof(l->took_us[0]));
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!l->requests || !l->connections || !l->took_us || l->epoll < 0)
		give_up("memory");
	for (size_t i = 0; i < l->num_signed; i++)
		sign(l, i, &l->requests[i]);
	for (size_t i = 0; i < l->num_connections; i++)
		open_connection(l, &l->connections[i]);
}

int main(int argc, char **argv)
{
	struct load l = {0};
	double server, self, seconds;
	u64 start;

	if (argc != 7) {
		fprintf(stderr,
			"usage: trigger_load PORT CONNECTIONS REQUESTS PRINCIPALS dry|send "
			"SERVER-PID\n");
		return 2;
	}
	l.port = (unsigned)strtoul(argv[1], NULL, 10);
	l.num_connections = strtoul(argv[2], NULL, 10);
	l.num_requests = strtoul(argv[3], NULL, 10);
	l.num_principals = strtoul(argv[4], NULL, 10);
	l.is_dry = strcmp(argv[5], "dry") == 0;
	if (!l.num_connections || !l.num_requests || !l.num_principals)
		return 2;
	prepare(&l);
	server = cpu_of(argv[6]);
	self = cpu_of_self();
	start = clock_now_ns();
	run(&l);
	seconds = (double)(clock_now_ns() - start) / 1e9;
	server = cpu_of(argv[6]) - server;
	self = cpu_of_self() - self;
	qsort(l.took_us, l.done, sizeof(l.took_us[0]), compare_u32);
	printf("requests=%zu\nunexpected=%zu\nseconds=%.3f\nserver_cpu=%.3f\ngenerator_cpu=%.3f\n"
	       "p50_us=%u\np99_us=%u\nmax_us=%u\n",
	       l.done, l.unexpected, seconds, server, self, l.took_us[l.done / 2],
	       l.took_us[l.done * 99 / 100], l.took_us[l.done - 1]);
	return 0;
}
