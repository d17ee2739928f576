/*
 * A real dump whose lists, masks and counts were made as long and as wrong as a file can
 * make them: the report still comes, and in bounded time.
 */
#include "testing.h"

#include "seed_dump.h"

#include "analyse/brief.h"
#include "analyse/render_html.h"
#include "analyse/render_text.h"
#include "analyse/report.h"
#include "base/bytes.h"
#include "kernel/field.h"
#include "kernel/wait.h"

#include <time.h>

/* Where the guests had no memory, and yet near enough to the kernel's image. */
#define ROOM_START ((paddr_t)0x21000000)
#define ROOM_LEN   ((u64)96 << 20)
/* Processor time, where sanitizers are at work and without. Each takes less than a tenth.
 */
#define MOST_SECONDS 60

/* The dump, and room in it for more. */
struct opened {
	struct seed_dump dump;
	vaddr_t room; /* by the direct map */
	u64 used;
};

static void open_dump(struct opened *o, const char *name)
{
	*o = (struct opened){0};
	seed_dump_open(&o->dump, name);
	core_image_add(&o->dump.image, ROOM_START, ROOM_LEN);
	seed_dump_reopen(&o->dump);
	assert_true(dump_direct_map(o->dump.d, &o->room));
	o->room += ROOM_START;
}

static void close_dump(struct opened *o)
{
	seed_dump_close(&o->dump);
}

static vaddr_t take(struct opened *o, u64 len)
{
	vaddr_t at = o->room + o->used;

	o->used += align_up(len, 4096);
	assert_true(o->used <= ROOM_LEN);
	return at;
}

static void put(struct opened *o, vaddr_t addr, u64 value, size_t len)
{
	u8 bytes[8], *p = seed_dump_at(&o->dump, addr);

	put_le64(bytes, value);
	/* What no report reads is not there. */
	if (p)
		memcpy(p, bytes, len);
}

static vaddr_t symbol(struct opened *o, const char *name)
{
	vaddr_t addr;

	assert_success(kernel_symbol_get(o->dump.k, name, &addr));
	return addr;
}

static u64 offset(struct opened *o, const char *type, const char *member)
{
	struct field f;

	assert_success(field_get(o->dump.k, type, member, &f));
	return f.offset;
}

/* Everything that is made of a dump. A report comes, in time, and the capture kernel's says
 * @says. */
static void assert_reports_saying(struct opened *o, const char *what, const char *says)
{
	const struct report_options options = {.log_records = 30};
	cleanup(buf_deinit) struct buf text = BUF_INIT, page = BUF_INIT, brief = BUF_INIT;
	json_t *tree;
	clock_t start;
	double seconds;

	start = clock();
	seed_dump_reopen(&o->dump);
	assert_success(report_build(o->dump.k, &options, &tree));
	report_render_text(&text, tree);
	assert_success(report_render_html(&page, tree));
	seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	json_decref(tree);
	start = clock();
	assert_success(brief_format(&brief, o->dump.k));
	print_message("# %s: %.2f s, and %.2f s in the capture kernel\n", what, seconds,
		      (double)(clock() - start) / CLOCKS_PER_SEC);
	assert_true(text.len > 1000);
	if (says && !strstr(buf_text(&brief), says))
		fail_msg("\"%s\" is not in\n%s", says, buf_text(&brief));
	assert_true(seconds < MOST_SECONDS);
}

static void assert_reports(struct opened *o, const char *what)
{
	assert_reports_saying(o, what, NULL);
}

/* ---- tasks ---- */

/* A task of the deadlock. */
#define COMPACTD ((vaddr_t)0xff374a0f1093c200)

#define NUM_TASKS 65536
/* So short that each lies in many others, and no member that is read is in another's. */
#define TASK_STEP 808

/* All of them sleep uninterruptibly on the stack of one that does. @next of the last. */
static void put_tasks(struct opened *o, vaddr_t stack, u64 sp, bool is_ring)
{
	vaddr_t head = symbol(o, "init_task") + offset(o, "task_struct", "tasks");
	vaddr_t first = take(o, NUM_TASKS * TASK_STEP + 16384);
	u64 link = offset(o, "task_struct", "tasks");

	for (u64 i = 0; i < NUM_TASKS; i++) {
		vaddr_t task = first + i * TASK_STEP;
		vaddr_t next = i + 1 < NUM_TASKS
				       ? task + TASK_STEP + link
				       : (is_ring ? first + 8 * TASK_STEP + link : head);

		put(o, task + offset(o, "task_struct", "__state"), 2, 4);
		put(o, task + offset(o, "task_struct", "pid"), i + 100, 4);
		put(o, task + offset(o, "task_struct", "stack"), stack, 8);
		put(o, task + offset(o, "task_struct", "thread.sp"), sp, 8);
		put(o, task + link, next, 8);
		put(o, task + link + 8, task - TASK_STEP + link, 8);
	}
	put(o, head, first + link, 8);
}

