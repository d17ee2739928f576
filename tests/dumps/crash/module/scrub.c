// SPDX-License-Identifier: GPL-2.0-or-later
/* The scrubber: it does not come to an end. */
#include <linux/compiler.h>
#include <linux/errno.h>

#include "tessera.h"

static unsigned int tsr_scrub_left = 12;

static noinline unsigned int tsr_scrub_pass(void)
{
	unsigned int rounds = 0;

	/* No cpu_relax(): under TCG each would end a turn of the CPU, and time hardly pass.
	 */
	while (READ_ONCE(tsr_scrub_left))
		rounds++;
	return rounds;
}

static int tsr_scrub_start(void)
{
	return tsr_scrub_pass() ? 0 : -EIO;
}

const struct tsr_request tsr_scrub_requests[] = {
	{15, tsr_scrub_start},
	{0, NULL},
};
