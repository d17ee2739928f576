#include "fuzz.h"

#include "rehearse/apt_record.h"

#include <assert.h>

/* What is taken goes into a path and onto a command line. */
static void check(const char *name)
{
	assert(*name && *name != '-' && *name != '.' && !strchr(name, '/'));
	for (; *name; name++)
		assert((unsigned char)*name > ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct apt_record r = {0};
	char *text = malloc(size + 1);
	struct err *err;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	err = apt_record_parse(text, &r);
	if (!err) {
		check(r.package);
		check(r.version);
		if (r.image_dependency)
			check(r.image_dependency);
		apt_record_deinit(&r);
	}
	err_free(err);
	free(text);
	return 0;
}
