#include "capture/diagnosis.h"

#include "analyse/brief.h"
#include "base/io.h"
#include "format/console_line.h"

/* /proc/vmcore is an ELF core and nothing else. */
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

struct err *diagnosis_say(const char *vmcore, const char *path, const struct sink *sink)
{
	cleanup(dump_closep) struct dump *dump = NULL;
	cleanup(kernel_closep) struct kernel *kernel = NULL;
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct buf lines = BUF_INIT;
	struct err *err;

	/* The dump is worth more than the diagnosis. */
	err_ignore(io_write_file("/proc/self/oom_score_adj", 0600, "1000", 4));
	err = dump_open(vmcore, formats, &dump);
	if (!err)
		err = kernel_open(dump, &kernel);
	if (!err)
		err = brief_format(&text, kernel);
	if (err)
		return err;
	console_text_add(&lines, buf_text(&text));
	sink_say(sink, &lines);
	return io_write_file(path, 0600, text.data, text.len);
}
