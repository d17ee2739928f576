/* A run of the collector, step by step. */
#include "collect/collect.h"

#include "base/clock.h"
#include "collect/collection_priv.h"

#include <errno.h>

/* Bits of 32 GiB of RAM in pages of 4 KiB. */
#define MAP_BUDGET ((size_t)1 << 20)

const char *collect_codec_name(const struct collect_codec *codec)
{
	return codec->name;
}

int collect_codec_default_level(const struct collect_codec *codec)
{
	return codec->default_level;
}

/* Four times what the largest machines have. Who claims more would make us write bitmaps of
 * gigabytes for nothing. */
#define MAX_RAM ((u64)1 << 48)

static struct err *check_ram(const struct dump *d)
{
	size_t count;
	const struct ram_range *ram = dump_ram(d, &count);
	u64 len = 0;

	for (size_t i = 0; i < count && len <= MAX_RAM; i++)
		len += ram[i].len;
	return len <= MAX_RAM
		       ? NULL
		       : err_new(ERR_BAD_DATA,
				 "%s claims to be of a machine with more than %llu TB "
				 "of RAM",
				 dump_path(d), (unsigned long long)(MAX_RAM >> 40));
}

static struct err *check_codec(const struct dump *d, const struct collect_options *o)
{
	const struct collect_codec *codec = o->codec;

	if (!codec)
		return dump_codec_flags(d) || o->format == COLLECT_ELF
			       ? NULL
			       : err_new(ERR_USAGE,
					 "%s: its pages are not compressed, so that their "
					 "compression cannot be kept",
					 dump_path(d));
	if (!o->has_codec_level)
		return NULL;
	if (!codec->min_level && !codec->max_level)
		return err_new(ERR_USAGE, "compression %s has no levels", codec->name);
	if (o->codec_level < codec->min_level || o->codec_level > codec->max_level)
		return err_new(ERR_USAGE, "%s level %d is not one of %d … %d", codec->name,
			       o->codec_level, codec->min_level, codec->max_level);
	return NULL;
}

static struct err *check_options(const struct dump *d, const struct collect_options *o,
				 size_t num_outputs)
{
	struct err *err;

	if (o->dump_level > COLLECT_MAX_LEVEL)
		return err_new(ERR_USAGE, "dump level %u is not one of 0 … %u",
			       o->dump_level, COLLECT_MAX_LEVEL);
	if (o->format == COLLECT_ELF && num_outputs > 1)
		return err_new(ERR_USAGE, "an ELF file cannot be split");
	err = check_ram(d);
	return err ? err : check_codec(d, o);
}

static struct err *recall(void *ctx, pfn_t first, u8 kept[CHUNK_BYTES])
{
	struct collection *c = ctx;

	return c->container->recall(c, first, kept);
}

static void forget_survey(struct collection *c)
{
	struct collect_stats *s = c->stats;

	c->pages_total = 0;
	s->pages_ram = s->pages_not_in_source = s->pages_zero = 0;
	for (size_t i = 0; i < PAGE_NUM_CLASSES; i++)
		s->excluded[i] = 0;
}

/* Decide what is written and where. */
static struct err *choose_pages(struct collection *c)
{
	const struct filter_options options = {
		.level = c->options->dump_level,
		.keeps_pcp = c->options->keeps_pcp,
		.excludes_memmap = c->options->excludes_memmap,
	};
	u64 start = clock_now_ms();
	struct err *err = pagemap_init(&c->map, dump_max_pfn(c->d), MAP_BUDGET);

	if (err)
		return err;
	c->map.recall = recall;
	c->map.ctx = c;
	err = filter_open(c->d, &options, &c->filter);
	if (!err)
		err = survey(c);
	while (!err && c->container->is_settled && !c->container->is_settled(c)) {
		survey_close(c);
		forget_survey(c);
		err = survey(c);
	}
	c->stats->pages_total = c->pages_total;
	if (!err)
		err = c->container->lay_out(c);
	c->stats->filter_ms = clock_now_ms() - start;
	return err;
}

/* Everything is written: take the mark away, unless the source was cut short itself. */
static struct err *finish(struct collection *c)
{
	struct collect_stats *s = c->stats;
	bool is_whole = !dump_is_incomplete(c->d) && !s->pages_unreadable;
	struct err *err = NULL;

