#include "kernel/uts.h"

#include "kernel/field.h"

#include <string.h>

#define NUM_FIELDS 5 /* the sixth, domainname, nobody asks for */

static void take(char field[UTS_FIELD_SIZE], const char *bytes, unsigned index)
{
	memcpy(field, bytes + (size_t)index * UTS_FIELD_SIZE, UTS_FIELD_SIZE);
	field[UTS_FIELD_SIZE - 1] = '\0';
}

struct err *uts_read(struct kernel *k, struct uts *ret)
{
	char bytes[NUM_FIELDS * UTS_FIELD_SIZE];
	struct field name;
	vaddr_t addr;
	struct err *err = kernel_symbol_get(k, "init_uts_ns", &addr);

	if (!err)
		err = field_get(k, "uts_namespace", "name", &name);
	if (!err)
		err = kernel_read(k, addr + name.offset, bytes, sizeof(bytes));
	if (err)
		return err_wrap(err, "names of the system");
	take(ret->sysname, bytes, 0);
	take(ret->nodename, bytes, 1);
	take(ret->release, bytes, 2);
	take(ret->version, bytes, 3);
	take(ret->machine, bytes, 4);
	return NULL;
}
