/*
 * What a kind of backend fills in: one const table per kind, one file per kind.
 *
 * backend.c checks nothing but that a call is there: where one is NULL, the caller is told
 * ERR_UNSUPPORTED, or that nothing is known or happens. @self is what open() made.
 */
#ifndef BACKEND_BACKEND_KIND_PRIV_H
#define BACKEND_BACKEND_KIND_PRIV_H

#include "backend/backend.h"

struct backend_kind {
	const char *scheme;
	const char *prefix; /* of its addresses */
	const char *form;   /* what an address looks like, for sentences */
	bool has_events;

	/* Can @rest, the address behind the prefix, be opened? NULL for kinds whose open()
	 * starts nothing, and so can be tried. */
	struct err *(*check)(const char *rest);

	/* Append to @name what backend_name() gives. */
	struct err *(*open)(const struct backend_address *a, const char *rest,
			    struct buf *name, void **ret_self);
	void (*close)(void *self);

	/* *@ret is zeroed: NOT_SENT. The functions below fill it. */
	void (*inject)(void *self, u64 timeout_ms, struct backend_result *ret);
	struct err *(*query_state)(void *self, u64 timeout_ms, enum backend_state *ret);
	struct err *(*next_event)(void *self, u64 timeout_ms, enum backend_event *ret);
	struct err *(*read_registers)(void *self, u64 timeout_ms, struct buf *ret);
	struct err *(*read_progress)(void *self, u64 timeout_ms, u64 *ret);
	struct err *(*dump)(void *self, const char *path, u64 idle_ms,
			    const volatile sig_atomic_t *cancel,
			    backend_progress_fn *progress, void *ctx);
	struct err *(*act)(void *self, enum backend_action action, u64 timeout_ms);
};

extern const struct backend_kind backend_kind_qmp;
extern const struct backend_kind backend_kind_libvirt;
extern const struct backend_kind backend_kind_ipmi;
extern const struct backend_kind backend_kind_redfish;
extern const struct backend_kind backend_kind_ec2;
extern const struct backend_kind backend_kind_exec;

/* How an injection ended. @why becomes the result's. */
void backend_result_sent(struct backend_result *r);
void backend_result_refused(struct backend_result *r, enum backend_refusal refusal,
			    struct err *why);
void backend_result_unknown(struct backend_result *r, struct err *why);

/* ERR_USAGE: @rest of the address is not what @kind takes; @what is wrong with it. */
must_check struct err *backend_bad_address(const struct backend_kind *kind,
					   const char *what);

/* Milliseconds from now to @deadline_ms, as poll(2) takes them. */
int backend_poll_ms(u64 deadline_ms);

#endif
