/*
 * The blocked-on graph: tasks that wait on the left, locks in the middle, owners that do
 * not wait on the right. A ring of tasks goes from row to row.
 */
#include "analyse/html_priv.h"

#include "base/str.h"

#include <string.h>

#define MAX_NODES   24
#define MAX_WAITERS 6 /* drawn of those who wait for one lock */
#define MARGIN	    14
#define ROW	    68
#define TASK_WIDTH  280
#define LOCK_X	    404
#define LOCK_WIDTH  330
#define OWNER_X	    842
#define OWNER_WIDTH 280

/* One box. */
struct node {
	json_t *j; /* a task or a lock of the report; NULL: one that is gone */
	const char *address;
	size_t others; /* it stands for so many tasks that have no box of their own */
	int y;
};

struct column {
	struct node nodes[MAX_NODES];
	size_t num;
};

struct graph {
	json_t *blocked;
	const char *cause; /* address of the lock that is the cause, "" */
	struct column tasks, locks, owners;
	size_t num_left_out;
};

static struct node *find_node(struct column *c, const char *address)
{
	for (size_t i = 0; *address && i < c->num; i++)
		if (!c->nodes[i].others && str_eq(c->nodes[i].address, address))
			return &c->nodes[i];
	return NULL;
}

static bool add_node(struct column *c, json_t *j, const char *address)
{
	if (!*address)
		return false;
	if (find_node(c, address))
		return true;
	if (c->num == MAX_NODES)
		return false;
	c->nodes[c->num++] = (struct node){.j = j, .address = address};
	return true;
}

/* ---- who has a box ---- */

static bool owns_one(struct graph *g, const char *address)
{
	return html_find(json_object_get(g->blocked, "locks"), "owner_address", address);
}

/* The first ones have boxes of their own, and whoever has a lock himself. */
static void gather_waiters(struct graph *g, const char *lock)
{
	json_t *t;
	size_t i, drawn = 0, others = 0;

	json_array_foreach(json_object_get(g->blocked, "tasks"), i, t)
	{
		const char *address = tree_show(t, "address");

		if (!str_eq(tree_show(t, "lock"), lock) || tree_has(t, "ring") ||
		    find_node(&g->tasks, address))
			continue;
		if ((drawn < MAX_WAITERS || owns_one(g, address)) &&
		    add_node(&g->tasks, t, address))
			drawn++;
		else
			others++;
	}
	if (others && g->tasks.num < MAX_NODES)
		g->tasks.nodes[g->tasks.num++] =
			(struct node){.address = lock, .others = others};
	else
		g->num_left_out += others;
}

/* Does somebody wait for it who is not in a ring? */
static bool has_others(struct graph *g, const char *lock)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(g->blocked, "tasks"), i,
			   t) if (!tree_has(t, "ring") &&
				  str_eq(tree_show(t, "lock"), lock)) return true;
	return false;
}

static void gather_lock(struct graph *g, json_t *lock)
{
	const char *owner = tree_show(lock, "owner_address"), *address;
	json_t *task = html_find(json_object_get(g->blocked, "tasks"), "address", owner);

	address = tree_show(lock, "address");
	if (!has_others(g, address) || find_node(&g->locks, address) ||
	    !add_node(&g->locks, lock, address))
		return;
	gather_waiters(g, address);
	if (!tree_has(task, "lock") || tree_has(task, "ring"))
		add_node(&g->owners, json_object_get(lock, "owner"), owner);
}

static void gather(struct graph *g)
{
	json_t *l;
	size_t i;

	gather_lock(g,
		    html_find(json_object_get(g->blocked, "locks"), "address", g->cause));
	json_array_foreach(json_object_get(g->blocked, "locks"), i, l) gather_lock(g, l);
}

/* ---- where the boxes are ---- */

/* At the mean of @sum over @num, but below the box before. */
static void place(struct column *c, size_t i, int sum, int num)
{
	int least = i ? c->nodes[i - 1].y + ROW : MARGIN, y = num ? sum / num : least;

	c->nodes[i].y = y > least ? y : least;
}

static bool waits_for(const struct node *task, const struct node *lock)
{
	return str_eq(task->others ? task->address : tree_show(task->j, "lock"),
		      lock->address);
}

static void lay_out(struct graph *g)
{
	for (size_t i = 0; i < g->tasks.num; i++)
		place(&g->tasks, i, 0, 0);
	for (size_t i = 0; i < g->locks.num; i++) {
		int sum = 0, num = 0;

		for (size_t t = 0; t < g->tasks.num; t++)
			if (waits_for(&g->tasks.nodes[t], &g->locks.nodes[i])) {
				sum += g->tasks.nodes[t].y;
				num++;
			}
		place(&g->locks, i, sum, num);
	}
	for (size_t i = 0; i < g->owners.num; i++) {
		int sum = 0, num = 0;

		for (size_t l = 0; l < g->locks.num; l++)
			if (str_eq(tree_show(g->locks.nodes[l].j, "owner_address"),
				   g->owners.nodes[i].address)) {
				sum += g->locks.nodes[l].y;
				num++;
			}
		place(&g->owners, i, sum, num);
	}
}

