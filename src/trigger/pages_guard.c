#include "trigger/pages_priv.h"

#include "base/str.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <strings.h>

#define DIGEST_SIZE 32u
/* What the cookie is the keyed hash of: the token itself is not kept in a browser. */
#define COOKIE_TEXT "inquestd pages, cookie 1"

static bool digest(const struct config *c, const char *text, unsigned char ret[DIGEST_SIZE])
{
	const char *token = c->pages.token;
	unsigned len = 0;

	return HMAC(EVP_sha256(), token, (int)strlen(token), (const unsigned char *)text,
		    strlen(text), ret, &len) &&
	       len == DIGEST_SIZE;
}

bool pages_is_token(const struct config *c, const char *given)
{
	unsigned char ours[DIGEST_SIZE], theirs[DIGEST_SIZE];

	return digest(c, c->pages.token, ours) && digest(c, given, theirs) &&
	       CRYPTO_memcmp(ours, theirs, DIGEST_SIZE) == 0;
}

static bool cookie_value(const struct config *c, char ret[2 * DIGEST_SIZE + 1])
{
	unsigned char bytes[DIGEST_SIZE];

	if (!digest(c, COOKIE_TEXT, bytes))
		return false;
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

/* The prefix makes browsers refuse one that another host or plain HTTP has set. */
static const char *cookie_name(bool is_tls)
{
	return is_tls ? "__Host-inquestd" : "inquestd";
}

struct err *pages_make_cookie(const struct config *c, bool is_tls, bool ends,
			      struct pages_answer *a)
{
	char value[2 * DIGEST_SIZE + 1] = "";

	if (!ends && !cookie_value(c, value))
		return err_nomem();
	snprintf(a->cookie, sizeof(a->cookie), "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s",
		 cookie_name(is_tls), value, is_tls ? "; Secure" : "",
		 ends ? "; Max-Age=0" : "");
	return NULL;
}

static bool has_cookie(const char *cookies, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);

	while (*cookies) {
		size_t len;

		cookies += strspn(cookies, "; ");
		len = strcspn(cookies, ";");
		if (len == name_len + 1 + value_len &&
		    strncmp(cookies, name, name_len) == 0 && cookies[name_len] == '=' &&
		    CRYPTO_memcmp(cookies + name_len + 1, value, value_len) == 0)
			return true;
		cookies += len;
	}
	return false;
}

bool pages_is_let_in(const struct config *c, const struct pages_request *r)
{
	char value[2 * DIGEST_SIZE + 1];

	if (!c->pages.token)
		return true;
	if (r->authorization && strncasecmp(r->authorization, "Bearer ", 7) == 0)
		return pages_is_token(c, r->authorization + 7);
	return r->cookie && cookie_value(c, value) &&
	       has_cookie(r->cookie, cookie_name(r->is_tls), value);
}

/* "localhost", "127.0.0.1", "[::1]", each with or without a port; and the address that is
 * listened on. */
bool pages_host_is_ours(const struct config *c, const char *host)
{
	const char *names[] = {"localhost", "127.0.0.1", "[::1]", NULL, NULL};
	const char *address = c->pages.address;
	char bracketed[80] = "";

	if (!host)
		return false;
	names[3] = address;
	if (address && strchr(address, ':')) {
		snprintf(bracketed, sizeof(bracketed), "[%s]", address);
		names[4] = bracketed;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = names[i] ? strlen(names[i]) : 0;
		const char *port;

		if (!len || strncasecmp(host, names[i], len) != 0)
			continue;
		port = host + len;
		if (!*port ||
		    (*port == ':' && strspn(port + 1, "0123456789") == strlen(port + 1)))
			return true;
	}
	return false;
}
