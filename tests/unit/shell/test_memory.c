/* kmem and its kin, on a machine with zones, slabs and vmalloc areas. */
#include "world.h"

#include "base/io.h"
#include "gen_memory.h"

/* To be opened with open_world(), after what the test changes. */
static struct world *prepare(u64 random)
{
	struct world *w = blank_world();

	gen_memory_init(&w->o.g, random);
	return w;
}

static struct world *opened_memory(void)
{
	struct world *w = prepare(0);

	open_world(w);
	return w;
}

/* ---- usage ---- */

static void usage_is_counted_as_crash_counts_it(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "kmem -i",
		      "                 PAGES        TOTAL      PERCENTAGE\n"
		      "    TOTAL MEM       40       160 KB         ----\n"
		      "         FREE       20        80 KB   50% of TOTAL MEM\n"
		      "         USED       20        80 KB   50% of TOTAL MEM\n"
		      "       SHARED        1         4 KB    2% of TOTAL MEM\n"
		      "       CACHED        8        32 KB   20% of TOTAL MEM\n"
		      "         SLAB        9        36 KB   22% of TOTAL MEM\n\n"
		      "   TOTAL SWAP       10        40 KB         ----\n"
		      "    SWAP USED        6        24 KB   60% of TOTAL SWAP\n"
		      "    SWAP FREE        4        16 KB   40% of TOTAL SWAP\n\n"
		      " COMMIT LIMIT       30       120 KB         ----\n"
		      "    COMMITTED       15        60 KB   50% of TOTAL LIMIT\n");
	free_world(w);
}

static void usage_without_counters_is_a_sentence(void **state)
{
	struct world *w = prepare(0);

	/* The page that has them does not exist. */
	gen_ram(&w->o.g, GEN_MEMORY_STATS >> 12, 1, GEN_ABSENT);
	open_world(w);
	assert_fails(w->s, "kmem -i",
		     "kmem: the kernel's counters of memory cannot be had");
	free_world(w);
}

static void a_limit_of_less_than_a_page_has_no_shares(void **state)
{
	struct world *w = prepare(0);

	gen_put64(&w->o.g, GEN_MEMORY_STATS + 0x210, 0); /* no swap, */
	gen_put64(&w->o.g, GEN_MEMORY_STATS + 0x230, 1); /* and a limit of 1 kB */
	open_world(w);
	assert_has(w->s, "kmem -i",
		   "    COMMITTED       15        60 KB    0% of TOTAL LIMIT\n");
	free_world(w);
}

/* ---- slabs ---- */

#define CACHES "CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n"
#define THING  "ffffffff80013100      248          9        12      3     4k  thing\n"
#define SLABS  "  SLAB              MEMORY            NODE  TOTAL  ALLOCATED  FREE\n"

static void caches_are_listed_with_what_is_in_use(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "kmem -s",
		      CACHES THING "ffffffff80013200      248          0         0      0  "
				   "   4k  \\x1b[31mred\n");
	assert_output(w->s, "kmem -s thing", CACHES THING);
	assert_output(w->s, "kmem -s ffffffff80013100", CACHES THING);
	assert_fails(w->s, "kmem -s nothing", "kmem: there is no slab cache of that name");
	free_world(w);
}

static void objects_of_a_cache_are_shown_as_used_or_free(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "kmem -S thing",
		      CACHES THING
		      "CPU 0 KMEM_CACHE_CPU:\n  ffffffff80004080\nCPU 0 SLAB:\n" SLABS
		      "  ffffffff80010c00  ffff888000018000     0      4          2     2\n"
		      "  FREE / [ALLOCATED]\n"
		      "  [ffff888000018000]\n"
		      "   ffff888000018100  (cpu 0 cache)\n"
		      "  [ffff888000018200]\n"
		      "   ffff888000018300  (cpu 0 cache)\n"
		      "CPU 0 PARTIAL:\n  (empty)\n"
		      "CPU 1 KMEM_CACHE_CPU:\n  ffffffff80004180\nCPU 1 SLAB:\n  (empty)\n"
		      "CPU 1 PARTIAL:\n  (empty)\n"
		      "KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU\n"
		      "ffffffff800131c0     0      3        1        1\n"
		      "NODE 0 PARTIAL:\n" SLABS
		      "  ffffffff80010c80  ffff888000019000     0      4          3     1\n"
		      "NODE 0 FULL:\n  (not tracked)\n\n");
	free_world(w);
}