static int bottom(const struct column *c)
{
	return c->num ? c->nodes[c->num - 1].y + HTML_BOX_HEIGHT : 0;
}

/* ---- the drawing ---- */

void html_box(struct buf *b, const struct html_box *box)
{
	buf_printf(b,
		   "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		   "rx=\"%d\"/>\n",
		   box->class, box->x, box->y, box->width, HTML_BOX_HEIGHT,
		   str_has_prefix(box->class, "lock") ? 22 : 6);
	if (*box->tag)
		buf_printf(b,
			   "<rect class=\"tag\" x=\"%d\" y=\"%d\" width=\"%zu\" "
			   "height=\"18\" rx=\"9\"/><text class=\"tag\" x=\"%d\" "
			   "y=\"%d\">%s</text>\n",
			   box->x + 18, box->y - 10, strlen(box->tag) * 8 + 16, box->x + 26,
			   box->y + 3, box->tag);
	buf_printf(b, "<text x=\"%d\" y=\"%d\">", box->x + 18, box->y + 22);
	html_clip(b, box->title, (size_t)(box->width - 36) / 8);
	buf_printf(b, "</text><text class=\"small\" x=\"%d\" y=\"%d\">", box->x + 18,
		   box->y + 38);
	html_clip(b, box->small, (size_t)(box->width - 36) / 7);
	buf_add_str(b, "</text>\n");
}

static void draw_task(struct buf *b, const struct node *n)
{
	cleanup(buf_deinit) struct buf title = BUF_INIT, small = BUF_INIT;

	if (n->others) {
		buf_printf(&title, "%zu more tasks", n->others);
		buf_add_str(&small, "in the table below");
	} else {
		html_plain_task(&title, n->j);
		html_plain_function(&small, n->j);
	}
	html_box(b, &(struct html_box){.class = "task",
				       .x = MARGIN,
				       .y = n->y,
				       .width = TASK_WIDTH,
				       .tag = "",
				       .title = buf_text(&title),
				       .small = buf_text(&small)});
	b->failed |= title.failed || small.failed;
}

static void draw_lock(struct buf *b, const struct graph *g, const struct node *n)
{
	bool is_cause = str_eq(n->address, g->cause);

	html_lock_box(b, n->j,
		      &(struct html_box){.class = is_cause ? "lock ring" : "lock",
					 .x = LOCK_X,
					 .y = n->y,
					 .width = LOCK_WIDTH,
					 .tag = is_cause ? "cause" : ""});
}

void html_lock_box(struct buf *b, json_t *lock, const struct html_box *box)
{
	cleanup(buf_deinit) struct buf small = BUF_INIT;
	struct html_box whole = *box;

	buf_printf(&small, "%s%s%s", tree_show(lock, "address"),
		   *html_lock_state(lock) ? ", " : "", html_lock_state(lock));
	whole.title = tree_show(lock, *tree_show(lock, "what") ? "what" : "kind");
	whole.small = buf_text(&small);
	html_box(b, &whole);
	b->failed |= small.failed;
}

/* What became of the owner, as each lock of it says. */
static const char *fate(const struct graph *g, const struct node *owner)
{
	for (size_t i = 0; i < g->locks.num; i++)
		if (str_eq(tree_show(g->locks.nodes[i].j, "owner_address"), owner->address))
			return tree_show(g->locks.nodes[i].j, "owner_is");
	return "";
}

static void draw_owner(struct buf *b, const struct graph *g, const struct node *n)
{
	cleanup(buf_deinit) struct buf title = BUF_INIT;
	const char *is = fate(g, n);
	bool is_gone = str_has_prefix(is, "gone"), in_ring;

	if (is_gone || !n->j)
		buf_add_str(&title, "a task that is gone");
	else
		html_plain_task(&title, n->j);
	in_ring = tree_has(
		html_find(json_object_get(g->blocked, "tasks"), "address", n->address),
		"ring");
	html_box(b, &(struct html_box){.class = is_gone	  ? "task gone"
						: in_ring ? "task ring"
							  : "task",
				       .x = OWNER_X,
				       .y = n->y,
				       .width = OWNER_WIDTH,
				       .tag = is_gone	? "gone"
					      : in_ring ? "deadlock"
							: "",
				       .title = buf_text(&title),
				       .small = is});
	b->failed |= title.failed;
}

static void draw_edge(struct buf *b, const char *class, int x1, int y1, int x2, int y2)
{
	int half = (x1 + x2) / 2;

	buf_printf(b,
		   "<path class=\"edge%s\" d=\"M%d %d C%d %d %d %d %d %d\" "
		   "marker-end=\"url(#arrow)\"/>\n",
		   class, x1, y1, half, y1, half, y2, x2, y2);
}

