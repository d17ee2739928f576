#include "trigger/audit_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"

struct verifier {
	const char *name;
	struct audit_check *check;
	u64 line; /* number of the line that is looked at, from 1 */
	bool has_cut;
	char cut_hash[AUDIT_HASH_LEN + 1];
};

static must_check struct err *bad_line(const struct verifier *v, const char *why)
{
	return err_new(ERR_BAD_DATA, "%s: line %llu %s; the %llu lines before it are good",
		       v->name, (unsigned long long)(v->line - v->has_cut), why,
		       (unsigned long long)v->check->lines);
}

/* A line that is none of ours may be what a power cut left: the next one has to say so. */
static must_check struct err *hold_cut(struct verifier *v, const char *line, size_t len)
{
	struct err *err;

	if (v->has_cut)
		return bad_line(v, "is no line of an audit log");
	err = audit_hash(line, len, v->cut_hash);
	if (!err)
		v->has_cut = true;
	return err;
}

static must_check struct err *check_line(struct verifier *v, const char *line, size_t len)
{
	struct audit_check *c = v->check;
	struct audit_link link;

	v->line++;
	if (!audit_parse_line(line, len, &link))
		return hold_cut(v, line, len);
	if (v->has_cut && (!link.is_cut || !str_eq(link.previous, v->cut_hash) ||
			   !str_eq(link.after, c->last_hash)))
		return bad_line(v, "is no line of an audit log");
	if (link.sequence != c->lines + 1)
		return bad_line(v, "is out of sequence: lines are missing or were put in");
	if (!v->has_cut && (link.is_cut || !str_eq(link.previous, c->last_hash)))
		return bad_line(v, "does not carry the hash of the line before: one of the "
				   "two was changed");
	v->has_cut = false;
	c->cuts += link.is_cut;
	c->lines++;
	return audit_hash(line, len, c->last_hash);
}

static must_check struct err *at_end(struct verifier *v, const char *rest, size_t len)
{
	if (v->has_cut)
		return bad_line(v, "is no line of an audit log");
	if (len)
		return err_new(ERR_INCOMPLETE,
			       "%s: line %llu has no end: it is being written, or was cut "
			       "short; inquestd closes it off when it starts",
			       v->name, (unsigned long long)v->line + 1);
	(void)rest;
	return NULL;
}

static void verifier_init(struct verifier *v, const char *name, struct audit_check *check)
{
	*v = (struct verifier){.name = name, .check = check};
	*check = (struct audit_check){0};
	memcpy(check->last_hash, AUDIT_FIRST_HASH, AUDIT_HASH_LEN + 1);
}

/* Check the whole lines in @text; *@ret_used is where the last of them ends. */
static must_check struct err *check_lines(struct verifier *v, const char *text, size_t len,
					  size_t *ret_used)
{
	size_t used = 0;
	const char *end;

	while ((end = memchr(text + used, '\n', len - used))) {
		struct err *err = check_line(v, text + used, (size_t)(end - text) - used);

		if (err)
			return err;
		used = (size_t)(end - text) + 1;
	}
	*ret_used = used;
	return NULL;
}

must_check struct err *audit_verify_text(const char *text, size_t len, const char *name,
					 struct audit_check *ret)
{
	struct verifier v;
	struct err *err;
	size_t used;

	verifier_init(&v, name, ret);
	if (!len)
		return NULL;
	err = check_lines(&v, text, len, &used);
	return err ? err : at_end(&v, text + used, len - used);
}

must_check struct err *audit_verify(const char *path, struct audit_check *ret)
{
	cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	cleanup(freep) char *text = malloc(2 * AUDIT_LINE_MAX);
	struct verifier v;
	size_t len = 0;

	verifier_init(&v, path, ret);
	if (fd < 0)
		return err_os(errno, "%s", path);
	if (!text)
		return err_nomem();
	for (;;) {
		ssize_t got = read(fd, text + len, 2 * AUDIT_LINE_MAX - len);
		struct err *err;
		size_t used;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_os(errno, "%s", path);
		if (got == 0)
			return at_end(&v, text, len);
		len += (size_t)got;
		err = check_lines(&v, text, len, &used);
		if (err)
			return err;
		len -= used;
		memmove(text, text + used, len);
		if (len > AUDIT_LINE_MAX) {
			v.line++;
			return bad_line(&v, "is too long for a line of an audit log");
		}
	}
}
