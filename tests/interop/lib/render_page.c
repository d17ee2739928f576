/* Prints the web page of a report's tree: render_page REPORT.json */
#include "analyse/render_html.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	cleanup(buf_deinit) struct buf page = BUF_INIT;
	json_t *report = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
	struct err *err;

	if (!report) {
		fprintf(stderr, "usage: render_page REPORT.json\n");
		return 2;
	}
	err = report_render_html(&page, report);
	json_decref(report);
	if (err) {
		fprintf(stderr, "%s\n", err_message(err));
		err_free(err);
		return 1;
	}
	return fwrite(page.data, 1, page.len, stdout) == page.len ? 0 : 1;
}
