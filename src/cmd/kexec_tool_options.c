/* The options of kexec-tools 2.0.25, and those that kexec_file_load(2) leaves no room for.
 */
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/kexec_tool_priv.h"

#define FLAG(option, text)                                                                 \
	{                                                                                  \
		.name = option, .help = text                                               \
	}
#define LETTER(character, option, text)                                                    \
	{                                                                                  \
		.name = option, .letter = character, .help = text                          \
	}
#define VALUE(option, value, text)                                                         \
	{                                                                                  \
		.name = option, .arg = OPTS_VALUE, .value_name = value, .help = text       \
	}

#define IGNORED "Accepted and told to be without effect."
#define UNASKED "Accepted: kexec_file_load does so unasked."
#define REFUSED "Not supported."

static const struct opt options[] = {
	LETTER('h', "help", "Print this help."),
	LETTER('v', "version", "Print the version."),
	LETTER('l', "load", "Load KERNEL for the next reboot."),
	LETTER('p', "load-panic", "Load KERNEL, to be started on a crash."),
	LETTER('u', "unload", "Unload what -l loaded, with -p what -p loaded."),
	LETTER('e', "exec", "Jump into the kernel that is loaded, without a shutdown."),
	LETTER('f', "force", "Load KERNEL and jump into it, without a shutdown."),
	LETTER('x', "no-ifdown", "With -e, leave network interfaces up."),
	LETTER('y', "no-sync", "With -f, do not sync file systems before."),
	LETTER('S', "status", "Exit with 1 if a kernel is loaded (-p, or -l), else 0."),
	VALUE("initrd", "FILE", "The initial ramdisk of KERNEL."),
	VALUE("ramdisk", "FILE", "The same."),
	VALUE("command-line", "WORDS", "The command line of KERNEL."),
	VALUE("append", "WORDS", "The same."),
	FLAG("reuse-cmdline", "Put the running kernel's command line before it."),
	LETTER('d', "debug", "Tell what is asked of the kernel."),
	FLAG("print-ckr-size", "Print the size of the memory reserved for a crash."),
	LETTER('s', "kexec-file-syscall", "Use kexec_file_load, as is always done."),
	LETTER('c', "kexec-syscall", IGNORED),
	LETTER('a', "kexec-syscall-auto", "Use kexec_file_load, as is always done."),
	{.name = "type",
	 .letter = 't',
	 .arg = OPTS_VALUE,
	 .value_name = "TYPE",
	 .help = "bzImage64 or bzImage, the only types there are."},
	{.name = "root",
	 .arg = OPTS_VALUE,
	 .value_name = "DIR",
	 .is_never_short = true,
	 .help = "Read /proc and /sys below DIR; what is loaded is loaded here."},
	{.name = "configured",
	 .is_never_short = true,
	 .help = "With LOAD_KEXEC=true, load what /etc/default/kexec says."},
	LETTER('i', "no-checks", UNASKED),
	FLAG("args-linux", UNASKED),
	FLAG("elf32-core-headers", IGNORED),
	FLAG("elf64-core-headers", UNASKED),
	FLAG("hotplug", UNASKED),
	FLAG("no-cma", UNASKED),
	FLAG("noefi", IGNORED),
	FLAG("pass-memmap-cmdline", IGNORED),
	FLAG("reuse-video-type", IGNORED),
	FLAG("reset-vga", IGNORED),
	FLAG("console-vga", IGNORED),
	FLAG("console-serial", IGNORED),
	VALUE("serial", "PORT", IGNORED),
	VALUE("serial-baud", "RATE", IGNORED),
	VALUE("mem-min", "ADDRESS", IGNORED),
	VALUE("mem-max", "ADDRESS", IGNORED),
	FLAG("dt-no-old-root", IGNORED),
	FLAG("real-mode", REFUSED),
	FLAG("entry-32bit", REFUSED),
	FLAG("args-elf", REFUSED),
	FLAG("args-none", REFUSED),
	FLAG("reuseinitrd", REFUSED),
	FLAG("load-preserve-context", REFUSED),
	FLAG("load-jump-back-helper", REFUSED),
	FLAG("load-live-update", REFUSED),
	FLAG("exec-live-update", REFUSED),
	VALUE("entry", "ADDRESS", REFUSED),
	VALUE("module", "FILE", REFUSED),
	VALUE("dtb", "FILE", REFUSED),
	OPTS_END,
};

