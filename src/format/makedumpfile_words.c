#include "format/makedumpfile_words.h"

#include "base/str.h"

#include <limits.h>
#include <string.h>

#define LEVEL_MAX    31
#define SHOW_DEFAULT (WORDS_SHOW_PROGRESS | WORDS_SHOW_COMMON | WORDS_SHOW_ERROR)

#define FLAG(long_name, short_name, text)                                                  \
	{                                                                                  \
		.name = long_name, .letter = short_name, .help = text                      \
	}
#define VALUE(long_name, short_name, value, text)                                          \
	{                                                                                  \
		.name = long_name, .letter = short_name, .arg = OPTS_VALUE,                \
		.value_name = value, .help = text                                          \
	}
/* Long names that makedumpfile does not have. */
#define OUR_FLAG(long_name, short_name, text)                                              \
	{                                                                                  \
		.name = long_name, .letter = short_name, .help = text,                     \
		.is_never_short = true                                                     \
	}
#define OUR_VALUE(long_name, short_name, value, text)                                      \
	{                                                                                  \
		.name = long_name, .letter = short_name, .arg = OPTS_VALUE,                \
		.value_name = value, .help = text, .is_never_short = true                  \
	}

const struct opt makedumpfile_options[] = {
	OUR_VALUE(
		"dump-level", 'd', "LEVEL[,…]",
		"Sum of page classes to leave out: 1 zero, 2 cache, 4 private cache, 8 user, "
		"16 free. Further levels are tried if the dump does not fit."),
	OUR_FLAG("zlib", 'c', "Compress with zlib."),
	OUR_FLAG("lzo", 'l', "Compress with LZO."),
	OUR_FLAG("snappy", 'p', "Compress with snappy."),
	OUR_FLAG("zstd", 'z', "Compress with zstd."),
	OUR_VALUE("compress", 0, "HOW", "zstd[:LEVEL], zlib[:LEVEL], lzo, snappy or none."),
	OUR_FLAG("elf", 'E', "Write an ELF core."),
	OUR_FLAG("flatten", 'F', "Write the flattened format to standard output."),
	OUR_FLAG("force", 'f', "Replace a file that exists."),
	OUR_FLAG("exclude-memmap", 'e',
		 "Leave out the memory map of pages that are left out."),
	OUR_FLAG("keep-pcp", 0, "Keep free pages that are on the lists of single CPUs."),
	VALUE("num-threads", 0, "N", "How many threads copy pages; as fits if not given."),
	OUR_FLAG("ordered", 0, "Write the same bytes however many threads there are."),
	OUR_VALUE("limit", 'L', "SIZE", "Write no more than this (K, M, G, T)."),
	FLAG("split", 0, "Write several files, each with a part of the pages."),
	FLAG("reassemble", 0, "Make one dump of the parts of a split one."),
	OUR_FLAG("rearrange", 'R',
		 "Make a dump of the flattened format on standard input."),
	FLAG("dump-dmesg", 0, "Write the kernel log, and nothing else."),
	FLAG("partial-dmesg", 0, "Of the kernel log, only what came after dmesg --clear."),
	FLAG("mem-usage", 0, "Print how many pages there are of each class."),
	OUR_FLAG("verify", 0, "Read a dump, and say whether every page of it can be had."),
	OUR_FLAG("manifest", 0,
		 "Write TARGET.sidecar.json, too: size and checksums, for --verify."),
	FLAG("check-params", 0, "Check the command line, and do nothing."),
	FLAG("dry-run", 0, "Do all but write the dump."),
	VALUE("message-level", 0, "LEVEL",
	      "Sum of what is told: 1 progress, 2 outcome, 4 errors, 8 details, 16 statistics "
	      "(7)."),
	FLAG("show-stats", 0, "Tell the statistics, too."),
	OUR_FLAG("debug", 'D', "Tell details of the dump, too."),
	VALUE("vtop", 0, "ADDRESS", "Print the physical address of a virtual one, first."),
	OUR_FLAG("version", 'v', "Print the version."),
	/* Ignored. */
	OUR_VALUE("vmlinux", 'x', "VMLINUX", "Ignored: the dump describes itself."),
	OUR_VALUE("vmcoreinfo", 'i', "FILE", "Ignored: the dump describes itself."),
	VALUE("cyclic-buffer", 0, "KB", "Ignored: memory is bounded without it."),
	OUR_FLAG("non-cyclic", 0, "Ignored: the memory map is always read once."),
	FLAG("non-mmap", 0, "Ignored: the faster way to read is found out."),
	VALUE("splitblock-size", 0, "KB", "Ignored: parts are made equal anyway."),
	VALUE("work-dir", 0, "DIR", "Ignored: there are no temporary files."),
	OUR_VALUE("cache-order", 'b', "ORDER", "Ignored: buffers have their own sizes."),
	/* Refused. */
	VALUE("config", 0, "FILE", "Refused: nothing is erased from pages."),
	VALUE("eppic", 0, "FILE", "Refused: nothing is erased from pages."),
	OUR_VALUE("generate", 'g', "FILE", "Refused: VMCOREINFO is in every dump."),
	VALUE("diskset", 0, "VMCORE", "Refused: sadump is not read."),
	OUR_FLAG("xen", 'X', "Refused: Xen is not known."),
	VALUE("xen-syms", 0, "FILE", "Refused: Xen is not known."),
	VALUE("xen-vmcoreinfo", 0, "FILE", "Refused: Xen is not known."),
	VALUE("xen_phys_start", 0, "ADDRESS", "Refused: Xen is not known."),
	{.name = NULL},
};

