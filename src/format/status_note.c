#include "format/status_note.h"

#include "base/bytes.h"

#define VERSION	   1u
#define INCOMPLETE 1u /* in flags */

bool status_note_parse(const struct note *n, struct status_note *ret)
{
	const u8 *desc = n->desc;

	if (!note_has_name(n, STATUS_NOTE_NAME) || n->type != STATUS_NOTE_TYPE ||
	    n->desc_len < STATUS_NOTE_DESC_LEN)
		return false;
	/* A later version only adds words. */
	*ret = (struct status_note){.is_incomplete = get_le32(desc + 4) & INCOMPLETE,
				    .dump_level = get_le32(desc + 8)};
	return true;
}

void status_note_format(const struct status_note *s, u8 ret[STATUS_NOTE_DESC_LEN])
{
	put_le32(ret, VERSION);
	put_le32(ret + 4, s->is_incomplete ? INCOMPLETE : 0);
	put_le32(ret + 8, s->dump_level);
}