static void scrambled_lists_of_free_objects_are_followed(void **state)
{
	struct world *w = prepare(0x1234567890abcdef);

	open_world(w);
	assert_has(w->s, "kmem -S thing", "   ffff888000018300  (cpu 0 cache)\n");
	assert_has(w->s, "kmem -s thing", THING);
	free_world(w);
}

static void a_list_of_free_objects_that_leads_astray_is_not_believed(void **state)
{
	struct world *w = prepare(0);

	/* The first free object points out of its slab. */
	gen_put64(&w->o.g, GEN_MEMORY_SLAB + 0x100 + 128, 0xdead0000);
	open_world(w);
	assert_has(w->s, "kmem -S thing",
		   "   ffff888000018200  (unknown: the list of free objects is broken)\n");
	free_world(w);
}

static void a_list_of_free_objects_that_loops_ends(void **state)
{
	struct world *w = prepare(0);

	gen_put64(&w->o.g, GEN_MEMORY_SLAB + 0x300 + 128,
		  0xffff888000000000 + GEN_MEMORY_SLAB + 0x100);
	open_world(w);
	assert_has(w->s, "kmem -S thing", "   ffff888000018300  (cpu 0 cache)\n");
	free_world(w);
}

static void partial_slabs_that_loop_end(void **state)
{
	struct world *w = prepare(0);
	u64 list = GEN_MEMORY_PAGE(0x19) + GEN_PAGE_SLAB_LIST;

	gen_put64(&w->o.g, list, GEN_SESSION_IMAGE + list);
	open_world(w);
	assert_has(w->s, "kmem -s thing", "more partial slabs than it counts");
	assert_has(w->s, "kmem -s thing",
		   "ffffffff80013100      248          -        12      3     4k  thing\n");
	free_world(w);
}

static void caches_that_lead_to_each_other_end(void **state)
{
	struct world *w = prepare(0);
	const char *out;
	size_t lines = 0;

	gen_put64(&w->o.g, GEN_MEMORY_CACHE(1) + 48,
		  GEN_SESSION_IMAGE + GEN_MEMORY_CACHE(0) + 48);
	open_world(w);
	out = run(w->s, "kmem -s ffffffff80013200", SHELL_FAILED);
	assert_part("kmem -s", out, "leads into itself");
	for (; *out; out++)
		lines += *out == '\n';
	assert_in_range(lines, 2, 12);
	free_world(w);
}

/* ---- zones ---- */

#define ZONE_HEAD                                                                          \
	"ZONE  NAME        SIZE    FREE      MEM_MAP       START_PADDR  START_MAPNR\n"
#define NORMAL                                                                             \
	ZONE_HEAD                                                                          \
	"  1   Normal        32       5  ffffffff80010800     10000          15    \n"

static void free_lists_are_walked_and_verified(void **state)
{
	struct world *w = opened_memory();

	assert_output(
		w->s, "kmem -f",
		ZONE_HEAD
		"  0   DMA           15       0  ffffffff80010080      1000          0"
		"     \n"
		"AREA    SIZE  FREE_AREA_STRUCT  BLOCKS  PAGES\n"
		"  0       4k  ffffffff800120a0       0      0\n"
		"  1       8k  ffffffff800120b0       0      0\n"
		"  2      16k  ffffffff800120c0       0      0\n"
		"  3      32k  ffffffff800120d0       0      0\n\n" NORMAL
		"AREA    SIZE  FREE_AREA_STRUCT  BLOCKS  PAGES\n"
		"  0       4k  ffffffff800121a0       1      1\n"
		"  1       8k  ffffffff800121b0       0      0\n"
		"  2      16k  ffffffff800121c0       1      4\n"
		"  3      32k  ffffffff800121d0       0      0\n\n"
		"nr_free_pages: 5  (verified)\n");
	free_world(w);
}

