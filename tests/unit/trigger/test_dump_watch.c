#include "testing.h"

#include "trigger/dump_watch.h"

#include <sys/stat.h>

#define MACHINE "0c5e0b1e4f7a4a33a6f9c2a1d0e4b7c8"

static int set_up(void **state)
{
	/* One of the tests makes thousands of files, which are slow on a disk. */
	char *dir = strdup(access("/dev/shm", W_OK) ? "/tmp/dump_watch-XXXXXX"
						    : "/dev/shm/dump_watch-XXXXXX");

	assert_non_null(mkdtemp(dir));
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

static void put(const char *dir, const char *name, const char *file, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", dir, name, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void put_record(const char *dir, const char *name, const char *boot_id,
		       const char *machine_id)
{
	char text[512];

	snprintf(
		text, sizeof(text),
		"{\"schema\": \"inquest.capture\", \"version\": 1, \"outcome\": \"complete\","
		" \"reason\": null, \"crashed\": {\"machine_id\": \"%s\", \"boot_id\": \"%s\","
		" \"product_uuid\": null},"
		" \"files\": [{\"name\": \"vmcore\", \"bytes\": 4, \"complete\": true}]}",
		machine_id, boot_id);
	put(dir, name, "capture.json", text);
}

static void put_dump(const char *dir, const char *name, const char *boot_id)
{
	put(dir, name, "vmcore", "dump");
	put_record(dir, name, boot_id, MACHINE);
}

static struct dump_watch *watch(const char *dir)
{
	struct dump_watch *w = NULL;

	assert_success(dump_watch_new(dir, MACHINE, NULL, 0, &w));
	return w;
}

/* Look once; the name below @dir is @wanted, NULL for none. */
static void expect(struct dump_watch *w, const char *dir, enum dump_watch_verdict verdict,
		   const char *wanted)
{
	enum dump_watch_verdict said = DUMP_WATCH_BROKEN;
	char *path = NULL, *reason = NULL, whole[160];

	assert_success(dump_watch_look(w, &said, &path, &reason));
	assert_int_equal(said, verdict);
	if (wanted) {
		snprintf(whole, sizeof(whole), "%s/%s", dir, wanted);
		assert_string_equal(path, whole);
	} else {
		assert_null(path);
	}
	free(path);
	free(reason);
}

static void a_new_dump_is_seen_and_then_whole(void **state)
{
	struct dump_watch *w = watch(*state);

	expect(w, *state, DUMP_WATCH_NONE, NULL);
	put_record(*state, "new", "b-1", MACHINE);
	expect(w, *state, DUMP_WATCH_SEEN, "new");
	put(*state, "new", "vmcore", "dum");
	expect(w, *state, DUMP_WATCH_SEEN, "new");
	put(*state, "new", "vmcore", "dump");
	expect(w, *state, DUMP_WATCH_WHOLE, "new");
	dump_watch_free(w);
}

static void a_dump_below_a_directory_of_its_host_is_found(void **state)
{
	struct dump_watch *w = watch(*state);
	char path[80];

	snprintf(path, sizeof(path), "%s/host", (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0);
	put_dump(*state, "host/new", "b-1");
	expect(w, *state, DUMP_WATCH_WHOLE, "host/new");
	dump_watch_free(w);
}

static void what_was_there_and_copies_of_it_are_old(void **state)
{
	struct dump_watch *w;

	put_dump(*state, "old", "b-1");
	w = watch(*state);
	expect(w, *state, DUMP_WATCH_NONE, NULL);
	/* A boot crashes once. */
	put_dump(*state, "copy", "b-1");
	expect(w, *state, DUMP_WATCH_NONE, NULL);
	put_dump(*state, "new", "b-2");
	expect(w, *state, DUMP_WATCH_WHOLE, "new");
	dump_watch_free(w);
}

static void those_of_other_machines_are_left_alone(void **state)
{
	struct dump_watch *w = watch(*state);

	put(*state, "other", "vmcore", "dump");
	put_record(*state, "other", "b-1", "0c5e0b1e4f7a4a33a6f9c2a1d0e4b7c9");
	expect(w, *state, DUMP_WATCH_NONE, NULL);
	dump_watch_free(w);
}

static void no_link_is_followed(void **state)
{
	struct dump_watch *w = watch(*state);
	char elsewhere[] = "/tmp/dump_watch-XXXXXX", path[80], command[64];

	assert_non_null(mkdtemp(elsewhere));
	put_dump(elsewhere, "dump", "b-1");
	snprintf(path, sizeof(path), "%s/link", (char *)*state);
	assert_int_equal(symlink(elsewhere, path), 0);
	expect(w, *state, DUMP_WATCH_NONE, NULL);
	snprintf(command, sizeof(command), "rm -rf '%s'", elsewhere);
	assert_int_equal(system(command), 0);
	dump_watch_free(w);
}

/* Of a file server that many machines save to. */
static void however_many_were_there_none_of_them_is_new(void **state)
{
	char name[16], boot_id[16];
	struct dump_watch *w;

	for (unsigned i = 0; i < 10050; i++) {
		snprintf(name, sizeof(name), "%u", i);
		snprintf(boot_id, sizeof(boot_id), "b-%u", i);
		put_record(*state, name, boot_id, MACHINE);
	}
	w = watch(*state);
	expect(w, *state, DUMP_WATCH_NONE, NULL);
	put_dump(*state, "new", "b-new");
	expect(w, *state, DUMP_WATCH_WHOLE, "new");
	dump_watch_free(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_dump_is_seen_and_then_whole),
		TEST(a_dump_below_a_directory_of_its_host_is_found),
		TEST(what_was_there_and_copies_of_it_are_old),
		TEST(those_of_other_machines_are_left_alone),
		TEST(no_link_is_followed),
		TEST(however_many_were_there_none_of_them_is_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
