/*
 * Where the bytes of a dump go: into a file or block device at their offsets, or into a
 * stream, where each piece is a segment of the flattened format that names its offset.
 *
 * Any number of threads write at once; a stream takes one piece after the other. The
 * descriptor is borrowed.
 */
#ifndef COLLECT_OUTPUT_PRIV_H
#define COLLECT_OUTPUT_PRIV_H

#include "base/err.h"

#include <pthread.h>

enum output_kind { OUTPUT_FILE, OUTPUT_DEVICE, OUTPUT_STREAM };

struct output {
	int fd;
	const char *name;
	enum output_kind kind;
	pthread_mutex_t lock; /* of everything below, and of a stream's writes */
	pthread_cond_t turn_came;
	u64 end;  /* where the next data goes */
	u64 turn; /* pieces placed whose order matters */
	bool is_broken;
};

/* ERR_UNSUPPORTED for a descriptor that @as_stream = false cannot be written at offsets. A
 * regular file is emptied. */
must_check struct err *output_init(struct output *o, int fd, const char *name,
				   bool as_stream);
void output_deinit(struct output *o);

must_check struct err *output_write(struct output *o, u64 offset, const void *data,
				    size_t len);

/* Make @len bytes zero that nothing was written to yet: a hole, where there can be one. */
must_check struct err *output_clear(struct output *o, u64 offset, u64 len);

/* Take @len bytes of space for data, behind those of at least @turn ordered pieces; one
 * that
 * @is_ordered counts as one more. Waits for that. False if the output broke before, so that
 * it may never come. */
bool output_place(struct output *o, u64 turn, bool is_ordered, u64 len, u64 *ret);

/* Writing failed or is given up: nobody waits for a turn any more. */
void output_break(struct output *o);

/* Let a file end at @size. */
must_check struct err *output_cut(struct output *o, u64 size);

/* What was written to a device is on it; a file that is not synced has no name yet. */
must_check struct err *output_sync(struct output *o);

/* Nothing comes after: mark the end of a stream. */
must_check struct err *output_end(struct output *o);

#endif
