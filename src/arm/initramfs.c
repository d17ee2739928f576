#include "arm/initramfs.h"

#include "arm/modules.h"
#include "base/io.h"
#include "base/str.h"
#include "format/cpio.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#define MODULES_PATH "lib/modules"

/* A kernel of 15 MB and a capture image fit many times over. */
#define FILE_BYTES_MAX (512u << 20)
#define DIRS_MAX       64

/* The window bounds what the kernel allocates to unpack the image. */
#define ZSTD_LEVEL	  19
#define ZSTD_WINDOW_LOG	  18
#define DEFLATE_LEVEL_MAX 12

struct builder {
	const struct initramfs_options *options;
	struct buf archive;
	struct cpio cpio;
	struct module_list modules;
	struct manifest_module *manifest_modules;
	char *dirs[DIRS_MAX];
	size_t num_dirs;
};

static void builder_deinit(struct builder *b)
{
	buf_deinit(&b->archive);
	for (size_t i = 0; i < b->num_dirs; i++)
		free(b->dirs[i]);
	for (size_t i = 0; b->manifest_modules && i < b->modules.count; i++) {
		free((char *)b->manifest_modules[i].path);
		free((char *)b->manifest_modules[i].params);
	}
	free(b->manifest_modules);
	module_list_deinit(&b->modules);
}

/* Add directory @name unless it is there already. Takes ownership of @name. */
static struct err *add_dir(struct builder *b, char *name)
{
	struct cpio_entry e = {.name = name, .mode = S_IFDIR | 0755};

	if (!name)
		return err_nomem();
	for (size_t i = 0; i < b->num_dirs; i++) {
		if (str_eq(b->dirs[i], name)) {
			free(name);
			return NULL;
		}
	}
	if (b->num_dirs == DIRS_MAX) {
		free(name);
		return err_new(ERR_USAGE, "an image has at most %d directories", DIRS_MAX);
	}
	b->dirs[b->num_dirs++] = name;
	return cpio_add(&b->cpio, &e);
}

/* Add @entry and the directories above it. */
static struct err *add_entry(struct builder *b, const struct cpio_entry *entry)
{
	const char *slash = entry->name;

	while ((slash = strchr(slash, '/'))) {
		struct err *err =
			add_dir(b, strndup(entry->name, (size_t)(slash - entry->name)));

		if (err)
			return err;
		slash++;
	}
	return cpio_add(&b->cpio, entry);
}

/* What /init needs before it can mount anything. The rest of /dev is the kernel's devtmpfs.
 */
static struct err *add_skeleton(struct builder *b)
{
	static const char *const dirs[] = {"dev", "proc", "sys", "mnt"};
	static const struct cpio_entry nodes[] = {
		{.name = "dev/console",
		 .mode = S_IFCHR | 0600,
		 .device_major = 5,
		 .device_minor = 1},
		{.name = "dev/kmsg",
		 .mode = S_IFCHR | 0600,
		 .device_major = 1,
		 .device_minor = 11},
		{.name = "dev/null",
		 .mode = S_IFCHR | 0666,
		 .device_major = 1,
		 .device_minor = 3},
	};
	struct err *err = NULL;

	for (size_t i = 0; !err && i < ARRAY_SIZE(dirs); i++)
		err = add_dir(b, strdup(dirs[i]));
	for (size_t i = 0; !err && i < ARRAY_SIZE(nodes); i++)
		err = add_entry(b, &nodes[i]);
	return err;
}

static struct err *add_init(struct builder *b)
{
	cleanup(freep) char *data = NULL;
	struct cpio_entry e = {.name = "init", .mode = S_IFREG | 0755};
	struct err *err = io_read_file(b->options->init, FILE_BYTES_MAX, &data, &e.len);

	if (err)
		return err;
	e.data = data;
	return add_entry(b, &e);
}

static struct err *add_options(struct builder *b, const char *name, const char **ret)
{
	const struct initramfs_options *o = b->options;
	char *options = NULL;
	struct err *err = NULL;

	if (o->options_root)
		err = module_options(o->options_root, o->modules_dir, name,
				     o->command_line ? o->command_line : "", &options);
	else if (!(options = strdup("")))
		err = err_nomem();
	*ret = options;
	return err;
}

/* The names in the image are those of the modules, without what compressed them. */
static struct err *add_modules(struct builder *b)
{
	const struct initramfs_options *o = b->options;
	struct err *err = modules_resolve(o->modules_dir, o->modules, &b->modules);

