/*
 * A machine that can be sent a diagnostic interrupt, however it is reached: QMP socket,
 * libvirt, IPMI, Redfish, EC2 itself, a command.
 *
 * A backend belongs to one thread, from open to close: it injects, then tells what happens
 * next, then if need be dumps from outside. Opening touches nothing and cannot hang; each
 * other call ends by its deadline. What matters most: whether an NMI may have left us.
 * Nothing here ever tries twice; not the library below it either.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "base/buf.h"

#include <signal.h>

struct backend;

/* Where a machine is, and with which secrets. Strings are copied by backend_open(). */
struct backend_address {
	/* "qmp:PATH", "libvirt+URI#DOMAIN", "ipmi://[USER@]HOST[:PORT]",
	 * "redfish://[USER@]HOST[:PORT]/redfish/v1/Systems/ID" (redfish+http:// on
	 * loopback), "ec2:REGION/ID", "exec:" */
	const char *uri;
	const char *username;	   /* NULL: from the URI, or none */
	const char *password;	   /* NULL: none. Never in a sentence, never in an argv. */
	const char *session_token; /* of ec2 */
	const char *endpoint;	   /* of ec2: another URL than AWS's, NULL: AWS's */
	const char *ca_file;	 /* of redfish and ec2: whom to trust, NULL: the system's */
	const char *const *argv; /* of exec: NULL-terminated, no shell */
};

/* ERR_USAGE for an address that is none, ERR_UNSUPPORTED for a kind that this build or
 * machine does not have (libvirt's library is missing), each with what would be right. */
must_check struct err *backend_open(const struct backend_address *address,
				    struct backend **ret);
/* Is @address one that backend_open() takes? Its errors, but for a library or a program
 * that this machine lacks now: that is no fault of the address. Starts nothing. */
must_check struct err *backend_check(const struct backend_address *address);
void backend_close(struct backend *b);
static inline void backend_closep(struct backend **b)
{
	backend_close(*b);
}

/* "QMP socket /run/x.qmp", for sentences; no secrets. */
const char *backend_name(const struct backend *b);

/* What kind it is: "qmp", "libvirt", "ipmi", "redfish", "ec2", "exec". */
const char *backend_scheme(const struct backend *b);

enum backend_delivery {
	BACKEND_NOT_SENT, /* provably nothing reached the machine: trying again is safe */
	BACKEND_SENT,	  /* the other side said that it is done */
	BACKEND_UNKNOWN,  /* it was on its way when the answer failed: may have arrived */
};

/* Why not; only with BACKEND_NOT_SENT. */
enum backend_refusal {
	BACKEND_ACCEPTED,
	BACKEND_UNSUPPORTED, /* no NMI on this machine */
	BACKEND_WRONG_STATE, /* not running */
	BACKEND_ABSENT,	     /* no such machine */
	BACKEND_DENIED,	     /* our credentials do not do */
	BACKEND_UNREACHABLE, /* no connection */
};

struct backend_result {
	enum backend_delivery delivery;
	enum backend_refusal refusal;
	struct err *why; /* NULL if BACKEND_SENT; else a sentence. The caller frees it. */
};

void backend_result_deinit(struct backend_result *r);

/* Inject one NMI. At most one message that means "inject" leaves this process, whatever
 * happens. */
void backend_inject(struct backend *b, u64 timeout_ms, struct backend_result *ret);

/* What the machine is doing, as far as its backend tells. */
enum backend_state {
	BACKEND_STATE_UNKNOWN, /* the kind has no way to tell */
	BACKEND_STATE_RUNNING,
	BACKEND_STATE_PAUSED,
	BACKEND_STATE_OFF,
	BACKEND_STATE_CRASHED, /* it panicked and the hypervisor keeps it so */
};

must_check struct err *backend_query_state(struct backend *b, u64 timeout_ms,
					   enum backend_state *ret);

enum backend_event {
	BACKEND_EVENT_NONE,	   /* nothing by the deadline */
	BACKEND_EVENT_PANICKED,	   /* panic, and no capture kernel is loaded */
	BACKEND_EVENT_CRASHLOADED, /* panic, and a capture kernel takes over */
	BACKEND_EVENT_RESET,
	BACKEND_EVENT_SHUTDOWN,
	BACKEND_EVENT_PAUSED,
	BACKEND_EVENT_RESUMED,
	BACKEND_EVENT_GONE, /* the other side closed: no more events will come */
};

/* Wait for the next event up to @timeout_ms. A kind that has none waits and says NONE. For
 * kinds that do have them the first call (or an injection) subscribes: call it once with 0
 * before an injection, so that nothing is missed. */
must_check struct err *backend_next_event(struct backend *b, u64 timeout_ms,
					  enum backend_event *ret);
bool backend_has_events(const struct backend *b);

/* What its CPUs were doing: for each a line "CPU 0" and its registers below, as the
 * hypervisor prints them, without those of floating point, which hold keys. Appended to
 * @ret, valid UTF-8; what came by the deadline is kept. Nothing of the machine changes.
 * ERR_UNSUPPORTED where it cannot be told. */
must_check struct err *backend_read_registers(struct backend *b, u64 timeout_ms,
					      struct buf *ret);

/* Bytes written to the machine's disks and network since some start: a heartbeat of a
 * capture kernel that saves. ERR_UNSUPPORTED where it cannot be told. */
must_check struct err *backend_read_progress(struct backend *b, u64 timeout_ms, u64 *ret);

/* Dump the memory of a machine from outside, in kdump-compressed form, to @path on the
 * hypervisor's host, which must not exist. Told to @progress now and then (may be NULL),
 * and given up when nothing moves for @idle_ms or *@cancel becomes set. ERR_UNSUPPORTED
 * where it cannot be done. The machine is paused meanwhile by the hypervisor, and goes on
 * after as it was before. */
typedef void backend_progress_fn(void *ctx, u64 done_bytes, u64 total_bytes);
must_check struct err *backend_dump(struct backend *b, const char *path, u64 idle_ms,
				    const volatile sig_atomic_t *cancel,
				    backend_progress_fn *progress, void *ctx);

enum backend_action { BACKEND_RESUME, BACKEND_RESET, BACKEND_PAUSE };

must_check struct err *backend_act(struct backend *b, enum backend_action action,
				   u64 timeout_ms);

#endif
