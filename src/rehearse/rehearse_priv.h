/* One rehearsal under way, shared by the files of rehearse/. */
#ifndef REHEARSE_REHEARSE_PRIV_H
#define REHEARSE_REHEARSE_PRIV_H

#include "machine/disk.h"
#include "rehearse/kernel_package.h"
#include "rehearse/rehearse.h"
#include "rehearse/results.h"
#include "rehearse/story.h"

#define UUID_SIZE 37

struct rehearsal {
	const struct rehearse_config *config;
	const struct rehearse_observer *observer;
	struct rehearse_result *result;

	struct kernel_package kernel;
	struct results *results;
	struct disk *disk;
	int image_fd; /* the guest's initramfs, in memory; -1 before */
	int log_fd;   /* borrowed from results */
	char uuid[UUID_SIZE];
	char machine_id[33];

	enum rehearse_phase phase; /* REHEARSE_PHASES: between two */
	u64 phase_start_ms;
	struct story story;
};

/* Phases, told to the observer and noted in the result. @fmt may be NULL. */
void rehearsal_begin(struct rehearsal *r, enum rehearse_phase phase);
void rehearsal_done(struct rehearsal *r, const char *fmt, ...) printf_like(2, 3);
void rehearsal_news(struct rehearsal *r, const char *fmt, ...) printf_like(2, 3);
void rehearsal_remark(struct rehearsal *r, const char *fmt, ...) printf_like(2, 3);
void rehearsal_tick(struct rehearsal *r);

/* Build the capture image and the guest's image around it (image.c). */
must_check struct err *rehearsal_build_image(struct rehearsal *r);

/* Run the guest to its end and judge it (guest.c). */
must_check struct err *rehearsal_run_guest(struct rehearsal *r, enum verdict_kind *ret,
					   struct buf *sentence);

/* Take the dump directory off the disk, verify it, report on it (harvest.c). A dump that is
 * no good is a sentence in the result; the outcome is then not REHEARSE_PASSED. */
must_check struct err *rehearsal_harvest(struct rehearsal *r);

#endif
