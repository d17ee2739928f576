/* What runs around and instead of the collector: hooks, and programs taken along. */
#include "arm/elf_closure.h"
#include "arm/plan_priv.h"
#include "arm/root.h"

#include "base/opts.h"
#include "base/str.h"
#include "format/makedumpfile_words.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#define COLLECTOR_WORDS_MAX 64

/* Split @line in place at blanks; a word in double quotes is one. */
static size_t split(char *line, char **words, size_t max)
{
	size_t count = 0;
	char *word;

	while (count < max && (word = strsep(&line, " \t")))
		if (*word)
			words[count++] = word;
	return count;
}

static const char *codec_name(enum words_codec codec)
{
	static const char *const names[] = {
		[WORDS_CODEC_NONE] = "none", [WORDS_CODEC_ZLIB] = "zlib",
		[WORDS_CODEC_LZO] = "lzo",   [WORDS_CODEC_SNAPPY] = "snappy",
		[WORDS_CODEC_ZSTD] = "zstd",
	};

	return names[codec];
}

/* The options of makedumpfile, checked here and not first in the capture kernel. */
static struct err *plan_makedumpfile(struct planning *g, char **words, size_t count)
{
	static const struct opts_verb verb = {.name = "core_collector makedumpfile",
					      .options = makedumpfile_options,
					      .max_operands = 0,
					      .takes_abbreviations = true};
	const struct words_defaults defaults = {.dump_level = 0, .codec = WORDS_CODEC_NONE};
	struct manifest_dump *dump = &g->plan->manifest.dump;
	cleanup(opts_deinit) struct opts_result given = {0};
	struct opts_result with_files;
	struct makedumpfile_words read = {0};
	const char *files[] = {"/proc/vmcore", "vmcore"};
	struct err *err = opts_parse(&verb, (int)count, words, 1, &given);

	with_files = given;
	with_files.operands = files;
	with_files.num_operands = opts_has(&given, "flatten") ? 1 : 2;
	if (!err)
		err = makedumpfile_words_read(&with_files, &defaults, &read);
	if (err)
		return err_wrap(err, "core_collector");
	if (read.job != WORDS_COLLECT || read.is_split)
		return err_new(ERR_USAGE, "core_collector: this line makes no dump");
	if (read.codec == WORDS_CODEC_SNAPPY)
		return err_new(
			ERR_UNSUPPORTED,
			"core_collector: snappy is not part of a capture image; take -l, -c or --compress=zstd");
	dump->level = read.levels[0];
	dump->compression = codec_name(read.codec);
	dump->compression_level = read.has_codec_level		   ? read.codec_level
				  : read.codec == WORDS_CODEC_ZSTD ? -1
								   : 1;
	return NULL;
}

struct err *plan_collector(struct planning *g)
{
	static const char *const copiers[] = {"cp", "cat", "dd", "scp"};
	struct manifest_collector *c = &g->plan->manifest.collector;
	cleanup(freep) char *line = strdup(g->config->core_collector);
	char *words[COLLECTOR_WORDS_MAX + 1] = {NULL};
	const char *name;
	size_t count;

	if (!line)
		return err_nomem();
	count = split(line, words, COLLECTOR_WORDS_MAX);
	if (!count)
		return err_new(ERR_USAGE, "core_collector is empty");
	c->words = g->config->core_collector;
	name = strrchr(words[0], '/') ? strrchr(words[0], '/') + 1 : words[0];
	c->kind = "program";
	if (str_eq(name, "makedumpfile")) {
		c->kind = "makedumpfile";
		return plan_makedumpfile(g, words, count);
	}
	for (size_t i = 0; i < ARRAY_SIZE(copiers); i++)
		if (str_eq(name, copiers[i]))
			c->kind = copiers[i];
	return NULL;
}

/* Take a program of this machine along, at the same path. */
static struct err *add_program(struct planning *g, const char *program)
{
	return elf_closure_add(&g->plan->files, g->root, program, NULL);
}

static struct err *add_hook(struct planning *g, const char *when, const char *path,
			    bool is_optional)
{
	struct manifest *m = &g->plan->manifest;
	struct manifest_hook *hook = &g->plan->hooks[m->num_hooks];
	char *in_image = NULL;
	struct err *err;

	if (m->num_hooks == MANIFEST_ROWS_MAX)
		return err_new(ERR_USAGE, "more than %d programs run around a dump",
			       MANIFEST_ROWS_MAX);
	err = err_wrap(elf_closure_add(&g->plan->files, g->root, path, &in_image),
		       "the program that runs %s the dump",
		       str_eq(when, "pre") ? "before" : "after");
	if (!err)
		err = plan_keep(g->plan, in_image);
	if (err)
		return err;
	*hook = (struct manifest_hook){
		.when = when, .path = in_image, .is_optional = is_optional};
	m->num_hooks++;
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The programs in a directory, in the order of their names; those of editors and packagers
 * (*~, *.dpkg-old) are none, and neither is what cannot be executed. */
static struct err *list_programs(struct planning *g, const char *dir_path, char **names,
				 size_t *count)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(g->root, dir_path, &full);
	struct dirent *entry;
	DIR *dir;

	if (err)
		return err;
	dir = opendir(full);
	while (dir && *count < MANIFEST_ROWS_MAX && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (name[0] == '.' || str_has_suffix(name, "~") || strstr(name, ".dpkg-") ||
		    strstr(name, ".rpm") || faccessat(dirfd(dir), name, X_OK, 0) < 0)
			continue;
		names[*count] = plan_printf(g->plan, "%s/%s", dir_path, name);
		if (!names[(*count)++]) {
			err = err_nomem();
			break;
		}
	}
	if (dir)
		closedir(dir);
	qsort(names, *count, sizeof(*names), compare_names);
	return err;
}

