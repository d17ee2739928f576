/*
 * Both inits of a guest whose memory becomes a dump: of the kernel that is going to be
 * dumped, and of its capture kernel. Packed into an initramfs by make-vmcore, which also
 * writes /plan (or /capture-plan), one step a line; the steps are in the table at the end,
 * and in guest_crash.c.
 *
 * Each step makes pages of a kind and keeps a process that holds them. It says so on the
 * console, a line each "guest: …"; "guest: failed …" ends the run.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <linux/futex.h>
#include <linux/kexec.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define PAGE_BYTES	4096u
#define HUGE_PAGE_BYTES (2u << 20)
#define MIB		(1u << 20)
#define MAX_WORDS	64

void say(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "guest: %s\n", line);
}

void fail(const char *fmt, ...)
{
	char line[512];
	va_list args;
	int why = errno;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	say("failed: %s: %s", line, strerror(why));
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void sleep_ms(unsigned ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail("cannot write %s to %s", text, path);
	close(fd);
}

static size_t megabytes(const char *word)
{
	return strtoul(word, NULL, 10) * MIB;
}

void wait_for(const char *path)
{
	for (unsigned i = 0; i < 1000 && access(path, F_OK) < 0; i++)
		sleep_ms(20);
	if (access(path, F_OK) < 0)
		fail("%s did not come", path);
}

/* Modules in any order: those that want another first are tried again. */
static void load_modules(void)
{
	glob_t found;
	bool again = true;

	if (glob("/modules/*.ko", 0, NULL, &found))
		return;
	while (again) {
		again = false;
		for (size_t i = 0; i < found.gl_pathc; i++) {
			int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);

			if (fd >= 0 && !syscall(SYS_finit_module, fd, "", 0))
				again = true;
			close(fd);
		}
	}
	globfree(&found);
}

const char *word(const struct step *s, int n)
{
	if (n >= s->argc) {
		errno = EINVAL;
		fail("%s: word %d is missing", s->argv[0], n);
	}
	return s->argv[n];
}

/* Run @body in a process of its own and wait until it is done; with @stays the process then
 * lives on, holding what it has made. */
static void in_child(void (*body)(const struct step *), const struct step *s, bool stays)
{
	int ends[2];
	char done;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		close(ends[0]);
		body(s);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		while (stays)
			pause();
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &done, 1) != 1)
		say("%s: its process died early", s->argv[0]);
	close(ends[0]);
	if (!stays)
		waitpid(pid, NULL, 0);
}

/* A page of one of the kinds of content that memory is full of. */
static void fill(uint8_t *page, const char *kind, int text_fd, size_t index)
{
	static uint64_t seed = 88172645463325252ull;
	uint64_t words[PAGE_BYTES / 8];

	if (!strcmp(kind, "zero")) {
		memset(page, 0, PAGE_BYTES);
	} else if (!strcmp(kind, "text")) {
		struct stat st;

		if (fstat(text_fd, &st) || st.st_size < PAGE_BYTES ||
		    pread(text_fd, page, PAGE_BYTES,
			  (off_t)(index % ((size_t)st.st_size / PAGE_BYTES) * PAGE_BYTES)) <
			    0)
			fail("/data/text");
	} else {
		uint64_t mask = strcmp(kind, "pointers") ? UINT64_MAX : 0x3fffffc0;
		uint64_t base = strcmp(kind, "pointers") ? 0 : 0xffff888000000000ull;

		for (size_t i = 0; i < PAGE_BYTES / 8; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			words[i] = base | (seed & mask);
		}
		memcpy(page, words, PAGE_BYTES);
	}
}

