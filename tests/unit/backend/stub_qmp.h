/*
 * A QMP server for tests: a thread that serves one client as its plan says, and counts what
 * asks for an NMI.
 *
 * Layout is public. stub_qmp_stop() waits until the client has gone, so close the backend
 * before.
 */
#ifndef TESTS_UNIT_BACKEND_STUB_QMP_H
#define TESTS_UNIT_BACKEND_STUB_QMP_H

#include "base/types.h"

#include <pthread.h>

enum stub_qmp_end {
	STUB_ANSWER, /* as `inject_reply` says */
	STUB_HANG,   /* no answer, no end */
	STUB_DIE,    /* close the connection instead of an answer */
};

struct stub_qmp_plan {
	bool says_nothing;	   /* accepts, and never greets */
	const char *greeting;	   /* NULL: that of QEMU 7.2 */
	const char *before_inject; /* raw lines sent right before the NMI is answered */
	const char *inject_reply;  /* with %llu for the id; NULL: {"return": {}} */
	enum stub_qmp_end at_inject;
	unsigned inject_delay_ms;
	const char *status; /* of query-status */
	/* What query-blockstats (NULL: no disks) and query-dump return in turn; the last
	 * one stays. */
	const char *const *blockstats, *const *dump;
	/* What human-monitor-command returns in turn, JSON; then no answer, or an error. */
	const char *const *registers;
	bool hangs_at_registers;
	const char *dump_error;	 /* dump-guest-memory is refused so */
	const char *dump_events; /* raw lines sent when the dump starts */
	bool stops_reading;	 /* after query-status was answered once */
	bool splits;		 /* every byte by itself */
	const char *after_ready; /* raw lines sent once capabilities are negotiated */
};

struct stub_qmp {
	char dir[32], path[64];
	const struct stub_qmp_plan *plan;
	int listen_fd, fd, passed_fd;
	pthread_t thread;
	/* Read them when the stub has stopped. */
	int injects, commands;
	char last_command[64];
	size_t stats_told, dumps_told, registers_told;
};

void stub_qmp_start(struct stub_qmp *s, const struct stub_qmp_plan *plan);
void stub_qmp_stop(struct stub_qmp *s);

#endif