static void a_free_list_that_loops_is_cut(void **state)
{
	struct world *w = prepare(0);
	u64 block = GEN_MEMORY_PAGE(GEN_MEMORY_FREE) + GEN_PAGE_BUDDY_LIST;

	gen_put64(&w->o.g, block, GEN_SESSION_IMAGE + block);
	open_world(w);
	assert_has(
		w->s, "kmem -f",
		"kmem: free list at 0xffffffff800121c0: order 2, type 0: more pages than "
		"there are\n");
	assert_has(w->s, "kmem -f", "nr_free_pages: 5  (found 1)\n");
	free_world(w);
}

static void zones_have_watermarks(void **state)
{
	struct world *w = opened_memory();

	assert_has(w->s, "kmem -z",
		   "NODE: 0  ZONE: 1  ADDR: ffffffff80012140  NAME: \"Normal\"\n"
		   "  SIZE: 32  MIN/LOW/HIGH: 3/4/5\n  VM_STAT:\n");
	free_world(w);
}

static void counters_need_the_types_that_name_them(void **state)
{
	struct world *w = opened_memory();

	assert_fails(w->s, "kmem -V", "kmem: the kernel's counters");
	assert_fails(w->s, "kmem -g", "kmem: the dump does not tell of enum pageflags");
	assert_fails(w->s, "kmem -h", "hugetlb_max_hstate");
	free_world(w);
}

/* ---- addresses ---- */

#define AREAS                                                                              \
	"   VMAP_AREA         VM_STRUCT                 ADDRESS RANGE                SIZE\n"
#define PAGES "      PAGE       PHYSICAL      MAPPING       INDEX CNT FLAGS\n"

static void vmalloc_areas_come_by_address(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "kmem -v",
		      AREAS "ffffffff80015080  ffffffff80015140  ffffc90000000000 - "
			    "ffffc90000003000    12288\n"
			    "ffffffff80015040  ffffffff80015100  ffffc90000010000 - "
			    "ffffc90000013000    12288\n");
	assert_has(w->s, "kmem -v ffffc90000010fff", "ffffc90000010000 - ");
	assert_fails(w->s, "kmem -v ffffc90000023000", "not in a vmalloc area");
	free_world(w);
}

static void an_address_in_a_slab_is_its_object(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "kmem ffff888000018310",
		      CACHES THING SLABS
		      "  ffffffff80010c00  ffff888000018000     0      4          2     2\n"
		      "  FREE / [ALLOCATED]\n"
		      "   ffff888000018300  (cpu 0 cache)\n\n" PAGES
		      "ffffffff80010c00    18000                0        0  1 0\n");
	assert_has(w->s, "kmem -s ffff888000019000", "  [ffff888000019000]\n");
	assert_has(w->s, "kmem -S ffff888000019000", "   ffff888000019200  \n");
	assert_fails(w->s, "kmem -s ffff888000022000",
		     "kmem: address is not allocated in slab subsystem: ffff888000022000");
	free_world(w);
}

static void an_address_in_free_memory_is_its_block(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "kmem 21004",
		      NORMAL "AREA    SIZE  FREE_AREA_STRUCT\n"
			     "  2      16k  ffffffff800121c0  \n"
			     "ffffffff80011000  (21004 is in 2nd of 4 pages)\n\n" PAGES
			     "ffffffff80011080    21000                0        0  0 0\n");
	assert_has(w->s, "kmem ffff888000022000",
		   "(ffff888000022000 is in 3rd of 4 pages)\n");
	assert_has(w->s, "kmem -f 24000", "(24000 is in 1st of 1 pages)\n");
	assert_fails(w->s, "kmem -f 25000", "address is not in a free block: 25000");
	free_world(w);
}

