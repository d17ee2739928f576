/*
 * A child process: started from an argument vector, never through a shell.
 *
 * The child runs in a process group of its own, so that a Ctrl-C of the terminal reaches
 * only us and we decide what ends when, and it is killed by the kernel when the thread that
 * started it dies (PR_SET_PDEATHSIG), even by SIGKILL. Start children from a thread that
 * lives as long as they may. `struct child` is opaque and owned by the caller; freeing it
 * kills and reaps what still runs.
 *
 * @cancel, where a function takes it, is a flag that a signal handler sets (NULL: never):
 * the wait then ends early with ERR_REFUSED "interrupted".
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include "base/buf.h"

#include <signal.h>

struct child;

/* How to start one. Layout is public; zeroed members mean what their comment says. */
struct child_spec {
	const char *const
		*argv; /* NULL-terminated; argv[0] is searched in PATH, /usr/sbin, /sbin */
	const char *dir;     /* working directory, NULL: ours */
	const char *env_add; /* one more "NAME=value", NULL: none */
	/* Descriptors of ours to be the child's 0, 1 and 2. 0 (which cannot be lent) stands
	 * for /dev/null. They are not closed here. */
	int stdin_fd, stdout_fd, stderr_fd;
	/* Further descriptors the child inherits under the same number (>= 3). */
	const int *keep_fds;
	size_t num_keep_fds;
};

/* Is there a program of that name where child_spawn() would look? For saying so early. */
bool child_program_is_there(const char *name);

/* Start a child. ERR_ABSENT if the program cannot be found, ERR_OS for all else; both
 * sentences name the program. */
must_check struct err *child_spawn(const struct child_spec *spec, struct child **ret);

/* Kill the child if it still runs, reap it and free @c. NULL is allowed. */
void child_free(struct child *c);
CLEANUP_FREEP(child)

pid_t child_pid(const struct child *c);

/* Wait up to @timeout_ms. *@ret_ended tells whether the child has ended; then
 * child_status() is its exit status. */
must_check struct err *child_wait(struct child *c, u64 timeout_ms,
				  const volatile sig_atomic_t *cancel, bool *ret_ended);

/* 0…255 of exit(), or 128 + the signal's number. Only once child_wait() said it ended. */
int child_status(const struct child *c);

/* Kill the child's whole process group with SIGKILL and reap the child, if it still runs.
 */
void child_kill(struct child *c);

/* The words a program printed. Bounded: past CHILD_OUTPUT_MAX bytes of standard output
 * further ones are dropped; of standard error the last CHILD_ERRORS_MAX bytes are kept. */
#define CHILD_OUTPUT_MAX (4u << 20)
#define CHILD_ERRORS_MAX 4096u
struct child_output {
	struct buf out;
	struct buf errors;
	int status;
};

void child_output_deinit(struct child_output *o);

/* Run a program to its end and gather what it prints; @spec's stdout_fd and stderr_fd are
 * not used. A non-zero status is a value, not an error: look at status. ERR_OS ETIMEDOUT
 * after @timeout_ms, the child then being killed. The caller calls child_output_deinit() in
 * any case. */
must_check struct err *child_run(const struct child_spec *spec, u64 timeout_ms,
				 const volatile sig_atomic_t *cancel,
				 struct child_output *ret);

/* The last line of @o->errors that is not empty, without "E: "; for a sentence. Appended
 * escaped to @b; "no message" if there is none. */
void child_output_reason(const struct child_output *o, struct buf *b);

#endif
