/*
 * What a capture image is made from, as rows that can be kept and compared: files by size,
 * time and SHA-256, everything else by its value.
 *
 * The struct owns its strings.
 */
#ifndef ARM_IMAGE_INPUTS_H
#define ARM_IMAGE_INPUTS_H

#include "arm/plan.h"
#include "base/buf.h"

#include <jansson.h>

#define IMAGE_INPUTS_MAX 2048
#define SHA256_TEXT	 65 /* 64 digits and the terminating 0 */

/* Layout is public. */
struct image_input {
	char *name;  /* a path of the machine, or "the targets" */
	char *value; /* NULL for a file */
	char *place; /* of a file: its path on this host, NULL in a record */
	u64 size_bytes, mtime_ns;
	char sha256[SHA256_TEXT]; /* of a file; "" while it was not needed */
};

struct image_inputs {
	struct image_input *rows;
	size_t count;
};

/* Those of @plan, with @init as the program of the image. Errors name a file that is not
 * there. The caller calls image_inputs_deinit(). */
must_check struct err *image_inputs_gather(const char *root, const struct plan *plan,
					   const char *init, struct image_inputs *ret);
void image_inputs_deinit(struct image_inputs *in);

/* Append to @reason what is different between a record and what is so now ("/etc/x
 * changed"), nothing if all is the same. A file whose size or time differs is read. */
must_check struct err *image_inputs_compare(const struct image_inputs *recorded,
					    struct image_inputs *now, struct buf *reason);

/* Fill in all sums, and make an array of it. */
must_check struct err *image_inputs_to_json(struct image_inputs *in, json_t **ret);
/* The reverse; rows that make no sense are left out, and so count as changed. */
must_check struct err *image_inputs_from_json(const json_t *array,
					      struct image_inputs *ret);

/* SHA-256 of @len bytes as text. */
void sha256_text(const void *data, size_t len, char text[SHA256_TEXT]);

#endif