static void an_address_of_a_task_is_that_task(void **state)
{
	struct world *w = opened_memory();

	assert_has(w->s, "kmem ffffffff80001200", "    PID: 1\nCOMMAND: \"init\"\n");
	assert_output(w->s, "kmem -p 1000",
		      PAGES
		      "ffffffff80010080     1000                0        0  9 1000\n");
	assert_fails(w->s, "kmem ffffd00000000000",
		     "kmem: ffffd00000000000: kernel virtual address not found in mem map");
	assert_fails(w->s, "kmem ffffff", "kmem: ffffff: physical address not found");
	free_world(w);
}

static void a_struct_page_stands_for_its_memory(void **state)
{
	struct world *w = opened_memory();

	assert_has(w->s, "kmem ffffffff80010c80", "  [ffff888000019000]\n");
	assert_has(w->s, "kmem ffffffff80011080", "(ffffffff80011080 is 2nd of 4 pages)\n");
	free_world(w);
}

static void options_of_kmem_exclude_each_other(void **state)
{
	struct world *w = opened_memory();

	assert_fails(w->s, "kmem", "Usage:\n  kmem ");
	assert_fails(w->s, "kmem -i -s", "only one of -i and -s");
	assert_fails(w->s, "kmem -i 3", "no address arguments allowed with this option");
	assert_fails(w->s, "kmem zzz", "not an address: zzz");
	free_world(w);
}

/* ---- rd ---- */

static void memory_is_read_backwards_and_in_network_order(void **state)
{
	struct world *w = opened_memory();

	assert_output(
		w->s, "rd -8 -R ffffffff80021806 3",
		"ffffffff80021804:  78 20 76                                          "
		"x v\n");
	assert_output(
		w->s, "rd -32 -N linux_banner 2",
		"ffffffff80021800:  4c696e75 78207665                     Linux ve\n");
	assert_output(w->s, "rd -16 -N -D linux_banner", "ffffffff80021800:  19561 \n");
	assert_output(w->s, "rd -N linux_banner",
		      "ffffffff80021800:  65762078756e694c                    Linux ve\n");
	assert_fails(w->s, "rd -m 1000", "no dump of");
	free_world(w);
}

static void bytes_are_copied_to_a_file(void **state)
{
	struct world *w = opened_memory();
	char dir[] = "/tmp/test_memory.XXXXXX", line[128], path[64];
	char *text = NULL;
	size_t len;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/copy", dir);
	snprintf(line, sizeof(line), "rd -r %s linux_banner 13", path);
	assert_has(w->s, line,
		   "13 bytes copied from 0xffffffff80021800 to /tmp/test_memory.");
	assert_success(io_read_file(path, 100, &text, &len));
	assert_int_equal(len, 13);
	assert_memory_equal(text, "Linux version", 13);
	free(text);
	snprintf(line, sizeof(line), "rd -r %s linux_banner", path);
	assert_fails(w->s, line, "requires either a count argument or the -e option");
	snprintf(line, sizeof(line), "rd -r %s ffffd00000000000 8", path);
	assert_fails(w->s, line, "rd: virtual address 0xffffd00000000000");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	free_world(w);
}

/* ---- search ---- */

static void values_are_found_wherever_they_are_mapped(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "search -s ffff888000020000 65762078756e694c",
		      "ffff888000021800: 65762078756e694c \n"
		      "ffffffff80021800: 65762078756e694c \n");
	assert_output(w->s, "search -s linux_banner -m ffffffffffff0000 694c",
		      "ffffffff80021800: 65762078756e694c \n");
	assert_output(w->s, "search -p -s 20000 -e 22000 65762078756e694c",
		      "21800: 65762078756e694c \n");
	assert_output(w->s, "search -p -s 21801 65762078756e694c", "");
	assert_output(w->s, "search -V 65762078756e694c", "");
	assert_output(w->s, "search -s linux_banner -l 8 -w 65762078",
		      "ffffffff80021804: 65762078 \n");
	free_world(w);
}

