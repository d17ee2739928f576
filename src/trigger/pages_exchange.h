/* The pages on a listener: a request of it in, its answer out. */
#ifndef TRIGGER_PAGES_EXCHANGE_H
#define TRIGGER_PAGES_EXCHANGE_H

#include "trigger/listener.h"
#include "trigger/pages.h"

/* Answer @x, before this returns. May wait for the store and for files of dump directories:
 * the listener of the pages has threads of its own. */
void pages_exchange(const struct pages_site *site, struct exchange *x,
		    const struct listener_request *r);

#endif