static void tasks_without_end(void **state)
{
	struct opened o;
	u64 stack, sp;

	for (int is_ring = 0; is_ring < 2; is_ring++) {
		open_dump(&o, "deadlock-6.1");
		assert_success(field_read_by_name(o.dump.k, COMPACTD, "task_struct",
						  "stack", &stack));
		assert_success(field_read_by_name(o.dump.k, COMPACTD, "task_struct",
						  "thread.sp", &sp));
		put_tasks(&o, stack, sp, is_ring);
		assert_reports_saying(
			&o,
			is_ring ? "65,536 blocked tasks in a ring that is not "
				  "closed"
				: "65,536 blocked tasks",
			"  and 65520 more\n");
		close_dump(&o);
	}
}

#define NUM_WAITERS 1000
#define STACK_LEN   16384u

/* What of the stack at @stack is in the dump; what points into it points into the copy. */
static void copy_stack(struct opened *o, vaddr_t stack, vaddr_t to)
{
	for (u64 at = 0; at < STACK_LEN; at += 8) {
		u64 word;
		struct err *err = kernel_read_u64(o->dump.k, stack + at, &word);

		if (!err)
			put(o, to + at, word - stack < STACK_LEN ? word - stack + to : word,
			    8);
		err_ignore(err);
	}
}

/* Tasks that wait as the one at @model does, in a ring without the lock that it has. */
static void put_waiters(struct opened *o, vaddr_t model, vaddr_t waiter)
{
	vaddr_t head = symbol(o, "init_task") + offset(o, "task_struct", "tasks");
	u64 link = offset(o, "task_struct", "tasks");
	u64 in_waiter = offset(o, "mutex_waiter", "list"), stack, sp;
	vaddr_t stacks = take(o, NUM_WAITERS * (u64)STACK_LEN), tasks;

	assert_success(
		field_read_by_name(o->dump.k, model, "task_struct", "stack", &stack));
	assert_success(
		field_read_by_name(o->dump.k, model, "task_struct", "thread.sp", &sp));
	tasks = take(o, NUM_WAITERS * TASK_STEP + 16384);
	for (u64 i = 0; i < NUM_WAITERS; i++) {
		vaddr_t task = tasks + i * TASK_STEP, own = stacks + i * STACK_LEN;
		vaddr_t node = own + (waiter - stack) + in_waiter;
		vaddr_t first = stacks + (waiter - stack) + in_waiter;
		bool is_last = i + 1 == NUM_WAITERS;

		copy_stack(o, stack, own);
		put(o, own + (waiter - stack) + offset(o, "mutex_waiter", "task"), task, 8);
		put(o, node, is_last ? first : node + STACK_LEN, 8);
		put(o, node + 8,
		    i ? node - STACK_LEN : first + (NUM_WAITERS - 1) * (u64)STACK_LEN, 8);
		put(o, task + offset(o, "task_struct", "__state"), 2, 4);
		put(o, task + offset(o, "task_struct", "pid"), i + 100, 4);
		put(o, task + offset(o, "task_struct", "stack"), own, 8);
		put(o, task + offset(o, "task_struct", "thread.sp"), own + (sp - stack), 8);
		put(o, task + link, is_last ? head : task + TASK_STEP + link, 8);
	}
	put(o, head, tasks + link, 8);
}

static void waiters_that_wait_for_nothing(void **state)
{
	static struct stack stack;
	struct opened o;
	struct task task;
	struct wait w;
	u64 budget = WAIT_BUDGET;

	open_dump(&o, "deadlock-6.1");
	assert_success(task_read(o.dump.k, COMPACTD, &task));
	stack_unwind_task(o.dump.k, task.addr, &stack);
	wait_find(o.dump.k, &task, &stack, &budget, &w);
	assert_true(w.has_lock);
	put_waiters(&o, task.addr, w.waiter);
	assert_reports_saying(&o, "1,000 tasks that wait in a ring without a lock",
			      " (pid 100) in tsr_map_flush [tessera]: waits for a mutex\n");
	close_dump(&o);
}

