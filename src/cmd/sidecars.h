/* The sidecars (collect/sidecar.h) of the dumps a command line names. */
#ifndef CMD_SIDECARS_H
#define CMD_SIDECARS_H

#include "collect/collect.h"
#include "format/makedumpfile_words.h"

/* Write one beside each target. @level is what was left out, in the end. */
must_check struct err *sidecars_write(const struct makedumpfile_words *w,
				      const struct collect_stats *stats, unsigned level);

/* Compare each source that has one with it; what differs is told on standard error with
 * @program in front. */
must_check struct err *sidecars_compare(const struct makedumpfile_words *w,
					const char *program, bool *ret_is_same);

#endif
