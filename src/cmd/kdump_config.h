/*
 * The program called as kdump-config: the words, pages and files of Debian's kdump-tools.
 *
 * Its exit statuses are 0 for done and 1 for failed, and where the original says 0 whatever
 * happens, ours mean something: status is 3 if no capture kernel is loaded.
 */
#ifndef CMD_KDUMP_CONFIG_H
#define CMD_KDUMP_CONFIG_H

#include "base/buf.h"
#include "cmd/service.h"

int kdump_config_main(int argc, char **argv);

/* ---- its parts ---- */

#define KDUMP_CONFIG_DIR    "/var/lib/kdump"
#define KDUMP_CONFIG_KERNEL KDUMP_CONFIG_DIR "/vmlinuz"
#define KDUMP_CONFIG_INITRD KDUMP_CONFIG_DIR "/initrd.img"

/* Append the page of `show`, and that of `test`, for what is configured in @s and the state
 * of the machine. @command is the kexec command that would load. */
must_check struct err *kdump_config_add_show(const struct service *s, struct buf *b);
must_check struct err *kdump_config_add_test(const struct service *s, const char *command,
					     struct buf *b);

/* The command that loads with @command_line what is configured. */
void kdump_config_add_command(const struct service *s, const char *command_line,
			      struct buf *b);

/* Keep @command where `show` finds it. */
must_check struct err *kdump_config_record(const struct service *s, const char *command);

/* The release that is captured with: what is configured, else the running kernel's. */
must_check struct err *kdump_config_release(const struct service *s, char **ret);

/* Tell of the links vmlinuz and initrd.img that do not lead to @release. */
must_check struct err *kdump_config_check_links(const struct service *s,
						const char *release);

/* Make both links lead to @release, and tell so. ERR_ABSENT if it has no kernel in /boot.
 */
must_check struct err *kdump_config_make_links(const struct service *s,
					       const char *release);

/* Remove the links that lead to images of ours, and their directory if nothing else is in
 * it. Links and files of another program stay. */
must_check struct err *kdump_config_remove_links(const char *root);

#endif
