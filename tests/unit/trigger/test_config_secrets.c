#include "testing.h"

#include "base/io.h"
#include "trigger/config_priv.h"

#include <malloc.h>
#include <sys/stat.h>

#define SECRET "correct-horse-battery-staple"

/* The linker turns free() in our code into __wrap_free(): memory that goes back must not
 * hold a secret any more. */
static unsigned found;

void __real_free(void *p);
void __wrap_free(void *p);

void __wrap_free(void *p)
{
	if (p && memmem(p, malloc_usable_size(p), SECRET, strlen(SECRET)))
		found++;
	__real_free(p);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_success(io_write_file(path, 0600, text, strlen(text)));
}

static void make_dir(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
	char *dir = strdup("/tmp/config_secrets-XXXXXX");

	assert_non_null(mkdtemp(dir));
	make_dir(dir, "instances");
	make_dir(dir, "principals");
	put(dir, "inquestd.json",
	    "{\"pages\": {\"token\": \"" SECRET
	    "-pages\"}, \"metrics\": {\"token\": \"" SECRET "-metrics\"}}");
	put(dir, "instances/web.json",
	    "[{\"id\": \"i-1234567890abcdef0\", \"backend\": {\"uri\": "
	    "\"redfish://bmc/redfish/v1/Systems/1\", \"username\": \"operator\", "
	    "\"password\": \"" SECRET "\"}}]");
	*state = dir;
	return 0;
}

static int tear_down(void **state)
{
	char command[64];

	/* A path that mkdtemp() made. */
	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	assert_int_equal(system(command), 0);
	free(*state);
	return 0;
}

#define KEY(more)                                                                          \
	"{\"users\": [{\"name\": \"alice\", \"keys\": [{\"access_key\": \"AKIAEXAMPLE\", " \
	"\"secret\": \"" SECRET "-key\"" more "}]}], \"roles\": [{\"name\": \"night\", "   \
	"\"sessions\": [{\"name\": \"s\", \"access_key\": \"ASIAEXAMPLE\", \"secret\": "   \
	"\"" SECRET "-session\", \"session_token\": \"" SECRET "-token\", \"expires\": "   \
	"1795211932}]}]}"

static void nothing_of_a_configuration_that_is_let_go_of_stays(void **state)
{
	const struct config *c;

	put(*state, "principals/people.json", KEY(""));
	found = 0;
	assert_success(config_load(*state, &c));
	assert_int_equal(found, 0);
	assert_string_equal(c->pages.token, SECRET "-pages");
	config_unref(c);
	assert_int_equal(found, 0);
}

static void nor_of_one_that_is_refused(void **state)
{
	const struct config *c;

	put(*state, "principals/people.json", KEY(", \"nonsense\": 1"));
	found = 0;
	assert_failure(config_load(*state, &c), ERR_BAD_DATA, "no member of this name");
	assert_int_equal(found, 0);
}

static void nor_of_a_file_and_its_tree(void **state)
{
	struct config_file f = {0};

	assert_success(config_file_read(*state, "inquestd.json", &f));
	/* Not before: what jansson needs for parsing is its own. */
	json_set_alloc_funcs(malloc, __wrap_free);
	found = 0;
	config_file_deinit(&f);
	json_set_alloc_funcs(malloc, __real_free);
	assert_int_equal(found, 0);
}

static void what_is_freed_is_looked_into(void **state)
{
	char *text = strdup(SECRET);

	found = 0;
	__wrap_free(text);
	assert_int_equal(found, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_freed_is_looked_into),
		TEST(nothing_of_a_configuration_that_is_let_go_of_stays),
		TEST(nor_of_one_that_is_refused),
		TEST(nor_of_a_file_and_its_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
