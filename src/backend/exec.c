/*
 * A command of the configuration that injects an NMI: what has no interface of its own, a
 * PowerPC's HMC or a blade's chassis. It is run once, without a shell, and killed at the
 * deadline. Its exit status says what became of it (see docs/backends.md).
 */
#include "backend/backend_kind_priv.h"
#include "base/child.h"
#include "base/str.h"

#include <string.h>
#include <sysexits.h>

#define ARGV_MAX 64u

struct exec {
	char *argv[ARGV_MAX + 1];
};

static void exec_close(void *self)
{
	struct exec *e = self;

	for (size_t i = 0; e->argv[i]; i++)
		free(e->argv[i]);
	free(e);
}

static struct err *copy_argv(struct exec *e, const char *const *argv)
{
	for (size_t i = 0; argv[i]; i++) {
		if (i == ARGV_MAX)
			return err_new(ERR_USAGE, "a command has at most %u words",
				       ARGV_MAX);
		e->argv[i] = strdup(argv[i]);
		if (!e->argv[i])
			return err_nomem();
	}
	return NULL;
}

static struct err *exec_open(const struct backend_address *a, const char *rest,
			     struct buf *name, void **ret_self)
{
	struct exec *e;
	struct err *err;

	if (*rest)
		return backend_bad_address(&backend_kind_exec,
					   "the command does not stand behind it");
	if (!a->argv || !a->argv[0] || !a->argv[0][0])
		return backend_bad_address(
			&backend_kind_exec,
			"no command: it is an array of words of its own");
	e = calloc(1, sizeof(*e));
	if (!e)
		return err_nomem();
	err = copy_argv(e, a->argv);
	if (err) {
		exec_close(e);
		return err;
	}
	buf_add_str(name, "command ");
	str_escape(name, a->argv[0], strlen(a->argv[0]), false);
	*ret_self = e;
	return NULL;
}

static void judge(const struct child_output *o, struct backend_result *ret)
{
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	struct err *err;

	if (o->status == 0) {
		backend_result_sent(ret);
		return;
	}
	child_output_reason(o, &reason);
	err = err_new(ERR_REFUSED, "exit status %d: %s", o->status, buf_text(&reason));
	if (o->status == EX_UNAVAILABLE)
		backend_result_refused(ret, BACKEND_UNREACHABLE, err);
	else if (o->status == EX_NOPERM)
		backend_result_refused(ret, BACKEND_DENIED, err);
	else
		backend_result_unknown(ret, err);
}

static void exec_inject(void *self, u64 timeout_ms, struct backend_result *ret)
{
	struct exec *e = self;
	const struct child_spec spec = {.argv = (const char *const *)e->argv};
	struct child_output o = {0};
	struct err *err = child_run(&spec, timeout_ms, NULL, &o);

	if (!err)
		judge(&o, ret);
	else if (err_code(err) == ERR_ABSENT)
		backend_result_refused(ret, BACKEND_UNREACHABLE, err);
	else
		backend_result_unknown(ret, err);
	child_output_deinit(&o);
}

const struct backend_kind backend_kind_exec = {
	.scheme = "exec",
	.prefix = "exec:",
	.form = "exec:",
	.open = exec_open,
	.close = exec_close,
	.inject = exec_inject,
};
