#include "access/sigv4_signature_priv.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

void sigv4_format_hash(char text[SIGV4_HASH_TEXT_LEN + 1],
		       const u8 hash[SIGV4_SIGNATURE_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SIGV4_SIGNATURE_SIZE; i++) {
		text[2 * i] = digits[hash[i] >> 4];
		text[2 * i + 1] = digits[hash[i] & 15];
	}
	text[SIGV4_HASH_TEXT_LEN] = '\0';
}

/* The hash functions of libcrypto fail for want of memory only. */
bool sigv4_hash(char text[SIGV4_HASH_TEXT_LEN + 1], const void *data, size_t len)
{
	u8 hash[SIGV4_SIGNATURE_SIZE];

	if (!SHA256(len ? data : (const void *)"", len, hash))
		return false;
	sigv4_format_hash(text, hash);
	return true;
}

static bool hmac(u8 ret[SIGV4_SIGNATURE_SIZE], const void *key, size_t key_len,
		 const char *text, size_t len)
{
	unsigned size = SIGV4_SIGNATURE_SIZE;

	return HMAC(EVP_sha256(), key, (int)key_len, (const u8 *)text, len, ret, &size) !=
	       NULL;
}

bool sigv4_derive_key(u8 ret[SIGV4_SIGNATURE_SIZE], const char *secret, const char *scope)
{
	struct buf start = BUF_INIT;
	u8 key[SIGV4_SIGNATURE_SIZE], next[SIGV4_SIGNATURE_SIZE];
	size_t len = strcspn(scope, "/");
	bool good;

	buf_add_str(&start, "AWS4");
	buf_add_str(&start, secret);
	good = !start.failed && hmac(key, start.data, start.len, scope, len);
	while (good && scope[len]) {
		scope += len + 1;
		len = strcspn(scope, "/");
		good = hmac(next, key, sizeof(key), scope, len);
		memcpy(key, next, sizeof(key));
	}
	if (good)
		memcpy(ret, key, sizeof(key));
	if (start.data)
		OPENSSL_cleanse(start.data, start.len);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(next, sizeof(next));
	buf_deinit(&start);
	return good;
}

void sigv4_add_canonical(struct buf *b, const struct sigv4_request *r,
			 const struct sigv4_terms *t, const char *payload_hash,
			 bool *is_whole)
{
	buf_add_str(b, r->method);
	buf_add_char(b, '\n');
	sigv4_add_path(b, r->path, t->path_as_is);
	buf_add_char(b, '\n');
	*is_whole = sigv4_add_query(b, r->query, t->leave_out);
	buf_add_char(b, '\n');
	*is_whole &= sigv4_add_headers(b, r, &t->names);
	buf_add_char(b, '\n');
	buf_add_str(b, t->names_text);
	buf_add_char(b, '\n');
	buf_add_str(b, payload_hash);
}

must_check struct err *sigv4_make(const struct sigv4_request *r,
				  const struct sigv4_terms *t, bool *is_whole,
				  u8 ret[SIGV4_SIGNATURE_SIZE])
{
	struct buf canonical = BUF_INIT, to_sign = BUF_INIT;
	char hash[SIGV4_HASH_TEXT_LEN + 1];
	u8 key[SIGV4_SIGNATURE_SIZE];
	bool good = sigv4_hash(hash, r->body, r->body_len);

	sigv4_add_canonical(&canonical, r, t, hash, is_whole);
	good = good && !canonical.failed && sigv4_hash(hash, canonical.data, canonical.len);
	buf_printf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", t->date, t->scope, hash);
	good = good && !to_sign.failed && sigv4_derive_key(key, t->secret, t->scope) &&
	       hmac(ret, key, sizeof(key), to_sign.data, to_sign.len);
	OPENSSL_cleanse(key, sizeof(key));
	buf_deinit(&canonical);
	buf_deinit(&to_sign);
	return good ? NULL : err_nomem();
}
