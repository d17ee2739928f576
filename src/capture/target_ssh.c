/* A directory of another machine, reached with ssh. */
#include "capture/target.h"

#include "capture/names.h"
#include "capture/remote.h"
#include "capture/ssh_client.h"
#include "format/server_answer.h"

#include <string.h>

/* What the server's user runs goes through whatever shell that user has: words, redirection
 * and && only. */

static struct ssh_command command_for(const struct target *t, const struct buf *text)
{
	return (struct ssh_command){
		.server = t->row, .text = buf_text(text), .progress = &t->record->progress};
}

static struct err *run(const struct target *t, const struct buf *text, const char *doing,
		       struct ssh_answer *answer)
{
	const struct ssh_command command = command_for(t, text);
	struct err *err = buf_check(text);

	if (!err)
		err = ssh_run(&command, answer);
	return err ? err : ssh_failure(&command, answer, doing);
}

/* Connecting once says whether key and host key are right, before anything is promised. */
static struct err *log_in(const struct target *t)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct ssh_answer answer;

	buf_add_str(&text, "umask 077; mkdir -p ");
	ssh_quote(&text, t->row->path);
	return run(t, &text, "make the directory", &answer);
}

static struct err *ssh_open(const struct target *t)
{
	return remote_open(t, SSH_PORT, log_in);
}

static struct err *make_directory(const struct target *t, unsigned try)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	struct record *r = t->record;
	struct ssh_answer answer;
	struct err *err;

	buf_printf(&path, "%s/", t->row->path);
	err = names_add_directory(t->manifest->naming, t->row->host, r->started, try,
				  &path);
	if (!err)
		err = buf_check(&path);
	if (err)
		return err;
	buf_add_str(&text, "umask 077; mkdir ");
	ssh_quote(&text, buf_text(&path));
	err = run(t, &text, "make the dump's directory", &answer);
	if (!err)
		snprintf(r->directory, sizeof(r->directory), "%s", buf_text(&path));
	return err;
}

static struct err *ssh_begin(const struct target *t)
{
	struct err *err = NULL;

	/* The likeliest reason that it cannot be made is that it is there. */
	for (unsigned try = 1; try <= 3; try++) {
		err_free(err);
		err = make_directory(t, try);
		if (!err)
			return NULL;
	}
	return err;
}

static void add_path(struct buf *b, const struct target *t, const char *name)
{
	cleanup(buf_deinit) struct buf path = BUF_INIT;

	buf_printf(&path, "%s/%s", t->record->directory, name);
	ssh_quote(b, buf_text(&path));
	if (path.failed)
		b->failed = true;
}

/* Send the bytes; *@ret_bytes is how many the server says that it has. */
static struct err *send_file(const struct target *t, const struct target_file *file,
			     u64 *ret_bytes)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	cleanup(buf_deinit) struct buf doing = BUF_INIT;
	struct ssh_command command;
	struct ssh_answer answer;
	struct err *err;
	u64 bytes;

	buf_add_str(&text, "umask 077; cat > ");
	add_path(&text, t, file->incomplete);
	buf_add_str(&text, " && wc -c < ");
	add_path(&text, t, file->incomplete);
	err = buf_check(&text);
	if (err)
		return err;
	buf_printf(&doing, "save %s", file->name);
	command = command_for(t, &text);
	command.write = file->write;
	command.ctx = file->ctx;
	err = ssh_run(&command, &answer);
	if (!err)
		err = ssh_failure(&command, &answer, buf_text(&doing));
	if (err)
		return err;
	if (!server_answer_count(answer.out, &bytes))
		return err_new(ERR_BAD_DATA, "%s does not say how much of %s it has",
			       t->row->device, file->name);
	if (bytes != answer.bytes_sent)
		return err_new(ERR_INCOMPLETE, "%s has %llu of the %llu bytes of %s",
			       t->row->device, (unsigned long long)bytes,
			       (unsigned long long)answer.bytes_sent, file->name);
	*ret_bytes = bytes;
	return NULL;
}

/* The name is given by a session of its own: a server whose client was cut off goes on with
 * what it was told, as if that were all. Where sync(1) knows no operands it syncs all,
 * which does as well and only takes longer. */
static struct err *name_file(const struct target *t, const struct target_file *file,
			     u64 bytes)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	cleanup(buf_deinit) struct buf doing = BUF_INIT;
	struct ssh_answer answer;

	buf_add_str(&text, "wc -c < ");
	add_path(&text, t, file->incomplete);
	buf_printf(&text, " | grep -q '^ *%llu$' && sync ", (unsigned long long)bytes);
	add_path(&text, t, file->incomplete);
	buf_add_str(&text, " && mv -f ");
	add_path(&text, t, file->incomplete);
	buf_add_char(&text, ' ');
	add_path(&text, t, file->name);
	buf_add_str(&text, " && sync ");
	ssh_quote(&text, t->record->directory);
	buf_printf(&doing, "name %s", file->name);
	return run(t, &text, buf_text(&doing), &answer);
}

/* Put on record what the server has of a file that did not become whole. Asked at once:
 * later there may be no server, and each question costs seconds. */
static void note_left_over(const struct target *t, const struct target_file *file)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct ssh_answer answer;
	struct err *err;
	u64 bytes = 0;

	buf_add_str(&text, "wc -c < ");
	add_path(&text, t, file->incomplete);
	err = run(t, &text, "look for what is left", &answer);
	if (!err && server_answer_count(answer.out, &bytes) && bytes)
		record_add_file(t->record, file->incomplete, bytes, false);
	err_ignore(err);
}

static struct err *ssh_save(const struct target *t, const struct target_file *file,
			    u64 *ret_bytes)
{
	u64 bytes = 0;
	struct err *err = send_file(t, file, &bytes);

	if (!err)
		err = name_file(t, file, bytes);
	if (err)
		note_left_over(t, file);
	else
		*ret_bytes = bytes;
	return err;
}

static struct err *ssh_space(const struct target *t, u64 *ret_bytes)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct ssh_answer answer;
	struct err *err;

	buf_add_str(&text, "df -Pk ");
	ssh_quote(&text, t->row->path);
	buf_add_str(&text, " | tail -n 1");
	err = run(t, &text, "ask for the free space", &answer);
	if (err)
		return err;
	if (!server_answer_free(answer.out, ret_bytes))
		return err_new(ERR_BAD_DATA, "%s does not say how much space it has",
			       t->row->device);
	return NULL;
}

/* All that was saved has been brought to disk by the server. */
static struct err *ssh_close(const struct target *t)
{
	return NULL;
}

const struct target_kind target_kind_ssh = {
	.name = "ssh",
	.is_stream = true,
	.holds_files = true,
	.is_remote = true,
	.open = ssh_open,
	.begin = ssh_begin,
	.save = ssh_save,
	.space = ssh_space,
	.close = ssh_close,
};
