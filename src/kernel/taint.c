#include "kernel/taint.h"

/* By bit. */
static const struct taint_reason {
	char letter;
	const char *meaning;
} reasons[] = {
	{'P', "a proprietary module was loaded"},
	{'F', "a module was loaded by force"},
	{'S', "the hardware is not one that the kernel supports"},
	{'R', "a module was unloaded by force"},
	{'M', "a CPU reported a machine check"},
	{'B', "a page had a bad reference count or impossible flags"},
	{'U', "user space asked for the taint"},
	{'D', "the kernel had died before: an oops or a BUG"},
	{'A', "an ACPI table was overridden"},
	{'W', "the kernel had warned"},
	{'C', "a staging driver was loaded"},
	{'I', "a fault of the firmware is worked around"},
	{'O', "an out-of-tree module was loaded"},
	{'E', "an unsigned module was loaded"},
	{'L', "a CPU had been stuck: soft lockup"},
	{'K', "the kernel was patched while it ran"},
	{'X', "the distribution has a use of its own for it"},
	{'T', "the layout of structures is random"},
	{'N', "an in-kernel test was run"},
	/* Since v6.15. */
	{'J', "user space changed a device by fwctl"},
};

char taint_letter(unsigned bit)
{
	return bit < ARRAY_SIZE(reasons) ? reasons[bit].letter : '?';
}

const char *taint_meaning(unsigned bit)
{
	return bit < ARRAY_SIZE(reasons) ? reasons[bit].meaning
					 : "a reason that is newer than this program";
}

void taint_format(struct buf *b, u64 taint)
{
	for (unsigned bit = 0; bit < TAINT_BITS; bit++)
		if (taint >> bit & 1)
			buf_add_char(b, taint_letter(bit));
}
