#include "trigger/evidence.h"

#include "base/io.h"
#include "base/new_file.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Of the console, before the interrupt. */
#define CONSOLE_MAX (16u << 10)

/* CPUs in the sentence; the file has them all. */
#define DESCRIBED_MAX 12u

void evidence_take(struct evidence *e, struct backend *b)
{
	err_ignore(backend_read_registers(b, EVIDENCE_MS, &e->registers));
}

void evidence_deinit(struct evidence *e)
{
	buf_deinit(&e->registers);
}

/* ---- what the CPUs were doing ---- */

/* The value of register @name ("RIP=") in @len bytes of @text, its digits in *@ret_len;
 * NULL if it is not there. */
static const char *find_register(const char *text, size_t len, const char *name,
				 size_t *ret_len)
{
	size_t name_len = strlen(name);
	const char *end = text + len, *at = text;

	while ((at = memmem(at, (size_t)(end - at), name, name_len))) {
		bool is_whole = at == text || at[-1] == ' ' || at[-1] == '\n';

		at += name_len;
		*ret_len = 0;
		while (at + *ret_len < end && strchr("0123456789abcdef", at[*ret_len]))
			++*ret_len;
		if (is_whole && *ret_len)
			return at;
	}
	return NULL;
}

/* "at ffffffff8108c1d5 in the kernel" of the registers of one CPU. */
static bool describe_cpu(struct buf *b, const char *text, size_t len)
{
	static const char *const counters[] = {"RIP=", "EIP=", "PC="};
	const char *value = NULL;
	size_t digits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counters) && !value; i++)
		value = find_register(text, len, counters[i], &digits);
	if (!value)
		return false;
	buf_printf(b, "at %.*s", (int)min_u64(digits, 16), value);
	value = find_register(text, len, "CPL=", &digits);
	if (value && digits == 1)
		buf_printf(b, " in %s", *value == '0' ? "the kernel" : "user space");
	value = find_register(text, len, "HLT=", &digits);
	if (value && *value == '1')
		buf_add_str(b, ", halted");
	return true;
}

/* The end of the registers that begin at @text. */
static const char *end_of_cpu(const char *text)
{
	const char *next = strstr(text, "\nCPU ");

	return next ? next + 1 : text + strlen(text);
}

void evidence_describe(const struct evidence *e, struct buf *ret)
{
	const char *text = buf_text(&e->registers);
	unsigned described = 0, others = 0;

	for (unsigned cpu = 0; *text; cpu++) {
		const char *end = end_of_cpu(text);
		cleanup(buf_deinit) struct buf words = BUF_INIT;

		if (described < DESCRIBED_MAX &&
		    describe_cpu(&words, text, (size_t)(end - text))) {
			buf_printf(ret, "%sCPU %u%s %s", described ? "; " : "", cpu,
				   described ? "" : " was", buf_text(&words));
			described++;
		} else {
			others++;
		}
		text = end;
	}
	if (described && others)
		buf_printf(ret, "; and %u more", others);
}

/* ---- on disk ---- */

static must_check struct err *make_text(const struct evidence *e,
					const struct console_tail *console,
					const char *capture_id, struct buf *ret)
{
	cleanup(buf_deinit) struct buf said = BUF_INIT;
	struct err *err =
		console ? console_tail_read_before(console, CONSOLE_MAX, &said) : NULL;

	if (err)
		return err;
	if (!said.len && !e->registers.len)
		return NULL;
	buf_printf(ret, "Capture %s: before the interrupt was sent\n", capture_id);
	if (e->registers.len)
		buf_printf(ret, "\nRegisters\n\n%s", buf_text(&e->registers));
	if (said.len)
		buf_printf(ret, "\nConsole\n\n%s%s", buf_text(&said),
			   said.data[said.len - 1] == '\n' ? "" : "\n");
	return buf_check(ret);
}

static must_check struct err *write_text(const struct buf *text, const char *state_dir,
					 const char *capture_id, char **ret_path)
{
	cleanup(new_file_deinit) struct new_file f = {.fd = -1};
	cleanup(freep) char *dir = NULL, *path = NULL;
	struct err *err;

	if (asprintf(&dir, "%s/evidence", state_dir) < 0)
		dir = NULL;
	if (!dir || asprintf(&path, "%s/%s.txt", dir, capture_id) < 0)
		path = NULL;
	if (!path)
		return err_nomem();
	if (mkdir(dir, 0700) && errno != EEXIST)
		return err_os(errno, "%s", dir);
	err = new_file_open(&f, path, true);
	if (!err)
		err = io_write_all(f.fd, text->data, text->len, path);
	if (!err)
		err = new_file_keep(&f);
	if (!err)
		*ret_path = steal(path);
	return err;
}

must_check struct err *evidence_keep(const struct evidence *e,
				     const struct console_tail *console,
				     const char *state_dir, const char *capture_id,
				     struct buf *ret)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	cleanup(buf_deinit) struct buf words = BUF_INIT;
	cleanup(freep) char *path = NULL;
	struct err *err = make_text(e, console, capture_id, &text);

	if (!err && text.len)
		err = write_text(&text, state_dir, capture_id, &path);
	if (err)
		return err_wrap(err, "what was seen before the interrupt is not kept");
	if (!path)
		return NULL;
	evidence_describe(e, &words);
	if (words.len)
		buf_printf(ret, "before the interrupt %s; ", buf_text(&words));
	buf_printf(ret, "what was seen before the interrupt is in %s", path);
	return buf_check(ret);
}
