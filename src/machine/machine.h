/*
 * A QEMU guest as an object.
 *
 * machine_start() runs qemu-system-x86_64 with nothing but what the configuration names: no
 * configuration files, no display, no network. Console and QMP go through socket pairs and
 * nameless files through inherited descriptors, so there is no port, path or lock that
 * could be taken or be left behind (but a second QMP socket for others, where one is asked
 * for), and QEMU dies with us. The owner calls machine_step()
 * in a loop: it waits for news, hands console lines to the callback and keeps the times.
 *
 * A guest's reset ends it: the first thing that must not happen is that a failure boots
 * again. Everything is owned by the machine but the descriptors of the configuration, which
 * must stay open while it runs. For one thread.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "base/buf.h"
#include "machine/console.h"

#include <signal.h>

#define MACHINE_QEMU "qemu-system-x86_64"

enum machine_accel { MACHINE_TCG, MACHINE_KVM };

struct machine_config {
	const char *kernel_path;
	const char *initrd_path; /* may be /proc/self/fd/N of a kept descriptor */
	const char *command_line;
	const char *disk_path; /* raw image on virtio-blk, likewise; NULL: no disk */
	const char *cpu_model; /* as -cpu takes it, "max" */
	const char *uuid;      /* the guest's DMI UUID, NULL: QEMU's default */
	/* For others: a second QMP socket, made at this path and removed again; a file that
	 * QEMU writes the console into, as it comes. NULL: none. */
	const char *qmp_path, *console_path;
	bool has_pvpanic; /* a device by which the guest can tell of its panic */
	u64 memory_bytes; /* rounded down to MiB */
	unsigned num_cpus;
	enum machine_accel accel;
	const int *keep_fds; /* what the guest's files are reached through */
	size_t num_keep_fds;
	int log_fd; /* console.log, -1: none */
	const char *log_name;
	console_line_fn *line;
	void *ctx;
};

enum machine_state {
	MACHINE_RUNNING,
	MACHINE_POWERED_OFF, /* by the guest */
	MACHINE_RESET,	     /* by the guest: reboot(2), triple fault, panic=N */
	MACHINE_ENDED,	     /* QEMU ended of itself or was killed: machine_reason() */
};

struct machine;

/* Can /dev/kvm be opened? That it can does not say that guests make progress. */
bool machine_kvm_is_there(void);

/* ERR_ABSENT naming the package if there is no QEMU. machine_start() says the same, but
 * whoever has much to prepare asks before. */
must_check struct err *machine_check_installed(void);

/* Start the guest. ERR_ABSENT as above. */
must_check struct err *machine_start(const struct machine_config *config,
				     struct machine **ret);

/* Kill the guest if it still runs and free it. NULL is allowed. */
void machine_free(struct machine *m);
CLEANUP_FREEP(machine)

/* Wait at most @timeout_ms for news and take them in. Once the state is not
 * MACHINE_RUNNING, all console output has been handed on. ERR_REFUSED "interrupted" once
 * *@cancel is set; other errors are of the log file or the protocol. */
must_check struct err *machine_step(struct machine *m, u64 timeout_ms,
				    const volatile sig_atomic_t *cancel);

enum machine_state machine_state(const struct machine *m);

/* Milliseconds since the start, and at which of them the guest last showed a sign of life:
 * a console byte, a QMP event, a read or write of its disk. */
u64 machine_age_ms(const struct machine *m);
u64 machine_last_sign_ms(const struct machine *m);

u64 machine_console_bytes(const struct machine *m);

/* Give the guest an NMI on all CPUs, as a hypervisor's diagnostic interrupt does (QMP
 * inject-nmi). Waits for the reply at most @timeout_ms. */
must_check struct err *machine_inject_nmi(struct machine *m, u64 timeout_ms,
					  const volatile sig_atomic_t *cancel);

/* Append what QEMU said on standard error, or its exit status, as part of a sentence. */
void machine_reason(const struct machine *m, struct buf *b);

#endif
