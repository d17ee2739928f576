/*
 * capture.json as the engine reads it: whose dump it is, and whether it is whole
 * (docs/formats.md). It was written by a machine that crashed and is not trusted: names of
 * files are plain names, everything is bounded. The struct owns its strings.
 */
#ifndef TRIGGER_DUMP_RECORD_H
#define TRIGGER_DUMP_RECORD_H

#include "base/err.h"

#define DUMP_RECORD_BYTES_MAX (1u << 20)
#define DUMP_RECORD_FILES_MAX 64u

struct dump_record {
	char *machine_id, *boot_id, *dmi_uuid; /* NULL: not known */
	char *outcome, *reason;		       /* reason may be NULL */
	struct dump_record_file {
		char *name;
		u64 bytes;
		bool is_complete;
	} files[DUMP_RECORD_FILES_MAX];
	size_t num_files;
};

/* ERR_BAD_DATA where it is none, ERR_UNSUPPORTED for a version that is not known. The
 * caller calls dump_record_deinit() in any case. */
must_check struct err *dump_record_parse(const char *text, size_t len,
					 struct dump_record *ret);
void dump_record_deinit(struct dump_record *r);

#endif
