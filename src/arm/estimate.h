/*
 * How much memory a capture kernel takes, from what it is made of.
 *
 * The sum is of the moment at which a boot needs most, when the packed image and what was
 * unpacked of it are both there and the kernel has freed nothing yet: that is where too
 * small a reservation dies, long before a dump is written. Layout is public.
 */
#ifndef ARM_ESTIMATE_H
#define ARM_ESTIMATE_H

#include "format/capture_config.h"
#include "format/manifest.h"

#define ESTIMATE_LARGE_MAX 16

struct estimate_module {
	char name[64];
	u64 bytes;
};

struct plan;

struct estimate {
	u64 reserved_bytes, recommended_bytes;
	/* What the sum is made of. */
	u64 kernel_bytes; /* init_size of the kernel's header: image, bss, room to unpack */
	u64 initrd_bytes; /* packed */
	u64 unpacked_bytes; /* the same, unpacked: modules, programs, libraries */
	u64 memmap_bytes;   /* struct page of the sections that memory lies in */
	u64 runtime_bytes;  /* slab, per-CPU areas, hashes, page tables until /init runs */
	u64 cpus_bytes;	    /* CPUs after the first, and what they compress with */
	u64 devices_bytes;  /* of adapters known for large ones: rings, queues, firmware */
	u64 margin_bytes;
	/* Of the unpacked bytes. */
	u64 modules_bytes;
	struct estimate_module large[ESTIMATE_LARGE_MAX]; /* of 1 MiB and more */
	size_t num_large;
};

/* For what @config asks for on the machine below @root. Builds the image in memory, writes
 * nothing. @init as in struct arm_options. */
must_check struct err *estimate_make(const char *root, const struct capture_config *config,
				     const char *init, struct estimate *ret);

/* The least that what was planned and built can be expected to live in, with no margin: a
 * reservation below it is too small, one above it may still be. */
must_check struct err *estimate_needed(const char *root, const struct plan *plan,
				       u64 image_bytes, u64 unpacked_bytes, u64 *ret);

#endif
