#include "testing.h"

#include "base/child.h"
#include "base/io.h"
#include "gen_kernel.h"
#include "rehearse/rehearse_priv.h"

#include <sys/stat.h>

/* A scratch disk as a guest could have left it, and what becomes of it. */
#define DIRECTORY "/var/crash/here"
#define RECORD                                                                             \
	"{\"outcome\": \"complete\", \"crashed\": {\"product_uuid\": \"%s\", "             \
	"\"machine_id\": \"%s\", \"boot_id\": \"b-1\"}, "                                  \
	"\"files\": [{\"name\": \"vmcore\", \"bytes\": %zu}]}"

static char top[] = "/tmp/test_harvest.XXXXXX";
static int num_dirs;

struct scene {
	struct rehearsal r;
	struct rehearse_config config;
	struct rehearse_observer observer;
	struct rehearse_result result;
	struct buf dump;
	char dir[200];
};

static void no_begin(void *ctx, enum rehearse_phase phase) {}

static void no_news(void *ctx, enum rehearse_phase phase, const char *detail) {}

static void no_done(void *ctx, enum rehearse_phase phase, u64 ms, const char *detail) {}

static void no_remark(void *ctx, const char *text) {}

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

static void put(struct scene *s, const char *name, const void *data, size_t len)
{
	char path[300], command[600];

	snprintf(path, sizeof(path), "%s/in", top);
	assert_success(io_write_file(path, 0600, data, len));
	snprintf(command, sizeof(command), "write %s " DIRECTORY "/%s", path, name);
	debugfs(s->r.disk, command);
}

static void put_record(struct scene *s, const char *uuid, size_t bytes)
{
	char text[1000];

	put(s, "capture.json", text,
	    (size_t)snprintf(text, sizeof(text), RECORD, uuid, s->r.machine_id, bytes));
}

static void make_dump(struct buf *dump)
{
	struct gen_kdump_options options = {.codec = DISKDUMP_ZLIB};
	struct gen g;

	gen_kernel_init(&g, GEN_KERNEL_6_1);
	gen_kdump(&g, &options, dump);
	gen_deinit(&g);
}

/* A guest that says it saved a whole dump; the disk still lacks it. */
static void set_up(struct scene *s)
{
	*s = (struct scene){0};
	s->observer = (struct rehearse_observer){
		.begin = no_begin, .news = no_news, .done = no_done, .remark = no_remark};
	s->r = (struct rehearsal){.config = &s->config,
				  .observer = &s->observer,
				  .result = &s->result,
				  .image_fd = -1,
				  .log_fd = -1,
				  .uuid = "11111111-2222-4333-8444-555555555555",
				  .machine_id = "0123456789abcdef0123456789abcdef",
				  .phase = REHEARSE_PHASES};
	snprintf(s->dir, sizeof(s->dir), "%s/%d", top, num_dirs++);
	make_dump(&s->dump);
	s->r.story = (struct story){.phase = STORY_END,
				    .outcome = STORY_OUTCOME_COMPLETE,
				    .boot_id = "b-1",
				    .directory = DIRECTORY,
				    .vmcore_bytes = s->dump.len};
	assert_success(results_open(s->dir, &s->r.results));
	assert_success(disk_new(NULL, 64 << 20, "test", NULL, &s->r.disk));
	debugfs(s->r.disk, "mkdir var");
	debugfs(s->r.disk, "mkdir var/crash");
	debugfs(s->r.disk, "mkdir " DIRECTORY);
	s->result.outcome = REHEARSE_PASSED;
}

static void harvest_and_close(struct scene *s)
{
	assert_success(rehearsal_harvest(&s->r));
	results_free(s->r.results);
	disk_free(s->r.disk);
	buf_deinit(&s->dump);
}

static void assert_spoilt(struct scene *s, const char *words)
{
	char path[300];

	assert_int_equal(s->result.outcome, REHEARSE_FAILED);
	if (!strstr(s->result.sentence, words))
		print_error("\"%s\" lacks \"%s\"\n", s->result.sentence, words);
	assert_non_null(strstr(s->result.sentence, words));
	snprintf(path, sizeof(path), "%s/vmcore", s->dir);
	assert_int_equal(access(path, F_OK), -1);
	rehearse_result_deinit(&s->result);
}

static bool is_kept(const struct scene *s, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	return access(path, F_OK) == 0;
}

