#include "arm/elf_closure.h"

#include "base/bytes.h"
#include "base/io.h"
#include "base/str.h"
#include "format/elf_needs.h"
#include "format/library_cache.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define FILE_BYTES_MAX	(256u << 20)
#define CACHE_BYTES_MAX (16u << 20)
/* A script may be run by a script, as the kernel allows it. */
#define SCRIPT_DEPTH_MAX 4
#define DIRS_MAX	 8

struct closure {
	struct image_files *files;
	const char *root;
	char *cache;
	size_t cache_len;
	size_t first; /* of the files that are ours to look into */
};

static void closure_deinit(struct closure *c)
{
	free(c->cache);
}

/* Find the file that @path is below @root, links followed as if @root were /. False if
 * there is no such regular file. */
static bool resolve(const char *root, const char *path, char ret[PATH_MAX])
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	cleanup(closep) int dir =
		open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup(closep) int fd = -1;
	char link[64];
	struct stat st;
	ssize_t len;

	if (dir < 0)
		return false;
	fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, ret, PATH_MAX - 1);
	if (len <= 0)
		return false;
	ret[len] = '\0';
	return true;
}

/* Where a loader looks by itself, for the machine of @needs; ends with NULL. */
static void own_dirs(const struct elf_needs *needs, const char *dirs[DIRS_MAX])
{
	static const struct {
		u16 machine;
		const char *lib, *usr;
	} triplets[] = {
		{EM_X86_64, "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"},
		{EM_AARCH64, "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"},
		{EM_RISCV, "/lib/riscv64-linux-gnu", "/usr/lib/riscv64-linux-gnu"},
		{EM_PPC64, "/lib/powerpc64le-linux-gnu", "/usr/lib/powerpc64le-linux-gnu"},
	};
	static const char *const others[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(triplets); i++) {
		if (triplets[i].machine != needs->machine)
			continue;
		dirs[count++] = triplets[i].lib;
		dirs[count++] = triplets[i].usr;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		dirs[count++] = others[i];
	dirs[count] = NULL;
}

/* A loader passes over files of another machine; 0 is any. */
static bool is_for(const char *host, u16 machine)
{
	cleanup(closep) int fd = open(host, O_RDONLY | O_CLOEXEC);
	u8 start[EI_NIDENT + 4];
	size_t len = 0;
	struct err *err;

	if (!machine)
		return true;
	if (fd < 0)
		return false;
	err = io_pread_some(fd, start, sizeof(start), 0, host, &len);
	if (err || len < sizeof(start)) {
		err_ignore(err);
		return false;
	}
	return elf_needs_is_elf(start, len) && start[EI_CLASS] == ELFCLASS64 &&
	       get_le16(start + offsetof(Elf64_Ehdr, e_machine)) == machine;
}

static bool try_dir(const struct closure *c, const char *dir, size_t dir_len,
		    const char *name, char path[PATH_MAX], char host[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%.*s/%s", (int)dir_len, dir, name);

	return len > 0 && len < PATH_MAX && resolve(c->root, path, host);
}

/* Look for @name in the directories of @list, separated by colons; $ORIGIN is where @who
 * lies. */
static bool try_runpath(const struct closure *c, const char *list, u16 machine,
			const char *who, const char *name, char path[PATH_MAX],
			char host[PATH_MAX])
{
	static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
	size_t who_len = (size_t)(strrchr(who, '/') - who);

	while (*list) {
		size_t len = strcspn(list, ":");
		char dir[PATH_MAX];
		int dir_len = -1;

		for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
			size_t skip = strlen(origins[i]);

			if (len >= skip && strncmp(list, origins[i], skip) == 0)
				dir_len =
					snprintf(dir, sizeof(dir), "%.*s%.*s", (int)who_len,
						 who, (int)(len - skip), list + skip);
		}
		if (dir_len < 0)
			dir_len = snprintf(dir, sizeof(dir), "%.*s", (int)len, list);
		if (dir_len < PATH_MAX && dir[0] == '/' &&
		    try_dir(c, dir, (size_t)dir_len, name, path, host) &&
		    is_for(host, machine))
			return true;
		list += len + (list[len] == ':');
	}
	return false;
}

static bool try_own_dirs(const struct closure *c, const struct elf_needs *needs,
			 const char *name, char path[PATH_MAX], char host[PATH_MAX])
{
	const char *dirs[DIRS_MAX];

	own_dirs(needs, dirs);
	for (size_t i = 0; dirs[i]; i++)
		if (try_dir(c, dirs[i], strlen(dirs[i]), name, path, host) &&
		    is_for(host, needs->machine))
			return true;
	return false;
}

static bool find_cached(const struct closure *c, const struct elf_needs *needs,
			const char *name, char path[PATH_MAX], char host[PATH_MAX])
{
	const char *found;

	for (size_t n = 0; (found = library_cache_find(c->cache, c->cache_len, name, n));
	     n++)
		if (found[0] == '/' && resolve(c->root, found, host) &&
		    is_for(host, needs->machine) &&
		    snprintf(path, PATH_MAX, "%s", found) < PATH_MAX)
			return true;
	return false;
}

/* There is no cache in an image: what only the cache knows goes beside the C library, where
 * the loader looks in any case. */
static bool try_cache(const struct closure *c, const struct elf_needs *needs,
		      const char *name, char path[PATH_MAX], char host[PATH_MAX])
{
	char libc[PATH_MAX], libc_host[PATH_MAX];

	if (!find_cached(c, needs, name, path, host))
		return false;
	if (!try_own_dirs(c, needs, "libc.so.6", libc, libc_host))
		return true;
	*strrchr(libc, '/') = '\0';
	return snprintf(path, PATH_MAX, "%s/%s", libc, name) < PATH_MAX;
}

/* Find library @name for @who, the path in the image of what needs it. */
static bool find_library(const struct closure *c, const struct elf_needs *needs,
			 const char *who, const char *name, char path[PATH_MAX],
			 char host[PATH_MAX])
{
	const char *list = *needs->runpath ? needs->runpath : needs->rpath;

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && name[0] == '/' &&
		       resolve(c->root, path, host);
	return try_runpath(c, list, needs->machine, who, name, path, host) ||
	       try_own_dirs(c, needs, name, path, host) ||
	       try_cache(c, needs, name, path, host);
}

/* Add what the ELF file @data, @who in the image, needs: one level. */
static struct err *add_needs(struct closure *c, const char *who, const void *data,
			     size_t len)
{
	struct elf_needs needs;
	char path[PATH_MAX], host[PATH_MAX];
	struct err *err = elf_needs_parse(data, len, &needs);

	if (err)
		return err_wrap(err, "%s", who);
	if (*needs.interpreter) {
		if (!resolve(c->root, needs.interpreter, host))
			return err_new(ERR_ABSENT,
				       "%s needs the loader %s, which this host has not",
				       who, needs.interpreter);
		err = image_files_add(c->files, needs.interpreter, host, 0755);
	}
	for (size_t i = 0; !err && i < needs.num_libraries; i++) {
		if (!find_library(c, &needs, who, needs.libraries[i], path, host))
			return err_new(ERR_ABSENT, "%s needs %s, which this host has not",
				       who, needs.libraries[i]);
		err = image_files_add(c->files, path, host, 0755);
	}
	return err;
}

static struct err *add_program(struct closure *c, const char *program, unsigned depth,
			       char **ret_path);

/* Add who runs the script @data, "#!INTERPRETER [WORD]": with env, WORD is it as well. */
static struct err *add_interpreter(struct closure *c, const char *who, const char *data,
				   unsigned depth)
{
	size_t len = strcspn(data, "\n");
	cleanup(freep) char *line = strndup(data + 2, len - 2);
	char *word, *rest;
	struct err *err;

	if (!line)
		return err_nomem();
	word = line + strspn(line, " \t");
	rest = word + strcspn(word, " \t\r");
	if (*rest)
		*rest++ = '\0';
	if (*word != '/')
		return err_new(ERR_USAGE,
			       "%s is no program: its first line \"#!%s\" names no path",
			       who, word);
	err = add_program(c, word, depth + 1, NULL);
	if (err || !str_has_suffix(word, "/env"))
		return err_wrap(err, "%s", who);
	word = rest + strspn(rest, " \t");
	word[strcspn(word, " \t\r")] = '\0';
	if (*word && *word != '-' && !strchr(word, '='))
		err = add_program(c, word, depth + 1, NULL);
	return err_wrap(err, "%s", who);
}

static struct err *look_into(struct closure *c, const char *path, const char *host,
			     unsigned depth)
{
	cleanup(freep) char *data = NULL;
	size_t len;
	struct err *err = io_read_file(host, FILE_BYTES_MAX, &data, &len);

	if (err)
		return err;
	if (elf_needs_is_elf(data, len))
		return add_needs(c, path, data, len);
	if (len > 2 && data[0] == '#' && data[1] == '!')
		return add_interpreter(c, path, data, depth);
	return NULL;
}

static bool find_program(const struct closure *c, const char *program, char path[PATH_MAX],
			 char host[PATH_MAX])
{
	static const char *const dirs[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					   "/usr/bin",	      "/sbin",		"/bin"};

	if (strchr(program, '/'))
		return program[0] == '/' &&
		       snprintf(path, PATH_MAX, "%s", program) < PATH_MAX &&
		       resolve(c->root, path, host);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (try_dir(c, dirs[i], strlen(dirs[i]), program, path, host))
			return true;
	return false;
}

static struct err *add_program(struct closure *c, const char *program, unsigned depth,
			       char **ret_path)
{
	char path[PATH_MAX], host[PATH_MAX];
	struct err *err;

	if (depth > SCRIPT_DEPTH_MAX)
		return err_new(ERR_USAGE,
			       "%s is a script that is run by a script, and so "
			       "on",
			       program);
	if (!find_program(c, program, path, host))
		return err_new(ERR_ABSENT, "there is no program %s on this host", program);
	if (ret_path) {
		*ret_path = strdup(path);
		if (!*ret_path)
			return err_nomem();
	}
	if (image_files_has(c->files, path))
		return NULL;
	err = image_files_add(c->files, path, host, 0755);
	return err ? err : look_into(c, path, host, depth);
}

/* Look into what was added by looking into others, until nothing is new. */
static struct err *add_rest(struct closure *c)
{
	struct err *err = NULL;

	for (size_t i = c->first; !err && i < c->files->count; i++) {
		const struct initramfs_file *f = &c->files->files[i];

		if (f->host_path)
			err = look_into(c, f->path, f->host_path, 0);
	}
	return err;
}

static struct err *begin(struct closure *c)
{
	char host[PATH_MAX];

	c->first = c->files->count;
	/* A system without a cache has all in the loader's own directories. */
	if (!resolve(c->root, "/etc/ld.so.cache", host))
		return NULL;
	return io_read_file(host, CACHE_BYTES_MAX, &c->cache, &c->cache_len);
}

struct err *elf_closure_add(struct image_files *files, const char *root,
			    const char *program, char **ret_path)
{
	cleanup(closure_deinit) struct closure c = {.files = files, .root = root};
	cleanup(freep) char *path = NULL;
	struct err *err = begin(&c);

	if (!err)
		err = add_program(&c, program, 0, &path);
	if (!err)
		err = add_rest(&c);
	if (!err && ret_path)
		*ret_path = steal(path);
	return err;
}

/* For what machine the programs of the image are: as the C library in it. */
static struct err *machine_of_libc(const struct closure *c, u16 *ret)
{
	for (size_t i = 0; i < c->files->count; i++) {
		const struct initramfs_file *f = &c->files->files[i];
		cleanup(freep) char *data = NULL;
		struct elf_needs needs;
		struct err *err;
		size_t len;

		if (!f->host_path || !str_has_suffix(f->path, "/libc.so.6"))
			continue;
		err = io_read_file(f->host_path, FILE_BYTES_MAX, &data, &len);
		if (!err)
			err = elf_needs_parse(data, len, &needs);
		if (!err)
			*ret = needs.machine;
		return err;
	}
	return NULL;
}

struct err *elf_closure_add_library(struct image_files *files, const char *root,
				    const char *name)
{
	cleanup(closure_deinit) struct closure c = {.files = files, .root = root};
	struct elf_needs needs = {.interpreter = "", .rpath = "", .runpath = ""};
	char path[PATH_MAX], host[PATH_MAX];
	struct err *err = begin(&c);

	if (!err)
		err = machine_of_libc(&c, &needs.machine);
	if (err || !find_library(&c, &needs, "/", name, path, host))
		return err;
	err = image_files_add(files, path, host, 0755);
	return err ? err : add_rest(&c);
}
