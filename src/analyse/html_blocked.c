/* Who waits for whom, told: the lock that everybody waits for, and a table of all. */
#include "analyse/html_priv.h"

#include "base/str.h"

#define MAX_ROWS 16 /* before the table folds */
#define MAX_RING 32 /* links that are told */

static json_t *locks_of(json_t *blocked)
{
	return json_object_get(blocked, "locks");
}

/* ---- the cause ---- */

static bool blames_a_lock(const char *class)
{
	return str_eq(class, "frozen-filesystem") || str_eq(class, "orphaned-lock") ||
	       str_eq(class, "lock-held") || str_eq(class, "hung-task");
}

/* Is it at the end of a chain: who holds it waits for nothing that is held? */
static bool is_end(json_t *blocked, json_t *lock)
{
	const char *is = tree_show(lock, "owner_is");
	json_t *owner, *next;

	if (!str_eq(is, "blocked"))
		return *is && !str_eq(is, "none");
	owner = html_find(json_object_get(blocked, "tasks"), "address",
			  tree_show(lock, "owner_address"));
	next = html_lock_of(blocked, owner);
	return !next || str_eq(tree_show(next, "owner_is"), "none");
}

/* How well a lock explains the class: a freeze, an owner that is gone, or the one at the
 * end of the chain. */
static unsigned fits(json_t *blocked, json_t *lock, const char *class)
{
	const char *is = tree_show(lock, "owner_is");

	if (str_eq(class, "frozen-filesystem"))
		return html_is_freeze(lock) ? 2 : 0;
	if (str_eq(class, "orphaned-lock"))
		return str_has_prefix(is, "gone") ? 2 : str_eq(is, "none");
	return is_end(blocked, lock);
}

/* The lock that most wait for, of those that fit best. NULL: none. */
static json_t *find_cause(json_t *report)
{
	json_t *blocked = json_object_get(report, "blocked"), *l, *best = NULL;
	const char *class = tree_show(json_object_get(report, "crash"), "class");
	size_t i;

	if (!blames_a_lock(class))
		return NULL;
	json_array_foreach(locks_of(blocked), i, l)
	{
		unsigned fit = fits(blocked, l, class),
			 least = best ? fits(blocked, best, class) : 1;

		if (fit < least || (best && fit == least &&
				    tree_get_int(l, "waiters_behind") <=
					    tree_get_int(best, "waiters_behind")))
			continue;
		best = l;
	}
	return best;
}

static void tell_owner(struct buf *b, json_t *lock)
{
	json_t *owner = json_object_get(lock, "owner");

	if (str_has_prefix(tree_show(lock, "owner_is"), "gone")) {
		html_fill(b, lock,
			  ", and the task that took it (<code>{owner_address}</code>) is "
			  "{owner_is}");
	} else if (owner) {
		/* Of several readers only the last one is noted. */
		html_fill(b, owner,
			  str_eq(tree_show(lock, "state"), "held by readers")
				  ? ", perhaps <b>{comm} (pid {pid})</b>"
				  : " by <b>{comm} (pid {pid})</b>");
		html_fill(b, lock, ", which is {owner_is}");
	}
}

static void tell_cause(struct buf *b, json_t *lock)
{
	u64 behind = tree_get_int(lock, "waiters_behind");

	if (!lock)
		return;
	buf_printf(b, "<p class=\"cause\"><b>%llu task%s</b> wait%s for ",
		   (unsigned long long)behind, behind == 1 ? "" : "s",
		   behind == 1 ? "s" : "");
	html_tell_lock(b, lock);
	if (behind > tree_get_int(lock, "waiters"))
		buf_add_str(b, ", some behind others");
	if (html_is_freeze(lock)) {
		buf_add_str(b, ". The filesystem is frozen; they go on when it is thawed.");
	} else {
		if (*html_lock_state(lock))
			html_fill(b, lock, ": {state}");
		tell_owner(b, lock);
		buf_add_char(b, '.');
	}
	buf_add_str(b, "</p>\n");
}

/* ---- the table ---- */

static void add_owner(struct buf *b, json_t *lock)
{
	json_t *owner = json_object_get(lock, "owner");
	const char *is = tree_show(lock, "owner_is");

	if (owner)
		html_fill(b, owner, "{comm} (pid {pid}), ");
	html_text(b, str_eq(is, "none") ? html_lock_state(lock) : is);
}

static void table_row(struct buf *b, json_t *blocked, json_t *t)
{
	json_t *lock = html_lock_of(blocked, t);

	html_fill(b, t, "<tr><td data-of=\"Task\">{comm} (pid {pid})");
	if (tree_has(t, "ring"))
		html_fill(b, t, " <b class=\"tag\">deadlock {ring}</b>");
	buf_add_str(b, "</td><td data-of=\"Waits\">");
	if (tree_has(t, "since_ms"))
		html_seconds(b, t, "since_ms");
	html_fill(b, t, "</td><td data-of=\"For\">{waits_for}");
	if (*tree_show(lock, "what"))
		html_fill(b, lock, ": {what}");
	html_fill(b, t,
		  " <code>{lock}</code></td><td data-of=\"In\"><code>{function}</code> "
		  "{module}</td><td data-of=\"Held by\">");
	add_owner(b, lock);
	buf_add_str(b, "</td></tr>\n");
}

/* Deadlocked ones first, then who waits for a lock. */
static unsigned rank(json_t *t)
{
	return tree_has(t, "ring") ? 0 : tree_has(t, "lock") ? 1 : 2;
}

static void add_table(struct buf *b, json_t *blocked)
{
	static const char head[] =
		"<div class=\"scroll\"><table class=\"cards\"><thead><tr><th>Task</th>"
		"<th>Waits</th><th>For</th><th>In</th><th>Held by</th></tr></thead><tbody>\n";
	json_t *tasks = json_object_get(blocked, "tasks"), *t;
	size_t i, rows = 0, num = json_array_size(tasks);

	buf_add_str(b, head);
	for (unsigned r = 0; r < 3; r++)
		json_array_foreach(tasks, i, t)
		{
			if (rank(t) != r)
				continue;
			if (rows++ == MAX_ROWS)
				buf_printf(
					b,
					"</tbody></table></div><details><summary>%zu more "
					"blocked tasks</summary>%s",
					num - MAX_ROWS, head);
			table_row(b, blocked, t);
		}
	buf_printf(b, "</tbody></table></div>%s\n", num > MAX_ROWS ? "</details>" : "");
	if (tree_has(blocked, "tasks_left_out"))
		html_fill(b, blocked, "<p>{tasks_left_out} more were not looked at.</p>\n");
}

bool html_is_about_locks(json_t *report)
{
	return tree_get_int(json_object_get(report, "blocked"), "rings") ||
	       find_cause(report);
}

void html_blocked(struct buf *b, json_t *report)
{
	json_t *blocked = json_object_get(report, "blocked"), *cause = find_cause(report);
	json_t *tasks = json_object_get(blocked, "tasks");

	if (!json_array_size(tasks))
		return;
	buf_printf(b, "<section><h2>Blocked tasks (%zu)</h2>\n", json_array_size(tasks));
	html_rings(b, blocked);
	tell_cause(b, cause);
	html_graph(b, blocked, tree_show(cause, "address"));
	add_table(b, blocked);
	buf_add_str(b, "</section>\n");
}