static void names_stand_beside_what_they_stand_for(void **state)
{
	struct world *w = opened_memory();

	/* init_task is the parent of two tasks, and what CPU 0 does when idle. */
	assert_has(w->s, "search -K -s ffffffff80000000 65762078756e694c (linux_banner)",
		   "ffffffff80021800: 65762078756e694c \n");
	assert_has(w->s, "search init_task",
		   "ffff888000001270: ffffffff80001000 (init_task)\n");
	assert_has(w->s, "search (init_task+0)",
		   "ffff888000001270: ffffffff80001000 (init_task+0)\n");
	free_world(w);
}

static void texts_are_found_across_pages(void **state)
{
	struct world *w = prepare(0);
	const char *out;

	memcpy(gen_page(&w->o.g, 0x2b) + 4092, "over", 4);
	memcpy(gen_page(&w->o.g, 0x2c), "there\n", 6);
	open_world(w);
	out = run(w->s, "search -p -s 20000 -c overthere \"version 6.1\"", SHELL_DONE);
	assert_part("search", out, "21806: version 6.1.0-gen (gen)....");
	assert_part("search", out, "\n2bffc: overthere....");
	free_world(w);
}

static void hits_are_shown_among_their_neighbours(void **state)
{
	struct world *w = opened_memory();

	assert_output(
		w->s, "search -h -x 2 -s linux_banner -l 64 2078",
		"ffffffff80021800:  694c 756e                                 Linu\n"
		"ffffffff80021804:  2078 \n"
		"ffffffff80021806:  6576 7372                                 vers\n\n");
	free_world(w);
}

static void an_area_without_end_is_not_searched(void **state)
{
	struct world *w = prepare(0);

	gen_put64(&w->o.g, GEN_MEMORY_AREAS + 0x108, UINT64_MAX / 2);
	open_world(w);
	assert_has(w->s, "search 65762078756e694c",
		   "ffffffff80021800: 65762078756e694c \n");
	free_world(w);
}

static void a_search_that_makes_no_sense_says_why(void **state)
{
	struct world *w = opened_memory();

	assert_fails(w->s, "search", "Usage:\n  search ");
	assert_fails(w->s, "search nothing", "search: invalid input: \"nothing\"\n");
	assert_fails(w->s, "search -w 123456789a",
		     "search: value too large for -w option: 123456789a\n");
	assert_fails(w->s, "search -s 1000 abcd", "invalid kernel virtual address: 1000");
	assert_fails(w->s, "search -s linux_banner -e 100 1", "is not behind");
	assert_fails(w->s, "search -e 1 -l 1 1", "exclude each other");
	assert_fails(w->s, "search -t -s 0 1", "stacks are searched as a whole");
	free_world(w);
}

static void user_memory_is_searched_by_area(void **state)
{
	struct world *w = opened_memory();

	assert_has(w->s, "search -u -c prog", "400100: prog.--flag.HOME=/");
	run(w->s, "set 2", SHELL_DONE);
	assert_fails(w->s, "search -u 1",
		     "search: current context has no user address space\n");
	free_world(w);
}

/* ---- vm, swap ---- */

#define VM_INIT "PID: 1        TASK: ffffffff80001200  CPU: 0    COMMAND: \"init\"\n"
#define VM_SUMMARY                                                                         \
	"       MM               PGD          RSS    TOTAL_VM\n"                           \
	"ffffffff80002800  ffffffff80007000   100k     400k  \n"
#define VM_HEAD "      VMA           START       END     FLAGS FILE\n"

static void areas_of_a_process_are_shown(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "vm",
		      VM_INIT VM_SUMMARY VM_HEAD
		      "ffffffff80015200     400000     402000 75 \n"
		      "ffffffff80015240 7ffc00000000 7ffc00001000 100173 \n");
	assert_output(
		w->s, "vm 2",
		"PID: 2        TASK: ffffffff80001300  CPU: 0    COMMAND: \"kthreadd\"\n"
		"       MM               PGD          RSS    TOTAL_VM\n"
		"       0                 0            0k       0k   \n");
	assert_has(w->s, "foreach user vm", "COMMAND: \"worker\"\n");
	assert_fails(w->s, "vm nobody", "vm: invalid task or pid value: nobody\n");
	free_world(w);
}

