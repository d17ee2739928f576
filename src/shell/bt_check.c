/* bt -v and -E: all stacks, whoever's they are. */
#include "shell/bt_priv.h"

#include "base/bytes.h"
#include "kernel/cpu_stack.h"
#include "kernel/stack_check.h"

#include <string.h>

#define PT_REGS_LEN 168
#define KERNEL_CS   0x10
#define USER_CS	    0x33
#define USER_SS	    0x2b
#define FLAGS_SET   0x2	   /* a bit of RFLAGS that is always set */
#define FLAGS_CLEAR 0x8028 /* bits that never are */
#define KERNEL_HALF ((u64)1 << 63)

/* ---- -v ---- */

static void add_word_text(struct buf *b, u64 word)
{
	buf_printf(b, "possible stack overflow: %llx != STACK_END_MAGIC\n",
		   (unsigned long long)word);
}

/* Was it interrupted with a stack pointer below its stack, which is where the guard page
 * is? That leaves no mark on the stack. *@ret_sp: where. */
static bool is_below(struct shell *s, const struct task *t, vaddr_t *ret_sp)
{
	const struct cpu *cpu = cpu_find_task(&s->cpus, t->addr);

	if (!cpu || !panic_unwind(s->k, cpu, s->stack))
		return false;
	for (size_t i = 0; i < s->stack->num_frames; i++) {
		*ret_sp = s->stack->frames[i].sp;
		if (t->stack - *ret_sp - 1 < dump_page_size(s->d))
			return true;
	}
	return false;
}

static bool check_task(struct shell *s, const struct task *t)
{
	struct buf *b = shell_out(s);
	struct stack_check c;
	vaddr_t sp = 0;
	bool below;

	stack_check_read(s->k, &s->cpus, t, &c);
	below = is_below(s, t, &sp);
	if (c.is_end_whole && c.is_cpu_valid && !below)
		return false;
	shell_task_header(s, t);
	if (!c.is_cpu_valid)
		buf_printf(b, "possible stack overflow: thread_info.cpu: %llu is no CPU\n",
			   (unsigned long long)c.cpu);
	if (!c.is_end_whole)
		add_word_text(b, c.end);
	if (below)
		buf_printf(b,
			   "stack overflow: its stack pointer was %llx, below its stack "
			   "at %llx\n",
			   (unsigned long long)sp, (unsigned long long)t->stack);
	shell_flush(s);
	return true;
}

void bt_check_stacks(struct shell *s)
{
	bool found = false;

	for (size_t i = 0; i < s->tasks.count && !shell_is_over(s); i++)
		found |= check_task(s, &s->tasks.rows[i].task);
	if (!found)
		buf_add_str(shell_out(s), "No stack overflows detected\n");
}

/* ---- -E ---- */

static u64 get(const struct arch_regs *regs, unsigned reg)
{
	u64 value = 0;

	return regs_get(regs, reg, &value) ? value : 0;
}

/* Could an exception have saved these? */
static bool are_plausible(struct shell *s, const struct arch_regs *regs)
{
	u64 cs = get(regs, X86_64_CS), ss = get(regs, X86_64_SS);
	u64 rip = get(regs, X86_64_RIP), rsp = get(regs, X86_64_RSP);
	u64 flags = get(regs, X86_64_RFLAGS);

	if (flags >> 22 || !(flags & FLAGS_SET) || (flags & FLAGS_CLEAR))
		return false;
	if (cs == USER_CS)
		return ss == USER_SS && !(rip & KERNEL_HALF) && !(rsp & KERNEL_HALF);
	return cs == KERNEL_CS && (!ss || ss == KERNEL_CS + 8) && (rsp & KERNEL_HALF) &&
	       kernel_is_text(s->k, rip);
}

static void print_found(struct shell *s, const struct bt_how *how, vaddr_t at,
			const struct arch_regs *regs)
{
	struct frame *f = calloc(1, sizeof(*f));
	bool is_user = get(regs, X86_64_CS) == USER_CS;

	buf_printf(shell_out(s), "\n  %s-MODE EXCEPTION FRAME AT: %llx\n",
		   is_user ? "USER" : "KERNEL", (unsigned long long)at);
	if (!is_user && f) {
		f->regs = *regs;
		f->pc = get(regs, X86_64_RIP);
		f->has_symbol = kernel_symbol_at(s->k, f->pc, &f->symbol);
		bt_print_exception(s, how, f);
	} else {
		bt_print_registers(s, regs);
	}
	free(f);
}

static void search_stack(struct shell *s, const struct bt_how *how,
			 const struct cpu_stack *stack)
{
	const struct arch *arch = dump_arch(s->d);
	size_t found = 0;

	for (u64 off = 0; off + PT_REGS_LEN <= stack->size && !shell_is_over(s);
	     off += BT_WORD) {
		u8 bytes[PT_REGS_LEN];
		struct arch_regs regs;
		struct err *err =
			kernel_read(s->k, stack->start + off, bytes, sizeof(bytes));

		if (!err)
			err = arch->parse_pt_regs(bytes, sizeof(bytes), &regs);
		if (err) {
			err_free(err);
			continue;
		}
		if (!are_plausible(s, &regs))
			continue;
		print_found(s, how, stack->start + off, &regs);
		found++;
	}
	if (!found)
		buf_add_str(shell_out(s), "(none found)\n");
}

static void search_kind(struct shell *s, const struct bt_how *how, const struct cpu *cpu,
			enum cpu_stack_kind kind)
{
	struct cpu_stack stack;
	struct err *err = cpu_stack_find(s->k, cpu->number, kind, &stack);

	buf_printf(shell_out(s), "CPU %u %s %sSTACK:\n", cpu->number, cpu_stack_name(kind),
		   kind == CPU_STACK_IRQ ? "" : "EXCEPTION ");
	if (err)
		shell_tell(s, "bt", err);
	else
		search_stack(s, how, &stack);
	buf_add_char(shell_out(s), '\n');
	shell_flush(s);
}

static bool is_chosen(const struct bt_how *how, const struct cpu *cpu)
{
	return cpu->is_present && (!how->cpus || shell_has_cpu(how->cpus, cpu->number));
}

void bt_search_stacks(struct shell *s, const struct bt_how *how)
{
	for (size_t i = 0; i < s->cpus.count; i++)
		if (is_chosen(how, &s->cpus.cpus[i]))
			search_kind(s, how, &s->cpus.cpus[i], CPU_STACK_IRQ);
	for (size_t i = 0; i < s->cpus.count; i++)
		for (int kind = CPU_STACK_IRQ + 1; kind < CPU_STACK_NUM_KINDS; kind++)
			if (is_chosen(how, &s->cpus.cpus[i]))
				search_kind(s, how, &s->cpus.cpus[i],
					    (enum cpu_stack_kind)kind);
}
