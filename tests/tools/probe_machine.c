/*
 * usage: probe-machine ADDRESS dump PATH
 *        probe-machine ADDRESS watch
 *
 * Has a machine's memory dumped by its backend, or prints its state and then each event, a
 * line each, until the other side is gone; for tests beside the real thing.
 */
#include "backend/backend.h"
#include "base/str.h"

#include <stdio.h>

#define IDLE_MS	  120000u
#define ANSWER_MS 60000u

static const char *const states[] = {
	[BACKEND_STATE_UNKNOWN] = "unknown", [BACKEND_STATE_RUNNING] = "running",
	[BACKEND_STATE_PAUSED] = "paused",   [BACKEND_STATE_OFF] = "off",
	[BACKEND_STATE_CRASHED] = "crashed",
};

static const char *const events[] = {
	[BACKEND_EVENT_PANICKED] = "PANICKED", [BACKEND_EVENT_CRASHLOADED] = "CRASHLOADED",
	[BACKEND_EVENT_RESET] = "RESET",       [BACKEND_EVENT_SHUTDOWN] = "SHUTDOWN",
	[BACKEND_EVENT_PAUSED] = "PAUSED",     [BACKEND_EVENT_RESUMED] = "RESUMED",
	[BACKEND_EVENT_GONE] = "GONE",
};

static struct err *watch(struct backend *b)
{
	enum backend_event event = BACKEND_EVENT_NONE;
	enum backend_state state = BACKEND_STATE_UNKNOWN;
	struct err *err = backend_next_event(b, 0, &event);

	if (!err)
		err = backend_query_state(b, ANSWER_MS, &state);
	if (!err)
		printf("%s\n", states[state]);
	while (!err && event != BACKEND_EVENT_GONE) {
		fflush(stdout);
		err = backend_next_event(b, 1000, &event);
		if (!err && event != BACKEND_EVENT_NONE)
			printf("%s\n", events[event]);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct backend_address a = {0};
	cleanup(backend_closep) struct backend *b = NULL;
	cleanup(err_freep) struct err *err = NULL;
	bool dumps = argc == 4 && str_eq(argv[2], "dump");

	if (!dumps && !(argc == 3 && str_eq(argv[2], "watch"))) {
		fprintf(stderr, "usage: probe-machine ADDRESS dump PATH | watch\n");
		return 2;
	}
	a.uri = argv[1];
	err = backend_open(&a, &b);
	if (!err && dumps)
		err = backend_dump(b, argv[3], IDLE_MS, NULL, NULL, NULL);
	else if (!err)
		err = watch(b);
	if (err)
		fprintf(stderr, "probe-machine: %s\n", err_message(err));
	return err ? 1 : 0;
}
