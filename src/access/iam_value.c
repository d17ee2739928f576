#include "access/iam_priv.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* long double holds that many digits exactly, so that equal texts are equal numbers. */
#define DIGITS_MAX   18
#define DATE_LEN_MAX 40

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* An integer or a decimal fraction. */
bool iam_number_parse(const char *text, long double *ret)
{
	const char *p = text + (*text == '-' || *text == '+');
	size_t digits = 0, points = 0;

	for (; is_digit(*p) || (*p == '.' && digits && !points && is_digit(p[1])); p++) {
		if (*p == '.')
			points++;
		else
			digits++;
	}
	if (*p || !digits || digits > DIGITS_MAX)
		return false;
	*ret = strtold(text, NULL);
	return true;
}

/* Read @count digits. */
static bool take_digits(const char **p, size_t count, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_digit((*p)[i]))
			return false;
		value = value * 10 + ((*p)[i] - '0');
	}
	*p += count;
	*ret = value;
	return true;
}

static bool take(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

/* ".25" of a second, to the microsecond. */
static bool take_fraction(const char **p, s64 *ret_us)
{
	s64 us = 0, scale = 100000;

	if (!is_digit(**p))
		return false;
	for (; is_digit(**p); ++*p, scale /= 10)
		us += (**p - '0') * scale;
	*ret_us = us;
	return true;
}

/* "Z" or "+01:00", in seconds east of UTC. */
static bool take_zone(const char **p, int *ret)
{
	int sign = **p == '-' ? -1 : 1, hours, minutes;

	if (take(p, 'Z')) {
		*ret = 0;
		return true;
	}
	if (!take(p, '+') && !take(p, '-'))
		return false;
	if (!take_digits(p, 2, &hours) || !take(p, ':') || !take_digits(p, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*ret = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static s64 days_since_1970(int year, int month, int day)
{
	/* Years start in March, so that the leap day is the last. */
	s64 y = year - (month <= 2);
	s64 era = (y >= 0 ? y : y - 399) / 400;
	s64 of_era = y - era * 400;
	s64 of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_of_month(int year, int month)
{
	static const u8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

/* "T12:30Z", "T12:30:15+01:00", "T12:30:15.25Z". */
static bool take_time(const char **p, s64 *ret_us)
{
	int hour, minute, second = 0, zone;
	s64 fraction = 0;

	if (!take(p, 'T') || !take_digits(p, 2, &hour) || !take(p, ':') ||
	    !take_digits(p, 2, &minute))
		return false;
	if (take(p, ':')) {
		if (!take_digits(p, 2, &second))
			return false;
		if (take(p, '.') && !take_fraction(p, &fraction))
			return false;
	}
	if (hour > 23 || minute > 59 || second > 59 || !take_zone(p, &zone))
		return false;
	*ret_us = (s64)(hour * 3600 + minute * 60 + second - zone) * 1000000 + fraction;
	return true;
}

/* The forms of https://www.w3.org/TR/NOTE-datetime but a year alone, which would be seconds
 * since 1970 as well. */
static bool iso8601_parse(const char *p, s64 *ret_us)
{
	int year, month, day = 1;
	s64 time_us = 0;

	if (!take_digits(&p, 4, &year) || !take(&p, '-') || !take_digits(&p, 2, &month) ||
	    month < 1 || month > 12)
		return false;
	if (take(&p, '-')) {
		if (!take_digits(&p, 2, &day) || day < 1 ||
		    day > days_of_month(year, month))
			return false;
		if (*p && !take_time(&p, &time_us))
			return false;
	}
	if (*p)
		return false;
	*ret_us = days_since_1970(year, month, day) * 86400 * 1000000 + time_us;
	return true;
}

bool iam_date_parse(const char *text, s64 *ret_us)
{
	size_t digits = strspn(text, "0123456789");

	if (strlen(text) > DATE_LEN_MAX)
		return false;
	if (text[digits])
		return iso8601_parse(text, ret_us);
	/* Twelve digits are the year 33658; four would be taken for a year by some. */
	if (digits < 5 || digits > 12)
		return false;
	*ret_us = (s64)strtoll(text, NULL, 10) * 1000000;
	return true;
}

/* An IPv4 address that IPv6 carries is one of IPv4. */
bool iam_address_parse(const char *text, struct ip_prefix *ret)
{
	static const u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct ip_prefix ip;

	if (!ip_prefix_parse(text, strlen(text), &ip))
		return false;
	if (ip.family == AF_INET6 && memcmp(ip.bytes, mapped, 12) == 0 && ip.bits >= 96) {
		ip.family = AF_INET;
		ip.bits -= 96;
		memmove(ip.bytes, ip.bytes + 12, 4);
	}
	*ret = ip;
	return true;
}

bool iam_bool_parse(const char *text, bool *ret)
{
	if (iam_text_is(text, "true", true))
		*ret = true;
	else if (iam_text_is(text, "false", true))
		*ret = false;
	else
		return false;
	return true;
}

/* The value of a digit of base64 (RFC 4648, section 4), -1 for none. */
static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Padded, and with no stray bits at the end: then equal bytes have equal texts. */
bool iam_base64_is_valid(const char *text)
{
	size_t len = strlen(text), pads = 0;
	int last = 0;

	if (len % 4)
		return false;
	while (pads < 2 && len && text[len - 1] == '=') {
		pads++;
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		last = base64_digit(text[i]);
		if (last < 0)
			return false;
	}
	return !(last & (pads == 1 ? 3 : pads == 2 ? 15 : 0));
}
