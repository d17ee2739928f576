/* capture-hook: hooks of a capture that behave badly, by the name they are called.
 *
 *	fail   ends with status 3
 *	hang   never ends, and ignores being asked to
 *	kill   ends at once; a child of it kills the process that writes the dump, once
 *there is some of it talk   tells its argument
 */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENOUGH_BYTES (4 << 20)

/* Has process @pid a file open that ends in "-incomplete" and is large? */
static int writes_dump(const char *pid)
{
	char dir[64], path[512], target[512];
	struct dirent *entry;
	struct stat st;
	int found = 0;
	DIR *fds;

	snprintf(dir, sizeof(dir), "/proc/%.16s/fd", pid);
	fds = opendir(dir);
	while (fds && !found && (entry = readdir(fds))) {
		ssize_t len;

		snprintf(path, sizeof(path), "%s/%.64s", dir, entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		found = strstr(target, "core-incomplete") && stat(path, &st) == 0 &&
			(long long)st.st_blocks * 512 > ENOUGH_BYTES;
	}
	if (fds)
		closedir(fds);
	return found;
}

static void kill_writer(void)
{
	for (;;) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc && (entry = readdir(proc))) {
			if (isdigit((unsigned char)entry->d_name[0]) &&
			    writes_dump(entry->d_name)) {
				kill(atoi(entry->d_name), SIGKILL);
				_exit(0);
			}
		}
		if (proc)
			closedir(proc);
		usleep(2000);
	}
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	if (strcmp(name, "fail") == 0)
		return 3;
	if (strcmp(name, "kill") == 0) {
		if (fork() == 0)
			kill_writer();
		return 0;
	}
	if (strcmp(name, "hang") == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	printf("hook: argument %s\n", argc > 1 ? argv[1] : "none");
	return 0;
}
