#include "capture/watchdog.h"

#include "base/clock.h"
#include "format/console_line.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLASS	 "/sys/class/watchdog"
#define DOGS_MAX 8
#define FEED_MS	 5000
#define STOP_MS	 2000
#define POLL_MS	 20
#define LEAST_MS 200

struct dogs {
	int fds[DOGS_MAX];
	size_t count;
	u64 feed_ms;
};

/* A third of its patience, so that one late feeding does no harm. */
static u64 feed_ms_of(int fd)
{
	int seconds = 0;

	if (ioctl(fd, WDIOC_GETTIMEOUT, &seconds) < 0 || seconds <= 0)
		return FEED_MS;
	return max_u64(LEAST_MS, (u64)seconds * 1000 / 3);
}

static void open_dog(const struct sink *sink, const char *name, struct dogs *dogs)
{
	struct buf line = BUF_INIT;
	char path[64];
	int fd;

	if (snprintf(path, sizeof(path), "/dev/%s", name) >= (int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	dogs->fds[dogs->count++] = fd;
	dogs->feed_ms = min_u64(dogs->feed_ms, feed_ms_of(fd));
	console_line_begin(&line, "watchdog");
	console_line_add(&line, "device", path);
	console_line_add_u64(&line, "feed_ms", dogs->feed_ms);
	sink_fact(sink, &line);
}

static void open_dogs(const struct sink *sink, struct dogs *dogs)
{
	DIR *dir = opendir(CLASS);
	struct dirent *entry;

	while (dir && dogs->count < DOGS_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			open_dog(sink, entry->d_name, dogs);
	if (dir)
		closedir(dir);
}

static void write_all(const struct dogs *dogs, const char *letter)
{
	for (size_t i = 0; i < dogs->count; i++)
		if (write(dogs->fds[i], letter, 1) < 0)
			continue; /* the others may still be fed */
}

/* In the child: feed until told to stop. SIGTERM is blocked, and waited for. */
static void feed(struct dogs *dogs, const sigset_t *stop, u64 limit_ms)
{
	u64 end = clock_now_ms() + limit_ms;
	const struct timespec patience = {.tv_sec = (time_t)(dogs->feed_ms / 1000),
					  .tv_nsec =
						  (long)(dogs->feed_ms % 1000) * 1000000};

	while (clock_now_ms() < end) {
		write_all(dogs, "\n");
		if (sigtimedwait(stop, NULL, &patience) == SIGTERM) {
			/* The letter that says that the end is meant. */
			write_all(dogs, "V");
			_exit(0);
		}
	}
	/* Whoever is still there hangs: the watchdogs shall bite. */
	for (;;)
		clock_sleep_ms(FEED_MS);
}

pid_t watchdog_start(const struct sink *sink, u64 limit_ms)
{
	struct dogs dogs = {.feed_ms = FEED_MS};
	sigset_t stop, before;
	pid_t pid;

	open_dogs(sink, &dogs);
	if (!dogs.count)
		return 0;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, &before);
	pid = fork();
	if (pid == 0)
		feed(&dogs, &stop, limit_ms);
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; i < dogs.count; i++)
		close(dogs.fds[i]);
	return pid > 0 ? pid : 0;
}

void watchdog_stop(pid_t pid)
{
	u64 end = clock_now_ms() + STOP_MS;

	if (!pid)
		return;
	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0 && clock_now_ms() < end)
		clock_sleep_ms(POLL_MS);
}