/* anon MIB KIND [small|huge] */
static void make_anon(const struct step *s)
{
	size_t bytes = megabytes(word(s, 1));
	const char *kind = word(s, 2);
	uint8_t *p = mmap(NULL, bytes + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int text = open("/data/text", O_RDONLY | O_CLOEXEC);

	if (p == MAP_FAILED)
		fail("mmap of %zu bytes", bytes);
	p += HUGE_PAGE_BYTES - (uintptr_t)p % HUGE_PAGE_BYTES;
	if (s->argc > 3)
		madvise(p, bytes,
			strcmp(s->argv[3], "huge") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	for (size_t i = 0; i < bytes / PAGE_BYTES; i++) {
		fill(p + i * PAGE_BYTES, kind, text, i);
		if (i % (64 * MIB / PAGE_BYTES) == 0)
			say("%s %s: %zu MiB", s->argv[0], kind, i * PAGE_BYTES / MIB);
	}
}

/* hugetlb COUNT [1G]: pages of 2 MiB, or of 1 GiB that the command line reserved */
static void make_hugetlb(const struct step *s)
{
	size_t count = strtoul(word(s, 1), NULL, 10);
	bool is_giant = s->argc > 2;
	size_t bytes = count * (is_giant ? 1024 * (size_t)MIB : HUGE_PAGE_BYTES);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	uint8_t *p;

	if (!is_giant)
		write_text("/proc/sys/vm/nr_hugepages", s->argv[1]);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 flags | (is_giant ? 30 << MAP_HUGE_SHIFT : 21 << MAP_HUGE_SHIFT), -1, 0);
	if (p == MAP_FAILED)
		fail("mmap of %zu huge pages", count);
	for (size_t i = 0; i < bytes; i += 16 * PAGE_BYTES)
		fill(p + i, "pointers", -1, i);
}

/* hwpoison COUNT: pages of anonymous memory, each touched, that failed */
static void poison_anon(const struct step *s)
{
	size_t count = strtoul(word(s, 1), NULL, 10);
	size_t bytes = 4 * count * PAGE_BYTES;
	uint8_t *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	madvise(p, bytes, MADV_NOHUGEPAGE);
	memset(p, 0x5a, bytes);
	for (size_t i = 0; i < count; i++)
		if (madvise(p + 4 * i * PAGE_BYTES, PAGE_BYTES, MADV_HWPOISON))
			say("page %zu: MADV_HWPOISON: %s", i, strerror(errno));
}

/* A page of the page cache, and one within a huge page, that failed. */
static void poison_others(const struct step *s)
{
	int fd = open("/data/text", O_RDONLY | O_CLOEXEC);
	volatile uint8_t *p =
		mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 64 * PAGE_BYTES);
	uint8_t *huge = mmap(NULL, 2 * HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || huge == MAP_FAILED)
		fail("mmap");
	(void)p[0];
	if (madvise((void *)(uintptr_t)p, PAGE_BYTES, MADV_HWPOISON))
		say("page cache: MADV_HWPOISON: %s", strerror(errno));
	huge += HUGE_PAGE_BYTES - (uintptr_t)huge % HUGE_PAGE_BYTES;
	madvise(huge, HUGE_PAGE_BYTES, MADV_HUGEPAGE);
	memset(huge, 0xa5, HUGE_PAGE_BYTES);
	if (madvise(huge + 77 * PAGE_BYTES, PAGE_BYTES, MADV_HWPOISON))
		say("huge page: MADV_HWPOISON: %s", strerror(errno));
}

static void step_anon(const struct step *s)
{
	in_child(make_anon, s, true);
}

/* dirty MIB KIND: written and freed again, its content is still there */
static void step_dirty(const struct step *s)
{
	in_child(make_anon, s, false);
}

static void step_hugetlb(const struct step *s)
{
	in_child(make_hugetlb, s, true);
}

static void step_hwpoison(const struct step *s)
{
	in_child(poison_anon, s, true);
	in_child(poison_others, s, true);
}

/* Sleep for good, in the way of number @i. */
static void sleep_somehow(unsigned long i, int nothing)
{
	struct timespec long_time = {.tv_sec = 1 << 20};
	struct pollfd poll_fd = {.fd = nothing, .events = POLLIN};
	uint32_t word = 0;
	char byte;

	for (;;) {
		switch (i % 5) {
		case 0:
			pause();
			break;
		case 1:
			nanosleep(&long_time, NULL);
			break;
		case 2:
			(void)!read(nothing, &byte, 1);
			break;
		case 3:
			poll(&poll_fd, 1, -1);
			break;
		default:
			syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
		}
	}
}

/* tasks COUNT: processes that sleep, in several ways */
static void step_tasks(const struct step *s)
{
	unsigned long count = strtoul(word(s, 1), NULL, 10);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe");
	for (unsigned long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork of task %lu", i);
		if (!pid)
			sleep_somehow(i, ends[0]);
		if (i % 100 == 0)
			say("tasks: %lu", i);
	}
}

