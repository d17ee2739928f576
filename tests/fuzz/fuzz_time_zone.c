#include "fuzz.h"

#include "arm/time_zone.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char zone[TIME_ZONE_MAX];

	if (time_zone_parse((const char *)data, size, zone))
		assert(*zone && strlen(zone) < TIME_ZONE_MAX && *zone != '/');
	return 0;
}
