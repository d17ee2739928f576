#include "cmd/sidecars.h"

#include "cmd/job.h"
#include "collect/sidecar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void describe(struct sidecar *s, const struct makedumpfile_words *w,
		     const struct collect_stats *stats, unsigned level)
{
	const struct collect_codec *codec =
		w->job == WORDS_REASSEMBLE ? NULL : job_codec(w);

	snprintf(s->format, sizeof(s->format), "%s",
		 w->is_elf ? "ELF core" : "kdump-compressed");
	snprintf(s->codec, sizeof(s->codec), "%s", codec ? collect_codec_name(codec) : "");
	if (codec)
		s->codec_level = w->has_codec_level ? w->codec_level
						    : collect_codec_default_level(codec);
	s->dump_level = level;
	s->pages = stats->pages_written;
	s->is_incomplete = stats->is_incomplete;
}

static struct err *write_one(struct sidecar *s, const char *path)
{
	cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup(freep) char *beside = NULL;
	struct stat st;
	struct err *err;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(errno, "cannot read %s for its sidecar", path);
	err = sidecar_measure(s, fd, path, (u64)st.st_size);
	if (!err)
		err = sidecar_path(path, &beside);
	return err ? err : sidecar_write(s, beside);
}

struct err *sidecars_write(const struct makedumpfile_words *w,
			   const struct collect_stats *stats, unsigned level)
{
	for (size_t i = 0; i < w->num_targets; i++) {
		cleanup(sidecar_deinit) struct sidecar s = {0};
		struct err *err;

		describe(&s, w, stats, level);
		err = write_one(&s, w->targets[i]);
		if (err)
			return err;
	}
	return NULL;
}

static void tell(const struct sidecar *s, const struct sidecar_check *c, const char *path,
		 const char *program)
{
	if (c->size_differs)
		fprintf(stderr, "%s: %s: %llu bytes, and %llu when its sidecar was made\n",
			program, path, (unsigned long long)c->file_bytes,
			(unsigned long long)s->file_bytes);
	if (c->num_different)
		fprintf(stderr,
			"%s: %s: %zu of %zu ranges are not what they were when its sidecar "
			"was made, the first at %#llx\n",
			program, path, c->num_different, s->num_ranges,
			(unsigned long long)c->different_offset);
}

static struct err *compare_one(const char *path, const char *program, bool *ret_is_same)
{
	cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup(sidecar_deinit) struct sidecar s = {0};
	cleanup(freep) char *beside = NULL;
	struct sidecar_check check = {0};
	struct err *err = sidecar_path(path, &beside);

	if (fd < 0)
		return err ? err : err_os(errno, "cannot read %s", path);
	if (!err)
		err = sidecar_read(beside, &s);
	if (err && err_code(err) == ERR_ABSENT) {
		err_ignore(err);
		return NULL;
	}
	if (!err)
		err = sidecar_compare(&s, fd, path, &check);
	if (err)
		return err;
	tell(&s, &check, path, program);
	*ret_is_same &= check.is_same;
	return NULL;
}

struct err *sidecars_compare(const struct makedumpfile_words *w, const char *program,
			     bool *ret_is_same)
{
	struct err *err = NULL;

	*ret_is_same = true;
	for (size_t i = 0; i < w->num_sources && !err; i++)
		err = compare_one(w->sources[i], program, ret_is_same);
	return err;
}