static void a_whole_dump_of_this_guest_is_kept(void **state)
{
	/* All that a record names: whoever waits for the dump looks for every one. */
	static const char *const others[] = {"vmcore-dmesg.txt", "vmcore-report.txt",
					     "vmcore-report.json", "kexec-dmesg.log"};
	struct scene s;

	set_up(&s);
	put(&s, "vmcore", s.dump.data, s.dump.len);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		put(&s, others[i], "text", 4);
	put_record(&s, s.r.uuid, s.dump.len);
	harvest_and_close(&s);
	assert_true(is_kept(&s, "vmcore"));
	assert_true(is_kept(&s, "capture.json"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_true(is_kept(&s, others[i]));
	assert_true(s.result.dump_pages > 500);
	rehearse_result_deinit(&s.result);
}

static void a_dump_of_another_machine_is_no_good(void **state)
{
	struct scene s;

	set_up(&s);
	put(&s, "vmcore", s.dump.data, s.dump.len);
	put_record(&s, "99999999-2222-4333-8444-555555555555", s.dump.len);
	harvest_and_close(&s);
	assert_spoilt(&s, "product_uuid is not that of this guest");
}

static void sizes_that_do_not_agree_are_no_good(void **state)
{
	struct scene s;

	set_up(&s);
	put(&s, "vmcore", s.dump.data, s.dump.len);
	put_record(&s, s.r.uuid, s.dump.len);
	s.r.story.vmcore_bytes++;
	harvest_and_close(&s);
	assert_spoilt(&s, "the disk has");

	set_up(&s);
	put(&s, "vmcore", s.dump.data, s.dump.len);
	put_record(&s, s.r.uuid, s.dump.len - 1);
	harvest_and_close(&s);
	assert_spoilt(&s, "capture.json says");
}

static void a_page_that_cannot_be_read_is_no_good(void **state)
{
	struct scene s;

	set_up(&s);
	memset(s.dump.data + s.dump.len - 2000, 0xee, 2000);
	put(&s, "vmcore", s.dump.data, s.dump.len);
	put_record(&s, s.r.uuid, s.dump.len);
	harvest_and_close(&s);
	assert_spoilt(&s, "the dump is no good");
}

static void a_file_that_is_no_dump_is_no_good(void **state)
{
	struct scene s;

	set_up(&s);
	put(&s, "vmcore", "hello", 5);
	s.r.story.vmcore_bytes = 5;
	put_record(&s, s.r.uuid, 5);
	harvest_and_close(&s);
	assert_spoilt(&s, "the dump is no good");
}

static void a_promised_dump_that_is_not_there_is_told(void **state)
{
	struct scene s;

	set_up(&s);
	put(&s, "vmcore-dmesg.txt", "log", 3);
	harvest_and_close(&s);
	assert_spoilt(&s, "no vmcore in " DIRECTORY);

	set_up(&s);
	strcpy(s.r.story.directory, "/elsewhere");
	harvest_and_close(&s);
	assert_spoilt(&s, "/elsewhere");
}

static void of_an_incomplete_capture_what_is_there_is_kept(void **state)
{
	struct scene s;

	set_up(&s);
	put(&s, "vmcore-dmesg.txt", "log", 3);
	s.result.outcome = REHEARSE_INCOMPLETE;
	harvest_and_close(&s);
	assert_int_equal(s.result.outcome, REHEARSE_INCOMPLETE);
	assert_true(is_kept(&s, "vmcore-dmesg.txt"));
	rehearse_result_deinit(&s.result);

	set_up(&s);
	put(&s, "vmcore-incomplete", s.dump.data, s.dump.len);
	s.result.outcome = REHEARSE_INCOMPLETE;
	harvest_and_close(&s);
	assert_int_equal(s.result.outcome, REHEARSE_INCOMPLETE);
	assert_true(is_kept(&s, "vmcore-incomplete"));
	assert_false(is_kept(&s, "vmcore"));
	rehearse_result_deinit(&s.result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_dump_of_this_guest_is_kept),
		cmocka_unit_test(a_dump_of_another_machine_is_no_good),
		cmocka_unit_test(sizes_that_do_not_agree_are_no_good),
		cmocka_unit_test(a_page_that_cannot_be_read_is_no_good),
		cmocka_unit_test(a_file_that_is_no_dump_is_no_good),
		cmocka_unit_test(a_promised_dump_that_is_not_there_is_told),
		cmocka_unit_test(of_an_incomplete_capture_what_is_there_is_kept),
	};
	char text[300];
	int failures;

	if (!mkdtemp(top))
		return 1;
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(text, sizeof(text), "rm -rf %s", top);
	return system(text) != 0 ? 1 : failures;
}
