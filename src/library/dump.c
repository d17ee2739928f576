#include "base/str.h"
#include "kernel/field.h"
#include "kernel/symbols.h"
#include "library/library_priv.h"

#include <string.h>

#define MAX_INTO_SYMBOL ((u64)64 << 20)

static const struct dump_format *const formats[] = {&dump_format_diskdump,
						    &dump_format_elfcore, NULL};

static struct err *open_dump(const char *const *paths, size_t count, struct dump **ret)
{
	if (!count)
		return err_new(ERR_USAGE, "no file is named");
	return count == 1 ? dump_open(paths[0], formats, ret)
			  : dump_open_set(paths, count, formats, ret);
}

static void close_guarded(struct inquest **q)
{
	inquest_close(*q);
}

PUBLIC struct inquest_error *inquest_open(const char *const *paths, size_t count,
					  struct inquest **ret)
{
	cleanup(close_guarded) struct inquest *q = calloc(1, sizeof(*q));
	struct err *err = q ? open_dump(paths, count, &q->d) : err_nomem();

	if (!err)
		err = kernel_open(q->d, &q->k);
	if (!err)
		err = types_open(q->k, &q->types);
	if (!err)
		*ret = steal(q);
	return to_public(err);
}

PUBLIC void inquest_close(struct inquest *q)
{
	if (!q)
		return;
	task_table_deinit(&q->tasks);
	cpu_table_deinit(&q->cpus);
	free(q->room);
	types_close(q->types);
	kernel_close(q->k);
	dump_close(q->d);
	free(q);
}

PUBLIC const char *inquest_notice(const struct inquest *q, size_t index)
{
	const struct notices *n = dump_notices(q->d);

	return index < n->count ? n->texts[index] : NULL;
}

PUBLIC const char *inquest_release(const struct inquest *q)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(q->d);

	return vi ? vmcoreinfo_find(vi, "OSRELEASE") : NULL;
}

/* ---- memory ---- */

PUBLIC struct inquest_error *inquest_read(struct inquest *q, uint64_t address, void *data,
					  size_t len)
{
	return to_public(kernel_read(q->k, address, data, len));
}

PUBLIC struct inquest_error *inquest_read_physical(struct inquest *q, uint64_t address,
						   void *data, size_t len)
{
	return to_public(dump_read(q->d, ADDR_PHYSICAL, address, data, len));
}

PUBLIC struct inquest_error *inquest_read_number(struct inquest *q, uint64_t address,
						 unsigned bytes, uint64_t *ret)
{
	const struct field f = {.present = true, .size = bytes};
	u64 value;
	struct err *err = bytes ? field_read(q->k, address, &f, &value)
				: err_new(ERR_USAGE, "a number of no bytes");

	if (!err)
		*ret = value;
	return to_public(err);
}

PUBLIC struct inquest_error *inquest_read_string(struct inquest *q, uint64_t address,
						 char *text, size_t size)
{
	if (!size)
		return to_public(err_new(ERR_USAGE, "no room for a string"));
	return to_public(kernel_read_str(q->k, address, text, size));
}

/* ---- symbols ---- */

PUBLIC struct inquest_error *inquest_symbol_address(struct inquest *q, const char *name,
						    uint64_t *ret)
{
	cleanup(freep) struct symbol *symbol = malloc(sizeof(*symbol));
	vaddr_t addr;

	if (!symbol)
		return to_public(err_nomem());
	if (kernel_symbol_find(q->k, name, &addr))
		*ret = addr;
	else if (symbol_find(q->k, name, symbol))
		*ret = symbol->addr;
	else
		return to_public(err_new(ERR_ABSENT,
					 "neither the kernel nor a module has a symbol %s",
					 name));
	return NULL;
}

PUBLIC bool inquest_symbol_at(struct inquest *q, uint64_t address,
			      struct inquest_symbol *ret)
{
	cleanup(freep) struct symbol *symbol = malloc(sizeof(*symbol));
	u64 offset;

	if (!symbol || !symbol_at(q->k, address, MAX_INTO_SYMBOL, symbol, &offset))
		return false;
	snprintf(ret->name, sizeof(ret->name), "%s", symbol->name);
	snprintf(ret->module, sizeof(ret->module), "%s", symbol->module);
	ret->offset = offset;
	return true;
}

PUBLIC struct inquest_error *inquest_percpu_address(struct inquest *q, const char *name,
						    unsigned cpu, uint64_t *ret)
{
	vaddr_t addr;
	struct err *err = kernel_percpu_symbol(q->k, name, cpu, &addr);

	if (!err)
		*ret = addr;
	return to_public(err);
}

/* ---- text ---- */

PUBLIC char *inquest_escape(const char *text)
{
	struct buf b = BUF_INIT;

	str_escape(&b, text, strlen(text), false);
	buf_add_char(&b, '\0');
	if (b.failed)
		buf_deinit(&b);
	return b.data;
}

PUBLIC void inquest_free(char *text)
{
	free(text);
}
