/* Deadlocks: each told as a list that comes back to where it began, and drawn as a ring. */
#include "analyse/html_priv.h"

#include "base/str.h"

#define MAX_RINGS 8
#define MAX_TOLD  32 /* tasks of one ring that are told */
#define MAX_DRAWN 6  /* tasks of a ring that is drawn */
#define MARGIN	  14
#define WIDTH	  300
#define COLUMN	  410 /* from box to box */
#define ROW	  110

struct ring {
	json_t *tasks[MAX_TOLD], *locks[MAX_TOLD]; /* task i waits for lock i */
	size_t num;
	bool is_closed; /* all of it is known */
};

/* From one task of it to the owner of what that waits for, and so on. */
static void gather(json_t *blocked, u64 number, struct ring *ret)
{
	json_t *tasks = json_object_get(blocked, "tasks"), *t;
	size_t i;

	*ret = (struct ring){0};
	json_array_foreach(tasks, i, t) if (tree_has(t, "ring") &&
					    tree_get_int(t, "ring") == number) break;
	for (t = json_array_get(tasks, i); t && ret->num < MAX_TOLD;) {
		json_t *lock = html_lock_of(blocked, t);

		ret->tasks[ret->num] = t;
		ret->locks[ret->num++] = lock;
		t = html_find(tasks, "address", tree_show(lock, "owner_address"));
		if (t == ret->tasks[0]) {
			ret->is_closed = true;
			return;
		}
	}
}

/* ---- told ---- */

static void tell_link(struct buf *b, json_t *task, json_t *lock)
{
	html_fill(b, task, "<li><b>{comm} (pid {pid})</b>");
	if (*tree_show(task, "function"))
		html_fill(b, task, " in <code>{function}</code>");
	if (*tree_show(task, "module"))
		html_fill(b, task, " [{module}]");
	buf_add_str(b, " waits ");
	if (tree_has(task, "since_ms"))
		html_seconds(b, task, "since_ms");
	buf_add_str(b, " for ");
	html_tell_lock(b, lock);
	buf_add_str(b, ", held by</li>\n");
}

static void tell(struct buf *b, const struct ring *r)
{
	buf_add_str(b, "<ol class=\"cause\">\n");
	for (size_t i = 0; i < r->num; i++)
		tell_link(b, r->tasks[i], r->locks[i]);
	if (r->is_closed)
		html_fill(b, r->tasks[0],
			  "<li><b>{comm} (pid {pid})</b> again: a deadlock, none of them "
			  "can ever go on.</li>\n");
	else
		buf_add_str(b, "<li>\u2026</li>\n");
	buf_add_str(b, "</ol>\n");
}

/* ---- drawn ---- */

/* Boxes go round: tasks and locks in turn, half of them along the top and the others back
 * along the bottom. */
static int box_x(const struct ring *r, size_t box)
{
	size_t column = box < r->num ? box : 2 * r->num - 1 - box;

	return MARGIN + (int)column * COLUMN;
}

static int box_y(const struct ring *r, size_t box)
{
	return MARGIN + (box < r->num ? 0 : ROW);
}

static void draw_box(struct buf *b, const struct ring *r, size_t box)
{
	cleanup(buf_deinit) struct buf title = BUF_INIT, small = BUF_INIT;
	json_t *task = r->tasks[box / 2];
	struct html_box whole = {.x = box_x(r, box), .y = box_y(r, box), .width = WIDTH};

	if (box % 2) {
		whole.class = "lock ring";
		whole.tag = "";
		html_lock_box(b, r->locks[box / 2], &whole);
		return;
	}
	html_plain_task(&title, task);
	html_plain_function(&small, task);
	whole.class = "task ring";
	whole.tag = "deadlock";
	whole.title = buf_text(&title);
	whole.small = buf_text(&small);
	html_box(b, &whole);
	b->failed |= title.failed || small.failed;
}

static void draw_label(struct buf *b, const struct ring *r, size_t box, int x, int y,
		       const char *anchor)
{
	if (box % 2)
		html_label(b, x, y, anchor, "held by");
	else
		html_wait_label(b, r->tasks[box / 2], x, y, anchor);
}

/* The arrow from a box to the next one. */
static void draw_arrow(struct buf *b, const struct ring *r, size_t box)
{
	size_t next = (box + 1) % (2 * r->num);
	int x = box_x(r, box), y = box_y(r, box), to_x = box_x(r, next),
	    to_y = box_y(r, next);
	int half = HTML_BOX_HEIGHT / 2;
	/* With one task the two arrows would lie on each other. */
	int down = WIDTH / 2 + (r->num > 1 ? 0 : y < to_y ? -60 : 60);

	if (y == to_y) {
		int from = x < to_x ? x + WIDTH : x,
		    to = x < to_x ? to_x - 2 : to_x + WIDTH + 2;

		draw_label(b, r, box, (from + to) / 2, y + half - 8, "middle");
		x = from;
		to_x = to;
		y = to_y = y + half;
	} else {
		x += down;
		to_x += down;
		to_y += y < to_y ? -2 : HTML_BOX_HEIGHT + 2;
		y += y < to_y ? HTML_BOX_HEIGHT : 0;
		draw_label(b, r, box, x + 12, (y + to_y) / 2 + 4, "start");
	}
	buf_printf(b,
		   "<path class=\"edge ring%s\" d=\"M%d %d L%d %d\" "
		   "marker-end=\"url(#ring)\"/>\n",
		   box % 2 ? " held" : "", x, y, to_x, to_y);
}

static void draw(struct buf *b, const struct ring *r)
{
	html_svg_open(b, 2 * MARGIN + ((int)r->num - 1) * COLUMN + WIDTH,
		      2 * MARGIN + ROW + HTML_BOX_HEIGHT,
		      "The ring of tasks and locks; the list above says the same");
	for (size_t i = 0; i < 2 * r->num; i++)
		draw_arrow(b, r, i);
	for (size_t i = 0; i < 2 * r->num; i++)
		draw_box(b, r, i);
	html_svg_close(b);
}

void html_rings(struct buf *b, json_t *blocked)
{
	struct ring r;

	for (u64 i = 1; i <= tree_get_int(blocked, "rings") && i <= MAX_RINGS; i++) {
		gather(blocked, i, &r);
		if (!r.num)
			continue;
		tell(b, &r);
		if (r.is_closed && r.num <= MAX_DRAWN)
			draw(b, &r);
	}
}
