#include "fuzz.h"

#include "arm/boot_text_priv.h"
#include "base/str.h"

#include <assert.h>

#define WORDS "crashkernel=1M,high crashkernel=2M,low"

static void check(enum boot_text kind, const char *text)
{
	struct buf once = BUF_INIT, twice = BUF_INIT, none = BUF_INIT, words = BUF_INIT;
	struct err *err = boot_text_replace(kind, text, WORDS, &once);

	/* Doing it again changes nothing; taking the words away leaves none. */
	if (!err) {
		err = boot_text_replace(kind, buf_text(&once), WORDS, &twice);
		assert(!err && str_eq(buf_text(&once), buf_text(&twice)));
	}
	err_free(err);
	err = boot_text_replace(kind, text, "", &none);
	if (!err) {
		err = boot_text_words(kind, buf_text(&none), &words);
		assert(err || !words.len);
		assert(none.len <= strlen(text));
	}
	err_free(err);
	buf_deinit(&once);
	buf_deinit(&twice);
	buf_deinit(&none);
	buf_deinit(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check(BOOT_TEXT_WORDS, text);
	check(BOOT_TEXT_ENTRY, text);
	check(BOOT_TEXT_GRUB, text);
	free(text);
	return 0;
}
