/*
 * The command line of makedumpfile: its table of options, and what a line of them asks for.
 *
 * The table drives `inquest collect` and the program called as makedumpfile; the two differ
 * in what is done where nothing is said, and the second takes one source, as that tool
 * does. Letters, long names and their meanings are those of makedumpfile 1.7.2 to 1.7.8
 * (makedumpfile(8)). Letters have long names here as well, and the rows marked so in the
 * table are ours. Of what cannot be honoured, options that change nothing in the result are
 * told as ignored; those that would change it, above all to erase data, are refused.
 *
 * Pure. A struct makedumpfile_words borrows the words it was read from. No shared state.
 */
#ifndef FORMAT_MAKEDUMPFILE_WORDS_H
#define FORMAT_MAKEDUMPFILE_WORDS_H

#include "base/notices.h"
#include "base/opts.h"

#define WORDS_LEVELS_MAX  32
#define WORDS_THREADS_MAX 1024

/* Ends with a row without a name. */
extern const struct opt makedumpfile_options[];

enum words_job {
	WORDS_COLLECT,
	WORDS_REARRANGE,  /* flattened standard input to a file */
	WORDS_REASSEMBLE, /* the parts of a split dump to one */
	WORDS_DUMP_DMESG,
	WORDS_MEM_USAGE,
	WORDS_VERIFY,
	WORDS_SHOW_VERSION,
};

enum words_codec {
	WORDS_CODEC_NONE,
	WORDS_CODEC_ZLIB,
	WORDS_CODEC_LZO,
	WORDS_CODEC_SNAPPY,
	WORDS_CODEC_ZSTD,
};

/* Bits of a message level. Errors are always told. */
#define WORDS_SHOW_PROGRESS 1u
#define WORDS_SHOW_COMMON   2u
#define WORDS_SHOW_ERROR    4u
#define WORDS_SHOW_DEBUG    8u
#define WORDS_SHOW_REPORT   16u
#define WORDS_SHOW_MAX	    31u

/* What is meant where nothing is said. */
struct words_defaults {
	unsigned dump_level;
	enum words_codec codec;
	bool takes_many_sources; /* the parts of a split dump */
};

struct makedumpfile_words {
	enum words_job job;
	/* Dump levels, at least one: the next is for when the dump of the one before does
	 * not fit. */
	unsigned levels[WORDS_LEVELS_MAX];
	size_t num_levels;
	enum words_codec codec;
	bool has_codec_level;
	int codec_level;
	bool is_elf;	   /* -E */
	bool is_flattened; /* -F, or the target is "-" */
	bool is_split;
	bool overwrites;
	bool excludes_memmap; /* -e */
	bool keeps_pcp;
	bool is_ordered;
	bool makes_sidecar; /* --manifest */
	bool only_checks;   /* --check-params */
	bool is_dry_run;
	bool since_clear;	/* --partial-dmesg */
	unsigned message_level; /* WORDS_SHOW_… */
	unsigned num_threads;	/* 0: not said */
	u64 max_bytes;		/* of the file, 0: no limit */
	bool has_vtop;
	u64 vtop; /* a virtual address to translate */
	const char *const *sources;
	size_t num_sources;
	const char *const *targets;
	size_t num_targets; /* 0: standard output */
};

/* Read what opts_parse() gave for a verb with makedumpfile_options. ERR_USAGE for words
 * that make no sense, ERR_UNSUPPORTED for what is refused; the sentence names the option.
 * @given must outlive *@ret. */
must_check struct err *makedumpfile_words_read(const struct opts_result *given,
					       const struct words_defaults *defaults,
					       struct makedumpfile_words *ret);

/* Tell of each option of @given that is ignored, and why. */
void makedumpfile_words_ignored(const struct opts_result *given, struct notices *n);

#endif
