/*
 * The files of a boot loader's configuration that have to do with the command line: which
 * there are, what is in them, and what GRUB makes of its own.
 */
#ifndef ARM_BOOT_PLACES_PRIV_H
#define ARM_BOOT_PLACES_PRIV_H

#include "arm/boot_text_priv.h"

#define BOOT_PLACES_MAX 256
#define BOOT_FILE_MAX	(256 * 1024)

struct boot_place {
	char *path; /* below the root */
	enum boot_text kind;
	char *before; /* its text, NULL: it is not there */
	char *after;  /* what it is to be, NULL: it is to go */
};

struct boot_places {
	struct boot_place *places;
	size_t count;
};

void boot_places_deinit(struct boot_places *p);

/* Add a place with copies of the strings; @before and @after may be NULL. */
must_check struct err *boot_places_add(struct boot_places *p, const char *path,
				       enum boot_text kind, const char *before,
				       const char *after);

/* Find the files to change and read them. @kernel: only entries of that kernel. None may be
 * found. */
must_check struct err *boot_places_find(const char *root, const char *kernel,
					struct boot_places *ret);

must_check struct err *boot_path(const char *root, const char *path, struct buf *ret);

/* Does GRUB read /etc/default/grub.d here? */
bool boot_reads_dropins(const char *root);
/* Is GRUB configured here? */
bool boot_has_grub(const char *root);
/* Do its entries come from files of the Boot Loader Specification? */
must_check struct err *boot_grub_uses_entries(const char *root, bool *ret);

/* The command line that GRUB's defaults come to, with @text in place of what the file @path
 * has (NULL: as they are). */
must_check struct err *boot_grub_cmdline(const char *root, const char *path,
					 const char *text, struct buf *ret,
					 bool *ret_certain);

/* Which of GRUB's files, but @except, has crashkernel=; "" for none. */
must_check struct err *boot_grub_find_other(const char *root, const char *except,
					    struct buf *ret);

#endif
