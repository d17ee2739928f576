/* What the parts of the program `reduce` share; it ends itself on any error. */
#ifndef TESTS_DUMPS_REDUCE_H
#define TESTS_DUMPS_REDUCE_H

#include "core_image.h"
#include "kernel/kernel.h"

struct reduction {
	struct core_image *image;
	struct kernel *k; /* over @image, as it was when it was opened */
	char *told;	  /* what the report says */
	char **names;	  /* sorted; what the program or the report may mean */
	size_t num_names;
	vaddr_t types_end; /* after reduce_types() */
};

void must(struct err *err);
bool reduction_wants(const struct reduction *r, const char *name);
void reduction_write(struct reduction *r, vaddr_t addr, const void *data, size_t len);

/* Write BTF anew with the types that are wanted, and what is in them. */
void reduce_types(struct reduction *r);
/* Write kallsyms anew with the symbols that are wanted, and those behind them. */
void reduce_symbols(struct reduction *r);

#endif
