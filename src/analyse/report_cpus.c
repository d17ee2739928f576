/* What each CPU was doing, and the one that panicked. */
#include "analyse/report_priv.h"

#include "analyse/frames.h"

/* So many frames that it was told that no more are. */
#define FRAMES_TOLD (SIZE_MAX / 2)

static json_t *registers(struct report *r, const struct arch_regs *regs)
{
	const struct arch *arch = dump_arch(r->d);
	json_t *j = tree_object(&r->tree);
	u64 value;

	for (unsigned i = 0; arch && i < arch->num_regs; i++)
		if (regs_get(regs, i, &value))
			tree_set_hex(&r->tree, j, arch->reg_names[i], value);
	return j;
}

/* The line of a frame and what is inlined there. A return address is behind its call. */
static void set_source(struct report *r, const struct frame *f, json_t *j)
{
	const struct debuginfo *d = r->debuginfo;
	const u64 addr = f->kind == FRAME_CALL ? f->pc - 1 : f->pc;
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct inlined_call calls[DEBUGINFO_MAX_INLINED];
	struct source_place place;
	json_t *inlined;
	size_t count;

	/* That of modules is elsewhere. */
	if (!d || !f->has_symbol || *f->symbol.module || !d->place(d->ctx, addr, &place))
		return;
	buf_printf(&text, "%s:%u", place.file, place.line);
	tree_set_text(&r->tree, j, "source", buf_text(&text));
	count = d->inlined(d->ctx, addr, calls, ARRAY_SIZE(calls));
	if (!count)
		return;
	inlined = tree_array(&r->tree);
	for (size_t i = 0; i < count; i++) {
		json_t *call = tree_object(&r->tree);

		tree_set_text(&r->tree, call, "function", calls[i].function);
		buf_deinit(&text);
		if (calls[i].call.file) {
			buf_printf(&text, "%s:%u", calls[i].call.file, calls[i].call.line);
			tree_set_text(&r->tree, call, "source", buf_text(&text));
		}
		tree_append(&r->tree, inlined, call);
	}
	tree_set(&r->tree, j, "inlined", inlined);
}

static json_t *frame(struct report *r, const struct frame *f)
{
	static const char *const kinds[] = {
		[FRAME_CALL] = "call", [FRAME_REGS] = "exception", [FRAME_FIRST] = "first"};
	json_t *j = tree_object(&r->tree);

	tree_set_hex(&r->tree, j, "sp", f->sp);
	tree_set_hex(&r->tree, j, "pc", f->pc);
	tree_set(&r->tree, j, "kind", json_string(kinds[f->kind]));
	if (f->has_symbol) {
		tree_set_text(&r->tree, j, "function", f->symbol.name);
		tree_set_int(&r->tree, j, "offset", f->symbol.offset);
		if (*f->symbol.module)
			tree_set_text(&r->tree, j, "module", f->symbol.module);
	}
	set_source(r, f, j);
	if (f->is_searched)
		tree_set(&r->tree, j, "searched", json_true());
	if (f->kind == FRAME_REGS)
		tree_set(&r->tree, j, "registers", registers(r, &f->regs));
	return j;
}

json_t *report_backtrace(struct report *r, const struct stack *s)
{
	cleanup(buf_deinit) struct buf end = BUF_INIT;
	json_t *j = tree_object(&r->tree), *frames = tree_array(&r->tree);

	for (size_t i = 0; i < s->num_frames; i++)
		tree_append(&r->tree, frames, frame(r, &s->frames[i]));
	r->num_frames += s->num_frames;
	tree_set(&r->tree, j, "frames", frames);
	tree_set(&r->tree, j, "clean", json_boolean(s->end == STACK_END_CLEAN));
	stack_end_format(&end, s);
	tree_set_text(&r->tree, j, "end", buf_text(&end));
	return j;
}

static void add_backtrace(struct report *r, const struct cpu *cpu, json_t *j)
{
	if (r->num_frames >= REPORT_MAX_FRAMES) {
		if (r->num_frames != FRAMES_TOLD)
			notices_add(r->notices,
				    "backtraces of CPU %u and later are left out",
				    cpu->number);
		r->num_frames = FRAMES_TOLD;
		return;
	}
	if (panic_unwind(r->k, cpu, r->e->room))
		tree_set(&r->tree, j, "backtrace", report_backtrace(r, r->e->room));
}

static json_t *report_cpu(struct report *r, const struct cpu *cpu)
{
	json_t *j = tree_object(&r->tree);
	struct task task;
	struct err *err = NULL;

	tree_set_int(&r->tree, j, "cpu", cpu->number);
	tree_set(&r->tree, j, "online", json_boolean(cpu->is_online));
	tree_set(&r->tree, j, "has_registers", json_boolean(cpu->has_regs));
	if (cpu->curr)
		err = task_read(r->k, cpu->curr, &task);
	if (cpu->curr && !err)
		tree_set(&r->tree, j, "task", report_task(r, &task));
	notices_add_err(r->notices, err_wrap(err, "CPU %u", cpu->number));
	add_backtrace(r, cpu, j);
	return j;
}

json_t *report_cpus(struct report *r)
{
	json_t *j = tree_array(&r->tree);

	for (size_t i = 0; i < r->e->cpus.count; i++)
		if (r->e->cpus.cpus[i].is_present)
			tree_append(&r->tree, j, report_cpu(r, &r->e->cpus.cpus[i]));
	return j;
}

/* What was said of CPU @number in @cpus, borrowed; NULL if nothing. */
static json_t *cpu_of(json_t *cpus, unsigned number)
{
	size_t i;
	json_t *cpu;

	json_array_foreach(cpus, i, cpu) if (json_integer_value(json_object_get(
						     cpu, "cpu")) == number) return cpu;
	return NULL;
}

json_t *report_panic(struct report *r, json_t *cpus)
{
	json_t *j = tree_object(&r->tree), *cpu = NULL, *part;

	tree_set(&r->tree, j, "panicked",
		 json_boolean(r->e->place.is_panic || *r->e->panic_log.message));
	if (*r->e->panic_log.message)
		tree_set_text(&r->tree, j, "message", r->e->panic_log.message);
	if (*r->e->panic_log.cause)
		tree_set_text(&r->tree, j, "cause", r->e->panic_log.cause);
	if (r->e->place.has_cpu) {
		tree_set_int(&r->tree, j, "cpu", r->e->place.cpu);
		tree_set(&r->tree, j, "cpu_known_by", json_string(r->e->place.how));
		cpu = cpu_of(cpus, r->e->place.cpu);
	}
	part = json_object_get(cpu, "task");
	if (part)
		tree_set(&r->tree, j, "task", json_incref(part));
	part = json_object_get(cpu, "backtrace");
	if (part)
		tree_set(&r->tree, j, "backtrace", json_incref(part));
	return j;
}
