#include "arm/reservation.h"

#define MIB (1ULL << 20)

static unsigned long long mib(u64 bytes)
{
	return align_up(bytes, MIB) / MIB;
}

static void why_nothing_reserved(const struct arm_status *s, struct buf *b)
{
	if (!s->asked.is_given)
		buf_add_str(
			b,
			"no memory is reserved: boot with crashkernel= on the kernel's command line (inquest estimate says how much)");
	else if (s->asked.why[0])
		buf_printf(b, "no memory is reserved: %s", s->asked.why);
	else
		buf_printf(
			b,
			"no memory is reserved: crashkernel=%s asks for %lluM, and the kernel log of this boot says why there is none",
			s->crashkernel, mib(s->asked.bytes));
}

struct err *reservation_why_not_armed(const struct arm_status *s, struct buf *b)
{
	if (!s->has_kexec)
		buf_add_str(b,
			    "this kernel has no kexec (CONFIG_KEXEC_FILE, or a container)");
	else if (!s->kexec.reserved_bytes)
		why_nothing_reserved(s, b);
	else if (s->kexec.is_loaded)
		buf_printf(
			b,
			"%lluM are reserved and about %lluM are needed, so the capture kernel would run out of memory: reserve more (inquest reset-crashkernel; inquest estimate says how much)",
			mib(s->kexec.reserved_bytes),
			mib(align_up(s->record.needed_bytes, 1 << 20)));
	else
		buf_printf(
			b,
			"no capture kernel is loaded, %lluM are reserved: run inquest arm",
			mib(s->kexec.reserved_bytes));
	return buf_check(b);
}

struct err *reservation_describe(const struct arm_status *s, struct buf *b)
{
	if (!s->asked.bytes)
		return buf_check(b);
	buf_printf(b, "%lluM", mib(s->asked.bytes));
	if (s->asked.low_bytes)
		buf_printf(b, ", and %lluM below 4 GiB", mib(s->asked.low_bytes));
	if (s->asked.cma_bytes)
		buf_printf(b, ", and %lluM as CMA", mib(s->asked.cma_bytes));
	return buf_check(b);
}
