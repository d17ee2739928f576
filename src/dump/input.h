/*
 * The bytes of a dump's file or files, whatever lies between: a path or a source somebody
 * lent, as it is or flattened.
 *
 * One thread at a time; other threads open it again.
 */
#ifndef DUMP_INPUT_H
#define DUMP_INPUT_H

#include "base/err.h"
#include "base/io.h"

struct input;

#define INPUT_MAX_PARTS 256

/* Open the @count files at @paths, 1 … INPUT_MAX_PARTS of them. */
must_check struct err *input_open(const char *const *paths, size_t count,
				  struct input **ret);
/* The same over sources, which are borrowed. Several threads may read from them at once if
 * the input is opened again. */
must_check struct err *input_open_sources(const struct byte_source *const *srcs,
					  size_t count, struct input **ret);
/* For one more thread; @of must outlive it. */
must_check struct err *input_open_again(const struct input *of, struct input **ret);
void input_close(struct input *in);
static inline void input_closep(struct input **in)
{
	input_close(*in);
}

size_t input_num_parts(const struct input *in);
/* The bytes of one part, valid as long as @in is open. Of a flattened file, as if it were
 * rearranged. */
const struct byte_source *input_part(const struct input *in, size_t part);

/* NULL, or what is missing of a part: the end of a flattened file did not come. The caller
 * frees. */
must_check struct err *input_check_end(const struct input *in, size_t part);
/* Is what was never written in [@offset, @offset + @len) lost, rather than zero? */
bool input_has_lost(const struct input *in, size_t part, u64 offset, u64 len);

#endif