/* What the directories of the dialect hold: /etc/kdump/pre.d and so on. */
static struct err *add_hook_directory(struct planning *g, const char *when)
{
	static const char *const dirs[] = {[CONFIG_INQUEST] = "/etc/inquest",
					   [CONFIG_KDUMP] = "/etc/kdump",
					   [CONFIG_KDUMP_TOOLS] = ""};
	const char *dir = dirs[g->config->dialect];
	char *names[MANIFEST_ROWS_MAX];
	size_t count = 0;
	char *path;
	struct err *err;

	if (!*dir)
		return NULL;
	path = plan_printf(g->plan, "%s/%s.d", dir, when);
	if (!path)
		return err_nomem();
	err = list_programs(g, path, names, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = add_hook(g, when, names[i], true);
	return err;
}

/* kdump_pre goes before pre.d, the others behind their directories. */
static struct err *add_hooks(struct planning *g)
{
	const struct capture_config *c = g->config;
	struct err *err = *c->pre ? add_hook(g, "pre", c->pre, false) : NULL;

	if (!err)
		err = add_hook_directory(g, "pre");
	if (!err)
		err = add_hook_directory(g, "post");
	if (!err && *c->post)
		err = add_hook(g, "post", c->post, false);
	if (!err)
		err = add_hook_directory(g, "emergency");
	if (!err && *c->emergency)
		err = add_hook(g, "emergency", c->emergency, false);
	return err;
}

/* Does the shell command @text have the word @name, with or without a directory? */
static bool command_has(const char *text, const char *name)
{
	static const char ends[] = " \t\"';&|()";
	size_t len = strlen(name);

	while (*text) {
		size_t word = strcspn(text, ends);
		const char *base = text + word;

		while (base > text && base[-1] != '/')
			base--;
		if ((size_t)(text + word - base) == len && strncmp(base, name, len) == 0)
			return true;
		text += word + strspn(text + word, ends);
	}
	return false;
}

/* KDUMP_FAIL_CMD. Its end is an action of ours, which happens in any case; what it does
 * besides is a script that is run before. A shell in it is one for a person. */
static struct err *add_fail_command(struct planning *g)
{
	static const char *const ends[] = {"reboot", "halt", "poweroff"};
	static const char script_path[] = "/etc/inquest/fail-command";
	const char *command = g->config->fail_command;
	struct manifest *m = &g->plan->manifest;
	cleanup(buf_deinit) struct buf script = BUF_INIT;
	struct manifest_hook *hook;
	struct err *err;

	if (!*command)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (command_has(command, ends[i]))
			m->failure_action = ends[i];
	if (command_has(command, "sh") || command_has(command, "bash")) {
		m->failure_action = "shell";
		return NULL;
	}
	if (str_has_prefix(command, "reboot") || str_has_prefix(command, "halt") ||
	    str_has_prefix(command, "poweroff"))
		return NULL;
	if (m->num_hooks == MANIFEST_ROWS_MAX)
		return err_new(ERR_USAGE, "more than %d programs run around a dump",
			       MANIFEST_ROWS_MAX);
	buf_printf(&script, "#!/bin/sh\n%s\n", command);
	err = buf_check(&script);
	if (!err)
		err = image_files_add_data(&g->plan->files, script_path, script.data,
					   script.len, 0700);
	if (!err)
		err = add_program(g, "/bin/sh");
	if (err)
		return err;
	hook = &g->plan->hooks[m->num_hooks++];
	*hook = (struct manifest_hook){
		.when = "emergency", .path = script_path, .is_optional = true};
	return NULL;
}

struct err *plan_programs(struct planning *g)
{
	const struct capture_config *c = g->config;
	struct manifest *m = &g->plan->manifest;
	struct err *err = add_hooks(g);

	if (!err)
		err = add_fail_command(g);
	if (!err && str_eq(m->collector.kind, "program")) {
		cleanup(freep) char *line = strdup(c->core_collector);
		char *words[1] = {NULL};

		err = line && split(line, words, 1) ? add_program(g, words[0])
						    : err_nomem();
		err = err_wrap(err, "core_collector");
	}
	if (!err && str_eq(m->failure_action, "shell"))
		err = err_wrap(add_program(g, "/bin/sh"), "failure_action shell");
	for (size_t i = 0; !err && i < c->extra_bins.count; i++)
		err = err_wrap(add_program(g, c->extra_bins.words[i]), "extra_bins");
	return err;
}
