#include "analyse/signature.h"

#include "base/str.h"

#include <openssl/evp.h>
#include <string.h>

static void add_escaped(struct buf *b, const char *text)
{
	str_escape(b, text, strlen(text), false);
}

static struct err *make_bucket(const struct verdict *v, struct signature *s)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_add_str(&b, crash_class_name(v->class));
	if (v->culprit.is_known || *v->subject) {
		buf_add_char(&b, ':');
		add_escaped(&b, v->culprit.is_known ? v->culprit.function : v->subject);
	}
	if (v->culprit.is_known && *v->culprit.module) {
		buf_add_char(&b, '[');
		add_escaped(&b, v->culprit.module);
		buf_add_char(&b, ']');
	}
	snprintf(s->bucket, sizeof(s->bucket), "%s", buf_text(&b));
	return buf_check(&b);
}

static struct err *make_text(const struct verdict *v, struct signature *s)
{
	buf_printf(&s->text, "%s\n%s\n", SIGNATURE_VERSION, crash_class_name(v->class));
	if (*v->subject) {
		add_escaped(&s->text, v->subject);
		buf_add_char(&s->text, '\n');
	}
	for (size_t i = 0; i < v->num_frames; i++) {
		add_escaped(&s->text, v->frames[i]);
		buf_add_char(&s->text, '\n');
	}
	return buf_check(&s->text);
}

static struct err *hash_text(struct signature *s)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!EVP_Digest(s->text.data, s->text.len, digest, &len, EVP_sha256(), NULL) ||
	    2 * len >= sizeof(s->hash))
		return err_new(ERR_NOMEM, "cannot hash the signature");
	for (unsigned i = 0; i < len; i++)
		snprintf(s->hash + 2 * i, 3, "%02x", digest[i]);
	return NULL;
}

struct err *signature_make(const struct verdict *v, struct signature *ret)
{
	struct signature s = {.text = BUF_INIT};
	struct err *err = make_bucket(v, &s);

	if (!err)
		err = make_text(v, &s);
	if (!err)
		err = hash_text(&s);
	if (err) {
		signature_deinit(&s);
		return err;
	}
	*ret = s;
	return NULL;
}

void signature_deinit(struct signature *s)
{
	buf_deinit(&s->text);
}
