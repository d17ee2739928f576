/*
 * What inquestd was configured with: one directory, read whole and checked whole.
 *
 * A configuration never changes once it is loaded; a reload makes another one. Requests
 * hold a reference while they last (config_ref(), config_unref(); any thread). Secrets stay
 * in here: no sentence and no log carries one. docs/inquestd.md has the schema of the
 * files:
 *
 *   inquestd.json       where to listen, region, limits, audit, fallback, follow-up
 *   instances/NAME.json one instance, or an array of them
 *   principals/NAME.json users, groups, roles, with their keys; 0600
 *   policies/NAME.json  one IAM policy document each; principals name them by NAME
 */
#ifndef TRIGGER_CONFIG_H
#define TRIGGER_CONFIG_H

#include "access/iam.h"
#include "backend/backend.h"

#define CONFIG_INSTANCE_ID_MAX 19 /* "i-" and 17 hexadecimal digits */

struct config_tag {
	const char *key, *value;
};

/* What is done when no sign of a panic comes, after the dump from outside. */
enum config_fallback_action { CONFIG_LEAVE, CONFIG_RESUME, CONFIG_RESET, CONFIG_PAUSE };

struct config_fallback {
	bool dumps;	       /* take the dump from outside */
	const char *directory; /* where to; must exist */
	enum config_fallback_action action;
	u32 quiet_s;   /* without any sign of life of a capture: it has failed */
	u32 no_sign_s; /* without any sign of a panic after the NMI: it was ignored */
};

struct config_instance {
	const char *id, *account, *region, *zone, *type, *image, *private_ip;
	const struct config_tag *tags;
	size_t num_tags;
	bool has_interrupt; /* false: its type has none, UnsupportedOperation */
	bool is_running;    /* where the state is configured and not asked for */
	bool asks_state;    /* the backend is asked */
	struct backend_address backend;
	const char *console;  /* serial console: file or "unix:PATH"; NULL: none */
	const char *dump_dir; /* where its dump directories arrive; NULL: not watched */
	const char *machine_id, *dmi_uuid; /* whose dumps these are; NULL: not compared */
	struct config_fallback fallback;
	const char *arn; /* arn:PARTITION:ec2:REGION:ACCOUNT:instance/ID */
};

enum config_principal_type { CONFIG_USER, CONFIG_ROLE_SESSION };

/* Whom an access key stands for, with all that bears on it resolved. */
struct config_principal {
	enum config_principal_type type;
	const char *arn, *account, *id, *name; /* name: of the user or the session */
	const char *policy_arn; /* aws:PrincipalArn: a session has that of its role */
	const struct config_tag *tags;
	size_t num_tags;
	struct iam_grants grants;
};

struct config_key {
	const char *access_key, *secret;
	const char *session_token; /* NULL: a long-lived key */
	s64 expires;		   /* UTC seconds, 0: never */
	s64 issued;		   /* of a session; 0: unknown */
	const struct config_principal *principal;
};

struct config_bucket {
	double tokens, refill_per_s;
};

struct config_listener {
	const char *address;	       /* NULL: this listener is off */
	u16 port;		       /* 0: any, told on the ready line */
	const char *certificate, *key; /* PEM files; NULL: plain HTTP, loopback only */
	bool plain_anywhere;	       /* plain HTTP asked for on other addresses */
	const char *token;	       /* pages: needed on other addresses than loopback */
};

struct config_limits {
	struct config_bucket principal, unauthenticated; /* per principal; per address */
	u32 captures_in_flight;				 /* of all instances */
	u32 latch_s;	 /* a capture without an end is let go of after this; 900 */
	u32 duplicate_s; /* a repetition is absorbed for this long; 600 */
	u32 connections; /* open at once */
	size_t replays;	 /* signatures remembered */
};

struct config_hooks {
	const char *webhook;	    /* URL that is POSTed each terminal state; NULL: none */
	const char *const *command; /* argv, NULL: none */
};

struct config {
	const char *partition, *region; /* "aws", "us-east-1" */
	struct config_listener api, pages, metrics;
	u32 skew_s; /* 300 */
	bool allows_presigned;
	u32 presigned_max_s;		    /* 60 */
	const char *const *trusted_proxies; /* NULL-terminated addresses, or NULL */
	struct config_limits limits;
	struct config_hooks hooks;
	const char *state_dir, *audit_file;
	const struct config_instance *instances; /* in the order of their ids */
	size_t num_instances;
	size_t num_principals, num_policies, num_keys;
	const char *const *warnings;
	size_t num_warnings;
};

/* Load the directory at @path. ERR_BAD_DATA names file, line or member, and what would be
 * right; ERR_REFUSED for secrets that others may read. */
must_check struct err *config_load(const char *path, const struct config **ret);
const struct config *config_ref(const struct config *c);
void config_unref(const struct config *c);
static inline void config_unrefp(const struct config **c)
{
	config_unref(*c);
}

/* NULL if there is none. */
const struct config_instance *config_find_instance(const struct config *c, const char *id);
const struct config_key *config_find_key(const struct config *c, const char *access_key);

#endif
