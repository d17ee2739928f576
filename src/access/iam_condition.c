#include "access/iam_priv.h"

#include "base/str.h"

#include <string.h>

/* How a value of the request compares with one of the policy. */
enum outcome {
	NO,
	YES,
	UNREADABLE, /* the request's value: neither the operator nor its negation holds */
	NO_VALUE,   /* of a variable */
};

/* What the texts of an operator are. */
enum kind {
	TEXT,
	TEXT_FOLDED,
	TEXT_LIKE,
	ARN,
	NUMBER,
	DATE,
	BOOL,
	BINARY,
	ADDRESS,
	PRESENCE
};

enum order { EQUAL = 1 << 0, LESS = 1 << 1, GREATER = 1 << 2 };

/* A negated operator is true where none of its values matches, and where the key is
 * missing. @orders are those of numbers and dates that match. */
struct iam_operator {
	const char *name;
	enum kind kind;
	bool is_negated;
	unsigned orders;
};

/* "IAM JSON policy elements: Condition operators". */
static const struct iam_operator operators[] = {
	{"StringEquals", TEXT, false, 0},
	{"StringNotEquals", TEXT, true, 0},
	{"StringEqualsIgnoreCase", TEXT_FOLDED, false, 0},
	{"StringNotEqualsIgnoreCase", TEXT_FOLDED, true, 0},
	{"StringLike", TEXT_LIKE, false, 0},
	{"StringNotLike", TEXT_LIKE, true, 0},
	{"NumericEquals", NUMBER, false, EQUAL},
	{"NumericNotEquals", NUMBER, true, EQUAL},
	{"NumericLessThan", NUMBER, false, LESS},
	{"NumericLessThanEquals", NUMBER, false, LESS | EQUAL},
	{"NumericGreaterThan", NUMBER, false, GREATER},
	{"NumericGreaterThanEquals", NUMBER, false, GREATER | EQUAL},
	{"DateEquals", DATE, false, EQUAL},
	{"DateNotEquals", DATE, true, EQUAL},
	{"DateLessThan", DATE, false, LESS},
	{"DateLessThanEquals", DATE, false, LESS | EQUAL},
	{"DateGreaterThan", DATE, false, GREATER},
	{"DateGreaterThanEquals", DATE, false, GREATER | EQUAL},
	{"Bool", BOOL, false, 0},
	{"BinaryEquals", BINARY, false, 0},
	{"IpAddress", ADDRESS, false, 0},
	{"NotIpAddress", ADDRESS, true, 0},
	{"ArnEquals", ARN, false, 0},
	{"ArnLike", ARN, false, 0},
	{"ArnNotEquals", ARN, true, 0},
	{"ArnNotLike", ARN, true, 0},
	{"Null", PRESENCE, false, 0},
};

/* What @word has before the operator. */
static const char *take_set(const char *word, enum iam_set *ret)
{
	static const struct {
		const char *prefix;
		enum iam_set set;
	} sets[] = {{"ForAllValues:", IAM_FOR_ALL_VALUES},
		    {"ForAnyValue:", IAM_FOR_ANY_VALUE}};

	*ret = IAM_SINGLE;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		if (str_has_prefix(word, sets[i].prefix)) {
			*ret = sets[i].set;
			return word + strlen(sets[i].prefix);
		}
	return word;
}

struct err *iam_operator_find(const char *word, struct iam_condition *ret)
{
	static const char if_exists[] = "IfExists";
	enum iam_set set;
	const char *name = take_set(word, &set);
	size_t len = strlen(name);
	bool has_suffix = str_has_suffix(name, if_exists);

	if (has_suffix)
		len -= strlen(if_exists);
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		const struct iam_operator *op = &operators[i];

		if (strlen(op->name) != len || memcmp(op->name, name, len) != 0)
			continue;
		if (op->kind == PRESENCE && (has_suffix || set != IAM_SINGLE))
			return err_new(ERR_BAD_DATA,
				       "Null has no other form: it asks whether "
				       "the key is there at all");
		ret->op = op;
		ret->set = set;
		ret->if_exists = has_suffix;
		return NULL;
	}
	return err_new(ERR_BAD_DATA,
		       "there is no condition operator of this name (case counts)");
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static struct err *check_arn(const char *text, const struct iam_pattern *p)
{
	if (str_eq(text, "*") || iam_pattern_has_variables(p) ||
	    iam_arn_count_parts(text) == 6)
		return NULL;
	return err_new(ERR_BAD_DATA,
		       "not an ARN of six parts, "
		       "arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, nor *");
}

/* The values that are not text. */
static struct err *parse_typed(enum kind kind, const char *text, struct iam_value *ret)
{
	switch (kind) {
	case NUMBER:
		if (!iam_number_parse(text, &ret->number))
			return err_new(ERR_BAD_DATA, "not a number of at most 18 digits");
		break;
	case DATE:
		if (!iam_date_parse(text, &ret->time_us))
			return err_new(ERR_BAD_DATA,
				       "not a date, as in 2026-11-20T21:58:52Z, "
				       "nor seconds since 1970");
		break;
	case ADDRESS:
		if (!iam_address_parse(text, &ret->address))
			return err_new(
				ERR_BAD_DATA,
				"not an address, as in 203.0.113.0/24 or 2001:db8::/32");
		break;
	case BINARY:
		if (!iam_base64_is_valid(text))
			return err_new(ERR_BAD_DATA, "not base64");
		break;
	case BOOL:
	case PRESENCE:
		if (!iam_bool_parse(text, &ret->truth))
			return err_new(ERR_BAD_DATA, "neither \"true\" nor \"false\"");
		break;
	default:
		break;
	}
	return NULL;
}