/* ---- lists of other things ---- */

/* A list at @head of as many elements as there are places for, @step apart. */
static void put_list(struct opened *o, vaddr_t head, u64 link, u64 count, u64 step)
{
	vaddr_t first = take(o, count * step + 16384);

	for (u64 i = 0; i < count; i++) {
		put(o, first + i * step + link, first + (i + 1) * step + link, 8);
		put(o, first + i * step + link + 8, first + (i - 1) * step + link, 8);
	}
	/* Then back to the first, and never to the head. */
	put(o, first + (count - 1) * step + link, first + link, 8);
	put(o, head, first + link, 8);
	put(o, head + 8, first + link, 8);
}

static void lists_without_end(void **state)
{
	static const struct {
		const char *symbol, *type, *link;
		u64 count, step;
	} lists[] = {
		{"modules", "module", "list", 60000, 1024},
		{"slab_caches", "kmem_cache", "list", 200000, 264},
		{"vmap_area_list", "vmap_area", "list", 1000000, 64},
		{"super_blocks", "super_block", "s_list", 60000, 1024},
		{"all_bdevs", "inode", "i_sb_list", 60000, 1024},
	};
	struct opened o;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		vaddr_t head;

		open_dump(&o, "deadlock-6.1");
		if (kernel_symbol_find(o.dump.k, lists[i].symbol, &head)) {
			put_list(&o, head, offset(&o, lists[i].type, lists[i].link),
				 lists[i].count, lists[i].step);
			assert_reports(&o, lists[i].symbol);
			/* One that points to itself. */
			put(&o, o.room, o.room, 8);
			put(&o, symbol(&o, lists[i].symbol), o.room, 8);
			assert_reports(&o, lists[i].symbol);
		}
		close_dump(&o);
	}
}

/* Each element points to what has everything, where there is nothing so far. */
static void put_pointers(struct opened *o, u64 at, u64 count, u64 step)
{
	vaddr_t something = take(o, 4096);

	for (u64 i = 0; i < count; i++)
		put(o, o->room + i * step + at, something, 8);
}

static void lists_of_what_leads_on(void **state)
{
	struct opened o;

	open_dump(&o, "deadlock-6.1");
	put_list(&o, symbol(&o, "vmap_area_list"), offset(&o, "vmap_area", "list"), 1000000,
		 64);
	put_pointers(&o, offset(&o, "vmap_area", "vm"), 1000000, 64);
	assert_reports(&o, "a million vmalloc areas");
	close_dump(&o);

	open_dump(&o, "deadlock-6.1");
	put_list(&o, symbol(&o, "slab_caches"), offset(&o, "kmem_cache", "list"), 65536,
		 512);
	for (u64 node = 0; node < 16; node++)
		put_pointers(&o, offset(&o, "kmem_cache", "node") + node * 8, 65536, 512);
	put(&o, symbol(&o, "nr_node_ids"), 1024, 4);
	assert_reports(&o, "65,536 slab caches on 1,024 nodes");
	close_dump(&o);
}

/* ---- types ---- */

/* Where the kernel's image has what lies at @addr in the direct map. */
static vaddr_t image_address(struct opened *o, vaddr_t addr)
{
	vaddr_t text = symbol(o, "_stext");
	paddr_t text_at, at;

	assert_success(dump_translate(o->dump.d, text, &text_at));
	assert_success(dump_translate(o->dump.d, addr, &at));
	return text + (at - text_at);
}

/* Let a symbol of the image have another address. */
static void move_symbol(struct opened *o, const char *name, vaddr_t to)
{
	vaddr_t offsets = symbol(o, "kallsyms_offsets"), from = symbol(o, name);
	u32 count, offset;

	assert_success(kernel_read_u32(o->dump.k, symbol(o, "kallsyms_num_syms"), &count));
	for (u32 i = 0; i < count; i++) {
		assert_success(kernel_read_u32(o->dump.k, offsets + 4 * (u64)i, &offset));
		/* Offsets count back from a base. */
		if (offset == (u32)(symbol(o, "_stext") - 1 - from)) {
			put(o, offsets + 4 * (u64)i, offset - (u32)(to - from), 4);
			return;
		}
	}
	fail_msg("%s is not among %u symbols", name, count);
}

#define NUM_ENUMERATORS 7000000u

