#include "dump/dump_priv.h"

#define MAX_VIEW_LEN	 ((size_t)256 << 20)
#define LOAD_CHUNK_BYTES (1u << 20)

/* The bytes in place if all of them are contiguous in the mapped file, else NULL. */
static const void *view_in_place(struct dump *d, vaddr_t addr, size_t len)
{
	const char *first = NULL;
	size_t done = 0;

	while (done < len) {
		paddr_t paddr;
		u64 contiguous, mapped = 0;
		const char *p;
		struct err *err =
			translation_find(&d->own, addr + done, &paddr, &contiguous);

		if (err) {
			err_ignore(err);
			return NULL;
		}
		p = d->format->map_phys(&d->own, paddr, min_u64(len - done, contiguous),
					&mapped);
		if (!p || (first && p != first + done))
			return NULL;
		if (!first)
			first = p;
		done += min_u64(contiguous, mapped);
	}
	return first;
}

struct err *dump_view(struct dump *d, vaddr_t addr, size_t len, struct dump_view *ret)
{
	cleanup(freep) void *copy = NULL;
	const void *data = len && d->format->map_phys ? view_in_place(d, addr, len) : NULL;
	struct err *err;

	if (data) {
		*ret = (struct dump_view){.data = data, .len = len};
		return NULL;
	}
	if (len > MAX_VIEW_LEN)
		return err_new(
			ERR_BAD_DATA,
			"%zu bytes at virtual address 0x%llx are more than the %zu that "
			"are copied",
			len, (unsigned long long)addr, MAX_VIEW_LEN);
	/* Grow with what can be read, so that a wild length costs no memory. */
	for (size_t done = 0; done < len || !copy;) {
		size_t chunk = min_u64(len - done, max_u64(done, LOAD_CHUNK_BYTES));
		void *grown = realloc(copy, done + chunk + 1);

		if (!grown)
			return err_nomem();
		copy = grown;
		err = dump_read(d, ADDR_VIRTUAL, addr + done, (char *)copy + done, chunk);
		if (err)
			return err;
		done += chunk;
	}
	*ret = (struct dump_view){.data = copy, .len = len, .copy = copy};
	copy = NULL;
	return NULL;
}

void dump_view_release(struct dump_view *v)
{
	free(v->copy);
	*v = (struct dump_view){0};
}