	if (s->pages_unreadable)
		notices_add(dump_notices(c->d),
			    "%llu pages could not be read; they are zeros in %s",
			    (unsigned long long)s->pages_unreadable, c->outputs[0].name);
	/* The mark must not be gone while data may still be lost. */
	for (size_t i = 0; i < c->num_outputs && !err; i++)
		err = output_sync(&c->outputs[i]);
	if (!err)
		err = c->container->finish(c, is_whole);
	for (size_t i = 0; i < c->num_outputs && !err; i++)
		err = output_end(&c->outputs[i]);
	if (!err)
		s->is_incomplete = !is_whole;
	return err;
}

static bool is_out_of_space(const struct err *err)
{
	int e = err_errno(err);

	return e == ENOSPC || e == EDQUOT || e == EFBIG;
}

/* Turn a failure to write into an incomplete dump. */
static struct err *give_up(struct collection *c, struct err *err)
{
	struct err *incomplete;

	if (err_code(err) != ERR_OS && err_code(err) != ERR_INCOMPLETE)
		return err;
	c->stats->is_out_of_space = is_out_of_space(err);
	incomplete = err_new(ERR_INCOMPLETE, "%s; the file holds %llu of %llu pages",
			     err_message(err), (unsigned long long)c->stats->pages_written,
			     (unsigned long long)c->pages_total);
	err_free(err);
	return incomplete;
}

static struct err *run_steps(struct collection *c)
{
	struct err *err = c->container->begin(c);
	u64 start;

	if (!err)
		err = choose_pages(c);
	if (!err)
		err = foresee(c);
	if (err) {
		c->stats->is_out_of_space = is_out_of_space(err);
		return err;
	}
	start = clock_now_ms();
	err = copy_pages(c);
	if (!err)
		err = finish(c);
	c->stats->copy_ms = clock_now_ms() - start;
	for (size_t i = 0; i < c->num_outputs; i++)
		c->stats->bytes_written += c->outputs[i].end;
	return err ? give_up(c, err) : NULL;
}

static struct err *open_outputs(struct collection *c, const struct collect_outputs *to)
{
	c->outputs = calloc(to->num, sizeof(*c->outputs));
	if (!c->outputs)
		return err_nomem();
	for (; c->num_outputs < to->num; c->num_outputs++) {
		struct err *err =
			output_init(&c->outputs[c->num_outputs], to->fds[c->num_outputs],
				    to->names[c->num_outputs], to->as_stream);

		if (err)
			return err;
	}
	return NULL;
}

static void collection_deinit(struct collection *c)
{
	c->container->close(c);
	survey_close(c);
	filter_close(c->filter);
	pagemap_deinit(&c->map);
	for (size_t i = 0; i < c->num_outputs; i++)
		output_deinit(&c->outputs[i]);
	free(c->outputs);
	free(c->stripes);
	pthread_mutex_destroy(&c->lock);
}

struct err *collect_to_outputs(struct dump *d, const struct collect_outputs *to,
			       const struct collect_options *options,
			       struct collect_stats *ret)
{
	cleanup(collection_deinit) struct collection c = {
		.d = d,
		.options = options,
		.stats = ret,
		.container =
			options->format == COLLECT_ELF ? &container_elf : &container_kdump,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	struct err *err;

	*ret = (struct collect_stats){0};
	err = check_options(d, options, to->num);
	if (!err)
		err = open_outputs(&c, to);
	if (err)
		return err;
	ret->is_incomplete = true;
	c.num_workers = options->num_workers ? options->num_workers : capacity_workers();
	ret->num_workers = c.num_workers;
	return run_steps(&c);
}

struct err *collect_to_fd(struct dump *d, int fd, const char *name,
			  const struct collect_options *options, struct collect_stats *ret)
{
	const struct collect_outputs to = {.fds = &fd, .names = &name, .num = 1};

	return collect_to_outputs(d, &to, options, ret);
}

struct err *collect_to_stream(struct dump *d, int fd, const char *name,
			      const struct collect_options *options,
			      struct collect_stats *ret)
{
	const struct collect_outputs to = {
		.fds = &fd, .names = &name, .num = 1, .as_stream = true};

	return collect_to_outputs(d, &to, options, ret);
}
