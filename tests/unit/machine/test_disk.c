#include "testing.h"

#include "base/child.h"
#include "base/io.h"
#include "machine/disk.h"

#include <fcntl.h>
#include <sys/stat.h>

#define MIB (1ULL << 20)

/* Run a debugfs command on the image: it writes without root. */
static void debugfs(struct disk *d, const char *command)
{
	const char *const argv[] = {"debugfs", "-w", "-R", command, disk_path(d), NULL};
	int fd = disk_fd(d);
	struct child_spec spec = {.argv = argv, .keep_fds = &fd, .num_keep_fds = 1};
	struct child_output o;

	assert_success(child_run(&spec, 30000, NULL, &o));
	assert_int_equal(o.status, 0);
	child_output_deinit(&o);
}

static const struct disk_entry *find_entry(const struct disk_listing *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->entries[i].name, name) == 0)
			return &l->entries[i];
	}
	return NULL;
}

static void files_come_back_as_they_were_written(void **state)
{
	char in[] = "/tmp/test_disk.XXXXXX", out[] = "/tmp/test_disk.XXXXXX", command[64];
	cleanup(closep) int in_fd = mkstemp(in), out_fd = mkstemp(out);
	cleanup(freep) char *content = malloc(700000), *back = NULL;
	static struct disk_listing listing;
	struct disk *d = NULL;
	size_t len = 0;
	u64 bytes = 0;

	for (size_t i = 0; i < 700000; i++)
		content[i] = (char)(i * 7 + i / 251);
	assert_success(io_write_all(in_fd, content, 700000, in));
	assert_success(disk_new(NULL, 64 * MIB, "test", NULL, &d));
	debugfs(d, "mkdir dumps");
	snprintf(command, sizeof(command), "write %s dumps/vmcore", in);
	debugfs(d, command);

	assert_success(disk_list(d, "/", &listing));
	assert_true(find_entry(&listing, "dumps")->is_directory);
	assert_success(disk_list(d, "/dumps", &listing));
	assert_int_equal(listing.count, 1);
	assert_int_equal(find_entry(&listing, "vmcore")->size_bytes, 700000);
	assert_success(disk_copy_out(d, "/dumps/vmcore", out_fd, out, &bytes));
	assert_int_equal(bytes, 700000);
	assert_success(io_read_file(out, 1000000, &back, &len));
	assert_int_equal(len, 700000);
	assert_memory_equal(back, content, 700000);
	disk_free(d);
	unlink(in);
	unlink(out);
}

static void what_is_not_there_is_absent(void **state)
{
	static struct disk_listing listing;
	struct disk *d = NULL;
	u64 bytes;

	assert_success(disk_new(NULL, 16 * MIB, "test", NULL, &d));
	assert_failure(disk_list(d, "/var/crash", &listing), ERR_ABSENT, "/var/crash");
	assert_failure(disk_copy_out(d, "/vmcore", 1, "out", &bytes), ERR_ABSENT,
		       "/vmcore");
	disk_free(d);
}

static void a_full_disk_below_us_is_a_sentence(void **state)
{
	cleanup(closep) int full = open("/dev/full", O_WRONLY);
	struct disk *d = NULL;
	u64 bytes;

	assert_success(disk_new(NULL, 16 * MIB, "test", NULL, &d));
	debugfs(d, "write /etc/passwd f");
	assert_failure(disk_copy_out(d, "/f", full, "DIR/vmcore", &bytes), ERR_OS,
		       "DIR/vmcore");
	disk_free(d);
}

static void the_image_is_sparse_and_has_no_name(void **state)
{
	struct disk *d = NULL;
	struct stat st;

	assert_success(disk_new(NULL, 2048 * MIB, "test", NULL, &d));
	assert_int_equal(fstat(disk_fd(d), &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_size, 2048 * MIB);
	assert_true((u64)st.st_blocks * 512 < 64 * MIB);
	disk_free(d);
}

static void a_ruined_image_is_bad_data_not_a_crash(void **state)
{
	static struct disk_listing listing;
	static char junk[65536];
	struct disk *d = NULL;

	assert_success(disk_new(NULL, 16 * MIB, "test", NULL, &d));
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * i);
	assert_success(io_pwrite_all(disk_fd(d), junk, sizeof(junk), 0, "image"));
	assert_failure(disk_list(d, "/", &listing), ERR_BAD_DATA, "ext4");
	disk_free(d);
}

static void a_directory_that_is_not_there_is_named(void **state)
{
	struct disk *d = NULL;

	assert_failure(disk_new("/no/such/dir", MIB, "test", NULL, &d), ERR_OS,
		       "/no/such/dir");
	assert_null(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_come_back_as_they_were_written),
		cmocka_unit_test(what_is_not_there_is_absent),
		cmocka_unit_test(a_full_disk_below_us_is_a_sentence),
		cmocka_unit_test(the_image_is_sparse_and_has_no_name),
		cmocka_unit_test(a_ruined_image_is_bad_data_not_a_crash),
		cmocka_unit_test(a_directory_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
