/*
 * Arming: from what a person configured to a capture kernel that is loaded.
 *
 *	configuration -> plan (kernel, target, modules, command line) -> image -> loaded
 *
 * All paths of the machine are read below @root, "" on a real machine and a directory of
 * made-up files in a test. What was done last is remembered in ARM_STATE_DIR, so that
 * status and show can say what is loaded, and a rebuild can tell what has changed. One arms
 * at a time: arm_lock().
 */
#ifndef ARM_ARM_H
#define ARM_ARM_H

#include "base/buf.h"
#include "format/capture_config.h"
#include "format/crashkernel.h"
#include "kexec/kexec.h"

/* Images and state; the image of a release is "initrd-RELEASE", the one before it
 * "initrd-RELEASE.old". */
#define ARM_STATE_DIR "/var/lib/inquest"

/* What was loaded last, and from what. Strings belong to the record. */
struct arm_record {
	const char *kernel;	  /* path of the kernel that was loaded */
	const char *initrd;	  /* path of its image */
	const char *command_line; /* all of it */
	const char *release;	  /* of that kernel */
	const char *target;	  /* for people: "/dev/vda1 (ext4), /var/crash" */
	const char *boot_id;	  /* of the boot in which that was */
	/* Why the image is one from before, which may not be what is configured: no new one
	 * could be built. "" if it is up to date. */
	const char *outdated;
	u64 when; /* seconds since the epoch */
	u64 image_bytes, unpacked_bytes;
	u64 needed_bytes; /* with less reserved it is not thought to live; 0: not known */
	void *json;	  /* owns the strings */
};

/* The record of the last load, all "" if there is none: that is no error. The caller calls
 * arm_record_deinit(). */
must_check struct err *arm_record_read(const char *root, struct arm_record *ret);
void arm_record_deinit(struct arm_record *r);

/* What is so now. */
struct arm_status {
	bool has_kexec; /* this kernel knows kexec at all */
	struct kexec_state kexec;
	u64 ram_bytes;	       /* what the kernel's crashkernel= ranges look at */
	u64 crashkernel_start; /* physical address of the reservation, 0: none seen */
	char crashkernel[256]; /* the parameter of the running kernel, "" for none */
	struct crashkernel_reservation asked; /* what all of them come to on this machine */
	struct arm_record record;	      /* of what is loaded, if it was us */
};

/* Needs neither a configuration nor root; what cannot be had is 0. */
must_check struct err *arm_status_read(const char *root, struct arm_status *ret);
void arm_status_deinit(struct arm_status *s);

/* Is a capture kernel loaded, and has it the memory that it is thought to need? Of one that
 * was not loaded by us the need is not known, and taken to be met. */
bool arm_is_ready(const struct arm_status *s);

struct arm_options {
	bool rebuild;	  /* build the image even if no input changed */
	bool no_load;	  /* stop when the image is there */
	const char *init; /* the inquest-capture binary; NULL: the one of this program */
	/* Receives sentences of what is being done, "" newline; NULL for none. */
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
};

/* Plan, build what is out of date, load. The sentences of errors say what to do next. The
 * caller holds arm_lock(). Below a root other than "" nothing is loaded: what lies there is
 * another machine's. If an image that is due cannot be built, the last good one is loaded,
 * which is said and put on record; without loading, that is an error. */
must_check struct err *arm_load(const char *root, const struct capture_config *config,
				const struct arm_options *options);
/* Unload, with the lock held as well. */
must_check struct err *arm_unload(const char *root);

/* What arm_load() would load, as text for dry runs: NULL members of @options allowed. */
must_check struct err *arm_describe(const char *root, const struct capture_config *config,
				    struct buf *b);

/* Hold /run/lock/kdump, as kdumpctl does, until arm_unlock(). ERR_REFUSED if another holds
 * it for longer than @wait_ms. */
must_check struct err *arm_lock(const char *root, u64 wait_ms, int *ret_fd);
void arm_unlock(int fd);

#endif
