/*
 * What PID 1 does to the system it runs on: mounts, sysctls, modules, the end.
 *
 * Paths of /proc and /sys are below a root where a test can make them up.
 */
#ifndef CAPTURE_SYSTEM_H
#define CAPTURE_SYSTEM_H

#include "format/manifest.h"

/* Mount /proc, /sys and /dev (devtmpfs), and let the kernel log take every line we write.
 * Already mounted is fine. */
must_check struct err *system_mount_basics(void);

/* Write @value to the sysctl @name ("kernel.panic") below @root. */
must_check struct err *system_set_sysctl(const char *root, const char *name,
					 const char *value);

/* Load the module file at @module->path and remove the file, which gives its memory back. A
 * module that is loaded already is fine. */
must_check struct err *system_load_module(const struct manifest_module *module);

enum system_end { SYSTEM_REBOOT, SYSTEM_HALT, SYSTEM_POWER_OFF };

/* "reboot", "halt", "poweroff". */
const char *system_end_name(enum system_end end);
/* False, and *@ret as it was, if @name is none of these. */
bool system_end_parse(const char *name, enum system_end *ret);

/* Flush and go down, by reboot(2), and should that hang or fail by sysrq @deadline_ms
 * later. Does not return where we are PID 1. */
void system_go_down(enum system_end end, u64 deadline_ms);

#endif
