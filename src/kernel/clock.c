#include "kernel/clock.h"

#include "kernel/field.h"

#define NS_PER_S     1000000000ull
#define LATEST_DATE  ((u64)1 << 36) /* beyond the year 4000: not a date */
#define LOAD_SHIFT   11		    /* FSHIFT of include/linux/sched/loadavg.h */
#define LOAD_ONE     (1 << LOAD_SHIFT)
#define LOAD_ROUND   (LOAD_ONE / 200)
#define MAX_HZ	     10000
#define MIN_SECONDS  5 /* ticks of a shorter time tell too little */
#define TK_CORE_SEQ  8 /* a sequence counter stands in front of tk_core's timekeeper */
#define BOOT_MINUTES 5 /* jiffies start so that 32 bits wrap 5 minutes after boot */

/* Values that CONFIG_HZ can have on the CPUs we know. */
static const unsigned hz_choices[] = {100, 250, 300, 1000};

unsigned kernel_clock_hz(u64 tick_ns, u64 ticks, u64 seconds)
{
	unsigned best = 0;
	u64 best_distance = UINT64_MAX;

	if (tick_ns >= NS_PER_S / MAX_HZ && tick_ns <= NS_PER_S)
		return (unsigned)((NS_PER_S + tick_ns / 2) / tick_ns);
	if (seconds < MIN_SECONDS)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(hz_choices); i++) {
		u64 hz = ticks / seconds;
		u64 distance = hz > hz_choices[i] ? hz - hz_choices[i] : hz_choices[i] - hz;

		if (distance < best_distance) {
			best_distance = distance;
			best = hz_choices[i];
		}
	}
	return best_distance <= best / 10 ? best : 0;
}

static bool read_variable(struct kernel *k, const char *symbol, u64 *ret)
{
	vaddr_t addr;
	struct err *err = kernel_symbol_get(k, symbol, &addr);
	bool ok;

	if (!err)
		err = kernel_read_u64(k, addr, ret);
	ok = !err;
	err_ignore(err);
	return ok;
}

/* Where the timekeeper is. */
static bool find_timekeeper(struct kernel *k, vaddr_t *ret)
{
	/* In newer kernels the type of tk_core has a name; before, it had none. */
	struct field inside = field_find(k, "tk_data", "timekeeper");

	if (kernel_symbol_find(k, "tk_core", ret)) {
		*ret += inside.present ? inside.offset : TK_CORE_SEQ;
		return true;
	}
	return kernel_symbol_find(k, "timekeeper", ret);
}

/* Read a member of the timekeeper that counts seconds. */
static bool read_seconds(struct kernel *k, const char *member, u64 *ret)
{
	vaddr_t timekeeper;
	u64 seconds;
	struct err *err;
	bool ok;

	if (!find_timekeeper(k, &timekeeper))
		return false;
	err = field_read_by_name(k, timekeeper, "timekeeper", member, &seconds);
	ok = !err && seconds < LATEST_DATE;
	if (ok)
		*ret = seconds;
	err_ignore(err);
	return ok;
}

bool kernel_clock_monotonic(struct kernel *k, u64 *ret_ns)
{
	vaddr_t timekeeper;
	u64 base, fraction, shift;
	struct err *err;
	bool ok;

	if (!find_timekeeper(k, &timekeeper))
		return false;
	err = field_read_by_name(k, timekeeper, "timekeeper", "tkr_mono.base", &base);
	if (!err)
		err = field_read_by_name(k, timekeeper, "timekeeper", "tkr_mono.xtime_nsec",
					 &fraction);
	if (!err)
		err = field_read_by_name(k, timekeeper, "timekeeper", "tkr_mono.shift",
					 &shift);
	ok = !err && shift < 64;
	if (ok)
		*ret_ns = base + (fraction >> shift);
	err_ignore(err);
	return ok;
}

static void read_date(struct kernel *k, struct kernel_clock *c)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(kernel_dump(k));

	/* Written when the kernel panicked; a dump by a hypervisor has none. */
	c->has_date = vi && vmcoreinfo_value(vi, "CRASHTIME", 10, &c->date_s) &&
		      c->date_s < LATEST_DATE;
	if (!c->has_date)
		c->has_date = read_seconds(k, "xtime_sec", &c->date_s);
}

/* From jiffies, as crash does: it counts ticks since boot, without time spent suspended. */
static void read_uptime(struct kernel *k, struct kernel_clock *c)
{
	u64 jiffies, tick_ns = 0, seconds = 0, ticks, start;
	bool has_seconds = read_seconds(k, "ktime_sec", &seconds);

	c->has_uptime = has_seconds;
	c->uptime_s = seconds;
	if (!read_variable(k, "jiffies_64", &jiffies))
		return;
	if (!read_variable(k, "tick_nsec", &tick_ns))
		tick_ns = 0;
	for (size_t i = 0; i < ARRAY_SIZE(hz_choices) && !tick_ns && has_seconds; i++) {
		/* INITIAL_JIFFIES depends on HZ as well: take the one that agrees. */
		start = (u32) - (BOOT_MINUTES * 60 * (s32)hz_choices[i]);
		if (kernel_clock_hz(0, jiffies - start, seconds) == hz_choices[i])
			tick_ns = NS_PER_S / hz_choices[i];
	}
	c->hz = kernel_clock_hz(tick_ns, 0, 0);
	if (!c->hz)
		return;
	start = (u32) - (BOOT_MINUTES * 60 * (s32)c->hz);
	ticks = jiffies - start;
	if (ticks / c->hz > LATEST_DATE)
		return;
	c->has_uptime = true;
	c->uptime_s = ticks / c->hz;
}

static void read_load(struct kernel *k, struct kernel_clock *c)
{
	vaddr_t addr;
	u64 load;
	struct err *err = kernel_symbol_get(k, "avenrun", &addr);

	for (size_t i = 0; !err && i < ARRAY_SIZE(c->load); i++) {
		err = kernel_read_u64(k, addr + i * 8, &load);
		if (err)
			break;
		load = min_u64(load, UINT32_MAX) + LOAD_ROUND;
		c->load[i] = (u32)((load >> LOAD_SHIFT) * 100 +
				   ((load & (LOAD_ONE - 1)) * 100 >> LOAD_SHIFT));
	}
	c->has_load = !err;
	err_ignore(err);
}

void kernel_clock_read(struct kernel *k, struct kernel_clock *ret)
{
	*ret = (struct kernel_clock){0};
	read_date(k, ret);
	read_uptime(k, ret);
	read_load(k, ret);
}
