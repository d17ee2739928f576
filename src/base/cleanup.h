/*
 * Scope guards: a variable marked cleanup(f) is passed by address to f when it leaves
 * scope.
 *
 * Each noun that allocates offers `<noun>_freep` beside `<noun>_free`; define it with
 * CLEANUP_FREEP. steal() hands a guarded pointer to the caller.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup(fn) __attribute__((cleanup(fn)))

/* Take the value of pointer variable @p and leave NULL in it. */
#define steal(p)                                                                           \
	({                                                                                 \
		__typeof__(p) stolen_ = (p);                                               \
		(p) = NULL;                                                                \
		stolen_;                                                                   \
	})

/* Define `static inline void noun_freep(struct noun **p)` from `void noun_free(struct noun
 * *)`. */
#define CLEANUP_FREEP(noun)                                                                \
	static inline void noun##_freep(struct noun **p)                                   \
	{                                                                                  \
		noun##_free(*p);                                                           \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Take the value of the guarded descriptor *@fd and leave -1 in it. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
