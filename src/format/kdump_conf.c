#include "format/kdump_conf.h"

#include "format/config_priv.h"

#include "base/str.h"

#include <string.h>

/* What one file has said so far. */
struct reader {
	struct capture_config *c;
	struct config_place at;
	u64 seen; /* bits of options[] */
	bool rebuild, no_rebuild;
	bool streams; /* the collector given makes a stream */
	struct config_place collector_at;
};

/* One option. @set gets the value without comment, quotes and white space around it. */
struct option {
	const char *name;
	struct err *(*set)(struct reader *r, const struct option *o, const char *value);
	size_t offset;	     /* of a member of struct capture_config, for what needs one */
	const char *same_as; /* counts as that option when duplicates are looked for */
};

static const char **string_at(const struct reader *r, const struct option *o)
{
	return (const char **)(void *)((char *)r->c + o->offset);
}

static struct err *add_target(struct reader *r, const struct config_target *target)
{
	if (r->c->num_targets)
		return config_error(&r->at,
				    "More than one dump targets specified:", target->spec,
				    strlen(target->spec), "; keep one of them");
	return config_add_target(r->c, &r->at, target);
}

static struct err *set_fs(struct reader *r, const struct option *o, const char *value)
{
	return add_target(r, &(struct config_target){.kind = CONFIG_TARGET_FS,
						     .spec = value,
						     .fs_type = o->name});
}

static struct err *set_target(struct reader *r, const struct option *o, const char *value)
{
	return add_target(r, &(struct config_target){.kind = config_target_kind(o->name),
						     .spec = value});
}

static struct err *set_path(struct reader *r, const struct option *o, const char *value)
{
	return config_set_path(r->c, &r->at, o->name, value, string_at(r, o));
}

static struct err *set_file(struct reader *r, const struct option *o, const char *value)
{
	return config_set_file(r->c, &r->at, o->name, value, string_at(r, o));
}

static struct err *set_collector(struct reader *r, const struct option *o,
				 const char *value)
{
	struct err *err = config_check_collector(&r->at, value, &r->streams);

	r->collector_at = r->at;
	r->c->has_core_collector = true;
	return err ? err : config_set(r->c, &r->c->core_collector, value, strlen(value));
}

static struct err *set_bins(struct reader *r, const struct option *o, const char *value)
{
	return config_set_bins(r->c, &r->at, o->name, value);
}

static struct err *set_modules(struct reader *r, const struct option *o, const char *value)
{
	return config_set_modules(r->c, value);
}

static struct err *set_failure(struct reader *r, const struct option *o, const char *value)
{
	struct err *err = NULL;

	if (str_eq(o->name, "default"))
		err = config_warn(r->c, &r->at,
				  "Option 'default' was renamed 'failure_action'; please "
				  "write that instead");
	return err ? err
		   : config_set_action(&r->at, o->name, value, CONFIG_DUMP_TO_ROOTFS,
				       &r->c->failure_action);
}

static struct err *set_final(struct reader *r, const struct option *o, const char *value)
{
	return config_set_action(&r->at, o->name, value, CONFIG_POWEROFF,
				 &r->c->final_action);
}

static struct err *set_rebuild(struct reader *r, const struct option *o, const char *value)
{
	bool *flag = str_eq(o->name, "force_rebuild") ? &r->rebuild : &r->no_rebuild;

	if (!str_eq(value, "0") && !str_eq(value, "1"))
		return config_error(&r->at,
				    str_eq(o->name, "force_rebuild")
					    ? "force_rebuild value is invalid:"
					    : "force_no_rebuild value is invalid:",
				    value, strlen(value), "; write 0 or 1");
	*flag = str_eq(value, "1");
	if (r->rebuild && r->no_rebuild)
		return config_error(&r->at,
				    "force_rebuild and force_no_rebuild are enabled "
				    "simultaneously, by",
				    o->name, strlen(o->name), "; set one of them to 0");
	r->c->rebuild = r->rebuild	? CONFIG_REBUILD_ALWAYS
			: r->no_rebuild ? CONFIG_REBUILD_NEVER
					: CONFIG_REBUILD_IF_CHANGED;
	return NULL;
}

