#include "kernel/task_usage.h"

#include "kernel/field.h"

static const char *const limit_names[TASK_NUM_LIMITS] = {
	"CPU",	   "FSIZE", "DATA",  "STACK",	   "CORE",     "RSS",  "NPROC",	 "NOFILE",
	"MEMLOCK", "AS",    "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
};

static const char *const policy_names[TASK_NUM_POLICIES] = {
	"NORMAL", "FIFO", "RR", "BATCH", "ISO", "IDLE", "DEADLINE",
};

struct err *task_times_read(struct kernel *k, const struct task *t, struct task_times *ret)
{
	struct task_times times;
	struct err *err = field_read_by_name(k, t->addr, "task_struct", "start_time",
					     &times.start_ns);

	if (!err)
		err = field_read_by_name(k, t->addr, "task_struct", "utime",
					 &times.user_ns);
	if (!err)
		err = field_read_by_name(k, t->addr, "task_struct", "stime",
					 &times.system_ns);
	if (!err)
		*ret = times;
	return err;
}

struct err *task_limits_read(struct kernel *k, const struct task *t,
			     struct task_limit ret[TASK_NUM_LIMITS], size_t *ret_count)
{
	struct field limits, current, maximum;
	vaddr_t signal;
	u64 size = 0;
	size_t count;
	struct err *err = field_read_by_name(k, t->addr, "task_struct", "signal", &signal);

	if (!err)
		err = field_get(k, "signal_struct", "rlim", &limits);
	if (!err)
		err = field_get(k, "rlimit", "rlim_cur", &current);
	if (!err)
		err = field_get(k, "rlimit", "rlim_max", &maximum);
	if (!err && !type_size_find(k, "rlimit", &size))
		err = err_new(ERR_ABSENT, "the size of struct rlimit is not known");
	if (err)
		return err;
	count = (size_t)min_u64(limits.count, TASK_NUM_LIMITS);
	for (size_t i = 0; i < count; i++) {
		vaddr_t at = signal + limits.offset + i * size;

		err = field_read(k, at, &current, &ret[i].current);
		if (!err)
			err = field_read(k, at, &maximum, &ret[i].maximum);
		if (err)
			return err;
	}
	*ret_count = count;
	return NULL;
}

const char *task_limit_name(size_t number)
{
	return number < TASK_NUM_LIMITS ? limit_names[number] : NULL;
}

struct err *task_policy_read(struct kernel *k, const struct task *t, u64 *ret)
{
	return field_read_by_name(k, t->addr, "task_struct", "policy", ret);
}

const char *task_policy_name(u64 policy)
{
	return policy < TASK_NUM_POLICIES ? policy_names[policy] : NULL;
}