#define OWN_FACTS "what it would tell is read from the dump itself"

static const struct remark {
	const char *name, *why;
} ignored[] =
	{
		{"vmlinux", OWN_FACTS},
		{"vmcoreinfo", OWN_FACTS},
		{"cyclic-buffer", "memory is bounded without it"},
		{"non-cyclic", "the memory map is always read once"},
		{"non-mmap", "of reading and mapping the faster one is found out"},
		{"splitblock-size", "parts are made equal anyway"},
		{"work-dir", "no temporary files are made"},
		{"cache-order", "buffers have their own sizes"},
},
  refused[] = {
	  {"config",
	   "erasing data from pages is not supported, and a dump that still holds "
	   "it must not be written as if it did not"},
	  {"eppic",
	   "erasing data from pages is not supported, and a dump that still holds it "
	   "must not be written as if it did not"},
	  {"generate",
	   "every dump has held VMCOREINFO since Linux 2.6.24, and making it from "
	   "a vmlinux is not supported"},
	  {"diskset", "the formats of sadump are not supported"},
	  {"xen", "dumps of the Xen hypervisor are not supported"},
	  {"xen-syms", "dumps of the Xen hypervisor are not supported"},
	  {"xen-vmcoreinfo", "dumps of the Xen hypervisor are not supported"},
	  {"xen_phys_start", "dumps of the Xen hypervisor are not supported"},
};

static const struct {
	const char *name;
	enum words_codec codec;
} codecs[] = {
	{"none", WORDS_CODEC_NONE}, {"zlib", WORDS_CODEC_ZLIB},
	{"lzo", WORDS_CODEC_LZO},   {"snappy", WORDS_CODEC_SNAPPY},
	{"zstd", WORDS_CODEC_ZSTD},
};

/* How a person writes the option. */
static const char *option_text(const struct opt *row, char text[64])
{
	if (row->letter)
		snprintf(text, 64, "-%c", row->letter);
	else
		snprintf(text, 64, "--%s", row->name);
	return text;
}

static const struct remark *find_remark(const struct remark *remarks, size_t count,
					const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(remarks[i].name, name))
			return &remarks[i];
	return NULL;
}

