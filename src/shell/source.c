#include "shell/source.h"

#include "base/str.h"

#include <string.h>

/* Modules have debug information of their own, and theirs would be looked for at addresses
 * that are another thing in the image's. */
static const struct debuginfo *debuginfo_for(struct shell *s, vaddr_t addr)
{
	cleanup(freep) struct symbol_at *at = malloc(sizeof(*at));

	if (!s->options.debuginfo || !at || !kernel_symbol_at(s->k, addr, at) ||
	    *at->module)
		return NULL;
	return s->options.debuginfo;
}

static void add_place(struct buf *b, const struct source_place *place)
{
	str_escape(b, place->file, strlen(place->file), false);
	buf_printf(b, ": %u", place->line);
}

bool shell_source_text(struct shell *s, vaddr_t addr, struct buf *b)
{
	const struct debuginfo *d = debuginfo_for(s, addr);
	struct source_place place;

	if (!d || !d->place(d->ctx, addr, &place))
		return false;
	add_place(b, &place);
	return true;
}

void shell_print_source(struct shell *s, vaddr_t addr, bool with_inlined)
{
	const struct debuginfo *d = debuginfo_for(s, addr);
	struct inlined_call calls[DEBUGINFO_MAX_INLINED];
	struct source_place place;
	struct buf *b = shell_out(s);
	size_t count = 0;

	if (!d || !d->place(d->ctx, addr, &place))
		return;
	if (with_inlined)
		count = d->inlined(d->ctx, addr, calls, ARRAY_SIZE(calls));
	for (size_t i = 0; i < count && place.file; i++) {
		buf_add_str(b, "    ");
		add_place(b, &place);
		buf_add_str(b, " (");
		shell_text(s, calls[i].function);
		buf_add_str(b, ", inlined)\n");
		place = calls[i].call;
	}
	if (!place.file)
		return;
	buf_add_str(b, "    ");
	add_place(b, &place);
	buf_add_char(b, '\n');
}

void shell_check_source(struct shell *s, const char *command)
{
	if (!s->options.debuginfo)
		buf_printf(shell_out(s),
			   "%s: lines need debug information, which a dump does not have: "
			   "name the vmlinux too; without them:\n",
			   command);
}
