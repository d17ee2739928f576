#include "dump/contest.h"

unsigned contest_turn(const struct contest *c)
{
	return c->rounds % 2;
}

void contest_add(struct contest *c, u64 ns)
{
	u64 *best = &c->best_ns[c->rounds % 2];

	if (c->rounds < 2 || ns < *best)
		*best = ns;
	c->rounds++;
}

bool contest_is_over(const struct contest *c)
{
	return c->rounds >= CONTEST_ROUNDS;
}

unsigned contest_winner(const struct contest *c)
{
	return c->best_ns[1] < c->best_ns[0];
}
