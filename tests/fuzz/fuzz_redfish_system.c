#include "fuzz.h"

#include "format/redfish_system.h"

#include <assert.h>

static void check_path(const char *path)
{
	if (path)
		assert(path[0] == '/' && path[1] != '/' &&
		       strlen(path) <= REDFISH_PATH_MAX && !strpbrk(path, " \r\n\t"));
}

/* Whatever is said, nothing leads away from the service, and what is not listed is not
 * offered. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redfish_system s = {0};
	struct err *err = redfish_system_parse((const char *)data, size, &s);

	if (!err) {
		check_path(s.reset_path);
		check_path(s.action_info);
		assert(s.lists_types || (!s.offers_nmi && !s.offers_restart));
		err = redfish_action_info_parse((const char *)data, size, &s);
		assert(!err);
	}
	err_free(err);
	redfish_system_deinit(&s);
	return 0;
}