static struct err *set_auto_reset(struct reader *r, const struct option *o,
				  const char *value)
{
	return config_flag(&r->at, o->name, value, &r->c->auto_reset_crashkernel);
}

static struct err *set_fence(struct reader *r, const struct option *o, const char *value)
{
	return config_warn(r->c, &r->at,
			   "%s is left out: other nodes of a cluster are not told that a "
			   "dump is being written; give fencing enough time for one",
			   o->name);
}

static struct err *set_deprecated(struct reader *r, const struct option *o,
				  const char *value)
{
	return config_known_error(
		&r->at, "Deprecated kdump config option:", o->name,
		str_eq(o->name, "net")
			? ". Refer to kdump.conf manpage for alternatives: nfs, ssh"
		: str_eq(o->name, "options")
			? ". Refer to kdump.conf manpage for alternatives; options of "
			  "modules go to /etc/modprobe.d"
			: ". Refer to kdump.conf manpage for alternatives; it has no "
			  "effect any more, remove the line");
}

/* --mount "DEVICE MOUNTPOINT TYPE [OPTIONS …]" as dracut(8) has it: a target that need
 * not be mounted now. */
static struct err *set_mount(struct reader *r, const char *value)
{
	cleanup(freep) char *copy = strdup(value);
	struct config_target target = {.kind = CONFIG_TARGET_FS};
	const char *words[4] = {"", "", "", ""};
	char *state = NULL;
	size_t count = 0;

	if (!copy)
		return err_nomem();
	for (char *word = strtok_r(copy, " \t", &state); word && count < 4;
	     word = strtok_r(NULL, " \t", &state))
		words[count++] = word;
	if (*words[1] != '/')
		return config_expect(&r->at, "dracut_args --mount", value,
				     "\"DEVICE MOUNTPOINT TYPE OPTIONS\" with an "
				     "absolute MOUNTPOINT");
	/* Nothing is mounted there now from which it could be told. */
	if (!*words[2] || str_eq(words[2], "auto"))
		return config_expect(&r->at, "dracut_args --mount", value,
				     "the type of the file system, such as ext4 or nfs, "
				     "behind the mount point");
	target.spec = words[0];
	target.fs_type = words[2];
	target.options = str_eq(words[3], "defaults") ? "" : words[3];
	if (str_has_prefix(words[2], "nfs"))
		target.kind = CONFIG_TARGET_NFS;
	else if (str_eq(words[2], "virtiofs"))
		target.kind = CONFIG_TARGET_VIRTIOFS;
	return add_target(r, &target);
}

/* -o, --omit: modules of dracut to leave out. Only one means something here. */
static struct err *set_omit(struct reader *r, const char *value)
{
	const char *word, *pos = value;
	size_t len;

	while ((word = config_next_word(&pos, &len)))
		if (config_word_is(word, len, "watchdog"))
			r->c->watchdog = false;
	return NULL;
}

static struct err *set_install(struct reader *r, const char *value)
{
	return config_set_bins(r->c, &r->at, "dracut_args --install", value);
}

static struct err *set_drivers(struct reader *r, const char *value)
{
	return config_set_modules(r->c, value);
}

/* The value of a dracut option is the rest of its word, or the next one. */
static const struct dracut_option {
	const char *name;
	struct err *(*set)(struct reader *r, const char *value);
} dracut_options[] = {
	{"--mount", set_mount},
	{"--omit", set_omit},
	{"-o", set_omit},
	{"--install", set_install},
	{"-I", set_install},
	{"--add-drivers", set_drivers},
	{"--force-drivers", set_drivers},
};

