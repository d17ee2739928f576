/*
 * A rehearsal: a kernel is crashed in a throw-away guest, our capture image saves its dump,
 * and the dump is taken out, verified and reported on.
 *
 * rehearse_run() does all of it and tells an observer how it goes. That a capture kernel is
 * too small or dies is a result, not an error: errors are what kept the rehearsal itself
 * from being made. Nothing is left behind but what the result names: no process, no
 * temporary file, no lock, however it ends. For one thread.
 */
#ifndef REHEARSE_REHEARSE_H
#define REHEARSE_REHEARSE_H

#include "base/err.h"

#include <jansson.h>
#include <signal.h>

enum rehearse_accel { REHEARSE_ACCEL_AUTO, REHEARSE_ACCEL_KVM, REHEARSE_ACCEL_TCG };
enum rehearse_trigger {
	REHEARSE_TRIGGER_NMI,
	REHEARSE_TRIGGER_SYSRQ,
	/* The guest waits, for as long as it takes, until somebody interrupts it through
	 * the QMP socket at `qmp_path`. */
	REHEARSE_TRIGGER_OUTSIDE
};

struct rehearse_config {
	/* The kernel: a package if @package, else paths if @kernel, else the running one.
	 */
	const char *package, *cache_dir;
	const char *kernel, *modules_dir;

	u64 memory_bytes;
	unsigned num_cpus;
	const char *cpu_model;
	const char *crashkernel;
	const char *append; /* more words for the guest's command line, NULL: none */
	enum rehearse_trigger trigger;
	const char *qmp_path; /* made with REHEARSE_TRIGGER_OUTSIDE, and removed again */
	const char *console_path; /* the guest's console, as it comes; NULL: nowhere */
	enum rehearse_accel accel;
	const char *keep_dir; /* NULL: nothing is kept */
	const volatile sig_atomic_t *cancel;
};

/* In the order in which they come. */
enum rehearse_phase {
	REHEARSE_KERNEL, /* find or fetch the kernel */
	REHEARSE_IMAGE,	 /* build the two images */
	REHEARSE_DISK,	 /* make the scratch disk */
	REHEARSE_BOOT,	 /* from the start of QEMU to the guest's /init */
	REHEARSE_LOAD,	 /* kexec_file_load */
	REHEARSE_CRASH,	 /* from being ready for it to the capture kernel's first line */
	REHEARSE_CAPTURE_BOOT, /* to its /init */
	REHEARSE_CAPTURE,      /* diagnosis, log and dump saved */
	REHEARSE_POWER_OFF,    /* to the end of QEMU */
	REHEARSE_EXTRACT,      /* the dump directory from the disk */
	REHEARSE_VERIFY,       /* every page of the dump read */
	REHEARSE_REPORT,
	REHEARSE_PHASES
};

/* "capture-boot", for JSON. */
const char *rehearse_phase_name(enum rehearse_phase phase);

struct rehearse_observer {
	/* A phase begins, has news of itself, or is done after @ms. @detail may be "". All
	 * texts are escaped. */
	void (*begin)(void *ctx, enum rehearse_phase phase);
	void (*news)(void *ctx, enum rehearse_phase phase, const char *detail);
	void (*done)(void *ctx, enum rehearse_phase phase, u64 ms, const char *detail);
	/* Something worth a line of its own. */
	void (*remark)(void *ctx, const char *text);
	/* Called often while a phase lasts, for a clock on a terminal. May be NULL. */
	void (*tick)(void *ctx, enum rehearse_phase phase);
	void *ctx;
};

enum rehearse_outcome {
	REHEARSE_PASSED,     /* a verified dump and its report were made */
	REHEARSE_FAILED,     /* the guest never came to the point, or the dump is no good */
	REHEARSE_NOT_ARMED,  /* the capture kernel could not be loaded */
	REHEARSE_INCOMPLETE, /* only a part of the dump was saved */
	REHEARSE_CAPTURE_DIED, /* the capture kernel died, or saved nothing */
};

const char *rehearse_trigger_name(enum rehearse_trigger trigger);
const char *rehearse_outcome_name(enum rehearse_outcome outcome);

/* Layout is public; release with rehearse_result_deinit(). Sizes are 0 and strings NULL
 * where the rehearsal did not come so far. */
struct rehearse_result {
	enum rehearse_outcome outcome;
	char *sentence; /* why, unless it passed */
	char *release, *package;
	const char *accel; /* "kvm", "tcg" */
	bool has_phase[REHEARSE_PHASES];
	u64 phase_ms[REHEARSE_PHASES];
	u64 total_ms;
	u64 image_packed_bytes, image_unpacked_bytes; /* of the capture image */
	u64 reserved_bytes;			      /* as the guest's kernel says */
	u64 capture_mem_total_bytes, capture_mem_low_bytes;
	u64 dump_bytes, dump_pages; /* pages that the dump holds */
	char *console_log;	    /* path, kept if asked for or if something went wrong */
	char *keep_dir;
	json_t *report;
	char *report_text;
};

void rehearse_result_deinit(struct rehearse_result *r);

/* Rehearse. An error says what was wrong with the configuration or this machine; *@ret is
 * filled in as far as it came in any case, and the caller calls rehearse_result_deinit().
 */
must_check struct err *rehearse_run(const struct rehearse_config *config,
				    const struct rehearse_observer *observer,
				    struct rehearse_result *ret);

/* The result as a JSON document ("inquest.rehearsal", version 1; docs/formats.md). */
must_check struct err *rehearse_result_format(const struct rehearse_result *r,
					      const struct rehearse_config *config,
					      json_t **ret);

#endif
