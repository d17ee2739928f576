/*
 * Which of two ways to do the same thing is faster, here and now.
 *
 * The ways take turns on pieces of equal size; what counts is the best time of each, so
 * that being interrupted does no harm. Layout public; zeroed is a new one. One thread.
 */
#ifndef DUMP_CONTEST_H
#define DUMP_CONTEST_H

#include "base/types.h"

#define CONTEST_ROUNDS 8 /* of both ways together */

struct contest {
	u64 best_ns[2];
	unsigned rounds; /* done */
};

/* Whose turn it is: 0 or 1. */
unsigned contest_turn(const struct contest *c);
/* That way took @ns for its piece; UINT64_MAX if it could not do it at all. */
void contest_add(struct contest *c, u64 ns);
bool contest_is_over(const struct contest *c);
/* Once it is over: 0 or 1; 0 if both are equal. */
unsigned contest_winner(const struct contest *c);

#endif