const struct opts_verb kexec_tool_verb = {
	.name = "kexec",
	.operands = "[KERNEL]",
	.summary = "Load a kernel to boot into, at the next reboot or on a crash.",
	.options = options,
	.max_operands = SIZE_MAX,
	.takes_abbreviations = true,
};

#define PURGATORY                                                                          \
	"kexec_file_load cannot do it, because what runs between the kernels is the "      \
	"kernel's own"

/* What a sentence is due for; options that are not here, and not served by kexec_tool.c,
 * ask for what is so anyway. */
static const struct treatment {
	const char *name;
	bool refuses;
	const char *why;
} treatments[] = {
	{"kexec-syscall", false,
	 "kexec_load is not known to this program, kexec_file_load is used"},
	{"reset-vga", false, PURGATORY},
	{"console-vga", false, PURGATORY},
	{"console-serial", false, PURGATORY},
	{"serial", false, PURGATORY},
	{"serial-baud", false, PURGATORY},
	{"mem-min", false, "kexec_file_load chooses the place itself"},
	{"mem-max", false, "kexec_file_load chooses the place itself"},
	{"elf32-core-headers", false, "kexec_file_load makes 64-bit core headers"},
	{"pass-memmap-cmdline", false, "kexec_file_load hands on the memory map itself"},
	{"noefi", false,
	 "kexec_file_load hands on the EFI tables; noefi on the command line of the kernel "
	 "has it not look at them"},
	{"reuse-video-type", false, "kexec_file_load hands on the video mode itself"},
	{"dt-no-old-root", false, "kexec_file_load makes the device tree itself"},
	{"real-mode", true, "kexec_file_load knows the 64-bit entry only"},
	{"entry-32bit", true, "kexec_file_load knows the 64-bit entry only"},
	{"args-elf", true, "kexec_file_load takes Linux kernels only"},
	{"args-none", true, "kexec_file_load takes Linux kernels only"},
	{"reuseinitrd", true, "give the file with --initrd"},
	{"load-preserve-context", true, "kexec_file_load cannot come back"},
	{"load-jump-back-helper", true, "kexec_file_load cannot come back"},
	{"load-live-update", true, "that is for Xen, which this program does not know"},
	{"exec-live-update", true, "that is for Xen, which this program does not know"},
	{"entry", true, "kexec_file_load cannot come back"},
	{"module", true, "that is for multiboot kernels, kexec_file_load takes Linux only"},
	{"dtb", true, "kexec_file_load makes the device tree itself"},
};

static const struct treatment *find_treatment(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(treatments); i++)
		if (str_eq(treatments[i].name, name))
			return &treatments[i];
	return NULL;
}

struct err *kexec_tool_check_options(const struct opts_result *given)
{
	const char *type = opts_value(given, "type", "bzImage64");

	for (size_t i = 0; i < given->num_given; i++) {
		const struct treatment *t = find_treatment(given->given[i].row->name);

		if (t && t->refuses)
			return err_new(ERR_UNSUPPORTED, "--%s is not supported: %s",
				       t->name, t->why);
		if (t)
			fprintf(stderr, "kexec: --%s is without effect: %s\n", t->name,
				t->why);
	}
	if (!str_eq(type, "bzImage64") && !str_eq(type, "bzImage"))
		return err_new(ERR_UNSUPPORTED,
			       "Unsupported kernel type %s; this program knows bzImage64",
			       type);
	return NULL;
}