struct err *iam_value_parse(const struct iam_condition *c, const char *text,
			    bool has_variables, struct iam_value *ret)
{
	enum kind kind = c->op->kind;
	struct iam_value v = {0};
	unsigned flags = 0;
	struct err *err;

	if (kind == TEXT_LIKE || kind == ARN)
		flags |= IAM_WILDCARDS;
	if (has_variables && kind <= ARN)
		flags |= IAM_VARIABLES;
	err = iam_pattern_parse(text, flags, &v.pattern);
	if (!err && kind == ARN)
		err = check_arn(text, &v.pattern);
	else if (!err && kind == TEXT_FOLDED && !is_ascii(text))
		err = err_new(ERR_BAD_DATA,
			      "case is ignored for letters of ASCII only, and "
			      "this text has others");
	if (!err)
		err = parse_typed(kind, text, &v);
	if (err) {
		iam_pattern_deinit(&v.pattern);
		return err;
	}
	*ret = v;
	return NULL;
}

void iam_condition_deinit(struct iam_condition *c)
{
	for (size_t i = 0; i < c->num_values; i++)
		iam_pattern_deinit(&c->values[i].pattern);
	free(c->values);
	free(c->key);
	*c = (struct iam_condition){0};
}

static bool has_order(const struct iam_operator *op, bool is_less, bool is_greater)
{
	unsigned order = is_less ? LESS : is_greater ? GREATER : EQUAL;

	return (op->orders & order) != 0;
}

static enum outcome truth(bool is_true)
{
	return is_true ? YES : NO;
}

static enum outcome compare_pattern(enum kind kind, const struct iam_value *v,
				    const char *text, const struct iam_request *r)
{
	char room[IAM_TEXT_MAX + 1];
	const char *pattern = iam_pattern_expand(&v->pattern, r, NULL, room);

	if (!pattern)
		return NO_VALUE;
	switch (kind) {
	case TEXT_LIKE:
		return truth(iam_glob_matches(pattern, text, false));
	case ARN:
		return truth(iam_arn_matches(pattern, text));
	default:
		return truth(iam_text_is(pattern, text, kind == TEXT_FOLDED));
	}
}

static enum outcome compare(const struct iam_operator *op, const struct iam_value *v,
			    const char *text, const struct iam_request *r)
{
	struct ip_prefix address;
	long double number;
	s64 time_us;
	bool is_true;

	switch (op->kind) {
	case NUMBER:
		if (!iam_number_parse(text, &number))
			return UNREADABLE;
		return truth(has_order(op, number<v->number, number> v->number));
	case DATE:
		if (!iam_date_parse(text, &time_us))
			return UNREADABLE;
		return truth(has_order(op, time_us<v->time_us, time_us> v->time_us));
	case ADDRESS:
		if (!iam_address_parse(text, &address))
			return UNREADABLE;
		return truth(address.bits >= v->address.bits &&
			     ip_is_within(&address, &v->address));
	case BOOL:
		if (!iam_bool_parse(text, &is_true))
			return UNREADABLE;
		return truth(is_true == v->truth);
	default:
		return compare_pattern(op->kind, v, text, r);
	}
}

/* Does the operator hold for this one value of the request?
 *
 * "Inverted condition operators ... do match against a null value" ("Policy variables with
 * no value"), and so a Deny denies. An Allow is not made of a variable that has no value.
 */
static bool holds_for(const struct iam_condition *c, const char *text,
		      const struct iam_request *r, bool denies)
{
	bool matches = false;

	for (size_t i = 0; i < c->num_values; i++) {
		enum outcome o = compare(c->op, &c->values[i], text, r);

		if (c->op->is_negated && (o == UNREADABLE || (o == NO_VALUE && !denies)))
			return false;
		matches = matches || o == YES;
	}
	return matches != c->op->is_negated;
}

bool iam_condition_is_negated(const struct iam_condition *c)
{
	return c->op->is_negated;
}

bool iam_condition_holds_if_missing(const struct iam_condition *c)
{
	if (c->if_exists)
		return true;
	return c->set == IAM_SINGLE ? c->op->is_negated : c->set == IAM_FOR_ALL_VALUES;
}

static bool null_holds(const struct iam_condition *c, bool is_missing)
{
	for (size_t i = 0; i < c->num_values; i++)
		if (c->values[i].truth == is_missing)
			return true;
	return false;
}

/* To a set operator a key whose value is an empty string is as one that is missing. */
static bool is_empty_set(const struct iam_condition *c, const struct iam_key *key)
{
	if (c->set == IAM_SINGLE)
		return false;
	for (size_t i = 0; i < key->num_values; i++)
		if (key->values[i][0])
			return false;
	return true;
}

bool iam_condition_holds(const struct iam_condition *c, const struct iam_request *r,
			 bool denies)
{
	const struct iam_key *key = iam_request_find(r, c->key);

	if (c->op->kind == PRESENCE)
		return null_holds(c, !key);
	if (!key || is_empty_set(c, key))
		return iam_condition_holds_if_missing(c);
	/* Several values can only be compared by a set operator. */
	if (c->set == IAM_SINGLE)
		return key->num_values == 1 && holds_for(c, key->values[0], r, denies);
	for (size_t i = 0; i < key->num_values; i++)
		if (holds_for(c, key->values[i], r, denies) !=
		    (c->set == IAM_FOR_ALL_VALUES))
			return c->set == IAM_FOR_ANY_VALUE;
	return c->set == IAM_FOR_ALL_VALUES;
}
