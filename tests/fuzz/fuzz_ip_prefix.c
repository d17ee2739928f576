/* Addresses as a manifest has them. What was parsed is written so that it is parsed alike.
 */
#include "fuzz.h"

#include "format/ip_prefix.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ip_prefix ip, again;
	char text[IP_TEXT_SIZE];

	if (!ip_prefix_parse((const char *)data, size, &ip))
		return 0;
	ip_prefix_format(text, &ip);
	assert(ip_prefix_parse(text, strlen(text), &again));
	assert(memcmp(&ip, &again, sizeof(ip)) == 0);
	assert(ip_is_within(&ip, &again));
	return 0;
}
