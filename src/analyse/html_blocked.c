/* The blocked-on graph: tasks on the left, locks on the right, and a table of the same. */
#include "analyse/html_priv.h"

#include "base/str.h"

#define MAX_NODES  40
#define ROW	   56
#define BOX_WIDTH  320
#define BOX_HEIGHT 40
#define LOCK_X	   540
#define MARGIN	   12

/* One box. Tasks that hold a lock and do not wait themselves are boxes too. */
struct node {
	json_t *j; /* a task or a lock of the report; NULL: a task that is gone */
	const char *address;
};

struct graph {
	struct node tasks[MAX_NODES], locks[MAX_NODES];
	size_t num_tasks, num_locks;
};

static size_t find_node(const struct node *nodes, size_t num, const char *address)
{
	for (size_t i = 0; i < num; i++)
		if (str_eq(nodes[i].address, address))
			return i;
	return SIZE_MAX;
}

static void add_node(struct node *nodes, size_t *num, json_t *j, const char *address)
{
	if (*num == MAX_NODES || !*address || find_node(nodes, *num, address) != SIZE_MAX)
		return;
	nodes[(*num)++] = (struct node){.j = j, .address = address};
}

/* Those in a ring first: they are what one has to see. */
static void gather_tasks(struct graph *g, json_t *tasks, bool in_ring)
{
	json_t *t;
	size_t i;

	json_array_foreach(tasks, i,
			   t) if (html_has(t, "lock") && html_has(t, "ring") == in_ring)
		add_node(g->tasks, &g->num_tasks, t, html_get(t, "address"));
}

static void gather(struct graph *g, json_t *blocked)
{
	json_t *l;
	size_t i;

	gather_tasks(g, json_object_get(blocked, "tasks"), true);
	gather_tasks(g, json_object_get(blocked, "tasks"), false);
	json_array_foreach(json_object_get(blocked, "locks"), i, l)
	{
		add_node(g->locks, &g->num_locks, l, html_get(l, "address"));
		add_node(g->tasks, &g->num_tasks, json_object_get(l, "owner"),
			 html_get(l, "owner_address"));
	}
}

static int middle(size_t row)
{
	return MARGIN + (int)row * ROW + BOX_HEIGHT / 2;
}

static void draw_task(struct buf *b, const struct node *n, size_t row)
{
	int y = MARGIN + (int)row * ROW;

	buf_printf(b,
		   "<rect class=\"task%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		   "rx=\"6\"/>",
		   n->j && html_has(n->j, "ring") ? " ring" : "", MARGIN, y, BOX_WIDTH,
		   BOX_HEIGHT);
	buf_printf(b, "<text x=\"%d\" y=\"%d\">", MARGIN + 10, y + 17);
	if (n->j) {
		html_member(b, n->j, "comm");
		buf_printf(b, " (pid %llu)", (unsigned long long)html_get_int(n->j, "pid"));
	} else {
		buf_add_str(b, "a task that is gone");
	}
	buf_printf(b, "</text><text class=\"small\" x=\"%d\" y=\"%d\">", MARGIN + 10,
		   y + 33);
	if (n->j && *html_get(n->j, "function"))
		html_member(b, n->j, "function");
	else
		html_text(b, n->j ? html_get(n->j, "state") : n->address);
	buf_add_str(b, "</text>\n");
}

static void draw_lock(struct buf *b, const struct node *n, size_t row)
{
	int y = MARGIN + (int)row * ROW;

	buf_printf(b,
		   "<rect class=\"lock\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		   "rx=\"20\"/>",
		   LOCK_X, y, BOX_WIDTH, BOX_HEIGHT);
	buf_printf(b, "<text x=\"%d\" y=\"%d\">", LOCK_X + 18, y + 17);
	html_member(b, n->j, *html_get(n->j, "what") ? "what" : "kind");
	buf_printf(b, "</text><text class=\"small\" x=\"%d\" y=\"%d\">", LOCK_X + 18,
		   y + 33);
	html_member(b, n->j, "state");
	buf_add_str(b, ", ");
	html_text(b, n->address);
	buf_add_str(b, "</text>\n");
}

static void draw_edge(struct buf *b, const char *class, int x1, int y1, int x2, int y2)
{
	int half = (x1 + x2) / 2;

	buf_printf(b,
		   "<path class=\"edge%s\" d=\"M%d %d C%d %d %d %d %d %d\" "
		   "marker-end=\"url(#arrow)\"/>\n",
		   class, x1, y1, half, y1, half, y2, x2, y2);
}

