#include "access/iam_parse_priv.h"

struct err *iam_wrong(const struct iam_reader *rd, const struct json_place *at,
		      const char *sentence)
{
	return json_place_wrap(rd->document, at, err_new(ERR_BAD_DATA, "%s", sentence));
}

size_t iam_values_count(const json_t *v)
{
	return json_is_array(v) ? json_array_size(v) : 1;
}

const json_t *iam_values_get(const json_t *v, size_t i)
{
	return json_is_array(v) ? json_array_get(v, i) : v;
}

const struct json_place *iam_values_place(const json_t *v, const struct json_place *at,
					  size_t i, struct json_place *room)
{
	if (!json_is_array(v))
		return at;
	*room = JSON_ELEMENT(at, i);
	return room;
}

struct err *iam_values_check(const struct iam_reader *rd, const struct json_place *at,
			     const json_t *v, size_t max)
{
	if (!iam_values_count(v))
		return iam_wrong(rd, at, "an empty array: give one value at least");
	if (iam_values_count(v) > max)
		return json_place_wrap(rd->document, at,
				       err_new(ERR_BAD_DATA, "%zu values; %zu are the most",
					       iam_values_count(v), max));
	return NULL;
}
