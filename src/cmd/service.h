/*
 * What the old names of the service (kdumpctl, kdump-config, mkdumprd) share: which
 * configuration counts, arming with its outcome told in a tool's words, and panic triggers.
 *
 * All is below `root`, "" on a real machine. Layout is public; the struct owns its
 * configuration. One thread.
 */
#ifndef CMD_SERVICE_H
#define CMD_SERVICE_H

#include "arm/arm.h"
#include "format/capture_config.h"

/* How long another that is arming is waited for. */
#define SERVICE_LOCK_WAIT_MS (300 * 1000)

struct service {
	const char *program; /* for messages on standard error: "kdumpctl" */
	const char *root;
	bool has_config;
	struct capture_config config;
};

/* Take --root=DIR and --root DIR off the front of the words, argv[1] on. ERR_USAGE if its
 * value is missing. */
must_check struct err *service_take_root(int *argc, char ***argv, const char **ret_root);

/* Read the configuration: /etc/inquest.conf if there is one; else the files of @dialect, if
 * its main one is there; else what counts on this machine. Its warnings are told when it is
 * loaded. The caller calls service_deinit() in any case. */
must_check struct err *service_configure(struct service *s, enum config_dialect dialect);
/* The same for who only looks: an error is told, and the dialect's defaults stand in. */
must_check struct err *service_configure_to_look(struct service *s,
						 enum config_dialect dialect);
/* Have the configuration mean the kernel of @release, which must outlive @s. */
void service_choose_release(struct service *s, const char *release);
void service_deinit(struct service *s);

/* Print "PROGRAM: sentence" of @err on standard error, for a refusal by the kernel after
 * "kexec_file_load failed: …" as kexec prints it, and free it. NULL is nothing. */
void service_tell(const struct service *s, struct err *err);

/* Take dumps of crashes off raw targets; arming comes next, whatever came of it. */
void service_take_raw_dumps(const struct service *s);

/* Load what is configured, building what is out of date, and set its panic triggers. With
 * @rebuild build in any case; with @no_load leave it at that. */
struct service_load {
	bool rebuild, no_load;
};
must_check struct err *service_load(const struct service *s,
				    const struct service_load *how);

/* Unload, and look whether that came to pass. */
must_check struct err *service_unload(const struct service *s);

/* Is a capture kernel loaded? An unanswered question is a no. */
bool service_is_loaded(const char *root);

/* Is one loaded that has the memory it needs? That it has not is told. */
bool service_is_ready(const struct service *s);

/* Write NAME=VALUE (dots or slashes in the name) to /proc/sys. */
must_check struct err *service_set_sysctl(const char *root, const char *setting);

#endif
