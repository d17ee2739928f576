#include "cmd/savecore.h"

#include "base/child.h"
#include "base/io.h"
#include "base/str.h"
#include "capture/dumpdir.h"
#include "capture/names.h"
#include "cmd/job.h"
#include "cmd/kernel_log.h"
#include "cmd/open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define COLLECTOR_WORDS_MAX 64
#define PIECE_BYTES	    (1u << 20)
#define HOST_NAME_MAX_BYTES 256
#define MOUNT_TIMEOUT_MS    (120 * 1000)

/* One saving. */
struct saving {
	const struct service *s;
	const char *source, *parent;
	struct names names;
	struct dumpdir dir;
	bool is_mounted;
};

static void saving_deinit(struct saving *v)
{
	if (v->dir.path)
		dumpdir_close(&v->dir);
}

static void tell(const struct saving *v, const char *what)
{
	printf(" * %s: %s in %s\n", v->s->program, what, v->dir.path);
	fflush(stdout);
}

/* ---- the log ---- */

static struct err *write_log(void *ctx, int fd, const char *path)
{
	const struct kernel_log_options o = {.indents = true};
	u64 num_lost = 0;

	return kernel_log_write(ctx, &o, fd, path, &num_lost);
}

static void save_log(struct saving *v)
{
	cleanup(dump_closep) struct dump *d = NULL;
	struct err *err = cmd_open_dump(v->source, &d);
	u64 bytes = 0;

	if (!err)
		err = dumpdir_save(&v->dir, v->names.log_incomplete, v->names.log,
				   write_log, d, &bytes);
	tell(v, err ? "failed to save dmesg content" : "saved dmesg content");
	service_tell(v->s, err);
}

/* ---- the dump ---- */

/* The words of the collector behind the program's name, split at blanks: kdump.conf and
 * kdump-tools know no quotes there. */
static size_t split(char *line, char **words, size_t max)
{
	size_t n = 0;

	for (char *save = NULL, *w = strtok_r(line, " \t", &save); w && n < max;
	     w = strtok_r(NULL, " \t", &save))
		words[n++] = w;
	return n;
}

static struct err *collect(const struct makedumpfile_words *words)
{
	struct meter meter = meter_new(METER_NONE);
	struct job j = {.program = "makedumpfile", .words = words, .meter = &meter};
	struct err *err = job_run(&j);

	if (!err && j.is_incomplete)
		err = err_new(ERR_INCOMPLETE, "the dump lacks pages");
	job_deinit(&j);
	return err;
}

/* Run the collector that is configured, in this process. */
static struct err *run_collector(struct saving *v, const char *target)
{
	static const struct words_defaults defaults = {.codec = WORDS_CODEC_NONE};
	static const struct opts_verb verb = {.name = "makedumpfile",
					      .operands = "VMCORE DUMPFILE",
					      .options = makedumpfile_options,
					      .max_operands = SIZE_MAX,
					      .takes_abbreviations = true};
	cleanup(opts_deinit) struct opts_result given = {0};
	cleanup(freep) char *line = strdup(v->s->config.core_collector);
	struct makedumpfile_words words;
	char *argv[COLLECTOR_WORDS_MAX + 3];
	struct err *err;
	size_t n;

	if (!line)
		return err_nomem();
	n = split(line, argv, COLLECTOR_WORDS_MAX);
	if (!n || !str_eq(argv[0], "makedumpfile"))
		return err_new(ERR_UNSUPPORTED, "core_collector is not makedumpfile");
	argv[n++] = (char *)(uintptr_t)v->source;
	argv[n++] = (char *)(uintptr_t)target;
	argv[n] = NULL;
	err = opts_parse(&verb, (int)n, argv, 1, &given);
	if (!err)
		err = makedumpfile_words_read(&given, &defaults, &words);
	if (err)
		return err;
	/* What is a file here needs no flattening. */
	words.is_flattened = false;
	words.overwrites = true;
	return collect(&words);
}

/* Give the file its name, for good. */
static struct err *keep(struct saving *v, const char *incomplete, const char *name)
{
	if (renameat(v->dir.fd, incomplete, v->dir.fd, name) < 0)
		return err_os(errno, "cannot rename %s/%s", v->dir.path, incomplete);
	return io_fsync_dir(v->dir.path);
}

static struct err *collect_dump(struct saving *v)
{
	cleanup(freep) char *target = NULL;
	struct err *err;

	if (asprintf(&target, "%s/%s", v->dir.path, v->names.dump_incomplete) < 0) {
		target = NULL;
		return err_nomem();
	}
	err = run_collector(v, target);
	return err ? err : keep(v, v->names.dump_incomplete, v->names.dump);
}

static struct err *copy(void *ctx, int fd, const char *path)
{
	const struct saving *v = ctx;
	cleanup(closep) int from = open(v->source, O_RDONLY | O_CLOEXEC);
	cleanup(freep) char *piece = malloc(PIECE_BYTES);
	u64 done = 0;

