#include "cmd/job.h"

#include "base/io.h"
#include "base/new_file.h"
#include "cmd/ending.h"
#include "cmd/kernel_log.h"
#include "cmd/open.h"
#include "cmd/sidecars.h"
#include "dump/rearrange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

void job_deinit(struct job *j)
{
	dump_close(j->dump);
	verify_result_deinit(&j->verified);
}

static void remark(const struct job *j, const char *text)
{
	fprintf(stderr, "%s: %s\n", j->program, text);
}

static void tell_notices(const struct job *j)
{
	const struct notices *n = dump_notices(j->dump);

	for (size_t i = 0; i < n->count; i++)
		remark(j, n->texts[i]);
	if (n->dropped)
		fprintf(stderr, "%s: %llu remarks more\n", j->program,
			(unsigned long long)n->dropped);
}

/* ---- what is told of the source ---- */

static void tell_details(const struct job *j)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(j->dump);
	const char *release = vi ? vmcoreinfo_find(vi, "OSRELEASE") : NULL;
	const struct arch *arch = dump_arch(j->dump);
	size_t num_ranges;
	const struct ram_range *ram = dump_ram(j->dump, &num_ranges);

	fprintf(stderr,
		"%s: %s: %s, %s, pages of %llu bytes, release %s, %zu CPU notes, dump level "
		"%u%s\n",
		j->program, dump_path(j->dump), dump_format_name(j->dump),
		arch ? arch->name : "unknown CPU",
		(unsigned long long)dump_page_size(j->dump), release ? release : "unknown",
		dump_num_cpu_notes(j->dump), dump_level(j->dump),
		dump_is_incomplete(j->dump) ? ", incomplete" : "");
	for (size_t i = 0; i < num_ranges; i++)
		fprintf(stderr, "%s: RAM %#llx-%#llx\n", j->program,
			(unsigned long long)ram[i].start,
			(unsigned long long)(ram[i].start + ram[i].len - 1));
}

static struct err *translate(struct job *j)
{
	paddr_t physical = 0;
	struct err *err = dump_translate(j->dump, j->words->vtop, &physical);

	if (err)
		return err_wrap(err, "--vtop");
	fprintf(stderr, "VIRTUAL           PHYSICAL\n%-16llx  %llx\n\n",
		(unsigned long long)j->words->vtop, (unsigned long long)physical);
	return NULL;
}

static struct err *open_source(struct job *j)
{
	const struct makedumpfile_words *w = j->words;
	struct err *err = cmd_open_dumps(w->sources, w->num_sources, &j->dump);

	if (err)
		return err;
	if (w->message_level & WORDS_SHOW_DEBUG)
		tell_details(j);
	return w->has_vtop ? translate(j) : NULL;
}

/* ---- making a dump ---- */

const struct collect_codec *job_codec(const struct makedumpfile_words *w)
{
	static const struct collect_codec *const codecs[] = {
		[WORDS_CODEC_NONE] = &collect_codec_none,
		[WORDS_CODEC_ZLIB] = &collect_codec_zlib,
		[WORDS_CODEC_LZO] = &collect_codec_lzo,
		[WORDS_CODEC_SNAPPY] = &collect_codec_snappy,
		[WORDS_CODEC_ZSTD] = &collect_codec_zstd,
	};

	return codecs[w->codec];
}

static struct collect_options options_of(struct job *j)
{
	const struct makedumpfile_words *w = j->words;

	return (struct collect_options){
		.format = w->is_elf ? COLLECT_ELF : COLLECT_KDUMP,
		.codec = w->job == WORDS_REASSEMBLE ? NULL : job_codec(w),
		.has_codec_level = w->has_codec_level,
		.codec_level = w->codec_level,
		.num_workers = w->num_threads,
		.is_ordered = w->is_ordered,
		.keeps_pcp = w->keeps_pcp,
		.excludes_memmap = w->excludes_memmap,
		.should_stop = meter_should_stop,
		.progress = meter_show,
		.progress_ctx = j->meter,
	};
}

static struct err *write_nowhere(struct job *j, const struct collect_options *o)
{
	cleanup(closep) int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return err_os(errno, "cannot open /dev/null");
	return collect_to_stream(j->dump, fd, "/dev/null", o, &j->stats);
}

static struct err *write_dump(struct job *j, const struct collect_options *o)
{
	const struct makedumpfile_words *w = j->words;

	if (w->is_dry_run)
		return write_nowhere(j, o);
	if (w->is_flattened)
		return collect_to_stream(j->dump, STDOUT_FILENO, "standard output", o,
					 &j->stats);
	if (w->is_split)
		return collect_to_parts(j->dump, w->targets, w->num_targets, w->overwrites,
					o, &j->stats);
	return collect_to_path(j->dump, w->targets[0], w->overwrites, o, &j->stats);
}

/* What could be written of the last try takes the space of the next. */
static void remove_last_try(const struct job *j)
{
	for (size_t i = 0; i < j->words->num_targets; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s" NEW_FILE_INCOMPLETE_SUFFIX, j->words->targets[i]) <
		    0)
			return;
		unlink(path);
		free(path);
	}
}

/* Try the levels in turn, until a dump fits. */
static struct err *write_some_level(struct job *j)
{
	const struct makedumpfile_words *w = j->words;
	struct collect_options o = options_of(j);
	struct err *err;

