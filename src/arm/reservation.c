#include "arm/reservation.h"

#include "base/str.h"
#include "format/crashkernel.h"

#include <string.h>

#define MIB (1ULL << 20)

static unsigned long long mib(u64 bytes)
{
	return align_up(bytes, MIB) / MIB;
}

struct err *reservation_evaluate(const char *text, u64 ram_bytes, u64 *ret, struct buf *why)
{
	struct crashkernel c;
	struct err *err;

	*ret = 0;
	/* Red Hat's kernels up to RHEL 8 had it. */
	if (str_eq(text, "auto") || str_has_prefix(text, "auto,")) {
		buf_printf(
			why,
			"crashkernel=%s reserves nothing: this kernel does not know \"auto\"; give a size",
			text);
		return buf_check(why);
	}
	err = crashkernel_parse(text, &c);
	if (err && err_code(err) == ERR_USAGE) {
		buf_printf(why, "crashkernel=%s reserves nothing: %s", text,
			   err_message(err));
		err_ignore(err);
		return buf_check(why);
	}
	if (err)
		return err;
	*ret = crashkernel_evaluate(&c, ram_bytes);
	if (!*ret)
		buf_printf(
			why,
			"crashkernel=%s reserves nothing: no range of it covers the %lluM of this machine",
			text, mib(ram_bytes));
	return buf_check(why);
}

static struct err *why_nothing_reserved(const struct arm_status *s, struct buf *b)
{
	u64 asked;
	struct err *err;
	size_t before = b->len;

	if (!s->crashkernel[0]) {
		buf_add_str(
			b,
			"no memory is reserved: boot with crashkernel= on the kernel's command line (inquest estimate says how much)");
		return buf_check(b);
	}
	err = reservation_evaluate(s->crashkernel, s->ram_bytes, &asked, b);
	if (!err && b->len == before)
		buf_printf(
			b,
			"no memory is reserved: crashkernel=%s asks for %lluM, and the kernel log of this boot says why there is none",
			s->crashkernel, mib(asked));
	return err ? err : buf_check(b);
}

struct err *reservation_why_not_armed(const struct arm_status *s, struct buf *b)
{
	if (!s->has_kexec) {
		buf_add_str(b,
			    "this kernel has no kexec (CONFIG_KEXEC_FILE, or a container)");
		return buf_check(b);
	}
	if (!s->kexec.reserved_bytes)
		return why_nothing_reserved(s, b);
	buf_printf(b, "no capture kernel is loaded, %lluM are reserved: run inquest arm",
		   mib(s->kexec.reserved_bytes));
	return buf_check(b);
}
