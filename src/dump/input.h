/*
 * The bytes of a dump's file, whatever lies between: a path or a source somebody lent, as
 * it is or flattened.
 *
 * One thread at a time; other threads open it again.
 */
#ifndef DUMP_INPUT_H
#define DUMP_INPUT_H

#include "base/err.h"
#include "base/io.h"

struct input;

must_check struct err *input_open(const char *path, struct input **ret);
/* @src is borrowed. Several threads may read from it at once if it is opened again. */
must_check struct err *input_open_source(const struct byte_source *src, struct input **ret);
/* For one more thread; @of must outlive it. */
must_check struct err *input_open_again(const struct input *of, struct input **ret);
void input_close(struct input *in);
static inline void input_closep(struct input **in)
{
	input_close(*in);
}

/* Valid as long as @in is open. Of a flattened file, as if it were rearranged. */
const struct byte_source *input_bytes(const struct input *in);

/* NULL, or what is missing: the end of a flattened file did not come. The caller frees. */
must_check struct err *input_check_end(const struct input *in);
/* Is what was never written in [@offset, @offset + @len) lost, rather than zero? */
bool input_has_lost(const struct input *in, u64 offset, u64 len);

#endif
