/*
 * The label of a dump on a raw block device, by which it is known to be whole.
 *
 * Such a dump is a flattened stream from the first byte of the device on, which any reader
 * of that format takes (`makedumpfile -R`). It is written in this order: the first block as
 * zeros, the stream, a label right behind its end, and once all that is on the disk the
 * same label into the first block, where a flattened header has room. A device with both,
 * equal, holds all of a dump, and not the end of an older one. Pure.
 */
#ifndef FORMAT_RAW_LABEL_H
#define FORMAT_RAW_LABEL_H

#include "base/types.h"

#include <stddef.h>

#define RAW_LABEL_LEN	 128
#define RAW_LABEL_OFFSET 2048 /* in the first block */
#define RAW_LABEL_ID	 40

/* Layout is public. */
struct raw_label {
	u64 bytes;	       /* of the stream */
	u64 started;	       /* of the capture, seconds since 1970 */
	char id[RAW_LABEL_ID]; /* boot-id of the crashed kernel, "" if not known */
};

void raw_label_format(const struct raw_label *label, u8 ret[RAW_LABEL_LEN]);
/* False if there is none in these bytes. The id has printable characters alone. */
bool raw_label_parse(const u8 bytes[RAW_LABEL_LEN], struct raw_label *ret);

#endif
