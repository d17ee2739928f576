/*
 * A domain of libvirt, as the files of its backend share it.
 *
 *   libvirt.c         the kind of backend: what its owner, one thread, asks for
 *   libvirt_dump.c    likewise: the dump from outside
 *   libvirt_calls.c   what the threads call in libvirt, which may block for long
 *   libvirt_events.c  what happens to the domain, and libvirt's event loop
 *
 * libvirt's calls block for as long as the other side likes, so they are made by threads
 * (hands_priv.h): `work` for what is asked, `watch` for looking at a dump that `work` is
 * busy with, and one that runs the loop, which also notices connections that died. All of
 * them hold the struct; the last one out frees it.
 */
#ifndef BACKEND_LIBVIRT_PRIV_H
#define BACKEND_LIBVIRT_PRIV_H

#include "backend/event_queue_priv.h"
#include "backend/hands_priv.h"
#include "backend/libvirt_api_priv.h"

#include <pthread.h>
#include <stdatomic.h>

struct libvirt {
	struct libvirt_api api;
	atomic_int holders;
	char *uri, *domain_name, *username, *password;
	struct hands *work, *watch; /* of the owner's thread */
	bool has_loop;
	atomic_bool is_released;

	/* Of the call that `work` makes; the owner looks once it is done. */
	virConnectPtr connection;
	virDomainPtr domain;
	int lifecycle_id, reboot_id;
	struct err *failure;
	int failure_code; /* of libvirt, 0: none */
	int state, reason;
	u64 bytes;
	enum backend_action action;
	char *dump_path;

	/* Of the call that `watch` makes. */
	virDomainJobInfo job;
	bool has_job;

	pthread_mutex_t lock; /* of what is below */
	struct event_queue events;
};

/* --- libvirt.c --- */

void libvirt_hold(struct libvirt *l);
void libvirt_let_go(void *self); /* of a struct libvirt */

/* Wait for a call that was given up, and connect unless that is done. */
must_check struct err *libvirt_become_ready(struct libvirt *l, u64 deadline_ms);

/* The failure of the last call, for the owner. NULL if there was none. */
must_check struct err *libvirt_failure(struct libvirt *l);

/* Another call was given up and still runs. */
must_check struct err *libvirt_busy(void);

/* --- libvirt_calls.c: each is run by `work`, but for the last two, by `watch`; @self is a
 * struct libvirt, where the outcome is left. --- */

void libvirt_connect_call(void *self);
void libvirt_disconnect_call(void *self); /* the last one: lets go of the loop as well */
void libvirt_inject_call(void *self);
void libvirt_state_call(void *self);
void libvirt_act_call(void *self);
void libvirt_stats_call(void *self);
void libvirt_dump_call(void *self);
void libvirt_job_call(void *self);
void libvirt_abort_call(void *self);

/* --- libvirt_events.c --- */

/* Start the loop, once. For the owner. */
must_check struct err *libvirt_start_loop(struct libvirt *l);

/* Ask for the events of a domain that was found. For `work`. */
void libvirt_subscribe(struct libvirt *l);
void libvirt_unsubscribe(struct libvirt *l);

/* Take the oldest event; false if there is none. */
bool libvirt_pop_event(struct libvirt *l, enum backend_event *ret);

/* Its pauses are ours from now on, or no more. */
void libvirt_set_dumping(struct libvirt *l, bool is_dumping);

/* --- libvirt_dump.c --- */

/* As backend_dump(). @self is a struct libvirt. */
must_check struct err *libvirt_dump(void *self, const char *path, u64 idle_ms,
				    const volatile sig_atomic_t *cancel,
				    backend_progress_fn *progress, void *ctx);

#endif
