#include "testing.h"

#include "gen.h"

#include "base/io.h"
#include "capture/phase.h"
#include "capture/save.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define NUM_PAGES   64
#define SMALL_BYTES 65536 /* of a disk that is soon full */

static const struct phase_limits generous = {.overall_ms = 60000};
static char parent[64], vmcore[96];
static struct dumpdir dir;
static struct record *r;
static struct sink sink;
static struct manifest manifest = MANIFEST_DEFAULTS;
static struct manifest_target row = MANIFEST_TARGET_VALUES;
static struct target target;

/* A dump of pages that do not compress. */
static void write_vmcore(u64 num_pages)
{
	u64 random = 1;
	cleanup(buf_deinit) struct buf elf = BUF_INIT;
	struct gen g;

	gen_init(&g, 12, num_pages);
	gen_ram(&g, 0, num_pages, GEN_PRESENT);
	for (paddr_t addr = 0; addr < num_pages * 4096; addr += 8) {
		/* Knuth's MMIX generator: the upper bits are as good as any noise. */
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		gen_put64(&g, addr, random ^ random >> 33);
	}
	buf_add_str(&g.vmcoreinfo, "OSRELEASE=6.1.0\nPAGESIZE=4096\n");
	gen_elf(&g, NULL, &elf);
	assert_success(io_write_file(vmcore, 0600, elf.data, elf.len));
	gen_deinit(&g);
}

static int set_up(void **state)
{
	char path[1024];

	snprintf(parent, sizeof(parent), "/tmp/inquest-test-save-XXXXXX");
	assert_non_null(mkdtemp(parent));
	snprintf(vmcore, sizeof(vmcore), "%s/source", parent);
	write_vmcore(NUM_PAGES);
	assert_success(record_new(&r));
	manifest = MANIFEST_DEFAULTS;
	sink.fd = open("/dev/null", O_WRONLY);
	target = (struct target){.kind = &target_kind_fs,
				 .row = &row,
				 .manifest = &manifest,
				 .record = r,
				 .sink = &sink,
				 .root = parent};
	row.path = "/";
	r->started = 1000000000;
	assert_success(target.kind->begin(&target));
	snprintf(path, sizeof(path), "%s%s", parent, r->directory);
	assert_success(dumpdir_open(path, &dir));
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	close(sink.fd);
	dumpdir_close(&dir);
	record_free(r);
	snprintf(command, sizeof(command), "rm -rf %s", parent);
	return system(command);
}

static struct err *work_dump(void *ctx)
{
	const rlim_t *limit = ctx;

	if (limit) {
		const struct rlimit rlimit = {.rlim_cur = *limit, .rlim_max = *limit};

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &rlimit);
	}
	return save_dump(vmcore, &target);
}

static bool exists(const char *name)
{
	return faccessat(dir.fd, name, F_OK, 0) == 0;
}

/* What capture.json says, as the host reads it. */
static void assert_record_says(const char *outcome, const char *reason_words)
{
	char path[1024];
	json_t *root;
	const char *reason;

	snprintf(path, sizeof(path), "%s/capture.json", dir.path);
	root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "outcome")), outcome);
	reason = json_string_value(json_object_get(root, "reason"));
	if (reason_words)
		assert_non_null(strstr(reason, reason_words));
	else
		assert_null(reason);
	json_decref(root);
}

static void finish(void)
{
	save_left_over(&target);
	record_settle(r);
	assert_success(save_record(&target));
}

static void a_whole_dump_is_complete(void **state)
{
	assert_success(phase_run(work_dump, NULL, &generous, NULL));
	finish();
	assert_true(exists("vmcore"));
	assert_false(exists("vmcore-incomplete"));
	assert_int_equal(r->num_files, 1);
	assert_true(r->files[0].bytes > SMALL_BYTES);
	assert_record_says("complete", NULL);
}

static void a_full_disk_leaves_an_incomplete_dump_that_says_so(void **state)
{
	rlim_t limit = SMALL_BYTES;
	struct err *err = phase_run(work_dump, &limit, &generous, NULL);

	assert_non_null(err);
	record_fail(r, err_message(err));
	err_free(err);
	finish();
	assert_false(exists("vmcore"));
	assert_true(exists("vmcore-incomplete"));
	assert_int_equal(r->num_files, 1);
	assert_string_equal(r->files[0].name, "vmcore-incomplete");
	assert_false(r->files[0].is_complete);
	assert_true(r->files[0].bytes > 0 && r->files[0].bytes <= SMALL_BYTES);
	assert_record_says("incomplete", "File too large");
}

