/*
 * The rows of a manifest as tables, which its writer and its reader both walk: what is
 * added here is written and read.
 */
#ifndef FORMAT_MANIFEST_FIELDS_PRIV_H
#define FORMAT_MANIFEST_FIELDS_PRIV_H

#include "format/manifest.h"

/* A member of a row: a string, a count or a flag. */
enum manifest_field_type { FIELD_STRING, FIELD_COUNT, FIELD_FLAG };

struct manifest_field {
	const char *key;
	enum manifest_field_type type;
	size_t offset;
};

#define MANIFEST_FIELD(kind, noun, member)                                                 \
	{                                                                                  \
		.key = #member, .type = kind, .offset = offsetof(struct noun, member)      \
	}

/* An array of the manifest: its rows, what they start from, and where it lies. */
struct manifest_array {
	const char *key;
	const struct manifest_field *fields;
	size_t num_fields;
	size_t row_size, max;
	const void *defaults; /* of one row */
	size_t rows_offset, count_offset;
	const char *required; /* the member no row can do without, a string */
};

/* Places in manifest_arrays. */
enum {
	MANIFEST_MODULES,
	MANIFEST_TARGETS,
	MANIFEST_HOOKS,
	MANIFEST_INTERFACES,
	MANIFEST_ROUTES,
	MANIFEST_NUM_ARRAYS
};
extern const struct manifest_array manifest_arrays[MANIFEST_NUM_ARRAYS];
/* Lies in crashed, not in the root. */
extern const struct manifest_array manifest_sysctl_array;

static inline const void *manifest_array_rows(const struct manifest_array *a,
					      const struct manifest *m)
{
	return *(const void *const *)(const void *)((const char *)m + a->rows_offset);
}

static inline size_t manifest_array_count(const struct manifest_array *a,
					  const struct manifest *m)
{
	return *(const size_t *)(const void *)((const char *)m + a->count_offset);
}

#endif