void makedumpfile_words_ignored(const struct opts_result *given, struct notices *n)
{
	char option[64];

	for (size_t i = 0; i < given->num_given; i++) {
		const struct opt *row = given->given[i].row;
		const struct remark *r =
			find_remark(ignored, ARRAY_SIZE(ignored), row->name);

		if (r)
			notices_add(n, "%s is ignored: %s", option_text(row, option),
				    r->why);
	}
}

static struct err *check_refused(const struct opts_result *given)
{
	char option[64];

	for (size_t i = 0; i < given->num_given; i++) {
		const struct opt *row = given->given[i].row;
		const struct remark *r =
			find_remark(refused, ARRAY_SIZE(refused), row->name);

		if (r)
			return err_new(ERR_UNSUPPORTED, "%s is refused: %s",
				       option_text(row, option), r->why);
	}
	return NULL;
}

/* ---- levels and codecs ---- */

static struct err *read_levels(const char *text, struct makedumpfile_words *w)
{
	const char *p = text;

	for (;;) {
		unsigned level = 0;
		size_t digits = strspn(p, "0123456789");

		for (size_t i = 0; i < digits && level <= LEVEL_MAX; i++)
			level = level * 10 + (unsigned)(p[i] - '0');
		if (!digits || level > LEVEL_MAX || (p[digits] && p[digits] != ','))
			return err_new(ERR_USAGE,
				       "-d %s: numbers from 0 to %d are right, with commas "
				       "between them",
				       text, LEVEL_MAX);
		if (w->num_levels == WORDS_LEVELS_MAX)
			return err_new(ERR_USAGE, "-d %s: more than %d levels", text,
				       WORDS_LEVELS_MAX);
		w->levels[w->num_levels++] = level;
		if (!p[digits])
			return NULL;
		p += digits + 1;
	}
}

/* "zstd", "zlib:6", … */
static struct err *read_compress(const char *text, struct makedumpfile_words *w)
{
	const char *colon = strchrnul(text, ':');
	size_t i = 0, len = (size_t)(colon - text);
	char *end;
	long level;

	while (i < ARRAY_SIZE(codecs) &&
	       (strncmp(codecs[i].name, text, len) != 0 || strlen(codecs[i].name) != len))
		i++;
	if (i == ARRAY_SIZE(codecs))
		return err_new(
			ERR_USAGE,
			"--compress %s: zstd, zlib, lzo, snappy or none would be right",
			text);
	w->codec = codecs[i].codec;
	w->has_codec_level = *colon;
	if (!*colon)
		return NULL;
	level = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || level > INT_MAX || level < INT_MIN)
		return err_new(ERR_USAGE, "--compress %s: \"%s\" is not a level", text,
			       colon + 1);
	w->codec_level = (int)level;
	return NULL;
}

/* The last of several counts. */
static struct err *read_codec(const struct opts_result *given, struct makedumpfile_words *w,
			      bool *ret_is_given)
{
	struct err *err = NULL;

	for (size_t i = 0; i < given->num_given && !err; i++) {
		const char *name = given->given[i].row->name;
		bool is_compress = str_eq(name, "compress");

		for (size_t c = 0; !is_compress && c < ARRAY_SIZE(codecs); c++) {
			if (!str_eq(name, codecs[c].name))
				continue;
			w->codec = codecs[c].codec;
			w->has_codec_level = false;
			*ret_is_given = true;
		}
		if (is_compress)
			err = read_compress(given->given[i].value, w);
		*ret_is_given |= is_compress && w->codec != WORDS_CODEC_NONE;
	}
	return err;
}

/* ---- numbers ---- */

static struct err *read_number(const struct opts_result *given, const char *name,
			       const char *option, u64 max, u64 *ret)
{
	const char *text = opts_value(given, name, NULL);
	u64 value = 0;

	if (!text)
		return NULL;
	if (!str_parse_u64(text, &value) || value > max)
		return err_new(ERR_USAGE, "%s %s: a number up to %llu is right", option,
			       text, (unsigned long long)max);
	*ret = value;
	return NULL;
}

