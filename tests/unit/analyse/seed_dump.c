#include "testing.h"

#include "seed_dump.h"

static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

static void open_kernel(struct seed_dump *s)
{
	s->src = source_from_memory(s->image.file, s->image.len, "dump");
	assert_success(dump_open_source(&s->src, formats, &s->d));
	assert_success(kernel_open(s->d, &s->k));
}

static void close_kernel(struct seed_dump *s)
{
	kernel_close(s->k);
	dump_close(s->d);
}

void seed_dump_open(struct seed_dump *s, const char *name)
{
	*s = (struct seed_dump){.d = NULL};
	core_image_read_seed(&s->image, name);
	open_kernel(s);
}

void seed_dump_close(struct seed_dump *s)
{
	close_kernel(s);
	core_image_deinit(&s->image);
}

void seed_dump_reopen(struct seed_dump *s)
{
	close_kernel(s);
	open_kernel(s);
}

u8 *seed_dump_at(struct seed_dump *s, vaddr_t addr)
{
	paddr_t at;

	assert_success(dump_translate(s->d, addr, &at));
	return core_image_at(&s->image, at, NULL);
}