static struct err *work_copy(void *ctx)
{
	return save_copy(vmcore, &target);
}

static void a_collector_that_fails_leaves_the_root_file_system_a_copy(void **state)
{
	cleanup(freep) char *copy = NULL, *source = NULL;
	char path[1024];
	size_t len, source_len;

	manifest.collector =
		(struct manifest_collector){.kind = "program", .words = "/bin/false"};
	assert_failure(phase_run(work_dump, NULL, &generous, NULL), ERR_REFUSED,
		       "/bin/false ended with status 1");
	assert_false(save_may_copy(&target));
	target.kind = &target_kind_rootfs;
	assert_true(save_may_copy(&target));
	r->dump_level = 31;
	assert_success(phase_run(work_copy, NULL, &generous, NULL));
	finish();
	assert_record_says("complete", NULL);
	assert_false(exists("vmcore-incomplete"));
	snprintf(path, sizeof(path), "%s/vmcore", dir.path);
	assert_success(io_read_file(path, 1 << 20, &copy, &len));
	assert_success(io_read_file(vmcore, 1 << 20, &source, &source_len));
	assert_int_equal(len, source_len);
	assert_memory_equal(copy, source, len);
	/* And says what it is. */
	assert_int_equal(r->dump_level, 0);
	assert_string_equal(r->compression, "none");
}

static u64 space_bytes;

static struct err *given_space(const struct target *t, u64 *ret_bytes)
{
	*ret_bytes = space_bytes;
	return NULL;
}

/* Let the disk say that it has so much room. */
static struct target_kind kind_with_space(u64 bytes)
{
	struct target_kind kind = target_kind_fs;

	kind.space = given_space;
	space_bytes = bytes;
	return kind;
}

static void what_does_not_fit_is_not_copied(void **state)
{
	struct target_kind small = kind_with_space(SMALL_BYTES);

	target.kind = &small;
	manifest.naming = "kdump-tools";
	assert_true(save_may_copy(&target));
	assert_failure(phase_run(work_dump, NULL, &generous, NULL), ERR_REFUSED,
		       "there is room for 65536");
	assert_false(save_may_copy(&target));
	assert_failure(save_copy(vmcore, &target), ERR_REFUSED,
		       "and there is room for 65536");
	assert_false(exists("vmcore-incomplete"));
}

static void pages_that_cannot_be_read_make_an_incomplete_dump(void **state)
{
	struct stat st;
	struct err *err;

	manifest.naming = "kdump-tools";
	manifest.dump.level = 1;
	assert_int_equal(stat(vmcore, &st), 0);
	assert_int_equal(truncate(vmcore, st.st_size - 5 * 4096), 0);
	err = phase_run(work_dump, NULL, &generous, NULL);
	assert_non_null(err);
	assert_non_null(strstr(err_message(err), "pages of the crashed kernel could not"));
	record_fail(r, err_message(err));
	err_free(err);
	/* A copy could not read them either, nor is there less to be read at a higher
	 * level. */
	assert_int_equal(r->dump_level, 1);
	assert_false(save_may_copy(&target));
	finish();
	assert_true(exists("dump-incomplete"));
	assert_record_says("incomplete", "pages of the crashed kernel");
}

static void a_level_that_fits_is_the_only_one_that_is_tried(void **state)
{
	struct target_kind kind = kind_with_space(1 << 30);

	target.kind = &kind;
	manifest.dump.level = 1;
	assert_success(phase_run(work_dump, NULL, &generous, NULL));
	assert_int_equal(r->dump_level, 1);
	finish();
	assert_record_says("complete", NULL);
}

