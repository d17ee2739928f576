#include "fuzz.h"

#include "format/aws_query.h"

#include <assert.h>
#include <string.h>

/* What was read, written again with everything encoded, is read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_query q = {0}, again = {0};
	struct buf b = BUF_INIT;
	enum percent_plus plus = size % 2 ? PERCENT_PLUS_IS_PLUS : PERCENT_PLUS_IS_SPACE;
	struct err *err = aws_query_parse(&q, (const char *)data, size, plus);

	assert(q.num <= AWS_QUERY_PARAMETERS_MAX);
	if (err) {
		assert(err_message(err)[0]);
		err_free(err);
		aws_query_deinit(&q);
		return 0;
	}
	for (size_t i = 0; i < q.num; i++) {
		const char *name = q.parameters[i].name, *value = q.parameters[i].value,
			   *rest;

		assert(name[0] && strlen(name) <= AWS_QUERY_NAME_MAX);
		assert(aws_query_find(&q, name) == value);
		if (aws_query_index(name, "Filter", &rest))
			assert(rest > name && rest <= name + strlen(name));
		percent_encode(&b, name, strlen(name), "");
		buf_add_char(&b, '=');
		percent_encode(&b, value, strlen(value), "");
		buf_add_char(&b, '&');
	}
	err = aws_query_parse(&again, buf_text(&b), b.len, PERCENT_PLUS_IS_SPACE);
	assert(!err && again.num == q.num);
	for (size_t i = 0; i < q.num; i++)
		assert(strcmp(q.parameters[i].value, again.parameters[i].value) == 0);
	aws_query_deinit(&q);
	aws_query_deinit(&again);
	buf_deinit(&b);
	return 0;
}
