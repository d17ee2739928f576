/*
 * The files of a dump: what each holds and how it is written, to whatever target.
 *
 * Each function opens the crashed kernel's memory at @vmcore itself, because each runs in a
 * process of its own: what one of them finds damaged, or trips over, costs no other. All
 * put what they saved on the target's record.
 */
#ifndef CAPTURE_SAVE_H
#define CAPTURE_SAVE_H

#include "capture/target.h"
#include "dump/dump.h"

/* Save what diagnosis_say() left at @report, if it did, as vmcore-report.txt. */
must_check struct err *save_report(const char *report, const struct target *t);

/* Save the kernel log of the crashed kernel as vmcore-dmesg.txt (dmesg.STAMP). */
must_check struct err *save_dmesg(const char *vmcore, const struct target *t);

/* The same of a dump that is open already. */
must_check struct err *save_dmesg_of(struct dump *dump, const struct target *t);

/* Save the filtered dump as vmcore (dump.STAMP), telling of progress on the sink. After an
 * error what could be written has its unfinished name; save_left_over() puts it on record.
 */
must_check struct err *save_dump(const char *vmcore, const struct target *t);

/* After save_dump() failed, or was killed: is a plain copy of all memory the last resort
 * here? On the root file system, and where kdump-config(8) has it; not where it would meet
 * with the same: a full disk, or memory that cannot be read. */
bool save_may_copy(const struct target *t);

/* Save that copy as vmcore (vmcore.STAMP), with holes for zeros. ERR_REFUSED if the target
 * has no room for all of it. */
must_check struct err *save_copy(const char *vmcore, const struct target *t);

/* Save the capture kernel's own log as kexec-dmesg.log. */
must_check struct err *save_capture_log(const struct target *t);

/* Save the whole report as vmcore-report.json. To be run in a process of its own: it is the
 * first that should die if memory is short, and takes at most half of what is there. */
must_check struct err *save_report_tree(const char *vmcore, const struct target *t);

/* Put on record what a phase that failed, or was killed, left under an unfinished name. */
void save_left_over(const struct target *t);

/* Save a record that says that the capture was cut short, which is the truth until another
 * takes its place, and keep room on the disk for that other one. */
must_check struct err *save_first_record(const struct target *t);

/* Save the record itself as capture.json. */
must_check struct err *save_record(const struct target *t);

#endif
