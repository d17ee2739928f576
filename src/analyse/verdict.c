#include "analyse/verdict.h"

#include "analyse/function_names.h"
#include "base/str.h"
#include "kernel/module.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#define TAINT_OUT_OF_TREE 12 /* TAINT_OOT_MODULE: include/linux/panic.h */

const char *confidence_name(enum confidence c)
{
	static const char *const names[] = {[CONFIDENCE_HINT] = "hint",
					    [CONFIDENCE_LIKELY] = "likely",
					    [CONFIDENCE_CERTAIN] = "certain"};

	return names[c];
}

const char *evidence_source_name(enum evidence_source s)
{
	static const char *const names[] = {
		[EVIDENCE_LOG] = "log",
		[EVIDENCE_STACK] = "stack",
		[EVIDENCE_REGISTERS] = "registers",
		[EVIDENCE_MEMORY] = "memory",
		[EVIDENCE_BUG_TABLE] = "bug table",
	};

	return names[s];
}

void verdict_add(struct verdict *v, enum evidence_source source, enum confidence confidence,
		 const char *fmt, ...)
{
	cleanup(buf_deinit) struct buf escaped = BUF_INIT;
	char text[VERDICT_TEXT_SIZE];
	struct evidence *e;
	va_list args;

	if (v->num_evidence == VERDICT_MAX_EVIDENCE) {
		v->num_left_out++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	str_escape(&escaped, text, strlen(text), false);
	e = &v->evidence[v->num_evidence++];
	*e = (struct evidence){.source = source, .confidence = confidence};
	snprintf(e->text, sizeof(e->text), "%s", buf_text(&escaped));
}

void verdict_add_addr(struct verdict *v, vaddr_t addr)
{
	if (!v->num_evidence || v->num_left_out)
		return;
	v->evidence[v->num_evidence - 1].has_addr = true;
	v->evidence[v->num_evidence - 1].addr = addr;
}

static void copy_plain(char to[BLOCKED_NAME_SIZE], const char *symbol)
{
	size_t len = min_u64(function_plain_len(symbol), BLOCKED_NAME_SIZE - 1);

	memcpy(to, symbol, len);
	to[len] = '\0';
}

void verdict_acquit(struct verdict *v)
{
	v->culprit = (struct culprit){0};
	v->num_frames = 0;
}

static void blame_symbol(const struct inquest *q, struct verdict *v, vaddr_t pc,
			 const struct symbol_at *at)
{
	const struct kernel_module *m = kernel_module_at(q->k, pc);

	verdict_acquit(v);
	v->culprit.is_known = true;
	v->culprit.pc = pc;
	copy_plain(v->culprit.function, at->name);
	snprintf(v->culprit.module, sizeof(v->culprit.module), "%s", at->module);
	v->culprit.is_out_of_tree = m && m->taints >> TAINT_OUT_OF_TREE & 1;
	copy_plain(v->frames[v->num_frames++], at->name);
}

bool verdict_blame(const struct inquest *q, struct verdict *v, const struct stack *s,
		   size_t index)
{
	if (index >= s->num_frames || !s->frames[index].has_symbol)
		return false;
	blame_symbol(q, v, s->frames[index].pc, &s->frames[index].symbol);
	for (size_t i = index + 1; i < s->num_frames; i++) {
		const struct frame *f = &s->frames[i];

		if (v->num_frames == VERDICT_MAX_FRAMES || !f->has_symbol ||
		    function_is_entry(f->symbol.name))
			return true;
		copy_plain(v->frames[v->num_frames++], f->symbol.name);
	}
	return true;
}

static void name_task(const struct inquest *q, struct culprit *c, vaddr_t addr)
{
	struct task t;
	struct err *err = task_read(q->k, addr, &t);

	c->has_task = !err;
	if (!err) {
		c->pid = t.pid;
		memcpy(c->comm, t.comm, sizeof(c->comm));
	}
	err_ignore(err);
}

void verdict_blame_on_cpu(const struct inquest *q, struct verdict *v, const struct stack *s,
			  size_t index, const struct cpu *cpu)
{
	if (!verdict_blame(q, v, s, index))
		return;
	v->culprit.has_cpu = true;
	v->culprit.cpu = cpu->number;
	name_task(q, &v->culprit, cpu->curr);
}

void verdict_blame_task(const struct inquest *q, struct verdict *v, vaddr_t task)
{
	stack_unwind_task(q->k, task, q->room);
	if (verdict_blame(q, v, q->room, stack_culprit(q->room, 0)))
		name_task(q, &v->culprit, task);
}

void verdict_blame_cpu(const struct inquest *q, struct verdict *v, const struct cpu *cpu)
{
	struct crash_site site;

	if (!panic_unwind(q->k, cpu, q->room))
		return;
	crash_site_find(q->k, q->room, false, &site);
	verdict_blame_on_cpu(q, v, q->room, site.culprit, cpu);
}

void verdict_blame_function(const struct inquest *q, struct verdict *v, vaddr_t pc)
{
	struct symbol_at at;

	if (kernel_symbol_at(q->k, pc, &at))
		blame_symbol(q, v, pc, &at);
}

static void add_name(struct buf *b, const char *name)
{
	str_escape(b, name, strlen(name), false);
}

/* What there is to say where no class fits. */
static void add_unknown(struct buf *b, const struct inquest *q)
{
	if (q->place->is_panic)
		buf_printf(b, "Kernel panic, and the log %s",
			   q->log->num_records ? "does not say why" : "cannot be read");
	else
		buf_printf(b,
			   "What this machine died of is not known: its %s cannot be read",
			   q->log->num_records ? "CPUs"
			   : q->place->has_cpu ? "log"
					       : "log and CPUs");
}

static void add_what(struct buf *b, const struct verdict *v, const struct inquest *q)
{
	const struct log_event *panic = log_events_panic(q->log);
	const char *phrase = crash_class_phrase(v->class);

	if ((v->class == CRASH_UNKNOWN || v->class == CRASH_PANIC) && panic) {
		add_name(b, panic->text);
		return;
	}
	if (v->class == CRASH_UNKNOWN) {
		add_unknown(b, q);
		return;
	}
	buf_add_char(b, (char)toupper((unsigned char)*phrase));
	buf_add_str(b, phrase + 1);
}

static void add_task(struct buf *b, const char *comm, u32 pid)
{
	buf_add_str(b, ", task ");
	add_name(b, comm);
	buf_printf(b, " (pid %u)", pid);
}

/* Who did it; where that is not known, who panicked, unless that is only whom it hit: it
 * was told to, or memory ran out while it ran. */
static void add_who(struct buf *b, const struct verdict *v, const struct inquest *q,
		    bool was_told_to)
{
	const struct culprit *c = &v->culprit;
	const struct panic_place *p = q->place;

	if (c->has_cpu)
		buf_printf(b, ", CPU %u", c->cpu);
	if (c->has_task)
		add_task(b, c->comm, c->pid);
	if (c->has_cpu || c->has_task || was_told_to || v->class == CRASH_MEMORY_LEAK ||
	    !p->is_panic || !p->has_cpu)
		return;
	buf_printf(b, ", CPU %u", p->cpu);
	if (p->has_task)
		add_task(b, p->task.comm, p->task.pid);
}

void verdict_format(struct buf *b, const struct verdict *v, const struct inquest *q)
{
	bool was_told_to = crash_trigger_is_messenger(v->trigger) &&
			   v->trigger != TRIGGER_NONE &&
			   v->class != crash_trigger_message(v->trigger);

	if (v->class == CRASH_NONE) {
		buf_add_str(b, "No panic: this machine was running when it was dumped");
		return;
	}
	add_what(b, v, q);
	if (*v->subject) {
		buf_add_str(b, " (");
		add_name(b, v->subject);
		buf_add_char(b, ')');
	}
	if (*v->disk) {
		buf_add_str(b, " on ");
		add_name(b, v->disk);
	}
	if (*v->file) {
		buf_add_str(b, " at ");
		add_name(b, v->file);
		buf_printf(b, ":%u", v->line);
	}
	if (v->has_fault_addr)
		buf_printf(b, " at address 0x%llx", (unsigned long long)v->fault_addr);
	if (v->culprit.is_known) {
		buf_add_str(b, " in ");
		add_name(b, v->culprit.function);
	}
	if (v->culprit.is_known && *v->culprit.module) {
		buf_add_str(b, " [");
		add_name(b, v->culprit.module);
		buf_add_char(b, ']');
	}
	add_who(b, v, q, was_told_to);
	if (was_told_to)
		buf_printf(b, ", ended by %s", crash_trigger_name(v->trigger));
}
