/*
 * The parts a plan is made of: each file of plan_*.c fills in its own.
 */
#ifndef ARM_PLAN_PRIV_H
#define ARM_PLAN_PRIV_H

#include "arm/mount_table.h"
#include "arm/plan.h"

/* What plan_make() and its parts share. */
struct planning {
	const char *root;
	const struct capture_config *config;
	struct mount_table mounts;
	struct plan *plan;
	bool target_on_usb;
};

/* A formatted string that lives as long as the plan; NULL without memory. */
char *plan_printf(struct plan *p, const char *fmt, ...) printf_like(2, 3);
/* Free @pointer with the plan; it is freed at once if that fails. */
must_check struct err *plan_keep(struct plan *p, void *pointer);
/* Add a module by name, once; see modules_resolve(). @name is copied. */
must_check struct err *plan_add_module(struct plan *p, const char *name);
/* Put a file of the machine into the image at @path, once. Strings are copied. */
must_check struct err *plan_add_file(struct planning *g, const char *path,
				     const char *host_path, unsigned mode);
/* Add a sentence to the warnings; those beyond what fits are dropped. */
void plan_warn(struct plan *p, const char *fmt, ...) printf_like(2, 3);

/* plan_target.c: where the dump goes, and what reaches it. */
must_check struct err *plan_targets(struct planning *g);
/* Add a target to what people are told: "/dev/vda1 (ext4), /var/crash". */
must_check struct err *plan_describe_target(struct planning *g,
					    const struct manifest_target *t,
					    const char *device);

/* plan_remote.c: targets that are reached over the network. */
must_check struct err *plan_nfs(struct planning *g, const char *source, const char *options,
				const char *path, struct manifest_target *t);
must_check struct err *plan_ssh(struct planning *g, const char *user_at_host,
				struct manifest_target *t);

/* plan_machine.c: what this machine adds. */
must_check struct err *plan_command_line(struct planning *g);
must_check struct err *plan_identity(struct planning *g);
must_check struct err *plan_watchdogs(struct planning *g);

/* plan_programs.c: the collector, hooks, and programs taken along. */
must_check struct err *plan_collector(struct planning *g);
must_check struct err *plan_programs(struct planning *g);

#endif
