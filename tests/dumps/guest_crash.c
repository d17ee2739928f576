/*
 * Steps of a guest that is made to go wrong: processes that do a little of this and that,
 * one of them too much. What is true of the guest is written to a serial port of its own,
 * /dev/ttyS1, a line "NAME VALUE…" each, so that nothing of it is in the log that is
 * dumped.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

#define CONTROL	    "/dev/tessera"
#define TRUTH	    "/dev/ttyS1"
#define BLOCK_BYTES 4096u
#define MAX_TASKS   32

static struct {
	const char *name;
	pid_t pid;
} tasks[MAX_TASKS];
static size_t task_count;

/* Returns when the host has it. */
static void tell(const char *text)
{
	int fd = open(TRUTH, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || tcdrain(fd))
		fail("%s", TRUTH);
	close(fd);
}

static pid_t pid_of(const char *name)
{
	for (size_t i = 0; i < task_count; i++)
		if (!strcmp(tasks[i].name, name))
			return tasks[i].pid;
	errno = ESRCH;
	fail("no task %s", name);
}

/* control NUMBER */
static void be_control(const struct step *s)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	const char *number = word(s, 4);

	if (fd < 0)
		fail("%s", CONTROL);
	/* An error is what some of the numbers are for. */
	if (write(fd, number, strlen(number)) < 0)
		_exit(1);
	_exit(0);
}

/* append PATH */
static void be_append(const struct step *s)
{
	static char block[BLOCK_BYTES] __attribute__((aligned(BLOCK_BYTES)));
	int fd = open(word(s, 4), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		fail("%s", s->argv[4]);
	for (unsigned n = 0;; n++) {
		memset(block, 'a' + (int)(n % 26), sizeof(block));
		if (pwrite(fd, block, sizeof(block), (off_t)(n % 1024 * BLOCK_BYTES)) < 0 ||
		    fsync(fd))
			fail("%s", s->argv[4]);
		sleep_ms(20);
	}
}

/* fetch PATH */
static void be_fetch(const struct step *s)
{
	static char block[BLOCK_BYTES];
	int fd = open(word(s, 4), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail("%s", s->argv[4]);
	for (off_t at = 16 << 20;; at += 1 << 20) {
		if (pread(fd, block, sizeof(block), at) <= 0)
			fail("%s", s->argv[4]);
		sleep_ms(20);
	}
}

/* make PATH: a folder */
static void be_make(const struct step *s)
{
	if (mkdir(word(s, 4), 0755))
		fail("%s", s->argv[4]);
	for (;;)
		pause();
}

/* hog: as much memory as there is */
static void be_hog(const struct step *s)
{
	size_t step = 1 << 20;

	(void)s;
	for (;;) {
		void *p = mmap(NULL, step, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			fail("mmap");
		memset(p, 0x3c, step);
	}
}

static void be_idle(const struct step *s)
{
	(void)s;
	for (;;)
		pause();
}

static void be_ticking(const struct step *s)
{
	(void)s;
	for (;;)
		sleep_ms(100);
}

static void be_reading_a_pipe(const struct step *s)
{
	int ends[2];
	char byte;

	(void)s;
	if (pipe2(ends, O_CLOEXEC) < 0 || read(ends[0], &byte, 1) != 1)
		fail("pipe");
}

static const struct {
	const char *name;
	void (*be)(const struct step *s);
} lives[] = {
	{"append", be_append},	     {"control", be_control},
	{"fetch", be_fetch},	     {"hog", be_hog},
	{"idle", be_idle},	     {"make", be_make},
	{"pipe", be_reading_a_pipe}, {"tick", be_ticking},
};

static void pin(const char *cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(strtoul(cpu, NULL, 10), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("CPU %s", cpu);
}

static void live(const struct step *s)
{
	const char *cpu = word(s, 2);

	prctl(PR_SET_NAME, s->argv[1]);
	if (strcmp(cpu, "-"))
		pin(cpu);
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++)
		if (!strcmp(lives[i].name, word(s, 3)))
			lives[i].be(s);
	errno = ENOSYS;
	fail("task %s", s->argv[3]);
}

/* task NAME CPU|- WHAT [ARGUMENT]: a process that does it, once its PID is told */
static void step_task(const struct step *s)
{
	char line[64], go;
	int ends[2];
	pid_t pid;

	if (task_count == MAX_TASKS || pipe2(ends, O_CLOEXEC) < 0)
		fail("task");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		close(ends[1]);
		if (read(ends[0], &go, 1) != 1)
			_exit(1);
		live(s);
	}
	close(ends[0]);
	tasks[task_count].pid = pid;
	tasks[task_count++].name = strdup(word(s, 1));
	snprintf(line, sizeof(line), "pid %s %d\n", s->argv[1], pid);
	tell(line);
	if (write(ends[1], "x", 1) != 1)
		fail("task %s", s->argv[1]);
	close(ends[1]);
}

static char state_of(pid_t pid)
{
	char path[64], line[256] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		fail("%s", path);
	fclose(f);
	end = strrchr(line, ')');
	return end && end[1] ? end[2] : '?';
}

/* blocked NAME…: wait until they sleep and cannot be woken by a signal */
static void step_blocked(const struct step *s)
{
	for (int i = 1; i < s->argc; i++) {
		unsigned seen = 0;

		/* Seen often enough, that it was no short wait. */
		for (unsigned n = 0; seen < 20; n++) {
			seen = state_of(pid_of(s->argv[i])) == 'D' ? seen + 1 : 0;
			if (n == 3000) {
				errno = ETIMEDOUT;
				fail("%s does not block", s->argv[i]);
			}
			sleep_ms(50);
		}
	}
}

/* reap NAME: wait until it is gone */
static void step_reap(const struct step *s)
{
	if (waitpid(pid_of(word(s, 1)), NULL, 0) < 0)
		fail("waitpid");
}

/* tell: what the module says of itself */
static void step_tell(const struct step *s)
{
	char notes[1025];
	int fd = open(CONTROL, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	(void)s;
	n = fd < 0 ? -1 : read(fd, notes, sizeof(notes) - 1);
	if (n < 0)
		fail("%s", CONTROL);
	notes[n] = '\0';
	tell(notes);
	close(fd);
}

/* set PATH VALUE */
static void step_set(const struct step *s)
{
	write_text(word(s, 1), word(s, 2));
}

/* pin CPU: PID 1 itself */
static void step_pin(const struct step *s)
{
	pin(word(s, 1));
}

/* freeze PATH */
static void step_freeze(const struct step *s)
{
	int fd = open(word(s, 1), O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, FIFREEZE, 0))
		fail("freeze of %s", s->argv[1]);
	close(fd);
}

/* rest MILLISECONDS */
static void step_rest(const struct step *s)
{
	sleep_ms((unsigned)strtoul(word(s, 1), NULL, 10));
}

/* quit STATUS */
static void step_quit(const struct step *s)
{
	_exit((int)strtol(word(s, 1), NULL, 10));
}

/* What comes next, the host does. No sync() here: it may be what would block. */
static void step_stay(const struct step *s)
{
	(void)s;
	say("ready");
	for (;;)
		pause();
}

const struct step_kind crash_steps[] = {
	{"blocked", step_blocked},
	{"freeze", step_freeze},
	{"pin", step_pin},
	{"quit", step_quit},
	{"reap", step_reap},
	{"rest", step_rest},
	{"stay", step_stay},
	{"set", step_set},
	{"task", step_task},
	{"tell", step_tell},
	{NULL, NULL},
};
