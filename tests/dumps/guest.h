/*
 * What the steps of a guest's plan stand on; guest.c has the table of steps, and runs the
 * plan. Everything runs in PID 1 of a guest, or in a process that it has forked: an error
 * ends the guest.
 */
#ifndef GUEST_H
#define GUEST_H

/* A line "guest: …" on the console. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "guest: failed: …: strerror(errno)", and power off. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

void sleep_ms(unsigned ms);
void write_text(const char *path, const char *text);

/* Until there is something at @path. */
void wait_for(const char *path);

/* What a step's words are; argv[0] is its name. */
struct step {
	int argc;
	char **argv;
};

/* Word @n of the step, which must have it. */
const char *word(const struct step *s, int n);

struct step_kind {
	const char *name;
	void (*run)(const struct step *s);
};

/* The steps of guest_crash.c; the last has no name. */
extern const struct step_kind crash_steps[];

#endif
