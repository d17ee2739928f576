#include "analyse/type_text.h"
#include "failing_malloc.h"
#include "kernel/typed_kernel.h"

/* What a session does, on a kernel that has not been asked for types yet. What lacks memory
 * is missing, and told. */
static struct err *show_everything(void *ctx)
{
	static const struct type_text_options o = {.with_offsets = true};
	struct tiny_kernel *tiny = ctx;
	cleanup(kernel_closep) struct kernel *k = NULL;
	cleanup(types_closep) struct types *t = NULL;
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct type_ref thing, module;
	struct object object;
	unsigned pointers;
	struct err *err = kernel_open(tiny->d, &k);

	if (!err)
		err = types_open(k, &t);
	if (!err)
		err = types_parse(t, "struct thing", &thing, &pointers);
	if (!err)
		err = types_parse(t, "mod_thing", &module, &pointers);
	if (err && err_code(err) == ERR_ABSENT) {
		err_free(err);
		return NULL;
	}
	if (err)
		return err;
	object = object_at(t, thing, TINY(TYPED_THING));
	type_text_declaration(&b, t, thing, &o);
	type_text_declaration(&b, t, module, &o);
	type_text_object(&b, &object, NULL);
	err = type_text_object_member(&b, &object, "pairs[1].next", NULL);
	if (err)
		return err;
	err = buf_check(&b);
	if (!err)
		assert_true(b.len > 1500);
	return err;
}

static void lack_of_memory_is_told_and_leaves_nothing_behind(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_success(show_everything(t->tiny));
	assert_true(each_allocation_fails_once(show_everything, t->tiny) > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lack_of_memory_is_told_and_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