static void pages_of_a_process_are_translated(void **state)
{
	struct world *w = opened_memory();

	assert_output(w->s, "vm -P ffffffff80015200 1",
		      VM_INIT VM_HEAD "ffffffff80015200     400000     402000 75 \n"
				      "VIRTUAL     PHYSICAL\n"
				      "400000         20000\n"
				      "401000      (not mapped)\n");
	assert_output(w->s, "vm -P 1234 1", VM_INIT "(not found)\n");
	assert_has(w->s, "vm -p 1", VM_SUMMARY VM_HEAD);
	assert_fails(w->s, "vm -p -m", "exclude each other");
	assert_fails(w->s, "vm -m 1", "vm: the dump does not tell of struct mm_struct\n");
	assert_fails(w->s, "vm -f 75", "vmaflag_names cannot be had");
	free_world(w);
}

static void areas_that_lead_to_each_other_end(void **state)
{
	struct world *w = prepare(0);

	gen_put64(&w->o.g, GEN_MEMORY_VMAS + 0x50, GEN_SESSION_IMAGE + GEN_MEMORY_VMAS);
	open_world(w);
	assert_has(w->s, "vm 1",
		   "vm: areas of the mm_struct at 0xffffffff80002800: the area at "
		   "0xffffffff80015200 is not behind the one before\n");
	free_world(w);
}

static void swap_areas_that_are_on_are_shown(void **state)
{
	struct world *w = opened_memory();

	assert_output(
		w->s, "swap",
		"SWAP_INFO_STRUCT    TYPE       SIZE       USED     PCT  PRI  FILENAME\n"
		"ffffffff80014400  PARTITION      400k       100k  25%   -2  \n");
	assert_fails(w->s, "swap 1", "Usage:\n  swap ");
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_is_counted_as_crash_counts_it),
		cmocka_unit_test(usage_without_counters_is_a_sentence),
		cmocka_unit_test(a_limit_of_less_than_a_page_has_no_shares),
		cmocka_unit_test(caches_are_listed_with_what_is_in_use),
		cmocka_unit_test(objects_of_a_cache_are_shown_as_used_or_free),
		cmocka_unit_test(scrambled_lists_of_free_objects_are_followed),
		cmocka_unit_test(a_list_of_free_objects_that_leads_astray_is_not_believed),
		cmocka_unit_test(a_list_of_free_objects_that_loops_ends),
		cmocka_unit_test(partial_slabs_that_loop_end),
		cmocka_unit_test(caches_that_lead_to_each_other_end),
		cmocka_unit_test(free_lists_are_walked_and_verified),
		cmocka_unit_test(a_free_list_that_loops_is_cut),
		cmocka_unit_test(zones_have_watermarks),
		cmocka_unit_test(counters_need_the_types_that_name_them),
		cmocka_unit_test(vmalloc_areas_come_by_address),
		cmocka_unit_test(an_address_in_a_slab_is_its_object),
		cmocka_unit_test(an_address_in_free_memory_is_its_block),
		cmocka_unit_test(an_address_of_a_task_is_that_task),
		cmocka_unit_test(a_struct_page_stands_for_its_memory),
		cmocka_unit_test(options_of_kmem_exclude_each_other),
		cmocka_unit_test(memory_is_read_backwards_and_in_network_order),
		cmocka_unit_test(bytes_are_copied_to_a_file),
		cmocka_unit_test(values_are_found_wherever_they_are_mapped),
		cmocka_unit_test(names_stand_beside_what_they_stand_for),
		cmocka_unit_test(texts_are_found_across_pages),
		cmocka_unit_test(hits_are_shown_among_their_neighbours),
		cmocka_unit_test(an_area_without_end_is_not_searched),
		cmocka_unit_test(a_search_that_makes_no_sense_says_why),
		cmocka_unit_test(user_memory_is_searched_by_area),
		cmocka_unit_test(areas_of_a_process_are_shown),
		cmocka_unit_test(pages_of_a_process_are_translated),
		cmocka_unit_test(areas_that_lead_to_each_other_end),
		cmocka_unit_test(swap_areas_that_are_on_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
