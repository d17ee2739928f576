#include "backend/libvirt_priv.h"

#include <string.h>
#include <sys/stat.h>

#include "backend/dump_progress_priv.h"
#include "base/clock.h"

#define DUMP_INTERVAL_MS 500u
#define JOB_ANSWER_MS	 10000u

/* libvirt would write over a file. That of another host cannot be seen. */
static struct err *check_path(const struct libvirt *l, const char *path)
{
	struct stat st;

	if (path[0] != '/')
		return err_new(
			ERR_USAGE,
			"%s: a dump by libvirt is named by its whole path on the host of the domain",
			path);
	if (strstr(l->uri, ":///") && lstat(path, &st) == 0)
		return err_new(ERR_REFUSED, "%s exists and is left alone", path);
	return NULL;
}

static void look_at_job(struct libvirt *l, struct dump_progress *p)
{
	if (hands_do(l->watch, libvirt_job_call, clock_now_ms() + JOB_ANSWER_MS) !=
		    HANDS_DONE ||
	    !l->has_job)
		return;
	dump_progress_note(p, l->job.dataProcessed, l->job.dataTotal);
}

/* Wait for the dump that is running, as long as it goes on. */
static struct err *follow_dump(struct libvirt *l, struct dump_progress *p)
{
	dump_progress_start(p);
	while (hands_wait(l->work, clock_now_ms() + DUMP_INTERVAL_MS) != HANDS_DONE) {
		struct err *err;

		look_at_job(l, p);
		err = dump_progress_check(p, "");
		if (!err)
			continue;
		if (hands_do(l->watch, libvirt_abort_call,
			     clock_now_ms() + JOB_ANSWER_MS) == HANDS_DONE)
			hands_wait(l->work, clock_now_ms() + JOB_ANSWER_MS);
		return err;
	}
	return libvirt_failure(l);
}

struct err *libvirt_dump(void *self, const char *path, u64 idle_ms,
			 const volatile sig_atomic_t *cancel, backend_progress_fn *progress,
			 void *ctx)
{
	struct dump_progress p = {
		.idle_ms = idle_ms, .cancel = cancel, .progress = progress, .ctx = ctx};
	struct libvirt *l = self;
	struct err *err = libvirt_become_ready(l, clock_now_ms() + JOB_ANSWER_MS);

	if (!err)
		err = check_path(l, path);
	if (err)
		return err;
	free(l->dump_path);
	l->dump_path = strdup(path);
	if (!l->dump_path)
		return err_nomem();
	libvirt_set_dumping(l, true);
	if (hands_do(l->work, libvirt_dump_call, clock_now_ms()) == HANDS_BUSY)
		err = libvirt_busy();
	else
		err = follow_dump(l, &p);
	libvirt_set_dumping(l, false);
	return err_wrap(err, "%s", path);
}
