#include "testing.h"

#include "stub_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Read a request with its body into @data. Its length, 0 if the client left. */
static size_t read_request(int fd, char *data, size_t size)
{
	size_t len = 0, body = 0;
	char *end = NULL;

	while (!end || len < (size_t)(end - data) + body) {
		ssize_t n = recv(fd, data + len, size - 1 - len, 0);
		const char *length;

		if (n <= 0)
			return 0;
		len += (size_t)n;
		data[len] = '\0';
		end = strstr(data, "\r\n\r\n");
		if (!end)
			continue;
		end += 4;
		length = strcasestr(data, "\r\nContent-Length:");
		body = length ? strtoul(length + 17, NULL, 10) : 0;
	}
	return len;
}

static const struct stub_http_route *find_route(const struct stub_http *s,
						const char *request)
{
	static const struct stub_http_route nothing = {.status = 404, .body = ""};

	for (const struct stub_http_route *r = s->routes; r->start; r++)
		if (!strncmp(request, r->start, strlen(r->start)))
			return r;
	return &nothing;
}

static void answer(int fd, const struct stub_http_route *r)
{
	const char *body = r->body ? r->body : "";
	char head[512], byte;
	int len = snprintf(head, sizeof(head),
			   "HTTP/1.1 %u Said\r\n%sContent-Length: %zu\r\n"
			   "Connection: keep-alive\r\n\r\n",
			   r->status, r->headers ? r->headers : "",
			   strlen(body) + (r->how == STUB_HTTP_TRUNCATE ? 1 : 0));

	if (r->how == STUB_HTTP_DIE)
		return;
	if (r->how == STUB_HTTP_HANG) {
		while (recv(fd, &byte, 1, 0) > 0)
			;
		return;
	}
	if (send(fd, head, (size_t)len, MSG_NOSIGNAL) < 0 ||
	    send(fd, body, strlen(body), MSG_NOSIGNAL) < 0)
		return;
}

static void *serve(void *arg)
{
	struct stub_http *s = arg;
	char data[16384];
	int fd;

	while ((fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (read_request(fd, data, sizeof(data))) {
			s->requests++;
			if (!strncmp(data, "POST ", 5)) {
				s->posts++;
				strcpy(s->last_post, data);
			}
			answer(fd, find_route(s, data));
		}
		close(fd);
	}
	return NULL;
}

void stub_http_start(struct stub_http *s, const struct stub_http_route *routes)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	*s = (struct stub_http){.routes = routes};
	s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listen_fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(getsockname(s->listen_fd, (struct sockaddr *)&address, &len), 0);
	s->port = ntohs(address.sin_port);
	assert_int_equal(listen(s->listen_fd, 8), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

void stub_http_stop(struct stub_http *s)
{
	shutdown(s->listen_fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listen_fd);
}