static struct err *read_numbers(const struct opts_result *given,
				struct makedumpfile_words *w)
{
	const char *limit = opts_value(given, "limit", NULL);
	u64 threads = 0, show = SHOW_DEFAULT;
	struct err *err = read_number(given, "num-threads", "--num-threads",
				      WORDS_THREADS_MAX, &threads);

	if (!err)
		err = read_number(given, "message-level", "--message-level", WORDS_SHOW_MAX,
				  &show);
	if (!err)
		err = read_number(given, "vtop", "--vtop", UINT64_MAX, &w->vtop);
	if (err)
		return err;
	if (limit && (!str_parse_size(limit, &w->max_bytes) || !w->max_bytes))
		return err_new(ERR_USAGE, "-L %s: a size such as 500M is right", limit);
	w->has_vtop = opts_has(given, "vtop");
	/* To makedumpfile no threads means the main one. */
	w->num_threads = opts_has(given, "num-threads") && !threads ? 1 : (unsigned)threads;
	w->message_level = (unsigned)show;
	if (opts_has(given, "show-stats"))
		w->message_level |= WORDS_SHOW_REPORT;
	if (opts_has(given, "debug"))
		w->message_level |= WORDS_SHOW_DEBUG;
	return NULL;
}

/* ---- what to do, with which files ---- */

static struct err *read_job(const struct opts_result *given, struct makedumpfile_words *w)
{
	static const struct {
		const char *name, *option;
		enum words_job job;
	} jobs[] = {
		{"rearrange", "-R", WORDS_REARRANGE},
		{"reassemble", "--reassemble", WORDS_REASSEMBLE},
		{"dump-dmesg", "--dump-dmesg", WORDS_DUMP_DMESG},
		{"mem-usage", "--mem-usage", WORDS_MEM_USAGE},
		{"verify", "--verify", WORDS_VERIFY},
		{"version", "-v", WORDS_SHOW_VERSION},
	};
	const char *chosen = opts_has(given, "split") ? "--split" : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		if (!opts_has(given, jobs[i].name))
			continue;
		if (chosen)
			return err_new(ERR_USAGE, "%s and %s do not go together", chosen,
				       jobs[i].option);
		chosen = jobs[i].option;
		w->job = jobs[i].job;
	}
	return NULL;
}

