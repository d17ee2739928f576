/*
 * What happened to a machine, in order, until somebody asks: a ring of a few events.
 *
 * More than it holds does not come in a capture; a guest that resets without end loses the
 * old ones. While the hypervisor dumps it pauses the machine and resumes it after, possibly
 * behind its last answer: that is nothing that happened to the machine, and is left out.
 * Layout is public, nothing is owned, a zeroed one is empty; the caller has the lock.
 */
#ifndef BACKEND_EVENT_QUEUE_PRIV_H
#define BACKEND_EVENT_QUEUE_PRIV_H

#include "backend/backend.h"

#define EVENT_QUEUE_MAX 64u

struct event_queue {
	bool is_dumping;  /* set by the caller while a dump is being made */
	bool owes_resume; /* the end of its pause is still to come */
	enum backend_event events[EVENT_QUEUE_MAX];
	size_t num;
};

void event_queue_add(struct event_queue *q, enum backend_event event);

/* Take the oldest. False, and *@ret untouched, if there is none. */
bool event_queue_pop(struct event_queue *q, enum backend_event *ret);

#endif
