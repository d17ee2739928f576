/* What pages say of a lock. */
#include "analyse/html_priv.h"

#include "base/str.h"

json_t *html_lock_of(json_t *blocked, json_t *task)
{
	return html_find(json_object_get(blocked, "locks"), "address",
			 tree_show(task, "lock"));
}

bool html_is_freeze(json_t *lock)
{
	return str_has_prefix(tree_show(lock, "what"), "freeze of");
}

const char *html_lock_state(json_t *lock)
{
	const char *state = tree_show(lock, "state");

	return html_is_freeze(lock) ? "frozen" : str_eq(state, "unknown") ? "" : state;
}

void html_tell_lock(struct buf *b, json_t *lock)
{
	html_fill(b, lock,
		  *tree_show(lock, "what") ? "<b>{what}</b> ({kind} <code>{address}</code>)"
					   : "<b>{kind}</b> <code>{address}</code>");
}
