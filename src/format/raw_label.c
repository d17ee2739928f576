#include "format/raw_label.h"

#include "base/bytes.h"

#include <ctype.h>
#include <string.h>

#define MAGIC_LEN 16
#define BYTES_AT  16
#define TIME_AT	  24
#define ID_AT	  32
#define USED_LEN  (ID_AT + RAW_LABEL_ID)

static const char magic[MAGIC_LEN] = "inquest raw v1\n";

void raw_label_format(const struct raw_label *label, u8 ret[RAW_LABEL_LEN])
{
	memset(ret, 0, RAW_LABEL_LEN);
	memcpy(ret, magic, MAGIC_LEN);
	put_be64(ret + BYTES_AT, label->bytes);
	put_be64(ret + TIME_AT, label->started);
	memcpy(ret + ID_AT, label->id, strnlen(label->id, RAW_LABEL_ID - 1));
}

bool raw_label_parse(const u8 bytes[RAW_LABEL_LEN], struct raw_label *ret)
{
	struct raw_label label = {.bytes = get_be64(bytes + BYTES_AT),
				  .started = get_be64(bytes + TIME_AT)};

	if (memcmp(bytes, magic, MAGIC_LEN) != 0 || label.bytes > INT64_MAX ||
	    label.started > INT64_MAX || bytes[USED_LEN - 1])
		return false;
	memcpy(label.id, bytes + ID_AT, RAW_LABEL_ID);
	for (const char *c = label.id; *c; c++)
		if (!isgraph((unsigned char)*c))
			return false;
	*ret = label;
	return true;
}
