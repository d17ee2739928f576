#include "analyse/examination.h"

#include "analyse/judge.h"

struct err *examination_new(struct kernel *k, struct examination **ret)
{
	cleanup(examination_freep) struct examination *e = calloc(1, sizeof(*e));

	if (!e)
		return err_nomem();
	e->k = k;
	e->place.how = "";
	e->stack = calloc(1, sizeof(*e->stack));
	e->room = calloc(1, sizeof(*e->room));
	if (!e->stack || !e->room)
		return err_nomem();
	*ret = steal(e);
	return NULL;
}

void examination_free(struct examination *e)
{
	if (!e)
		return;
	cpu_table_deinit(&e->cpus);
	blocked_deinit(&e->blocked);
	free(e->stack);
	free(e->room);
	free(e);
}

void examination_add_log(struct examination *e, const struct printk_record *r)
{
	log_events_add(&e->log, r);
	panic_log_add(&e->panic_log, r);
}

static void read_cpus(struct examination *e, struct notices *n)
{
	struct err *err = cpu_table_read(e->k, n, &e->cpus);

	e->has_cpus = !err;
	notices_add_err(n, err);
}

void examination_make(struct examination *e)
{
	struct notices *n = dump_notices(kernel_dump(e->k));
	struct inquest q = {.k = e->k,
			    .log = &e->log,
			    .place = &e->place,
			    .site = &e->site,
			    .blocked = &e->blocked,
			    .cpus = &e->cpus,
			    .io = &e->io,
			    .memory = &e->memory,
			    .room = e->room};
	const struct cpu *cpu;

	read_cpus(e, n);
	notices_add_err(n, blocked_read(e->k, &e->cpus, n, e->room, &e->blocked));
	block_requests_read(e->k, &e->cpus, n, &e->io);
	memory_use_read(e->k, &e->memory);
	panic_place_find(e->k, &e->cpus, n, e->stack, &e->place);
	cpu = e->place.has_cpu ? cpu_find(&e->cpus, e->place.cpu) : NULL;
	e->stack->num_frames = 0;
	if (cpu && e->place.is_panic)
		panic_unwind(e->k, cpu, e->stack);
	crash_site_find(e->k, e->stack, e->place.is_panic, &e->site);
	judge_find(&q, &e->verdict);
}

void examination_format(struct buf *b, const struct examination *e)
{
	const struct inquest q = {.log = &e->log, .place = &e->place};

	verdict_format(b, &e->verdict, &q);
}