	for (size_t i = 0;; i++) {
		o.dump_level = w->job == WORDS_REASSEMBLE ? 0 : w->levels[i];
		j->level = o.dump_level | dump_level(j->dump);
		meter_start(j->meter, dump_page_size(j->dump));
		err = write_dump(j, &o);
		meter_end(j->meter, !err);
		if (!err || err_code(err) != ERR_INCOMPLETE || !j->stats.is_out_of_space ||
		    w->is_flattened || i + 1 >= w->num_levels)
			return err;
		fprintf(stderr,
			"%s: no room for more than %llu pages of a dump of level %u: trying "
			"again with dump level %u\n",
			j->program, (unsigned long long)j->stats.pages_written,
			w->levels[i], w->levels[i + 1]);
		err_free(err);
		remove_last_try(j);
	}
}

/* A device may hold what is not to be lost, as a file may. */
static struct err *check_targets(const struct makedumpfile_words *w)
{
	for (size_t i = 0; i < w->num_targets; i++) {
		struct stat st;

		if (stat(w->targets[i], &st) < 0 || !S_ISBLK(st.st_mode))
			continue;
		if (!w->overwrites)
			return err_new(ERR_REFUSED,
				       "%s is a device and left alone; -f overwrites it",
				       w->targets[i]);
		if (w->makes_sidecar)
			return err_new(ERR_USAGE, "--manifest: %s is a device",
				       w->targets[i]);
	}
	return NULL;
}

static struct err *limit_size(u64 max_bytes)
{
	struct rlimit limit = {.rlim_cur = max_bytes, .rlim_max = RLIM_INFINITY};

	if (!max_bytes)
		return NULL;
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
		return err_os(errno, "-L: cannot read the limit of file sizes");
	limit.rlim_cur = min_u64(max_bytes, limit.rlim_max);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return err_os(errno, "-L: cannot limit file sizes");
	return NULL;
}

static struct err *make_dump(struct job *j)
{
	struct err *err = check_targets(j->words);

	if (!err)
		err = open_source(j);
	if (!err)
		err = limit_size(j->words->max_bytes);
	if (err)
		return err;
	err = write_some_level(j);
	tell_notices(j);
	j->is_incomplete = j->stats.is_incomplete;
	if (!err && j->words->makes_sidecar)
		err = sidecars_write(j->words, &j->stats, j->level);
	return err;
}

/* ---- other jobs ---- */

static struct err *write_log(struct job *j)
{
	cleanup(new_file_deinit) struct new_file f = {.fd = -1};
	const struct makedumpfile_words *w = j->words;
	const struct kernel_log_options o = {.indents = true,
					     .since_clear = w->since_clear};
	const char *name = w->num_targets ? w->targets[0] : "standard output";
	u64 num_lost = 0;
	struct err *err = open_source(j);

	if (!err && w->num_targets)
		err = new_file_open(&f, name, w->overwrites);
	if (!err)
		err = limit_size(w->max_bytes);
	if (!err)
		err = kernel_log_write(j->dump, &o, w->num_targets ? f.fd : STDOUT_FILENO,
				       name, &num_lost);
	if (!err && w->num_targets)
		err = new_file_keep(&f);
	if (num_lost)
		fprintf(stderr, "%s: %s: %llu records of the log could not be read\n",
			j->program, dump_path(j->dump), (unsigned long long)num_lost);
	return err;
}

static struct err *rearrange_input(struct job *j)
{
	cleanup(new_file_deinit) struct new_file f = {.fd = -1};
	const struct rearrange_options o = {.should_stop = meter_should_stop};
	const char *path = j->words->targets[0];
	struct rearrange_stats stats = {0};
	struct err *err = new_file_open(&f, path, j->words->overwrites);

	if (!err)
		err = limit_size(j->words->max_bytes);
	if (!err)
		err = rearrange(STDIN_FILENO, "standard input", f.fd, path, &o, &stats);
	j->stats.bytes_written = stats.size;
	if (err && err_code(err) == ERR_INCOMPLETE && stats.bytes)
		return new_file_keep_incomplete(&f, err);
	return err ? err : new_file_keep(&f);
}

/* Count as a dump of level 31 would, which also finds the pages of zeros. */
static struct err *count_pages(struct job *j)
{
	struct collect_options o = {
		.dump_level = COLLECT_MAX_LEVEL,
		.codec = &collect_codec_none,
		.num_workers = j->words->num_threads,
		.should_stop = meter_should_stop,
	};
	struct err *err = open_source(j);

	if (!err)
		err = write_nowhere(j, &o);
	if (j->dump)
		tell_notices(j);
	return err;
}

static bool show_verified(void *ctx, const struct verify_progress *p)
{
	const struct job *j = ctx;
	struct collect_progress progress = {.pages_done = p->pfns_done,
					    .pages_total = p->pfns_total};

	meter_show(j->meter, &progress);
	return meter_should_stop(NULL);
}

static struct err *verify(struct job *j)
{
	const struct verify_options o = {.num_workers = j->words->num_threads,
					 .progress = show_verified,
					 .progress_ctx = j};
	bool is_same = true;
	struct err *err = open_source(j);

	if (err)
		return err;
	meter_start(j->meter, dump_page_size(j->dump));
	err = verify_dump(j->dump, &o, &j->verified);
	meter_end(j->meter, !err);
	tell_notices(j);
	if (!err)
		err = sidecars_compare(j->words, j->program, &is_same);
	j->is_incomplete = !j->verified.is_whole || !is_same;
	return err;
}

struct err *job_run(struct job *j)
{
	/* A target that vanishes or is full is an error, not the end of this program. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	ending_catch_first();
	switch (j->words->job) {
	case WORDS_COLLECT:
	case WORDS_REASSEMBLE:
		return make_dump(j);
	case WORDS_REARRANGE:
		return rearrange_input(j);
	case WORDS_DUMP_DMESG:
		return write_log(j);
	case WORDS_MEM_USAGE:
		return count_pages(j);
	case WORDS_VERIFY:
		return verify(j);
	case WORDS_SHOW_VERSION:
	default:
		return NULL;
	}
}