static struct err *check_combination(const struct makedumpfile_words *w, bool has_codec)
{
	bool makes_dump = w->job == WORDS_COLLECT || w->job == WORDS_REASSEMBLE;
	bool makes_no_file = w->is_flattened || w->is_dry_run || !makes_dump;
	const struct {
		bool is_given;
		const char *why;
	} wrong[] = {
		{w->is_elf && has_codec,
		 "-E and a compression: an ELF core has no compressed pages"},
		{w->is_elf && w->is_split,
		 "-E and --split: only kdump-compressed dumps have parts"},
		{w->is_split && w->is_flattened,
		 "-F and --split: standard output is one stream"},
		{w->max_bytes && w->is_flattened, "-L and -F: only a file can be limited"},
		{w->makes_sidecar && makes_no_file,
		 "--manifest goes with making a dump file only"},
		{w->is_dry_run && w->job != WORDS_COLLECT,
		 "--dry-run goes with making a dump only"},
		{w->since_clear && w->job != WORDS_DUMP_DMESG,
		 "--partial-dmesg goes with --dump-dmesg only"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (wrong[i].is_given)
			return err_new(ERR_USAGE, "%s", wrong[i].why);
	return NULL;
}

/* The operands: so many sources, the others are targets. */
static struct err *check_files(const char *wanted, size_t count, size_t min, size_t max)
{
	if (count < min)
		return err_new(ERR_USAGE, "too few files: %s", wanted);
	if (count > max)
		return err_new(ERR_USAGE, "one file too many: %s", wanted);
	return NULL;
}

static struct err *check_num_files(const struct makedumpfile_words *w, size_t count,
				   bool many)
{
	switch (w->job) {
	case WORDS_SHOW_VERSION:
		return NULL;
	case WORDS_MEM_USAGE:
		return check_files("VMCORE", count, 1, 1);
	case WORDS_VERIFY:
		return check_files("--verify DUMPFILE", count, 1, many ? SIZE_MAX : 1);
	case WORDS_REARRANGE:
		return check_files("-R DUMPFILE < FLATTENED", count, 1, 1);
	case WORDS_REASSEMBLE:
		return check_files("--reassemble DUMPFILE1 … DUMPFILE", count, 2, SIZE_MAX);
	case WORDS_DUMP_DMESG:
		return w->is_flattened
			       ? check_files("-F --dump-dmesg VMCORE", count, 1, 1)
			       : check_files("--dump-dmesg VMCORE LOGFILE", count, 2, 2);
	case WORDS_COLLECT:
	default:
		break;
	}
	if (w->is_split)
		return check_files("--split VMCORE DUMPFILE1 DUMPFILE2 …", count, 3,
				   SIZE_MAX);
	if (w->is_flattened)
		return check_files("-F VMCORE", count, 1, many ? SIZE_MAX : 1);
	return check_files("VMCORE DUMPFILE", count, 2, many ? SIZE_MAX : 2);
}

static struct err *read_files(const struct opts_result *given, bool many,
			      struct makedumpfile_words *w)
{
	size_t count = given->num_operands;
	bool has_target = !w->is_flattened && w->job != WORDS_MEM_USAGE &&
			  w->job != WORDS_VERIFY && w->job != WORDS_SHOW_VERSION;
	size_t num_targets = has_target;
	struct err *err;

	/* TARGET "-" is standard output, and what goes there is flattened. */
	if (count > 1 && num_targets && !w->is_split &&
	    str_eq(given->operands[count - 1], "-") &&
	    (w->job == WORDS_COLLECT || w->job == WORDS_DUMP_DMESG)) {
		w->is_flattened = true;
		num_targets = 0;
		count--;
	}
	err = check_num_files(w, count, many);
	if (err)
		return err;
	if (w->is_split)
		num_targets = count - 1;
	w->num_targets = num_targets;
	w->num_sources = count - num_targets;
	w->sources = given->operands;
	w->targets = given->operands + w->num_sources;
	return NULL;
}

static void read_flags(const struct opts_result *given, struct makedumpfile_words *w)
{
	w->is_elf = opts_has(given, "elf");
	w->is_flattened = opts_has(given, "flatten");
	w->is_split = opts_has(given, "split");
	w->overwrites = opts_has(given, "force");
	w->excludes_memmap = opts_has(given, "exclude-memmap");
	w->keeps_pcp = opts_has(given, "keep-pcp");
	w->is_ordered = opts_has(given, "ordered");
	w->makes_sidecar = opts_has(given, "manifest");
	w->only_checks = opts_has(given, "check-params");
	w->is_dry_run = opts_has(given, "dry-run");
	w->since_clear = opts_has(given, "partial-dmesg");
}

struct err *makedumpfile_words_read(const struct opts_result *given,
				    const struct words_defaults *defaults,
				    struct makedumpfile_words *ret)
{
	struct makedumpfile_words w = {.codec = defaults->codec};
	const char *levels = opts_value(given, "dump-level", NULL);
	bool has_codec = false;
	struct err *err = check_refused(given);

	read_flags(given, &w);
	if (!err)
		err = read_job(given, &w);
	if (!err && levels)
		err = read_levels(levels, &w);
	if (!w.num_levels)
		w.levels[w.num_levels++] = defaults->dump_level;
	if (!err)
		err = read_codec(given, &w, &has_codec);
	if (!err)
		err = read_numbers(given, &w);
	if (!err)
		err = read_files(given, defaults->takes_many_sources, &w);
	if (!err)
		err = check_combination(&w, has_codec);
	if (err)
		return err;
	if (w.is_elf)
		w.codec = WORDS_CODEC_NONE;
	*ret = w;
	return NULL;
}
