/* kmem: the kernel's memory: who has it, and what an address belongs to. */
#include "kernel/slab_cache.h"
#include "shell/kmem_priv.h"

#include <ctype.h>
#include <string.h>

struct request {
	char what; /* the option, 0: none */
	bool is_physical;
	const char *cpus; /* of -S=cpus */
};

static struct err *take_option(struct request *q, char option)
{
	if (option == 'P') {
		q->is_physical = true;
		return NULL;
	}
	if (q->what && q->what != option)
		return err_new(ERR_USAGE, "only one of -%c and -%c", q->what, option);
	q->what = option;
	return NULL;
}

/* What is shown of a whole machine, without operands. */
static struct err *show_all(struct shell *s, const struct request *q)
{
	switch (q->what) {
	case 'i':
		return kmem_usage(s);
	case 'f':
		return kmem_free_lists(s);
	case 'v':
		return kmem_vmalloc(s);
	case 'V':
		return kmem_counters(s);
	case 'z':
		return kmem_zones(s);
	case 'h':
		return kmem_hstates(s);
	case 'o':
		return kmem_percpu(s);
	case 'g':
		return kmem_flags(s, false, 0);
	case 's':
	case 'S':
		return kmem_caches(s, NULL, 0, q->what == 'S', q->cpus);
	default:
		return shell_usage();
	}
}

static struct err *not_in_slabs(u64 addr)
{
	return err_new(ERR_ABSENT, "address is not allocated in slab subsystem: %llx",
		       (unsigned long long)addr);
}

static struct err *show_free(struct shell *s, const struct request *q, u64 addr)
{
	cleanup(memory_pages_closep) struct memory_pages *pages = NULL;
	struct err *err = memory_pages_open(s->k, &pages);
	bool is_physical = q->is_physical || !(addr >> 63), is_found = false;
	vaddr_t start;
	paddr_t paddr = addr;
	pfn_t pfn;

	if (!err && (is_physical || !memory_page_find_pfn(pages, addr, &pfn, &start))) {
		if (!is_physical)
			err = dump_translate(s->d, addr, &paddr);
		pfn = paddr >> dump_page_shift(s->d);
	}
	if (!err)
		err = kmem_free_at(s, pages, pfn, addr, &is_found);
	if (!err && !is_found)
		err = err_new(ERR_ABSENT, "address is not in a free block: %llx",
			      (unsigned long long)addr);
	return err;
}

/* What @q->what says of one address. */
static struct err *show_address(struct shell *s, const struct request *q, u64 addr)
{
	bool is_found;
	struct err *err;

	switch (q->what) {
	case 0:
		return kmem_address(s, addr, q->is_physical);
	case 's':
	case 'S':
		err = kmem_slab_at(s, addr, q->what == 'S', &is_found);
		return err || is_found ? err : not_in_slabs(addr);
	case 'v':
		err = kmem_vmalloc_at(s, addr, &is_found);
		if (!err && !is_found)
			err = err_new(ERR_ABSENT, "address is not in a vmalloc area: %llx",
				      (unsigned long long)addr);
		return err;
	case 'p':
		return kmem_page_at(s, addr, q->is_physical || !(addr >> 63));
	case 'f':
		return show_free(s, q, addr);
	case 'g':
		return kmem_flags(s, true, addr);
	default:
		return err_new(ERR_USAGE, "no address arguments allowed with this option");
	}
}

/* Is it meant as a number? Names of slab caches may look like anything else. */
static bool is_address(struct shell *s, const struct request *q, const char *word, u64 *ret)
{
	size_t skip = word[0] == '0' && tolower((unsigned char)word[1]) == 'x' ? 2 : 0;
	size_t len = strlen(word + skip);
	struct err *err;

	if (q->what != 's' && q->what != 'S' && strpbrk(word, "()+<>")) {
		err = shell_address(s, word, ret);
		err_ignore(err);
		return !err;
	}
	*ret = strtoull(word, NULL, 16);
	return len && len <= 16 && strspn(word + skip, "0123456789abcdefABCDEF") == len;
}

static struct err *show_operands(struct shell *s, const struct request *q,
				 const struct shell_words *w)
{
	struct slab_cache c;
	struct err *err = NULL;
	u64 addr;

	if ((q->what == 's' || q->what == 'S') &&
	    (!is_address(s, q, w->words[0], &addr) || slab_cache_find(s->k, addr, &c)))
		return kmem_caches(s, w->words, w->num_operands, q->what == 'S', q->cpus);
	for (size_t i = 0; i < w->num_operands && !shell_is_over(s); i++) {
		if (err)
			shell_tell(s, "kmem", err);
		if (i)
			buf_add_char(shell_out(s), '\n');
		if (!is_address(s, q, w->words[i], &addr))
			return err_new(ERR_USAGE, "not an address: %s", w->words[i]);
		err = show_address(s, q, addr);
		if (err && err_code(err) == ERR_USAGE)
			return err;
	}
	return err;
}

/* "-S=0,2": the CPUs go with the option. */
static void take_cpus(struct shell_words *w, struct request *q)
{
	for (size_t i = 0; i < w->count; i++) {
		if (strncmp(w->words[i], "-S=", 3) != 0)
			continue;
		q->cpus = w->words[i] + 3;
		w->words[i][2] = '\0';
	}
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct request q = {.what = 0};
	char option;
	struct err *err;

	take_cpus(w, &q);
	while (!(err = shell_option(w, "fivVzohsSgpP", &option)) && option) {
		err = take_option(&q, option);
		if (err)
			return err;
	}
	if (err)
		return err;
	return w->num_operands ? show_operands(s, &q, w) : show_all(s, &q);
}

const struct shell_command shell_cmd_kmem = {
	.name = "kmem",
	.synopsis = "[-f|-i|-v|-V|-z|-o|-h|-g [flags]] [-p]\n"
		    "[[-s|-S|-S=cpu[s]] [slab ...]] [[-P] address ...]",
	.summary = "kernel memory",
	.help = "Show who has the kernel's memory, or what an address belongs to.\n\n"
		"    -i       memory in numbers: total, free, used, cached, swap, committed.\n"
		"    -f       the lists of free blocks, zone by zone and order by order.\n"
		"    -s       slab caches: how many objects are in use, and of how many.\n"
		"    -S       the same, with every slab that a CPU or a node has at hand, and\n"
		"             its objects: [in use], or free. Full slabs are on no list.\n"
		"    -S=cpus  of these CPUs: 1,3 or 1-3 or a.\n"
		"    slab     only the caches of these names, or at these addresses.\n"
		"    -v       areas that vmalloc() handed out.\n"
		"    -V       the counters of all zones, nodes and events.\n"
		"    -z       zones, with their watermarks and counters.\n"
		"    -h       huge pages: size, free, total.\n"
		"    -o       where each CPU has its per-CPU variables.\n"
		"    -g       page flags by bit, or the names of those set in flags.\n"
		"    -p       of the address, only its struct page.\n"
		"    -P       the address is physical, however it looks.\n"
		"    address  a kernel address, that of a struct page, or a physical one: the\n"
		"             symbol there, the slab object, the task whose task_struct or\n"
		"             stack it is in, the vmalloc area, the block of free pages, and\n"
		"             the struct page. With -s, -S, -v, -f: only that.",
	.run = run,
};