/* One more type: an enum whose enumerators are all called like the first string. And those
 * that are asked for per module are not there any more. */
static void add_enum(struct opened *o)
{
	vaddr_t start = symbol(o, "__start_BTF"), end = symbol(o, "__stop_BTF");
	size_t len = end - start, extra = 12 + NUM_ENUMERATORS * (size_t)8;
	u8 *old = malloc(len), *new = calloc(1, len + extra);
	u32 types_len, strings_len;
	vaddr_t room = take(o, len + extra);

	assert_success(kernel_read(o->dump.k, start, old, len));
	types_len = get_le32(old + 12);
	strings_len = get_le32(old + 20);
	memcpy(new, old, 24 + types_len);
	put_le32(new + 24 + types_len + 4, 6u << 24 | NUM_ENUMERATORS);
	put_le32(new + 24 + types_len + 8, 4);
	for (size_t i = 0; i < NUM_ENUMERATORS; i++)
		put_le32(new + 24 + types_len + 12 + i * 8, 1);
	memcpy(new + 24 + types_len + extra, old + 24 + get_le32(old + 16), strings_len);
	memset(memmem(new, len + extra, "MOD_TEXT", 8), 'x', 8);
	memset(memmem(new, len + extra, "MOD_INIT_TEXT", 13), 'x', 13);
	put_le32(new + 12, types_len + (u32)extra);
	put_le32(new + 16, types_len + (u32)extra);
	memcpy(seed_dump_at(&o->dump, room), new, len + extra);
	move_symbol(o, "__start_BTF", image_address(o, room));
	move_symbol(o, "__stop_BTF", image_address(o, room) + len + extra);
	free(old);
	free(new);
}

static void a_table_of_types_that_is_slow_to_search(void **state)
{
	struct opened o;

	open_dump(&o, "frozen-fs-6.12");
	put_list(&o, symbol(&o, "modules"), offset(&o, "module", "list"), 8000, 1024);
	add_enum(&o);
	assert_reports(&o, "8,000 modules, and 7 million enumerators");
	close_dump(&o);
}

/* ---- CPUs ---- */

static void as_many_cpus_as_a_mask_has_bits(void **state)
{
	static const char *const masks[] = {"__cpu_possible_mask", "__cpu_present_mask",
					    "__cpu_online_mask"};
	struct opened o;
	vaddr_t offsets;
	paddr_t first;
	u64 offset_0;

	open_dump(&o, "deadlock-6.1");
	offsets = symbol(&o, "__per_cpu_offset");
	assert_success(kernel_read_u64(o.dump.k, offsets, &offset_0));
	assert_success(dump_translate(o.dump.d, offsets, &first));
	core_image_add(&o.dump.image, align_down(first, 4096), 8192 * 8 + 4096);
	seed_dump_reopen(&o.dump);
	for (u64 cpu = 0; cpu < 8192; cpu++)
		put(&o, offsets + cpu * 8, offset_0, 8);
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		vaddr_t mask = symbol(&o, masks[i]);

		for (u64 at = 0; at < 1024; at += 8)
			put(&o, mask + at, UINT64_MAX, 8);
	}
	put(&o, symbol(&o, "nr_cpu_ids"), 8192, 4);
	assert_reports(&o, "8,192 CPUs that are all the same");
	close_dump(&o);
}

/* ---- the log ---- */

static void a_log_of_64_million_records(void **state)
{
	struct opened o;
	u64 ring, desc_ring;
	const struct vmcoreinfo *vi;

	open_dump(&o, "deadlock-6.1");
	vi = dump_vmcoreinfo(o.dump.d);
	assert_success(kernel_read_ptr(o.dump.k, symbol(&o, "prb"), &ring));
	assert_true(vmcoreinfo_offset(vi, "printk_ringbuffer.desc_ring", &desc_ring));
	put(&o, ring + desc_ring, 26, 4);
	put(&o, ring + desc_ring + 24, 0x3ffffff, 8);
	put(&o, ring + desc_ring + 32, 0, 8);
	assert_reports(&o, "a log of 64 million records");
	close_dump(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_without_end),
		cmocka_unit_test(waiters_that_wait_for_nothing),
		cmocka_unit_test(lists_without_end),
		cmocka_unit_test(lists_of_what_leads_on),
		cmocka_unit_test(a_table_of_types_that_is_slow_to_search),
		cmocka_unit_test(as_many_cpus_as_a_mask_has_bits),
		cmocka_unit_test(a_log_of_64_million_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
