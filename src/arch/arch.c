#include "arch/arch.h"

#include <string.h>

static const struct arch *const arches[] = {&arch_x86_64};

const struct arch *arch_find(u16 elf_machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (arches[i]->elf_machine == elf_machine)
			return arches[i];
	return NULL;
}

const struct arch *arch_find_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (strcmp(arches[i]->name, name) == 0)
			return arches[i];
	return NULL;
}
