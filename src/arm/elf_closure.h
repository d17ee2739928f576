/*
 * A program of this host with everything it needs to run in an image: the dynamic loader,
 * libraries and what those need, and for a script its interpreter.
 *
 * Libraries are found as the loader finds them: DT_RUNPATH or DT_RPATH with $ORIGIN,
 * /etc/ld.so.cache, the loader's own directories. What a program opens by name later
 * (dlopen(3), other programs) cannot be seen and is not found.
 */
#ifndef ARM_ELF_CLOSURE_H
#define ARM_ELF_CLOSURE_H

#include "arm/image_files.h"

/* Add @program, an absolute path or a name that is searched in the usual directories below
 * @root ("" for this machine), as the same path. ERR_ABSENT naming what is missing and who
 * needs it. *@ret_path, which may be NULL, is its path in the image, to be freed. */
must_check struct err *elf_closure_add(struct image_files *files, const char *root,
				       const char *program, char **ret_path);

/* Add the library @name, which a program opens by itself, if this host has it. */
must_check struct err *elf_closure_add_library(struct image_files *files, const char *root,
					       const char *name);

#endif
