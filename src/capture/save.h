/*
 * The files of a dump directory: what each holds and how it is written.
 *
 * Each function opens the crashed kernel's memory at @vmcore itself, because each runs in a
 * process of its own: what one of them finds damaged, or trips over, costs no other.
 */
#ifndef CAPTURE_SAVE_H
#define CAPTURE_SAVE_H

#include "capture/dumpdir.h"
#include "capture/record.h"
#include "capture/sink.h"
#include "format/manifest.h"

/* Save what diagnosis_say() left at @report, if it did, as vmcore-report.txt. */
must_check struct err *save_report(const char *report, struct dumpdir *d, struct record *r);

/* Save the kernel log of the crashed kernel as vmcore-dmesg.txt. */
must_check struct err *save_dmesg(const char *vmcore, struct dumpdir *d, struct record *r);

/* Save the filtered dump as vmcore, telling of progress on @sink. After an error what
 * could be written is vmcore-incomplete; save_left_over() puts it on record. */
must_check struct err *save_dump(const char *vmcore, const struct manifest_dump *how,
				 const struct sink *sink, struct dumpdir *d,
				 struct record *r);

/* Put on record what a phase that failed, or was killed, left under an unfinished name. */
void save_left_over(struct dumpdir *d, struct record *r);

/* Save a record that says that the capture was cut short, which is the truth until another
 * takes its place, and keep room on the disk for that other one. */
must_check struct err *save_first_record(struct dumpdir *d, struct record *r,
					 size_t mount_len);

/* Save the record itself as capture.json. @mount_len as for record_format(). */
must_check struct err *save_record(struct dumpdir *d, const struct record *r,
				   size_t mount_len);

#endif
