/* ps -t, -r and -y: what tasks use and may use. */
#include "shell/ps_priv.h"

#include "base/str.h"
#include "kernel/task_usage.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NS_PER_S    1000000000ull
#define LIMIT_WIDTH 11
#define POLICY_MAX  64

struct timed {
	const struct task_row *row;
	bool is_known;
	struct task_times times;
	size_t place; /* where it was */
};

static int compare_start(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->times.start_ns != y->times.start_ns)
		return x->times.start_ns < y->times.start_ns ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void print_times(struct shell *s, u64 uptime_s, const struct timed *t)
{
	struct buf *b = shell_out(s);
	u64 start_s = t->times.start_ns / NS_PER_S;
	u64 ran = uptime_s > start_s ? uptime_s - start_s : 0;

	shell_task_header(s, &t->row->task);
	if (!t->is_known) {
		buf_add_str(b, "ps: its times cannot be read\n\n");
		return;
	}
	buf_add_str(b, "    RUN TIME: ");
	if (ran >= 86400)
		buf_printf(b, "%llu days, ", (unsigned long long)(ran / 86400));
	buf_printf(b, "%02u:%02u:%02u\n", (unsigned)(ran % 86400 / 3600),
		   (unsigned)(ran % 3600 / 60), (unsigned)(ran % 60));
	buf_printf(b, "  START TIME: %llu\n       UTIME: %llu\n       STIME: %llu\n\n",
		   (unsigned long long)t->times.start_ns,
		   (unsigned long long)t->times.user_ns,
		   (unsigned long long)t->times.system_ns);
}

struct err *ps_print_times(struct shell *s, u64 uptime_s,
			   const struct task_row *const *rows, size_t count)
{
	cleanup(freep) struct timed *timed = calloc(count + 1, sizeof(*timed));

	if (!timed)
		return err_nomem();
	for (size_t i = 0; i < count; i++) {
		struct err *err = task_times_read(s->k, &rows[i]->task, &timed[i].times);

		if (err && err_code(err) == ERR_NOMEM)
			return err;
		timed[i].is_known = !err;
		timed[i].row = rows[i];
		timed[i].place = i;
		err_ignore(err);
	}
	qsort(timed, count, sizeof(*timed), compare_start);
	for (size_t i = 0; i < count && !shell_is_over(s); i++) {
		print_times(s, uptime_s, &timed[i]);
		shell_flush(s);
	}
	return NULL;
}

/* @text in the middle of a column. */
static void add_centred(struct buf *b, const char *text)
{
	int len = (int)strlen(text);
	int left = len < LIMIT_WIDTH ? (LIMIT_WIDTH - len) / 2 : 0;
	int right = len < LIMIT_WIDTH ? LIMIT_WIDTH - len - left : 0;

	buf_printf(b, "   %*s%s%*s", left, "", text, right, "");
}

static void add_limit(struct buf *b, u64 value)
{
	char text[24] = "(unlimited)";

	if (value != TASK_LIMIT_NO_LIMIT)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	add_centred(b, text);
}

struct err *ps_print_limits(struct shell *s, const struct task_row *row)
{
	struct buf *b = shell_out(s);
	struct task_limit limits[TASK_NUM_LIMITS];
	size_t count = 0;
	struct err *err = task_limits_read(s->k, &row->task, limits, &count);

	shell_task_header(s, &row->task);
	if (err && err_code(err) != ERR_NOMEM) {
		shell_tell(s, "ps", err);
		err = NULL;
	}
	if (err)
		return err;
	buf_printf(b, "%12s", "RLIMIT");
	add_centred(b, "CURRENT");
	add_centred(b, "MAXIMUM");
	buf_add_char(b, '\n');
	for (size_t i = 0; i < count; i++) {
		buf_printf(b, "%12s", task_limit_name(i));
		add_limit(b, limits[i].current);
		add_limit(b, limits[i].maximum);
		buf_add_char(b, '\n');
	}
	buf_add_char(b, '\n');
	return NULL;
}

/* ---- -y ---- */

static bool find_policy(const char *word, u64 *ret)
{
	char *end;

	for (u64 i = 0; task_policy_name(i); i++)
		if (strcasecmp(word, task_policy_name(i)) == 0) {
			*ret = i;
			return true;
		}
	*ret = strtoull(word, &end, 0);
	return *word && !*end && task_policy_name(*ret);
}

struct err *ps_parse_policies(const char *list, u32 *ret)
{
	cleanup(freep) char *copy = strdup(list);
	char *rest = copy;
	u32 bits = 0;

	if (!copy)
		return err_nomem();
	for (char *word; (word = strsep(&rest, ","));) {
		u64 policy;

		if (!find_policy(word, &policy))
			return err_new(ERR_ABSENT, "%s: invalid scheduling policy", word);
		bits |= 1u << policy;
	}
	*ret = bits;
	return NULL;
}

bool ps_has_policy(struct shell *s, u32 policies, const struct task *t)
{
	u64 policy = POLICY_MAX;

	err_ignore(task_policy_read(s->k, t, &policy));
	return task_policy_name(policy) && (policies >> policy & 1);
}