/* Write a file; what it is full of is pointers, which is as good as anything. */
static void write_file(const char *path, size_t bytes)
{
	uint8_t page[PAGE_BYTES];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		fail("%s", path);
	for (size_t i = 0; i < bytes / PAGE_BYTES; i++) {
		fill(page, "pointers", -1, i);
		if (write(fd, page, sizeof(page)) != sizeof(page))
			fail("%s", path);
	}
	close(fd);
}

/* tmpfs MIB */
static void step_tmpfs(const struct step *s)
{
	mkdir("/tmpfs", 0755);
	if (mount("tmpfs", "/tmpfs", "tmpfs", 0, "size=90%"))
		fail("mount of tmpfs");
	write_file("/tmpfs/file", megabytes(word(s, 1)));
}

/* write MIB: dirty pages of the page cache */
static void step_write(const struct step *s)
{
	write_file("/data/written", megabytes(word(s, 1)));
}

/* data DEVICE: the file system with the files */
static void step_data(const struct step *s)
{
	wait_for(word(s, 1));
	mkdir("/data", 0755);
	if (mount(s->argv[1], "/data", "ext4", 0, NULL))
		fail("mount of %s", s->argv[1]);
}

static uint64_t bytes_read, bytes_read_told;

static int read_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	static uint8_t buffer[MIB];
	int fd;

	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;)
		bytes_read += (uint64_t)n;
	close(fd);
	if (bytes_read - bytes_read_told > 64 * MIB) {
		bytes_read_told = bytes_read;
		say("read: %ju MiB", (uintmax_t)(bytes_read / MIB));
	}
	return 0;
}

/* read: every file below /data into the page cache */
static void step_read(const struct step *s)
{
	nftw("/data", read_one, 64, FTW_PHYS);
	say("read: %ju MiB in all", (uintmax_t)(bytes_read / MIB));
}

/* Wait for memory blocks that are not there yet, and bring all but the last online. */
static void step_online(const struct step *s)
{
	size_t wanted = strtoul(word(s, 1), NULL, 10), last = 0;
	glob_t blocks;
	char path[128], state[16] = "";

	write_text("/sys/devices/system/memory/auto_online_blocks", "offline");
	say("waiting for memory");
	for (;; sleep_ms(100)) {
		size_t offline = 0;

		if (glob("/sys/devices/system/memory/memory[0-9]*/state", 0, NULL, &blocks))
			fail("no memory blocks in /sys");
		for (size_t i = 0; i < blocks.gl_pathc; i++) {
			FILE *f = fopen(blocks.gl_pathv[i], "re");

			if (f && fgets(state, sizeof(state), f) &&
			    !strncmp(state, "offline", 7)) {
				size_t number;

				offline++;
				if (sscanf(blocks.gl_pathv[i] +
						   strlen("/sys/devices/system/memory/"),
					   "memory%zu", &number) == 1 &&
				    number > last)
					last = number;
			}
			if (f)
				fclose(f);
		}
		if (offline >= wanted)
			break;
		globfree(&blocks);
	}
	for (size_t number = last + 1 - wanted; number < last; number++) {
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%zu/state",
			 number);
		write_text(path, "online");
	}
	say("memory came: %zu blocks, the last one stays offline", wanted);
	globfree(&blocks);
}

/* On the CPU that the machine booted on: a capture kernel cannot start that one again as a
 * second CPU. */
static void step_crash(const struct step *s)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	write_text("/proc/sys/kernel/sysrq", "1");
	write_text("/proc/sysrq-trigger", "c");
}

/* kexec COMMAND-LINE…: load the capture kernel */
static void step_kexec(const struct step *s)
{
	int kernel = open("/vmlinuz", O_RDONLY | O_CLOEXEC);
	int initrd = open("/capture.img", O_RDONLY | O_CLOEXEC);
	char line[1024] = "";

	for (int i = 1; i < s->argc; i++) {
		strncat(line, s->argv[i], sizeof(line) - strlen(line) - 2);
		strcat(line, " ");
	}
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(line) + 1, line,
		    (unsigned long)KEXEC_FILE_ON_CRASH))
		fail("kexec_file_load");
}

static void step_ready(const struct step *s)
{
	sync();
	say("ready");
	for (;;)
		pause();
}

