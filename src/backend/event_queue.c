#include "backend/event_queue_priv.h"

#include <string.h>

static void drop_oldest(struct event_queue *q)
{
	q->num--;
	memmove(q->events, q->events + 1, q->num * sizeof(*q->events));
}

void event_queue_add(struct event_queue *q, enum backend_event event)
{
	bool is_ours = (event == BACKEND_EVENT_PAUSED && q->is_dumping) ||
		       (event == BACKEND_EVENT_RESUMED && q->owes_resume);

	if (is_ours) {
		q->owes_resume = event == BACKEND_EVENT_PAUSED;
		return;
	}
	if (q->num == EVENT_QUEUE_MAX)
		drop_oldest(q);
	q->events[q->num++] = event;
}

bool event_queue_pop(struct event_queue *q, enum backend_event *ret)
{
	if (!q->num)
		return false;
	*ret = q->events[0];
	drop_oldest(q);
	return true;
}
