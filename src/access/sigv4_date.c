#include "access/sigv4_date_priv.h"

#include <string.h>
#include <time.h>

/* @count digits of @s as a number, -1 if one is none. */
static int read_digits(const char *s, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = value * 10 + (s[i] - '0');
	}
	return value;
}

/* As seconds; false if it is no day of the calendar or no time of a day. */
static bool to_seconds(int year, int month, int day, int hour, int minute, int second,
		       s64 *ret)
{
	struct tm tm = {.tm_year = year - 1900,
			.tm_mon = month - 1,
			.tm_mday = day,
			.tm_hour = hour,
			.tm_min = minute,
			.tm_sec = second};
	time_t t;

	if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
	    minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	t = timegm(&tm);
	/* The 31st of a shorter month comes back as another day. */
	if (tm.tm_mday != day)
		return false;
	*ret = (s64)t;
	return true;
}

bool sigv4_date_parse(const char *text, s64 *ret)
{
	if (strlen(text) != SIGV4_DATE_LEN || text[8] != 'T' || text[15] != 'Z')
		return false;
	return to_seconds(read_digits(text, 4), read_digits(text + 4, 2),
			  read_digits(text + 6, 2), read_digits(text + 9, 2),
			  read_digits(text + 11, 2), read_digits(text + 13, 2), ret);
}

bool sigv4_http_date_parse(const char *text, s64 *ret)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char shape[] = "aaa, 00 aaa 0000 00:00:00 GMT";
	char name[4] = "";
	const char *month;

	if (strlen(text) != strlen(shape))
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] != 'a' && shape[i] != '0' && shape[i] != text[i])
			return false;
	memcpy(name, text + 8, 3);
	month = strstr(months, name);
	if (!month || (month - months) % 3)
		return false;
	return to_seconds(read_digits(text + 12, 4), (int)(month - months) / 3 + 1,
			  read_digits(text + 5, 2), read_digits(text + 17, 2),
			  read_digits(text + 20, 2), read_digits(text + 23, 2), ret);
}

bool sigv4_date_format(char text[SIGV4_DATE_LEN + 1], s64 time)
{
	time_t t = (time_t)time;
	struct tm tm;

	return time >= 0 && gmtime_r(&t, &tm) &&
	       strftime(text, SIGV4_DATE_LEN + 1, "%Y%m%dT%H%M%SZ", &tm) == SIGV4_DATE_LEN;
}