static const struct dracut_option *find_dracut_option(const char *word,
						      const char **ret_value)
{
	for (size_t i = 0; i < ARRAY_SIZE(dracut_options); i++) {
		size_t len = strlen(dracut_options[i].name);

		if (!str_has_prefix(word, dracut_options[i].name) ||
		    (word[len] && word[len] != '='))
			continue;
		*ret_value = word[len] ? word + len + 1 : NULL;
		return &dracut_options[i];
	}
	return NULL;
}

/* One option at *@pos of the words behind dracut_args; *@ret_more is false at the end. */
static struct err *read_dracut_option(struct reader *r, const char **pos, bool *ret_more)
{
	cleanup(buf_deinit) struct buf word = BUF_INIT, next = BUF_INIT;
	struct err *err = config_next_quoted(&r->at, pos, &word, ret_more);
	const struct dracut_option *o;
	const char *value;
	bool found = true;

	if (err || !*ret_more)
		return err;
	o = find_dracut_option(buf_text(&word), &value);
	if (!o)
		return config_warn(r->c, &r->at,
				   "dracut_args %s is left out: the capture image is not "
				   "made by dracut",
				   buf_text(&word));
	if (!value) {
		err = config_next_quoted(&r->at, pos, &next, &found);
		value = buf_text(&next);
	}
	if (!err && !found)
		err = config_error(&r->at, "a value is missing behind dracut_args", o->name,
				   strlen(o->name), "");
	return err ? err : o->set(r, value);
}

static struct err *set_dracut_args(struct reader *r, const struct option *o,
				   const char *value)
{
	struct err *err = NULL;
	bool more = true;

	while (!err && more)
		err = read_dracut_option(r, &value, &more);
	return err;
}

#define MEMBER(name) offsetof(struct capture_config, name)

static const struct option options[] = {
	{"raw", set_target, 0, NULL},
	{"nfs", set_target, 0, NULL},
	{"ssh", set_target, 0, NULL},
	{"virtiofs", set_target, 0, NULL},
	{"ext2", set_fs, 0, NULL},
	{"ext3", set_fs, 0, NULL},
	{"ext4", set_fs, 0, NULL},
	{"xfs", set_fs, 0, NULL},
	{"btrfs", set_fs, 0, NULL},
	{"minix", set_fs, 0, NULL},
	{"vfat", set_fs, 0, NULL},
	{"msdos", set_fs, 0, NULL},
	{"sshkey", set_file, MEMBER(ssh_key), NULL},
	{"path", set_path, MEMBER(path), NULL},
	{"core_collector", set_collector, 0, NULL},
	{"kdump_pre", set_file, MEMBER(pre), NULL},
	{"kdump_post", set_file, MEMBER(post), NULL},
	{"kdump_emergency", set_file, MEMBER(emergency), NULL},
	{"extra_bins", set_bins, 0, NULL},
	{"extra_modules", set_modules, 0, NULL},
	{"failure_action", set_failure, 0, NULL},
	{"default", set_failure, 0, "failure_action"},
	{"final_action", set_final, 0, NULL},
	{"force_rebuild", set_rebuild, 0, NULL},
	{"force_no_rebuild", set_rebuild, 0, NULL},
	{"dracut_args", set_dracut_args, 0, NULL},
	{"fence_kdump_args", set_fence, 0, NULL},
	{"fence_kdump_nodes", set_fence, 0, NULL},
	{"auto_reset_crashkernel", set_auto_reset, 0, NULL},
	{"net", set_deprecated, 0, NULL},
	{"options", set_deprecated, 0, NULL},
	{"link_delay", set_deprecated, 0, NULL},
	{"disk_timeout", set_deprecated, 0, NULL},
	{"debug_mem_level", set_deprecated, 0, NULL},
	{"blacklist", set_deprecated, 0, NULL},
};
_Static_assert(ARRAY_SIZE(options) <= 64, "a bit each");

static const struct option *find_option(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (config_word_is(word, len, options[i].name))
			return &options[i];
	return NULL;
}

