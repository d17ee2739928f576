#include "testing.h"

#include "core_image.h"

#include "analyse/brief.h"
#include "base/bytes.h"
#include "kernel/field.h"

static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

struct opened {
	struct core_image image;
	struct byte_source src;
	struct dump *d;
	struct kernel *k;
};

static void open_dump(struct opened *o, const char *name)
{
	core_image_read_seed(&o->image, name);
	o->src = source_from_memory(o->image.file, o->image.len, name);
	assert_success(dump_open_source(&o->src, formats, &o->d));
	assert_success(kernel_open(o->d, &o->k));
}

static void close_dump(struct opened *o)
{
	kernel_close(o->k);
	dump_close(o->d);
	core_image_deinit(&o->image);
}

static void assert_says(const struct buf *b, const char *text)
{
	if (!strstr(buf_text(b), text))
		fail_msg("\"%s\" is not in\n%s", text, buf_text(b));
}

static void a_deadlock_is_told_with_who_holds_what(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct opened o;

	open_dump(&o, "deadlock-6.1");
	assert_success(brief_format(&b, o.k));
	assert_int_equal(strncmp(buf_text(&b), "Deadlock in tsr_", 16), 0);
	assert_says(&b, "\n  Kernel panic - not syncing: NMI: Not continuing\n");
	assert_says(&b, "\nCPUs:\n  CPU 0: swapper/0 (pid 0), idle in ");
	assert_says(&b, "\nBlocked:\n");
	assert_says(&b, "  ingestd (pid 95) for 0.4 s in tsr_volume_resize [tessera]: "
			"waits for a mutex at 0xffffffffc03571c0");
	assert_says(&b, ", held by compactd (pid 96), deadlock 1\n");
	assert_says(&b, "\nMemory: ");
	assert_says(&b, " MiB free; ");
	assert_says(&b, "\nLog:\n");
	close_dump(&o);
}

static void a_frozen_filesystem_is_told(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct opened o;

	open_dump(&o, "frozen-fs-6.12");
	assert_success(brief_format(&b, o.k));
	assert_int_equal(strncmp(buf_text(&b), "Frozen filesystem (ext4)", 24), 0);
	assert_says(&b, "\nBlocked:\n");
	close_dump(&o);
}

static void a_name_that_is_an_escape_sequence_is_shown_as_text(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct opened o;
	struct field comm;
	paddr_t at;

	open_dump(&o, "deadlock-6.1");
	assert_success(field_get(o.k, "task_struct", "comm", &comm));
	/* compactd */
	assert_success(dump_translate(o.d, 0xff374a0f1093c200 + comm.offset, &at));
	memcpy(core_image_at(&o.image, at, NULL), "\033[2J\nab", 8);
	assert_success(brief_format(&b, o.k));
	assert_says(&b, "held by \\x1b[2J\\x0aab (pid 96)");
	assert_null(strchr(buf_text(&b), '\033'));
	close_dump(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadlock_is_told_with_who_holds_what),
		cmocka_unit_test(a_frozen_filesystem_is_told),
		cmocka_unit_test(a_name_that_is_an_escape_sequence_is_shown_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
