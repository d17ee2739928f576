#include "rehearse/apt_record.h"

#include "base/str.h"

#include <string.h>

#define IMAGE_PREFIX "linux-image-"

void apt_record_deinit(struct apt_record *r)
{
	free(r->package);
	free(r->version);
	free(r->image_dependency);
	*r = (struct apt_record){0};
}

/* A package name or version: what may stand in a file name and can be no option. */
static bool is_plain_word(const char *s, size_t len)
{
	if (!len || len > 200 || s[0] == '-' || s[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || (c && strchr("+-.~:", c))))
			return false;
	}
	return true;
}

/* The value of @field in the first stanza of @text; NULL if there is none. */
static const char *find_field(const char *text, const char *field, size_t *ret_len)
{
	size_t field_len = strlen(field);

	while (*text && *text != '\n') {
		size_t line_len = strcspn(text, "\n");

		if (line_len > field_len && text[field_len] == ':' &&
		    strncmp(text, field, field_len) == 0) {
			const char *value = text + field_len + 1;

			value += strspn(value, " ");
			*ret_len = strcspn(value, "\n");
			return value;
		}
		text += line_len + (text[line_len] == '\n');
	}
	return NULL;
}

static struct err *copy_word(const char *text, const char *field, char **ret)
{
	size_t len = 0;
	const char *value = find_field(text, field, &len);

	if (!value || !is_plain_word(value, len))
		return err_new(ERR_BAD_DATA, "apt-cache show gave no usable %s", field);
	*ret = strndup(value, len);
	return *ret ? NULL : err_nomem();
}

/* "linux-base (>= 4.3~), linux-image-6.1.0-56-amd64 (= 6.1.192-2), a | b" */
static struct err *find_image_dependency(const char *text, char **ret)
{
	size_t len = 0;
	const char *value = find_field(text, "Depends", &len);
	const char *end = value ? value + len : NULL;

	while (value < end) {
		size_t word = strcspn(value, " ,|(\n");

		if (str_has_prefix(value, IMAGE_PREFIX) && is_plain_word(value, word)) {
			*ret = strndup(value, word);
			return *ret ? NULL : err_nomem();
		}
		value += strcspn(value, ",|\n");
		value += strspn(value, ",| ");
	}
	return NULL;
}

struct err *apt_record_parse(const char *text, struct apt_record *ret)
{
	cleanup(apt_record_deinit) struct apt_record r = {0};
	size_t len = 0;
	const char *size = find_field(text, "Size", &len);
	struct err *err = copy_word(text, "Package", &r.package);

	if (!err)
		err = copy_word(text, "Version", &r.version);
	if (!err)
		err = find_image_dependency(text, &r.image_dependency);
	if (err)
		return err;
	if (size && len < 16) {
		char digits[16] = "";

		memcpy(digits, size, len);
		str_parse_u64(digits, &r.size_bytes);
	}
	*ret = r;
	r = (struct apt_record){0};
	return NULL;
}
