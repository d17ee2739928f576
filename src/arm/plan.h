/*
 * From what is configured and what this machine is to what is built and loaded: the
 * manifest, the modules, the files of the image, the command line.
 *
 * Nothing is written. The plan owns its strings; the configuration must outlive it.
 */
#ifndef ARM_PLAN_H
#define ARM_PLAN_H

#include "arm/capture_kernel.h"
#include "arm/image_files.h"
#include "arm/network_snapshot.h"
#include "format/capture_config.h"
#include "format/manifest.h"

#define PLAN_MODULES_MAX 128

/* Layout is public. */
struct plan {
	struct capture_kernel kernel;
	struct manifest manifest; /* its modules are filled in when the image is built */
	char *command_line;	  /* without the identity of this boot */
	const char *modules[PLAN_MODULES_MAX + 1]; /* names, NULL-terminated */
	size_t num_modules;
	struct image_files files;
	struct network_snapshot network; /* the way to remote targets */
	const char *target_text;	 /* for people: "/dev/vda1 (ext4), /var/crash" */
	/* What to say although it does not stop: sentences. */
	const char *warnings[16];
	size_t num_warnings;

	struct manifest_target targets[MANIFEST_ROWS_MAX];
	struct manifest_hook hooks[MANIFEST_ROWS_MAX];
	void **kept; /* what is freed with the plan */
	size_t num_kept, kept_capacity;
};

/* Plan for the machine below @root. Sentences of errors say what to configure instead. The
 * caller calls plan_deinit(). */
must_check struct err *plan_make(const char *root, const struct capture_config *config,
				 struct plan **ret);
void plan_free(struct plan *p);
CLEANUP_FREEP(plan)

#endif