void html_label(struct buf *b, int x, int y, const char *anchor, const char *text)
{
	buf_printf(b,
		   "<text class=\"label\" x=\"%d\" y=\"%d\" "
		   "text-anchor=\"%s\">%s</text>\n",
		   x, y, anchor, text);
}

void html_wait_label(struct buf *b, json_t *task, int x, int y, const char *anchor)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;

	if (!tree_has(task, "since_ms"))
		return;
	buf_add_str(&text, "waits ");
	html_seconds(&text, task, "since_ms");
	html_label(b, x, y, anchor, buf_text(&text));
	b->failed |= text.failed;
}

static const struct node *lock_of(struct graph *g, const struct node *task)
{
	for (size_t i = 0; i < g->locks.num; i++)
		if (waits_for(task, &g->locks.nodes[i]))
			return &g->locks.nodes[i];
	return NULL;
}

static void draw_waits(struct buf *b, struct graph *g)
{
	for (size_t i = 0; i < g->tasks.num; i++) {
		const struct node *t = &g->tasks.nodes[i], *l = lock_of(g, t);

		if (!l)
			continue;
		draw_edge(b, "", MARGIN + TASK_WIDTH, t->y + 18, LOCK_X - 2, l->y + 18);
		/* On the side of the line from which that does not turn away. */
		html_wait_label(b, t->j, MARGIN + TASK_WIDTH + 8,
				t->y + (l->y < t->y ? 32 : 12), "start");
	}
}

static void draw_holds(struct buf *b, struct graph *g)
{
	for (size_t i = 0; i < g->locks.num; i++) {
		const struct node *l = &g->locks.nodes[i];
		const char *address = tree_show(l->j, "owner_address");
		const struct node *t = find_node(&g->tasks, address),
				  *o = find_node(&g->owners, address);

		if (t) {
			draw_edge(b, " held", LOCK_X, l->y + 32, MARGIN + TASK_WIDTH + 2,
				  t->y + 32);
			html_label(b, LOCK_X - 8, l->y + 45, "end", "held by");
		} else if (o) {
			draw_edge(b, " held", LOCK_X + LOCK_WIDTH, l->y + 18, OWNER_X - 2,
				  o->y + 18);
			html_label(b, LOCK_X + LOCK_WIDTH + 8, l->y + 12, "start",
				   "held by");
		}
	}
}

void html_svg_open(struct buf *b, int width, int height, const char *label)
{
	buf_printf(b,
		   "<div class=\"scroll\"><svg role=\"img\" width=\"%d\" height=\"%d\" "
		   "aria-label=\"%s\">\n<defs>",
		   width, height, label);
	for (unsigned i = 0; i < 2; i++)
		buf_printf(b,
			   "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
			   "markerWidth=\"%d\" markerHeight=\"%d\" "
			   "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path "
			   "class=\"head%s\" d=\"M0 0 L8 4 L0 8 z\"/></marker>",
			   i ? "ring" : "arrow", i ? 15 : 10, i ? 15 : 10,
			   i ? " ring" : "");
	buf_add_str(b, "</defs>\n");
}

void html_svg_close(struct buf *b)
{
	buf_add_str(b, "</svg></div>\n");
}

static void draw(struct buf *b, struct graph *g)
{
	int height = bottom(&g->tasks), width = LOCK_X + LOCK_WIDTH + MARGIN;

	if (bottom(&g->locks) > height)
		height = bottom(&g->locks);
	if (bottom(&g->owners) > height)
		height = bottom(&g->owners);
	if (g->owners.num)
		width = OWNER_X + OWNER_WIDTH + MARGIN;
	html_svg_open(b, width, height + MARGIN,
		      "Tasks and the locks they wait for; the table below says the same");
	draw_waits(b, g);
	draw_holds(b, g);
	for (size_t i = 0; i < g->tasks.num; i++)
		draw_task(b, &g->tasks.nodes[i]);
	for (size_t i = 0; i < g->locks.num; i++)
		draw_lock(b, g, &g->locks.nodes[i]);
	for (size_t i = 0; i < g->owners.num; i++)
		draw_owner(b, g, &g->owners.nodes[i]);
	buf_add_str(b,
		    "</svg></div>\n<p class=\"dim\">A solid arrow goes to what is waited "
		    "for, a dashed one to who holds it.");
	if (g->num_left_out)
		buf_printf(b, " %zu more tasks are in the table alone.", g->num_left_out);
	buf_add_str(b, "</p>\n");
}

void html_graph(struct buf *b, json_t *blocked, const char *cause)
{
	cleanup(freep) struct graph *g = calloc(1, sizeof(*g));

	if (!g) {
		b->failed = true;
		return;
	}
	g->blocked = blocked;
	g->cause = cause;
	gather(g);
	if (!g->locks.num)
		return;
	lay_out(g);
	draw(b, g);
}