	if (!piece)
		return err_nomem();
	if (from < 0)
		return err_os(errno, "cannot open %s", v->source);
	for (;;) {
		size_t len = 0;
		struct err *err =
			io_pread_some(from, piece, PIECE_BYTES, done, v->source, &len);

		if (!err && len)
			err = io_write_all(fd, piece, len, path);
		if (err || !len)
			return err;
		done += len;
	}
}

/* As the collector, but for all of it: what is left when the collector failed. */
static struct err *copy_dump(struct saving *v, time_t when)
{
	u64 bytes = 0;

	names_make(v->s->config.dialect == CONFIG_KDUMP_TOOLS ? "kdump-tools" : "kdump",
		   when, DUMP_PLAIN, &v->names);
	return dumpdir_save(&v->dir, v->names.dump_incomplete, v->names.dump, copy, v,
			    &bytes);
}

static struct err *save_dump(struct saving *v, time_t when)
{
	struct err *err = collect_dump(v);

	if (err) {
		printf(" * %s: makedumpfile failed, falling back to 'cp'\n", v->s->program);
		service_tell(v->s, err);
		err = copy_dump(v, when);
	}
	tell(v, err ? "failed to save vmcore" : "saved vmcore");
	return err;
}

/* ---- where to ---- */

static struct err *run_mount(const char *const *argv)
{
	const struct child_spec spec = {.argv = argv};
	struct child_output output = {0};
	struct err *err = child_run(&spec, MOUNT_TIMEOUT_MS, NULL, &output);

	if (!err && output.status) {
		cleanup(buf_deinit) struct buf reason = BUF_INIT;

		child_output_reason(&output, &reason);
		err = err_new(ERR_OS, "%s", buf_text(&reason));
	}
	child_output_deinit(&output);
	return err;
}

static const struct config_target *find_target(const struct capture_config *c,
					       enum config_target_kind kind)
{
	for (size_t i = 0; i < c->num_targets; i++)
		if (c->targets[i].kind == kind)
			return &c->targets[i];
	return NULL;
}

/* Mount the server's export over the directory, as kdump-tools does. */
static struct err *mount_nfs(struct saving *v, const struct config_target *t)
{
	const char *const argv[] = {"mount",	       "-t",	"nfs",	   "-o",
				    "nolock,tcp,soft", t->spec, v->parent, NULL};
	struct err *err;

	printf(" * Mounting NFS mountpoint %s ...\n", t->spec);
	fflush(stdout);
	err = run_mount(argv);
	v->is_mounted = !err;
	return err_wrap(err, "cannot mount %s", t->spec);
}

static struct err *prepare(struct saving *v)
{
	const struct config_target *nfs = find_target(&v->s->config, CONFIG_TARGET_NFS);

	if (nfs)
		return mount_nfs(v, nfs);
	if (v->s->config.num_targets)
		fprintf(stderr,
			"%s: the target %s is for the capture image; from here the dump "
			"goes to %s of this system\n",
			v->s->program, v->s->config.targets[0].spec, v->parent);
	return NULL;
}

static struct err *save(struct saving *v)
{
	const char *naming =
		v->s->config.dialect == CONFIG_KDUMP_TOOLS ? "kdump-tools" : "kdump";
	char host[HOST_NAME_MAX_BYTES] = "";
	time_t when = time(NULL);
	struct err *err = prepare(v);

	/* On a server, dumps of many hosts lie side by side. */
	if (v->is_mounted && gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	else if (!v->is_mounted && v->s->config.dialect != CONFIG_KDUMP_TOOLS)
		snprintf(host, sizeof(host), "127.0.0.1");
	if (!err)
		err = dumpdir_create(v->parent, naming, host, when, &v->dir);
	if (err)
		return err;
	names_make(naming, when, DUMP_KDUMP, &v->names);
	if (v->s->config.save_dmesg)
		save_log(v);
	return save_dump(v, when);
}

bool savecore_is_due(const char *root)
{
	cleanup(freep) char *path = NULL;
	struct stat st;

	if (asprintf(&path, "%s/proc/vmcore", root) < 0) {
		path = NULL;
		return false;
	}
	return stat(path, &st) == 0 && st.st_size > 0;
}

struct err *savecore(const struct service *s)
{
	cleanup(saving_deinit) struct saving v = {.s = s, .dir = {.fd = -1}};
	cleanup(freep) char *source = NULL;
	cleanup(freep) char *parent = NULL;
	struct err *err;

	if (!savecore_is_due(s->root))
		return err_new(ERR_ABSENT,
			       "there is no %s/proc/vmcore: this is not a capture kernel",
			       s->root);
	if (asprintf(&source, "%s/proc/vmcore", s->root) < 0) {
		source = NULL;
		return err_nomem();
	}
	if (asprintf(&parent, "%s%s", s->root, s->config.path) < 0) {
		parent = NULL;
		return err_nomem();
	}
	v.source = source;
	v.parent = parent;
	err = save(&v);
	if (v.is_mounted) {
		const char *const argv[] = {"umount", parent, NULL};

		dumpdir_close(&v.dir);
		v.dir = (struct dumpdir){.fd = -1};
		service_tell(s, run_mount(argv));
	}
	return err;
}
