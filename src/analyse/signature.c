#include "analyse/signature.h"

#include "base/str.h"

#include <nettle/sha2.h>
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

static void hash_text(struct signature *s)
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, s->text.len, (const uint8_t *)s->text.data);
	sha256_digest(&context, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(s->hash + 2 * i, 3, "%02x", digest[i]);
}

struct err *signature_make(const struct verdict *v, struct signature *ret)
{
	struct signature s = {.text = BUF_INIT};
	struct err *err = make_bucket(v, &s);

	if (!err)
		err = make_text(v, &s);
	if (err) {
		signature_deinit(&s);
		return err;
	}
	hash_text(&s);
	*ret = s;
	return NULL;
}

void signature_deinit(struct signature *s)
{
	buf_deinit(&s->text);
}
