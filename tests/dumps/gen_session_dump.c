/* usage: gen-session FILE. The machine of gen_session.h as an ELF core, for tests that run
 * the program. */
#include "gen_session.h"

#include "base/io.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct buf out = BUF_INIT;
	struct err *err;
	struct gen g;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: gen-session FILE\n");
		return 2;
	}
	gen_session_init(&g);
	gen_elf(&g, NULL, &out);
	err = io_write_file(argv[1], 0600, out.data, out.len);
	if (err)
		fprintf(stderr, "gen-session: %s\n", err_message(err));
	status = err != NULL;
	err_ignore(err);
	buf_deinit(&out);
	gen_deinit(&g);
	return status;
}
