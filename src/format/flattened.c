#include "format/flattened.h"

#include "base/bytes.h"

#define SIGNATURE     "makedumpfile"
#define SIGNATURE_LEN 16 /* with zeros behind */
#define H_TYPE	      16
#define H_VERSION     24
#define TYPE	      1
#define VERSION	      1
#define END	      UINT64_MAX /* -1 */

bool flattened_recognises(const void *head, size_t len)
{
	return len >= SIGNATURE_LEN && memcmp(head, SIGNATURE "\0\0\0", SIGNATURE_LEN) == 0;
}

struct err *flattened_check_header(const u8 head[FLATTENED_USED_LEN], const char *name)
{
	u64 type = get_be64(head + H_TYPE), version = get_be64(head + H_VERSION);

	if (type == TYPE && version == VERSION)
		return NULL;
	return err_new(ERR_UNSUPPORTED,
		       "%s: flattened format of type %llu and version %llu (offset 0x%x); "
		       "only type %d and version %d are known",
		       name, (unsigned long long)type, (unsigned long long)version, H_TYPE,
		       TYPE, VERSION);
}

void flattened_format_header(u8 ret[FLATTENED_HEADER_LEN])
{
	memset(ret, 0, FLATTENED_HEADER_LEN);
	memcpy(ret, SIGNATURE, strlen(SIGNATURE));
	put_be64(ret + H_TYPE, TYPE);
	put_be64(ret + H_VERSION, VERSION);
}

bool flattened_parse_segment(const u8 bytes[FLATTENED_SEGMENT_LEN],
			     struct flattened_segment *ret)
{
	*ret = (struct flattened_segment){.offset = get_be64(bytes),
					  .size = get_be64(bytes + 8)};
	ret->is_end = ret->offset == END && ret->size == END;
	return ret->is_end || range_fits(ret->offset, ret->size, INT64_MAX);
}

void flattened_format_segment(u64 offset, u64 size, u8 ret[FLATTENED_SEGMENT_LEN])
{
	put_be64(ret, offset);
	put_be64(ret + 8, size);
}

void flattened_format_end(u8 ret[FLATTENED_SEGMENT_LEN])
{
	flattened_format_segment(END, END, ret);
}
