#include "testing.h"

#include "arm/root.h"
#include "base/io.h"

#include <sys/stat.h>

static char root[64];

static int set_up(void **state)
{
	char path[96];

	snprintf(root, sizeof(root), "/tmp/inquest-test-root-XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/etc", root);
	assert_int_equal(mkdir(path, 0755), 0);
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void put(const char *name, const char *text, size_t len)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", root, name);
	assert_success(io_write_file(path, 0644, text, len));
}

static void put_link(const char *name, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", root, name);
	assert_int_equal(symlink(target, path), 0);
}

static void text_is_read_as_it_is(void **state)
{
	cleanup(freep) char *text = NULL;

	put("/etc/file", "one\ntwo\n", 8);
	assert_success(root_read_text(root, "/etc/file", 8, &text));
	assert_string_equal(text, "one\ntwo\n");
}

static void text_that_is_not_there_is_null(void **state)
{
	char *text = root;

	put_link("/etc/dangling", "/etc/nothing");
	assert_success(root_read_text(root, "/etc/file", 8, &text));
	assert_null(text);
	text = root;
	assert_success(root_read_text(root, "/etc/dangling", 8, &text));
	assert_null(text);
}

static void what_cannot_be_read_as_text_is_an_error(void **state)
{
	char *text = root;

	assert_failure(root_read_text(root, "/etc", 8, &text), ERR_OS, "etc");
	put("/etc/file", "one\ntwo\n", 8);
	assert_failure(root_read_text(root, "/etc/file", 7, &text), ERR_BAD_DATA, "file");
	put("/etc/file", "one\nt\0o\n", 8);
	assert_failure(root_read_text(root, "/etc/file", 8, &text), ERR_BAD_DATA,
		       "/etc/file has a zero byte in line 2");
	assert_ptr_equal(text, root);
}

static void a_link_leads_where_it_would_on_that_machine(void **state)
{
	cleanup(freep) char *text = NULL;
	cleanup(freep) char *path = NULL;

	put("/etc/file", "text", 4);
	put_link("/etc/link", "/etc/file");
	put_link("/etc/up", "../../../../etc/./link");
	assert_success(root_read_text(root, "/etc/up", 8, &text));
	assert_string_equal(text, "text");
	assert_true(root_has(root, "/etc/up"));
	assert_success(root_resolve(root, "/etc/up", &path));
	assert_string_equal(path, "/etc/file");
	/* What only the host has is not there. */
	put_link("/etc/host", "/proc/self");
	assert_false(root_has(root, "/etc/host"));
}

static void links_in_a_circle_are_refused(void **state)
{
	char *text = root;

	put_link("/etc/a", "b");
	put_link("/etc/b", "a");
	assert_failure(root_read_text(root, "/etc/a", 8, &text), ERR_BAD_DATA, "circle");
	assert_false(root_has(root, "/etc/a"));
}

#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_ROOT(text_is_read_as_it_is),
		IN_A_ROOT(text_that_is_not_there_is_null),
		IN_A_ROOT(what_cannot_be_read_as_text_is_an_error),
		IN_A_ROOT(a_link_leads_where_it_would_on_that_machine),
		IN_A_ROOT(links_in_a_circle_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
