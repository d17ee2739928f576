#include "arm/time_zone.h"

#include "arm/root.h"
#include "base/io.h"
#include "base/str.h"

#include <string.h>

#define MAGIC	  "TZif"
#define MAGIC_LEN 4

/* Printable, and no name of a file: a '/' only stands in front of the hour of a rule. */
static bool is_zone(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return len > 0 && text[0] != ':' && text[0] != '/';
}

bool time_zone_parse(const char *data, size_t len, char zone[TIME_ZONE_MAX])
{
	const char *newline;
	size_t zone_len;

	if (len < MAGIC_LEN + 1 || memcmp(data, MAGIC, MAGIC_LEN) != 0 ||
	    data[MAGIC_LEN] < '2' || data[len - 1] != '\n')
		return false;
	newline = memrchr(data, '\n', len - 1);
	if (!newline)
		return false;
	zone_len = (size_t)(data + len - 1 - newline) - 1;
	if (zone_len >= TIME_ZONE_MAX || !is_zone(newline + 1, zone_len))
		return false;
	memcpy(zone, newline + 1, zone_len);
	zone[zone_len] = '\0';
	return true;
}

struct err *time_zone_read(const char *root, char **ret)
{
	cleanup(freep) char *resolved = NULL;
	cleanup(freep) char *full = NULL;
	cleanup(freep) char *data = NULL;
	char zone[TIME_ZONE_MAX] = "UTC0";
	struct err *err = root_resolve(root, "/etc/localtime", &resolved);
	size_t len = 0;

	if (!err)
		err = root_join(root, resolved, &full);
	if (err)
		return err;
	err_ignore(io_read_file(full, TIME_ZONE_FILE_MAX, &data, &len));
	if (data)
		time_zone_parse(data, len, zone);
	*ret = strdup(zone);
	return *ret ? NULL : err_nomem();
}
