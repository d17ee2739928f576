#include "format/vmcoreinfo.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#define VMCOREINFO_MAX_LEN 65536
#define KEY_MAX_LEN	   256

struct vmcoreinfo {
	size_t len;
	char *text;  /* as it came */
	char *lines; /* the same with each '\n' replaced by 0 */
};

struct err *vmcoreinfo_parse(const void *text, size_t len, struct vmcoreinfo **ret)
{
	cleanup(vmcoreinfo_freep) struct vmcoreinfo *vi = calloc(1, sizeof(*vi));

	if (!vi)
		return err_nomem();
	if (len > VMCOREINFO_MAX_LEN)
		return err_new(ERR_BAD_DATA, "VMCOREINFO of %zu bytes is longer than %d",
			       len, VMCOREINFO_MAX_LEN);
	while (len && ((const char *)text)[len - 1] == '\0')
		len--;
	vi->len = len;
	vi->text = calloc(1, len + 2);
	vi->lines = calloc(1, len + 2);
	if (!vi->text || !vi->lines)
		return err_nomem();
	if (len) {
		memcpy(vi->text, text, len);
		memcpy(vi->lines, text, len);
	}
	for (size_t i = 0; i < len; i++)
		if (vi->lines[i] == '\n')
			vi->lines[i] = '\0';
	if (!vmcoreinfo_find(vi, "OSRELEASE"))
		return err_new(ERR_BAD_DATA,
			       "VMCOREINFO of %zu bytes has no OSRELEASE line", len);
	*ret = steal(vi);
	return NULL;
}

void vmcoreinfo_free(struct vmcoreinfo *vi)
{
	if (!vi)
		return;
	free(vi->text);
	free(vi->lines);
	free(vi);
}

const char *vmcoreinfo_text(const struct vmcoreinfo *vi, size_t *ret_len)
{
	*ret_len = vi->len;
	return vi->text;
}

const char *vmcoreinfo_find(const struct vmcoreinfo *vi, const char *key)
{
	size_t key_len = strlen(key);

	for (const char *line = vi->lines; line < vi->lines + vi->len;
	     line += strlen(line) + 1)
		if (strncmp(line, key, key_len) == 0 && line[key_len] == '=')
			return line + key_len + 1;
	return NULL;
}

/* Find "KIND(name)". */
static const char *find_named(const struct vmcoreinfo *vi, const char *kind,
			      const char *name)
{
	char key[KEY_MAX_LEN];
	int len = snprintf(key, sizeof(key), "%s(%s)", kind, name);

	return len < (int)sizeof(key) ? vmcoreinfo_find(vi, key) : NULL;
}

/* Parse all of @text, negative numbers as two's complement. */
static bool parse_number(const char *text, int base, u64 *ret)
{
	char *end;
	u64 value;

	if (!text)
		return false;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno || end == text || *end)
		return false;
	*ret = value;
	return true;
}

bool vmcoreinfo_symbol(const struct vmcoreinfo *vi, const char *name, vaddr_t *ret)
{
	return parse_number(find_named(vi, "SYMBOL", name), 16, ret);
}

bool vmcoreinfo_size(const struct vmcoreinfo *vi, const char *name, u64 *ret)
{
	return parse_number(find_named(vi, "SIZE", name), 10, ret);
}

bool vmcoreinfo_offset(const struct vmcoreinfo *vi, const char *name, u64 *ret)
{
	return parse_number(find_named(vi, "OFFSET", name), 10, ret);
}

bool vmcoreinfo_length(const struct vmcoreinfo *vi, const char *name, u64 *ret)
{
	return parse_number(find_named(vi, "LENGTH", name), 10, ret);
}

bool vmcoreinfo_number(const struct vmcoreinfo *vi, const char *name, u64 *ret)
{
	return parse_number(find_named(vi, "NUMBER", name), 0, ret);
}

bool vmcoreinfo_value(const struct vmcoreinfo *vi, const char *key, int base, u64 *ret)
{
	return parse_number(vmcoreinfo_find(vi, key), base, ret);
}