static void a_dump_that_is_too_large_is_tried_with_less_in_it_and_then_cut(void **state)
{
	struct target_kind kind = kind_with_space(1 << 20);

	write_vmcore(64 * NUM_PAGES);
	target.kind = &kind;
	manifest.dump.level = 1;
	assert_failure(phase_run(work_dump, NULL, &generous, NULL), ERR_REFUSED,
		       "a dump of level 31 takes about ");
	assert_int_equal(r->dump_level, 31);
	finish();
	assert_false(exists("vmcore"));
	assert_int_equal(r->num_files, 1);
	assert_string_equal(r->files[0].name, "vmcore-incomplete");
	/* What fits, and no more than is written before the end is asked for. */
	assert_true(r->files[0].bytes > 1 << 19);
	assert_true(r->files[0].bytes < 3 << 20);
	assert_record_says("incomplete", NULL);
}

static void a_disk_that_fills_up_is_tried_with_less(void **state)
{
	rlim_t limit = SMALL_BYTES;
	struct err *err;

	manifest.dump.level = 1;
	err = phase_run(work_dump, &limit, &generous, NULL);
	assert_non_null(err);
	err_free(err);
	assert_int_equal(r->dump_level, 31);
}

static void a_stream_that_does_not_fit_ends_before_the_first_page(void **state)
{
	struct target_kind kind = kind_with_space(SMALL_BYTES);

	kind.is_stream = true;
	target.kind = &kind;
	assert_failure(phase_run(work_dump, NULL, &generous, NULL), ERR_REFUSED,
		       "there is room for 65536");
	finish();
	assert_true(r->num_files == 1 && r->files[0].bytes < SMALL_BYTES);
	assert_record_says("incomplete", NULL);
}

static void a_capture_that_never_ends_has_said_so_before(void **state)
{
	struct stat st;

	assert_success(save_first_record(&target));
	assert_record_says("failed", "cut short");
	assert_string_equal(r->reason, "");
	/* Room for the record that takes its place. */
	assert_int_equal(fstatat(dir.fd, ".capture.json.tmp", &st, 0), 0);
	assert_true(st.st_blocks * 512 >= 4096);
	finish();
	assert_false(exists(".capture.json.tmp"));
	assert_record_says("failed", NULL);
}

static void what_is_no_dump_leaves_nothing_behind(void **state)
{
	assert_success(io_write_file(vmcore, 0600, "junk", 4));
	assert_failure(phase_run(work_dump, NULL, &generous, NULL), ERR_REFUSED, vmcore);
	assert_failure(save_dmesg(vmcore, &target), ERR_UNSUPPORTED, vmcore);
	save_left_over(&target);
	assert_int_equal(r->num_files, 0);
}

static void a_report_is_saved_if_there_is_one(void **state)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/report", parent);
	assert_success(save_report(path, &target));
	assert_false(exists("vmcore-report.txt"));
	assert_success(io_write_file(path, 0600, "why\n", 4));
	assert_success(save_report(path, &target));
	assert_true(exists("vmcore-report.txt"));
	assert_int_equal(r->num_files, 1);
	assert_int_equal(r->files[0].bytes, 4);
	assert_true(r->files[0].is_complete);
}

static void a_dump_without_a_log_has_no_log_file(void **state)
{
	assert_failure(save_dmesg(vmcore, &target), ERR_ABSENT, "");
	assert_false(exists("vmcore-dmesg.txt"));
}

#define IN_A_FRESH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FRESH_DIR(a_whole_dump_is_complete),
		IN_A_FRESH_DIR(a_full_disk_leaves_an_incomplete_dump_that_says_so),
		IN_A_FRESH_DIR(a_collector_that_fails_leaves_the_root_file_system_a_copy),
		IN_A_FRESH_DIR(what_does_not_fit_is_not_copied),
		IN_A_FRESH_DIR(pages_that_cannot_be_read_make_an_incomplete_dump),
		IN_A_FRESH_DIR(a_level_that_fits_is_the_only_one_that_is_tried),
		IN_A_FRESH_DIR(
			a_dump_that_is_too_large_is_tried_with_less_in_it_and_then_cut),
		IN_A_FRESH_DIR(a_disk_that_fills_up_is_tried_with_less),
		IN_A_FRESH_DIR(a_stream_that_does_not_fit_ends_before_the_first_page),
		IN_A_FRESH_DIR(a_capture_that_never_ends_has_said_so_before),
		IN_A_FRESH_DIR(what_is_no_dump_leaves_nothing_behind),
		IN_A_FRESH_DIR(a_report_is_saved_if_there_is_one),
		IN_A_FRESH_DIR(a_dump_without_a_log_has_no_log_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
