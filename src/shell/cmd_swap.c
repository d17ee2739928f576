/* swap: where pages are swapped to. */
#include "shell/command.h"

#include "kernel/swap_area.h"

static void print_area(void *ctx, const struct swap_area *a)
{
	struct shell *s = ctx;
	u64 kb = dump_page_size(s->d) / 1024;

	buf_printf(
		shell_out(s), "%-16llx  %-9s %8lluk %9lluk %3llu%% %4d  ",
		(unsigned long long)a->addr, a->is_device ? "PARTITION" : "  FILE",
		(unsigned long long)(a->num_pages * kb),
		(unsigned long long)(a->num_used * kb),
		(unsigned long long)(a->num_pages ? a->num_used * 100 / a->num_pages : 0),
		a->priority);
	shell_file_path(s, a->file);
	buf_add_char(shell_out(s), '\n');
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	char option;
	struct err *err = shell_option(w, "", &option);

	if (!err)
		err = shell_check_operands(w, 0, 0);
	if (err)
		return err;
	buf_add_str(shell_out(s), "SWAP_INFO_STRUCT    TYPE       SIZE       USED     PCT  "
				  "PRI  FILENAME\n");
	return swap_area_each(s->k, print_area, s);
}

const struct shell_command shell_cmd_swap = {
	.name = "swap",
	.synopsis = "",
	.summary = "swap device information",
	.help = "Show each swap area that was switched on: its size, how much of it is in\n"
		"use, its priority, and the device or file.",
	.run = run,
};
