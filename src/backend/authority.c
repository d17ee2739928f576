#include "backend/authority_priv.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define HOST_MAX 253u /* RFC 1035, 2.3.4 */
#define USER_MAX 64u

void backend_authority_deinit(struct backend_authority *a)
{
	free(a->username);
	free(a->host);
	*a = (struct backend_authority){0};
}

static bool consists_of(const char *text, size_t len, const char *others)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(others, text[i]))
			return false;
	return true;
}

static struct err *take_user(const char *text, size_t len, struct backend_authority *a)
{
	if (memchr(text, ':', len))
		return err_new(ERR_USAGE, "a password does not belong into an address");
	if (!len || len > USER_MAX || !consists_of(text, len, "._-+"))
		return err_new(
			ERR_USAGE,
			"a user name has letters, digits and ._-+ here; give others by themselves");
	a->username = strndup(text, len);
	return a->username ? NULL : err_nomem();
}

static struct err *take_port(const char *text, size_t len, struct backend_authority *a)
{
	char digits[8] = "";
	u64 port;

	if (!len)
		return NULL;
	if (len < sizeof(digits) - 1)
		memcpy(digits, text, len);
	if (!digits[0] || digits[strspn(digits, "0123456789")] ||
	    !str_parse_u64(digits, &port) || !port || port > 65535)
		return err_new(ERR_USAGE, "a port is a number from 1 to 65535");
	a->port = (unsigned)port;
	return NULL;
}

static struct err *take_host(const char *text, size_t len, struct backend_authority *a)
{
	const char *colon;
	size_t host_len;

	if (len && text[0] == '[') {
		const char *end = memchr(text, ']', len);

		if (!end || !consists_of(text + 1, (size_t)(end - text) - 1, ":."))
			return err_new(ERR_USAGE,
				       "an IPv6 address is written as [ADDRESS]");
		a->is_ipv6 = true;
		a->host = strndup(text + 1, (size_t)(end - text) - 1);
		colon = end + 1;
		host_len = (size_t)(end - text) - 1;
		if (colon < text + len && *colon != ':')
			return err_new(ERR_USAGE, "nothing but a port follows a host");
	} else {
		colon = len ? memchr(text, ':', len) : NULL;
		colon = colon ? colon : text + len;
		host_len = (size_t)(colon - text);
		a->host = strndup(text, host_len);
		if (!consists_of(text, host_len, ".-_") || text[0] == '-')
			return err_new(ERR_USAGE,
				       "a host is a name, an IPv4 address or [IPv6]");
	}
	if (!a->host)
		return err_nomem();
	if (!host_len || host_len > HOST_MAX)
		return err_new(ERR_USAGE, "no host");
	if (colon >= text + len)
		return NULL;
	return take_port(colon + 1, (size_t)(text + len - colon) - 1, a);
}

struct err *backend_authority_parse(const char *text, struct backend_authority *ret)
{
	size_t len = strcspn(text, "/?#");
	const char *at = memrchr(text, '@', len);
	struct err *err = NULL;

	*ret = (struct backend_authority){.path = text + len};
	if (at) {
		err = take_user(text, (size_t)(at - text), ret);
		len -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	return err ? err : take_host(text, len, ret);
}
