/*
 * The kernel that is rehearsed: an image, and the modules that belong to it.
 *
 * It is named by paths, or is the running one, or comes out of a Debian package that apt
 * knows: then it is fetched and unpacked (not installed) into a cache folder, once per
 * version. Two programs may use one cache folder at once. What a run that was killed left
 * half done there is removed by the next. The object owns its strings.
 */
#ifndef REHEARSE_KERNEL_PACKAGE_H
#define REHEARSE_KERNEL_PACKAGE_H

#include "base/err.h"

#include <signal.h>

/* Layout is public. */
struct kernel_package {
	char *image;	   /* path of the vmlinuz */
	char *modules_dir; /* …/lib/modules/RELEASE */
	char *release;	   /* "6.1.0-56-amd64", as the image's header says */
	char *name;	   /* "linux-image-6.1.0-56-amd64 6.1.192-2", NULL: of no package */
};

void kernel_package_deinit(struct kernel_package *k);

/* The kernel at @image with the modules at @modules_dir. ERR_BAD_DATA if the image is none,
 * ERR_USAGE if the modules are of another release. */
must_check struct err *kernel_package_from_paths(const char *image, const char *modules_dir,
						 struct kernel_package *ret);

/* The kernel that runs here, from /boot and /lib/modules. ERR_ABSENT if it is not there, as
 * in containers; the sentence tells what else to do. */
must_check struct err *kernel_package_of_running(struct kernel_package *ret);

/* What is being done, for a person: "fetching …". */
typedef void kernel_package_news(void *ctx, const char *what);

struct kernel_package_fetch {
	const char *name;      /* an image package, signed or not, or a metapackage */
	const char *cache_dir; /* made if it is not there */
	kernel_package_news *news;
	void *ctx;
	const volatile sig_atomic_t *cancel;
};

/* Resolve, fetch and unpack a package, each unless that has been done before. */
must_check struct err *kernel_package_fetch(const struct kernel_package_fetch *fetch,
					    struct kernel_package *ret);

#endif
