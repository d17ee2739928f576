/* The report as the host would make it, in case there is no dump to make it from. */
#include "capture/save.h"

#include "analyse/report.h"
#include "base/io.h"

#include <sys/resource.h>

#define MEMINFO "/proc/meminfo"
#define INDENT	1

/* /proc/vmcore is an ELF core and nothing else. */
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

struct sink_file {
	int fd;
	const char *path;
	struct err *err;
};

static int write_piece(const char *text, size_t len, void *ctx)
{
	struct sink_file *f = ctx;

	f->err = io_write_all(f->fd, text, len, f->path);
	return f->err ? -1 : 0;
}

static struct err *write_tree(void *ctx, int fd, const char *path)
{
	struct sink_file f = {.fd = fd, .path = path};

	if (json_dump_callback(ctx, write_piece, &f, JSON_INDENT(INDENT)) < 0 && !f.err)
		f.err = err_nomem();
	return f.err ? f.err : io_write_all(fd, "\n", 1, path);
}

/* The dump is worth more than the report. */
static void be_modest(void)
{
	struct rlimit limit;
	u64 available;

	err_ignore(io_write_file("/proc/self/oom_score_adj", 0600, "1000", 4));
	if (!meminfo_bytes(MEMINFO, "MemAvailable", &available))
		return;
	limit.rlim_cur = limit.rlim_max = available / 2;
	setrlimit(RLIMIT_DATA, &limit);
}

struct err *save_report_tree(const char *vmcore, const struct target *t)
{
	const struct report_options options = {.log_records = REPORT_LOG_RECORDS};
	cleanup(dump_closep) struct dump *dump = NULL;
	cleanup(kernel_closep) struct kernel *kernel = NULL;
	struct target_file file = {.incomplete = ".vmcore-report.json.tmp",
				   .name = "vmcore-report.json",
				   .write = write_tree};
	json_t *tree = NULL;
	struct err *err;
	u64 bytes = 0;

	be_modest();
	err = dump_open(vmcore, formats, &dump);
	if (!err)
		err = kernel_open(dump, &kernel);
	if (!err)
		err = report_build(kernel, &options, &tree);
	file.ctx = tree;
	if (!err)
		err = t->kind->save(t, &file, &bytes);
	if (!err)
		record_add_file(t->record, file.name, bytes, true);
	json_decref(tree);
	return err;
}