/* copy FROM TO: FROM may be /proc/vmcore */
static void step_copy(const struct step *s)
{
	static uint8_t buffer[MIB];
	int from = open(word(s, 1), O_RDONLY | O_CLOEXEC);
	uint64_t bytes = 0;
	int to;

	wait_for(word(s, 2));
	to = open(s->argv[2], O_WRONLY | O_CLOEXEC);
	if (from < 0 || to < 0)
		fail("%s, %s", s->argv[1], s->argv[2]);
	for (ssize_t n; (n = read(from, buffer, sizeof(buffer))) != 0;
	     bytes += (uint64_t)n) {
		if (n < 0 || write(to, buffer, (size_t)n) != n)
			fail("at %ju", (uintmax_t)bytes);
		if (bytes % (128 * MIB) == 0)
			say("copy: %ju MiB", (uintmax_t)(bytes / MIB));
	}
	if (fsync(to))
		fail("fsync");
	say("copied bytes=%ju", (uintmax_t)bytes);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* time NAME COMMAND…: what it prints is not shown unless it fails */
static void step_time(const struct step *s)
{
	struct timespec start, end;
	struct rusage usage;
	int status;
	pid_t pid;

	word(s, 2);
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = fork();
	if (!pid) {
		int log = open("/log", O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		execv(s->argv[2], s->argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		fail("%s", s->argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &end);
	say("time name=%s status=%d wall=%.3f user=%.3f sys=%.3f maxrss=%ld", s->argv[1],
	    WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
	    (double)(end.tv_sec - start.tv_sec) +
		    (double)(end.tv_nsec - start.tv_nsec) / 1e9,
	    seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss);
	if (status) {
		char line[256];
		FILE *f = fopen("/log", "re");

		while (f && fgets(line, sizeof(line), f))
			say("  %.*s", (int)strcspn(line, "\n"), line);
		if (f)
			fclose(f);
	}
}

/* size PATH */
static void step_size(const struct step *s)
{
	struct stat st;

	if (stat(word(s, 1), &st))
		st.st_size = 0;
	say("size %s bytes=%jd", s->argv[1], (intmax_t)st.st_size);
}

static void step_remove(const struct step *s)
{
	unlink(word(s, 1));
}

static void step_poweroff(const struct step *s)
{
	sync();
	reboot(RB_POWER_OFF);
}

static const struct step_kind memory_steps[] = {
	{"anon", step_anon},
	{"copy", step_copy},
	{"crash", step_crash},
	{"data", step_data},
	{"dirty", step_dirty},
	{"hugetlb", step_hugetlb},
	{"hwpoison", step_hwpoison},
	{"kexec", step_kexec},
	{"online", step_online},
	{"poweroff", step_poweroff},
	{"read", step_read},
	{"ready", step_ready},
	{"remove", step_remove},
	{"size", step_size},
	{"tasks", step_tasks},
	{"time", step_time},
	{"tmpfs", step_tmpfs},
	{"write", step_write},
	{NULL, NULL},
};

static const struct step_kind *find_step(const struct step_kind *kinds, const char *name)
{
	while (kinds->name && strcmp(kinds->name, name))
		kinds++;
	return kinds->name ? kinds : NULL;
}

static void run_step(const struct step *s)
{
	const struct step_kind *kind = find_step(memory_steps, s->argv[0]);

	if (!kind)
		kind = find_step(crash_steps, s->argv[0]);
	if (!kind) {
		errno = ENOSYS;
		fail("step %s", s->argv[0]);
	}
	say("step %s", s->argv[0]);
	kind->run(s);
}

static void run_plan(const char *path)
{
	char line[2048];
	FILE *f = fopen(path, "re");

	if (!f)
		fail("%s", path);
	while (fgets(line, sizeof(line), f)) {
		char *words[MAX_WORDS + 1] = {NULL}, *rest = NULL;
		struct step s = {0, words};

		for (char *w = strtok_r(line, " \n", &rest); w && s.argc < MAX_WORDS;
		     w = strtok_r(NULL, " \n", &rest))
			words[s.argc++] = w;
		if (s.argc)
			run_step(&s);
	}
	fclose(f);
}

int main(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		fail("mount of /proc and /sys");
	/* makedumpfile wants it. */
	mkdir("/tmp", 0755);
	/* The kernel may have done it already. */
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	load_modules();
	run_plan(access("/proc/vmcore", F_OK) ? "/plan" : "/capture-plan");
	for (;;)
		pause();
}