	if (err)
		return err;
	b->manifest_modules = calloc(b->modules.count + 1, sizeof(*b->manifest_modules));
	if (!b->manifest_modules)
		return err_nomem();
	for (size_t i = 0; i < b->modules.count; i++) {
		const struct module_file *m = &b->modules.files[i];
		cleanup(freep) void *data = NULL;
		struct cpio_entry e = {.mode = S_IFREG | 0600};
		char *path;

		if (asprintf(&path, "/" MODULES_PATH "/%s.ko", m->name) < 0)
			return err_nomem();
		b->manifest_modules[i] = (struct manifest_module){
			.path = path, .params = NULL, .optional = m->optional};
		err = add_options(b, m->name, &b->manifest_modules[i].params);
		if (!err)
			err = module_read(m->path, &data, &e.len);
		if (err)
			return err;
		e.name = path + 1;
		e.data = data;
		err = add_entry(b, &e);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *add_manifest(struct builder *b)
{
	struct manifest m = *b->options->manifest;
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct cpio_entry e = {.name = &MANIFEST_PATH[1], .mode = S_IFREG | 0600};
	struct err *err;

	m.modules = b->manifest_modules;
	m.num_modules = b->modules.count;
	err = manifest_format(&m, &text);
	if (err)
		return err;
	e.data = text.data;
	e.len = text.len;
	return add_entry(b, &e);
}

static struct err *add_file(struct builder *b, const struct initramfs_file *file)
{
	cleanup(freep) char *read = NULL;
	struct cpio_entry e = {.name = file->path + 1,
			       .mode = S_IFREG | (file->mode & 07777),
			       .data = file->data,
			       .len = file->len};

	if (file->path[0] != '/')
		return err_new(ERR_USAGE, "%s is not an absolute path of the image",
			       file->path);
	if (file->host_path) {
		struct err *err =
			io_read_file(file->host_path, FILE_BYTES_MAX, &read, &e.len);

		if (err)
			return err;
		e.data = read;
	}
	return add_entry(b, &e);
}

static struct err *compress_gzip(const struct buf *in, struct initramfs *image)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(DEFLATE_LEVEL_MAX);
	size_t bound;

	if (!c)
		return err_nomem();
	bound = libdeflate_gzip_compress_bound(c, in->len);
	image->data = malloc(bound);
	if (image->data)
		image->len =
			libdeflate_gzip_compress(c, in->data, in->len, image->data, bound);
	libdeflate_free_compressor(c);
	return image->data ? NULL : err_nomem();
}

static struct err *compress_zstd(const struct buf *in, struct initramfs *image)
{
	size_t bound = ZSTD_compressBound(in->len);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t result = 0;

	image->data = malloc(bound);
	if (c && image->data) {
		ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
		/* With the size known the frame would ask for a window as large as it. */
		ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
		result = ZSTD_compress2(c, image->data, bound, in->data, in->len);
	}
	ZSTD_freeCCtx(c);
	if (!c || !image->data || ZSTD_isError(result))
		return err_nomem();
	image->len = result;
	return NULL;
}

static struct err *pack(struct builder *b, struct initramfs *image)
{
	image->unpacked_bytes = b->archive.len;
	image->num_modules = b->modules.count;
	switch (b->options->compression) {
	case INITRAMFS_GZIP:
		return compress_gzip(&b->archive, image);
	case INITRAMFS_ZSTD:
		return compress_zstd(&b->archive, image);
	case INITRAMFS_PLAIN:
		image->len = b->archive.len;
		image->data = steal(b->archive.data);
		return NULL;
	}
	return err_new(ERR_USAGE, "%d is no compression of an image",
		       (int)b->options->compression);
}

struct err *initramfs_build(const struct initramfs_options *options, struct initramfs *ret)
{
	cleanup(builder_deinit) struct builder b = {.options = options};
	cleanup(initramfs_deinit) struct initramfs image = {0};
	struct err *err;

	b.cpio.out = &b.archive;
	err = add_skeleton(&b);
	if (!err)
		err = add_init(&b);
	if (!err && options->modules)
		err = add_modules(&b);
	if (!err)
		err = add_manifest(&b);
	for (size_t i = 0; !err && i < options->num_files; i++)
		err = add_file(&b, &options->files[i]);
	if (!err)
		err = cpio_end(&b.cpio);
	if (!err)
		err = pack(&b, &image);
	if (err)
		return err_wrap(err, "cannot build the initramfs");
	*ret = image;
	image.data = NULL;
	return NULL;
}

void initramfs_deinit(struct initramfs *image)
{
	free(image->data);
	image->data = NULL;
}

struct err *initramfs_write(const struct initramfs *image, const char *path)
{
	return io_write_file(path, 0600, image->data, image->len);
}

static char *beside_this_program(void)
{
	cleanup(freep) char *self = realpath("/proc/self/exe", NULL);
	char *slash = self ? strrchr(self, '/') : NULL;
	char *path;

	if (!slash)
		return NULL;
	*slash = '\0';
	return asprintf(&path, "%s/inquest-capture", self) < 0 ? NULL : path;
}

struct err *initramfs_find_init(char **ret)
{
	static const char installed[] = INQUEST_LIBEXECDIR "/inquest-capture";
	cleanup(freep) char *beside = beside_this_program();

	if (!beside)
		return err_new(ERR_ABSENT,
			       "cannot tell where this program is: no /proc/self/exe");
	if (access(beside, R_OK) == 0) {
		*ret = steal(beside);
		return NULL;
	}
	if (access(installed, R_OK) == 0) {
		*ret = strdup(installed);
		return *ret ? NULL : err_nomem();
	}
	return err_new(
		ERR_ABSENT,
		"the inquest-capture binary is neither %s nor %s: build or install it",
		beside, installed);
}