static void draw_edges(struct buf *b, const struct graph *g)
{
	for (size_t i = 0; i < g->num_tasks; i++) {
		json_t *t = g->tasks[i].j;
		size_t lock = t ? find_node(g->locks, g->num_locks, html_get(t, "lock"))
				: SIZE_MAX;

		if (lock != SIZE_MAX)
			draw_edge(b, html_has(t, "ring") ? " ring" : "", MARGIN + BOX_WIDTH,
				  middle(i) - 6, LOCK_X - 4, middle(lock) - 6);
	}
	for (size_t i = 0; i < g->num_locks; i++) {
		size_t owner = find_node(g->tasks, g->num_tasks,
					 html_get(g->locks[i].j, "owner_address"));

		if (owner != SIZE_MAX)
			draw_edge(b, " held", LOCK_X, middle(i) + 8, MARGIN + BOX_WIDTH + 4,
				  middle(owner) + 8);
	}
}

static void draw(struct buf *b, const struct graph *g)
{
	size_t rows = g->num_tasks > g->num_locks ? g->num_tasks : g->num_locks;

	buf_printf(b,
		   "<div class=\"scroll\"><svg role=\"img\" width=\"%d\" height=\"%zu\" "
		   "aria-label=\"Tasks and the locks they wait for; the table below says "
		   "the same\">\n",
		   LOCK_X + BOX_WIDTH + MARGIN, rows * ROW + 2 * MARGIN);
	buf_add_str(b,
		    "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
		    "markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" "
		    "orient=\"auto\"><path class=\"head\" d=\"M0 0 L8 4 L0 8 z\"/>"
		    "</marker></defs>\n");
	draw_edges(b, g);
	for (size_t i = 0; i < g->num_tasks; i++)
		draw_task(b, &g->tasks[i], i);
	for (size_t i = 0; i < g->num_locks; i++)
		draw_lock(b, &g->locks[i], i);
	buf_add_str(b,
		    "</svg></div>\n<p class=\"dim\">Solid arrow: waits for. Dashed arrow: "
		    "is held by. A thick frame: part of a deadlock.</p>\n");
}

static json_t *lock_of(json_t *blocked, json_t *task)
{
	json_t *l;
	size_t i;

	json_array_foreach(
		json_object_get(blocked, "locks"), i,
		l) if (str_eq(html_get(l, "address"), html_get(task, "lock"))) return l;
	return NULL;
}

static void add_owner(struct buf *b, json_t *lock)
{
	json_t *owner = json_object_get(lock, "owner");

	if (!lock)
		return;
	if (owner) {
		html_member(b, owner, "comm");
		buf_printf(b, " (pid %llu), ",
			   (unsigned long long)html_get_int(owner, "pid"));
	}
	html_member(b, lock, "owner_is");
}

static void table_row(struct buf *b, json_t *blocked, json_t *t)
{
	json_t *lock = html_has(t, "lock") ? lock_of(blocked, t) : NULL;

	buf_add_str(b, "<tr><td>");
	html_member(b, t, "comm");
	buf_printf(b, " (pid %llu)%s</td><td>", (unsigned long long)html_get_int(t, "pid"),
		   html_has(t, "ring") ? ", <b>deadlock</b>" : "");
	if (html_has(t, "since_ms"))
		buf_printf(b, "%llu.%llu s",
			   (unsigned long long)html_get_int(t, "since_ms") / 1000,
			   (unsigned long long)html_get_int(t, "since_ms") / 100 % 10);
	buf_add_str(b, "</td><td>");
	html_member(b, t, "waits_for");
	if (*html_get(lock, "what")) {
		buf_add_str(b, ": ");
		html_member(b, lock, "what");
	}
	if (html_has(t, "lock")) {
		buf_add_str(b, "<br><code>");
		html_member(b, t, "lock");
		buf_add_str(b, "</code>");
	}
	buf_add_str(b, "</td><td><code>");
	html_member(b, t, "function");
	buf_add_str(b, "</code> ");
	html_member(b, t, "module");
	buf_add_str(b, "</td><td>");
	add_owner(b, lock);
	buf_add_str(b, "</td></tr>\n");
}

void html_blocked(struct buf *b, json_t *report)
{
	json_t *blocked = json_object_get(report, "blocked"), *t;
	json_t *tasks = json_object_get(blocked, "tasks");
	struct graph g = {0};
	size_t i;

	if (!json_array_size(tasks))
		return;
	buf_printf(b, "<section><h2>Blocked tasks (%zu)</h2>\n", json_array_size(tasks));
	gather(&g, blocked);
	if (g.num_locks)
		draw(b, &g);
	buf_add_str(b, "<div class=\"scroll\"><table><thead><tr><th>Task</th><th>Waits</th>"
		       "<th>For</th><th>In</th><th>Held by</th></tr></thead><tbody>\n");
	json_array_foreach(tasks, i, t) table_row(b, blocked, t);
	buf_add_str(b, "</tbody></table></div></section>\n");
}
