/* Every command of the shell on a small machine. Each 10 bytes of the input are an offset
 * in its memory and what to write there. */
#include "fuzz.h"

#include "base/bytes.h"
#include "gen_files.h"
#include "gen_io.h"
#include "gen_net.h"
#include "shell/shell.h"

/* Without pipes and files: those are not the dump's doing. */
static const char *const lines[] = {
	"help",
	"sys",
	"sys -c",
	"sys -t",
	"log -dm",
	"log -T",
	"log -a",
	"mod",
	"mod -t",
	"ps",
	"ps -a",
	"ps -m",
	"ps -p",
	"ps -c",
	"ps -g",
	"ps -S",
	"foreach bt",
	"foreach UN bt -f",
	"foreach user vtop 400000",
	"bt -a",
	"bt -e 10",
	"bt -t 10",
	"bt -T 10",
	"set -c 1",
	"set -p",
	"sym -l",
	"sym _stext",
	"rd -s linux_banner 40",
	"rd -a linux_banner",
	"rd -u 400100 8",
	"dis _stext 20",
	"vtop linux_banner",
	"p linux_banner",
	"list -o 32 -h init_task",
	"list modules",
	"ptov 0:a",
	"files 10",
	"files -c 10",
	"files -d ffffffff800242c0",
	"foreach files -R data",
	"mount",
	"dev",
	"dev -d",
	"dev -i",
	"irq",
	"irq -s",
	"irq -a",
	"irq -b",
	"net",
	"net -a",
	"foreach net -s",
	"bpf",
	"bpf -P",
};

static void apply(struct gen *g, const uint8_t *data, size_t size)
{
	u64 end = (u64)GEN_SESSION_PAGES << 12;

	for (; size >= 10; data += 10, size -= 10) {
		u64 at = (u64)get_le16(data) * 4 % end;

		if (at <= end - 8)
			gen_put64(g, at, get_le64(data + 2));
	}
}

static void run_lines(struct kernel *k)
{
	cleanup(shell_closep) struct shell *s = NULL;
	const struct shell_options o = {.stdout_fd = -1, .program = "fuzz"};
	enum shell_outcome outcome;

	err_ignore(shell_open(k, &o, &s));
	for (size_t i = 0; s && i < ARRAY_SIZE(lines); i++) {
		const char *out;

		err_ignore(shell_run(s, lines[i], &outcome));
		out = shell_kept(s);
		/* Nothing that a terminal would take for an order. */
		for (; *out; out++)
			if ((unsigned char)*out < ' ' && *out != '\n' && *out != '\t')
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(kernel_closep) struct kernel *k = NULL;
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	struct byte_source src;
	struct gen g;

	gen_session_init(&g);
	gen_io_add(&g);
	gen_files_add(&g);
	gen_net_add(&g);
	apply(&g, data, size);
	gen_elf(&g, NULL, &file);
	gen_deinit(&g);
	src = source_from_memory(file.data, file.len, "fuzz");
	err_ignore(dump_open_source(&src, formats, &d));
	if (d)
		err_ignore(kernel_open(d, &k));
	if (k)
		run_lines(k);
	return 0;
}
