/* A console that says anything, line by line, with other events between: the state machine
 * only moves forward. A first byte below 32 is an event, the rest of the line its time. */
#include "fuzz.h"

#include "trigger/follow.h"

#include <assert.h>

#define NEWS_MAX 40u

static void feed(struct follow *f, const char *line, size_t len, uint64_t *now_ms)
{
	struct follow_event e = {.kind = FOLLOW_LINE, .text = line, .len = len};

	if (len && (uint8_t)line[0] < 32) {
		e.kind = (enum follow_event_kind)((uint8_t)line[0] %
						  (FOLLOW_NO_FALLBACK + 1));
		e.backend = (enum backend_event)(len % (BACKEND_EVENT_GONE + 1));
		*now_ms += len > 1 ? (uint64_t)(uint8_t)line[1] * 1000 : 0;
		e.text = "x";
		e.len = 1;
	}
	follow_feed(f, &e, *now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct follow_rules rules = {
		.has_console = true,
		.has_events = size & 1,
		.has_dump_dir = size & 2,
		.falls_back = size & 4,
		.quiet_ms = 60000,
		.no_sign_ms = 30000,
		.latch_ms = 90000,
	};
	const char *at = (const char *)data, *end = at + size;
	uint64_t now_ms = 1000;
	unsigned news = 0;
	struct follow f;

	follow_init(&f, &rules, CAPTURE_REQUESTED, now_ms);
	follow_feed(&f, &(struct follow_event){.kind = FOLLOW_SENT}, now_ms);
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len = eol ? (size_t)(eol - at) : (size_t)(end - at);
		enum capture_state before = f.state;

		feed(&f, at, len, &now_ms);
		news += f.is_news && f.todo != FOLLOW_FALL_BACK;
		assert(!capture_state_is_terminal(before) || f.state == before);
		assert((f.todo == FOLLOW_OVER) == capture_state_is_terminal(f.state));
		assert(!(f.crashloaded || f.saw_capture) || f.todo != FOLLOW_FALL_BACK ||
		       !f.may_act);
		at += len + 1;
	}
	assert(news < NEWS_MAX);
	return 0;
}
