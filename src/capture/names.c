#include "capture/names.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define STAMP_SIZE 32

static bool is_debian(const char *naming)
{
	return str_eq(naming, "kdump-tools");
}

/* False if the clock shows no date. */
static bool make_stamp(const char *naming, time_t when, char ret[STAMP_SIZE])
{
	struct tm tm;

	/* Only localtime() looks at TZ by itself. */
	tzset();
	if (!localtime_r(&when, &tm))
		return false;
	if (is_debian(naming))
		return strftime(ret, STAMP_SIZE, "%Y%m%d%H%M", &tm);
	return strftime(ret, STAMP_SIZE, "%Y-%m-%d-%T", &tm);
}

void names_make(const char *naming, time_t when, enum dump_form form, struct names *ret)
{
	static const char *const of_form[] = {
		[DUMP_KDUMP] = "vmcore",
		[DUMP_FLATTENED] = "vmcore.flat",
		[DUMP_PLAIN] = "vmcore",
	};
	char stamp[STAMP_SIZE];

	*ret = (struct names){.log = "vmcore-dmesg.txt",
			      .log_incomplete = "vmcore-dmesg-incomplete.txt",
			      .dump_incomplete = "vmcore-incomplete"};
	snprintf(ret->dump, sizeof(ret->dump), "%s", of_form[form]);
	if (!is_debian(naming))
		return;
	if (!make_stamp(naming, when, stamp))
		snprintf(stamp, sizeof(stamp), "0");
	snprintf(ret->log, sizeof(ret->log), "dmesg.%.16s", stamp);
	snprintf(ret->log_incomplete, sizeof(ret->log_incomplete), "dmesg-incomplete");
	snprintf(ret->dump, sizeof(ret->dump), "%s.%.16s",
		 form == DUMP_PLAIN ? "vmcore" : "dump", stamp);
	if (form != DUMP_PLAIN)
		snprintf(ret->dump_incomplete, sizeof(ret->dump_incomplete),
			 "dump-incomplete");
}

struct err *names_add_directory(const char *naming, const char *host, time_t when,
				unsigned try, struct buf *b)
{
	char stamp[STAMP_SIZE];

	if (!make_stamp(naming, when, stamp))
		return err_new(ERR_BAD_DATA, "the clock reads %lld, which is no date",
			       (long long)when);
	buf_printf(b, "%s%s%s", host, *host ? "-" : "", stamp);
	if (try > 1)
		buf_printf(b, "-%u", try);
	return buf_check(b);
}

/* Does @text begin like @pattern, where '0' is any digit and ':' may be '-'? Returns what
 * follows. */
static const char *match(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++) {
		bool is_digit = isdigit((unsigned char)*text);

		if (*pattern == ':' && *text == '-')
			continue;
		if (*pattern == '0' ? !is_digit : *pattern != *text)
			return NULL;
	}
	return text;
}

bool names_is_directory(const char *naming, const char *host, const char *name)
{
	const char *pattern = is_debian(naming) ? "000000000000" : "0000-00-00-00:00:00";
	const char *rest;

	if (*host) {
		if (!str_has_prefix(name, host) || name[strlen(host)] != '-')
			return false;
		name += strlen(host) + 1;
	}
	rest = match(name, pattern);
	return rest &&
	       (!*rest || (rest[0] == '-' && isdigit((unsigned char)rest[1]) && !rest[2]));
}