static bool is_target(const struct option *o)
{
	return o->set == set_fs || o->set == set_target;
}

static struct err *check_duplicate(struct reader *r, const struct option *o)
{
	const struct option *first =
		o->same_as ? find_option(o->same_as, strlen(o->same_as)) : o;
	u64 bit = 1ULL << (first - options);

	if (r->seen & bit && !is_target(o))
		return config_known_error(&r->at, "Duplicated kdump config value of option",
					  o->name, "; keep one of the lines");
	r->seen |= bit;
	return NULL;
}

static struct err *unknown_option(struct reader *r, const char *word, size_t len)
{
	cleanup(freep) char *name = strndup(word, len);

	return name ? config_known_error(&r->at, "Invalid kdump config option", name,
					 "; kdump.conf(5) lists those there are")
		    : err_nomem();
}

static struct err *no_value(struct reader *r, const struct option *o)
{
	cleanup(buf_deinit) struct buf name = BUF_INIT;

	buf_printf(&name, "'%s'", o->name);
	return config_known_error(&r->at, "Invalid kdump config value for option",
				  buf_text(&name), ": there is none");
}

/* One line from @line to @end, without its comment. */
static struct err *read_line(struct reader *r, const char *line, const char *end)
{
	cleanup(freep) char *value = NULL;
	const struct option *o;
	const char *name_end;
	struct err *err;

	while (line < end && config_is_blank(*line))
		line++;
	while (end > line && config_is_blank(end[-1]))
		end--;
	if (line == end)
		return NULL;
	for (name_end = line; name_end < end && !config_is_blank(*name_end);)
		name_end++;
	o = find_option(line, (size_t)(name_end - line));
	if (!o)
		return unknown_option(r, line, (size_t)(name_end - line));
	err = check_duplicate(r, o);
	if (err)
		return err;
	while (name_end < end && config_is_blank(*name_end))
		name_end++;
	if (end - name_end >= 2 && *name_end == '"' && end[-1] == '"' &&
	    !memchr(name_end + 1, '"', (size_t)(end - name_end - 2))) {
		name_end++;
		end--;
	}
	if (name_end == end && o->set != set_deprecated)
		return no_value(r, o);
	value = strndup(name_end, (size_t)(end - name_end));
	return value ? config_place_error(&r->at, o->set(r, o, value)) : err_nomem();
}

/* What a raw device and ssh get is a stream (makedumpfile -F), and scp needs ssh. */
static struct err *check_collector(struct reader *r)
{
	struct capture_config *c = r->c;
	enum config_target_kind kind =
		c->num_targets ? c->targets[0].kind : CONFIG_TARGET_FS;
	bool streams = kind == CONFIG_TARGET_RAW || kind == CONFIG_TARGET_SSH;
	const char *word = c->core_collector;

	if (!c->has_core_collector) {
		if (streams)
			c->core_collector = CONFIG_KDUMP_STREAM_COLLECTOR;
		return NULL;
	}
	if (streams && !r->streams)
		return config_error(&r->collector_at,
				    "The specified dump target needs makedumpfile \"-F\" "
				    "option:",
				    word, strlen(word), " has none");
	if (config_word_is(word, strcspn(word, " \t"), "scp") && kind != CONFIG_TARGET_SSH)
		return config_error(&r->collector_at, "core_collector", word, strlen(word),
				    " goes with a dump target \"ssh USER@HOST\" only");
	return NULL;
}

struct err *kdump_conf_parse(const char *text, const char *file, struct capture_config *c)
{
	struct reader r = {.c = c, .at = {.file = file}};
	struct err *err = NULL;

	while (!err && *text) {
		size_t len = strcspn(text, "\n");
		const char *comment = memchr(text, '#', len);

		r.at.line++;
		err = read_line(&r, text, comment ? comment : text + len);
		text += len + (text[len] == '\n');
	}
	return err ? err : check_collector(&r);
}
