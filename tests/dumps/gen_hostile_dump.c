/*
 * usage: gen-hostile FILE. The machine of gen_session.h with texts in it that mean harm to
 * whoever prints them: escape sequences, markup, invalid UTF-8, characters that turn the
 * direction of writing, names without an end.
 */
#include "gen_session.h"

#include "base/io.h"

#include <stdio.h>
#include <string.h>

#define IMAGE	     GEN_SESSION_IMAGE
#define INFOS	     0x3200 /* of log records: struct printk_info, 88 bytes each */
#define LOG_TEXT     0x3400 /* 128 bytes each, the first 8 not text */
#define UTS	     0x5204
#define UTS_LEN	     65
#define MODULES	     0x5600
#define COMMAND_LINE 0x5780 /* saved_command_line, a pointer */
#define MODULE	     0x22000
#define LINE	     0x23000

static void put(struct gen *g, u64 at, const char *bytes, size_t len)
{
	memcpy(g->memory + at, bytes, len);
}

/* Over all @len bytes, without a 0 behind. */
static void put_endless(struct gen *g, u64 at, const char *bytes, size_t len)
{
	size_t used = strlen(bytes) < len ? strlen(bytes) : len;

	put(g, at, bytes, used);
	memset(g->memory + at + used, 'x', len - used);
}

static void put_comms(struct gen *g)
{
	static const char *const comms[GEN_NUM_TASKS] = {
		[GEN_TASK_INIT] = "<script>alert(1)",
		[GEN_TASK_KTHREADD] = "\xe2\x80\xaegnp.exe\xe2\x81\xa6",
		[GEN_TASK_WORKER] = "\"]}'&]]>\xff\x80\xc0\xaf",
		[GEN_TASK_THREAD] = "\033]0;own\a\x9b"
				    "31m\r\b",
		[GEN_TASK_HOSTILE] = "\033[31m\xd8\x9c\xef\xbb\xbf\xc2\x9b"
				     "2J",
	};

	for (unsigned n = 0; n < GEN_NUM_TASKS; n++)
		if (comms[n])
			put_endless(g, GEN_SESSION_TASK(n) + GEN_TASK_COMM, comms[n], 16);
}

static void put_log(struct gen *g)
{
	static const char *const texts[] = {
		"\033]8;;http://127.0.0.1/\033\\<img src=http://127.0.0.1/x onerror=alert(1)>",
		/* Two literals, since 2 is a hexadecimal digit. */
		("\x9b"
		 "2J\xff\xfe</pre></details><script>alert(2)</script>\n\xe2\x80\xaeline ]]>"),
		"Kernel panic - not syncing: <b onmouseover=alert(3)>\033[2J\xe2\x81\xa7\r\"'&",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		u64 at = INFOS + i * 88 + 16, level = g->memory[at + 3];

		put(g, LOG_TEXT + i * 128 + 8, texts[i], strlen(texts[i]));
		gen_put32(g, at, (u32)strlen(texts[i]) | (u32)level << 24);
	}
}

static void put_module(struct gen *g)
{
	for (unsigned i = 0; i < 2; i++) {
		gen_put64(g, MODULES + i * 8, IMAGE + MODULE);
		gen_put64(g, MODULE + i * 8, IMAGE + MODULES);
	}
	put_endless(g, MODULE + 16, "</p><script>alert(4)</script>\033[1m\xe2\x80\xae\xff",
		    64);
	gen_put64(g, MODULE + 80, 0);
	gen_put64(g, MODULE + 88, 1 << 12 | 1 << 13 | (u64)1 << 40);
}

static void put_names(struct gen *g)
{
	put_endless(g, UTS + UTS_LEN, "<script>alert('n')</script>\033[41m\xe2\x80\xae",
		    UTS_LEN);
	put_endless(g, UTS + 3 * UTS_LEN, "#1 \"';&<!-- \xf3\xa0\x80\x81\x80", UTS_LEN);
	buf_add_str(&g->vmcoreinfo, "SYMBOL(saved_command_line)=ffffffff80005780\n");
	gen_put64(g, COMMAND_LINE, IMAGE + LINE);
	put_endless(g, LINE,
		    "root=</td><script>alert(5)</script> \033]0;t\a \xe2\x80\xae\xfe\xff ",
		    0x3000);
}

int main(int argc, char **argv)
{
	struct buf out = BUF_INIT;
	struct err *err;
	struct gen g;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: gen-hostile FILE\n");
		return 2;
	}
	gen_session_init(&g);
	put_comms(&g);
	put_log(&g);
	put_module(&g);
	put_names(&g);
	gen_elf(&g, NULL, &out);
	err = io_write_file(argv[1], 0600, out.data, out.len);
	if (err)
		fprintf(stderr, "gen-hostile: %s\n", err_message(err));
	status = err != NULL;
	err_ignore(err);
	buf_deinit(&out);
	gen_deinit(&g);
	return status;
}
