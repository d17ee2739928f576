#include "kernel/task_signals.h"

#include "kernel/field.h"

#define TIF_SIGPENDING 2 /* a bit of thread_info.flags, on x86 as elsewhere */

static u64 read_optional(struct kernel *k, vaddr_t base, const char *type,
			 const char *member)
{
	struct field f = field_find(k, type, member);
	u64 value = 0;

	if (f.present)
		err_ignore(field_read(k, base, &f, &value));
	return value;
}

static struct err *read_pending(struct kernel *k, vaddr_t base, const char *type,
				const char *member, struct signal_pending *ret)
{
	struct field pending;
	struct err *err = field_get(k, type, member, &pending);

	if (err)
		return err;
	ret->addr = base + pending.offset;
	return field_read_by_name(k, ret->addr, "sigpending", "signal", &ret->set);
}

struct err *task_signals_read(struct kernel *k, const struct task *t,
			      struct task_signals *ret)
{
	struct task_signals s = {0};
	struct err *err =
		field_read_by_name(k, t->addr, "task_struct", "signal", &s.signal);

	if (!err)
		err = field_read_by_name(k, t->addr, "task_struct", "sighand", &s.handlers);
	if (!err)
		err = field_read_by_name(k, t->addr, "task_struct", "blocked", &s.blocked);
	if (!err)
		err = read_pending(k, t->addr, "task_struct", "pending", &s.own);
	if (!err && s.signal)
		err = read_pending(k, s.signal, "signal_struct", "shared_pending",
				   &s.shared);
	if (err)
		return err;
	if (s.signal)
		s.num_threads = read_optional(k, s.signal, "signal_struct", "nr_threads");
	s.is_pending = read_optional(k, task_thread_info(k, t), "thread_info", "flags") >>
			       TIF_SIGPENDING &
		       1;
	*ret = s;
	return NULL;
}

struct err *signal_action_read(struct kernel *k, vaddr_t handlers, unsigned number,
			       struct signal_action *ret)
{
	struct signal_action a = {0};
	struct field actions;
	u64 size;
	struct err *err = field_get(k, "sighand_struct", "action", &actions);

	if (err)
		return err;
	if (!type_size_find(k, "k_sigaction", &size))
		return err_new(ERR_ABSENT, "the size of struct k_sigaction is not known");
	a.addr = handlers + actions.offset + (number - 1) * size;
	err = field_read_by_name(k, a.addr, "k_sigaction", "sa.sa_handler", &a.handler);
	if (!err)
		err = field_read_by_name(k, a.addr, "k_sigaction", "sa.sa_mask", &a.mask);
	if (!err)
		err = field_read_by_name(k, a.addr, "k_sigaction", "sa.sa_flags", &a.flags);
	if (!err)
		*ret = a;
	return err;
}

struct err *signal_queue_each(struct kernel *k, const struct signal_pending *p,
			      void (*each)(void *ctx, u64 number, vaddr_t info), void *ctx)
{
	struct field list, link, info;
	struct err *err = field_get(k, "sigpending", "list", &list);
	vaddr_t head = p->addr, node;

	if (!err)
		err = field_get(k, "sigqueue", "list", &link);
	if (!err)
		err = field_get(k, "sigqueue", "info", &info);
	if (err)
		return err;
	head += list.offset;
	err = kernel_read_ptr(k, head, &node);
	for (size_t i = 0; !err && node != head; i++) {
		vaddr_t at = node - link.offset + info.offset;
		u32 number = 0;

		if (i == SIGNAL_MAX_QUEUED)
			return err_new(ERR_INCOMPLETE, "more than %d signals are queued",
				       SIGNAL_MAX_QUEUED);
		/* si_signo is the first of every siginfo. */
		err = kernel_read_u32(k, at, &number);
		if (!err)
			each(ctx, number, at);
		if (!err)
			err = kernel_read_ptr(k, node, &node);
	}
	return err_wrap(err, "the signals queued at 0x%llx", (unsigned long long)p->addr);
}
