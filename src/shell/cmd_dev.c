/* dev: device numbers and their drivers, I/O of disks, ports and memory of devices. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/block_request.h"
#include "kernel/device_number.h"
#include "kernel/io_resource.h"

#include <string.h>

#define MAX_DISKS 4096

struct listing {
	struct shell *s;
	struct disk *disks;
	size_t num_disks;
	bool only_busy; /* -D */
};

static void gather_disk(void *ctx, const struct disk *d)
{
	struct listing *l = ctx;

	if (l->num_disks < MAX_DISKS)
		l->disks[l->num_disks++] = *d;
}

static struct err *gather_disks(struct listing *l)
{
	l->disks = calloc(MAX_DISKS, sizeof(*l->disks));
	return l->disks ? disk_each(l->s->k, &l->s->notices, gather_disk, l) : err_nomem();
}

/* ---- numbers ---- */

static void print_row(struct shell *s, const struct device_number *n, vaddr_t object,
		      vaddr_t operations)
{
	struct buf *b = shell_out(s);
	size_t start;

	buf_printf(b, "%4llu      ", (unsigned long long)n->major);
	start = b->len;
	shell_text(s, n->name);
	while (b->len - start < 13 && !b->failed)
		buf_add_char(b, ' ');
	if (!object) {
		buf_add_str(b, "       (none)     \n");
		return;
	}
	buf_printf(b, "  %016llx  ", (unsigned long long)object);
	if (!shell_symbol_text(s, operations, 16, b))
		buf_printf(b, "%llx", (unsigned long long)operations);
	buf_add_char(b, '\n');
}

static void print_char(void *ctx, const struct device_number *n)
{
	struct listing *l = ctx;

	print_row(l->s, n, n->cdev, n->operations);
}

/* Of the disks with this number the one that came last, as crash has it. */
static void print_block(void *ctx, const struct device_number *n)
{
	const struct disk *found = NULL;
	struct listing *l = ctx;

	for (size_t i = 0; i < l->num_disks; i++)
		if (l->disks[i].major == n->major)
			found = &l->disks[i];
	print_row(l->s, n, found ? found->addr : 0, found ? found->operations : 0);
}

static struct err *print_numbers(struct listing *l)
{
	struct buf *b = shell_out(l->s);
	struct err *err;

	buf_add_str(b, "CHRDEV    NAME                 CDEV        OPERATIONS      \n");
	err = device_number_each_char(l->s->k, print_char, l);
	if (!err)
		err = gather_disks(l);
	if (err)
		return err;
	buf_add_str(b, "\nBLKDEV    NAME                GENDISK      OPERATIONS      \n");
	return device_number_each_block(l->s->k, print_block, l);
}

/* ---- I/O of disks ---- */

struct count {
	u64 reads, writes;
};

static bool count_request(void *ctx, const struct block_request *r)
{
	struct count *c = ctx;

	if (r->state == BLOCK_REQUEST_IN_FLIGHT) {
		/* Operations that send data have odd numbers. */
		c->reads += !(r->op & 1);
		c->writes += r->op & 1;
	}
	return true;
}

static struct err *print_disk(struct listing *l, const struct disk *d)
{
	struct count c = {0};
	struct buf *b = shell_out(l->s);
	struct err *err = block_request_each(l->s->k, &l->s->cpus, d, count_request, &c);
	size_t start;

	if (err || (l->only_busy && !c.reads && !c.writes))
		return err;
	buf_printf(b, "%5llu %016llx   ", (unsigned long long)d->major,
		   (unsigned long long)d->addr);
	start = b->len;
	shell_text(l->s, d->name);
	while (b->len - start < 10 && !b->failed)
		buf_add_char(b, ' ');
	buf_printf(b, " %016llx   %5llu %5llu %5llu \n", (unsigned long long)d->queue,
		   (unsigned long long)(c.reads + c.writes), (unsigned long long)c.reads,
		   (unsigned long long)c.writes);
	return NULL;
}

static struct err *print_disks(struct listing *l)
{
	const struct task_table *tasks;
	struct err *err = shell_tasks(l->s, &tasks); /* which also reads the CPUs */

	if (!err)
		err = gather_disks(l);
	if (err)
		return err;
	buf_add_str(shell_out(l->s),
		    "MAJOR GENDISK            NAME       REQUEST_QUEUE      "
		    "TOTAL  READ WRITE \n");
	for (size_t i = 0; i < l->num_disks && !shell_is_over(l->s); i++) {
		err = print_disk(l, &l->disks[i]);
		if (err && err_code(err) == ERR_NOMEM)
			return err;
		if (err)
			shell_tell(l->s, "dev", err);
	}
	return NULL;
}

/* ---- ports and memory ---- */

struct resource_listing {
	struct shell *s;
	int digits;
};

static bool print_resource(void *ctx, const struct io_resource *r)
{
	struct resource_listing *l = ctx;
	struct buf *b = shell_out(l->s);

	buf_printf(b, "%016llx  %0*llx-%0*llx  ", (unsigned long long)r->addr, l->digits,
		   (unsigned long long)r->start, l->digits, (unsigned long long)r->end);
	shell_text(l->s, r->name);
	buf_add_char(b, '\n');
	return !shell_is_over(l->s);
}

static struct err *print_resources(struct shell *s)
{
	struct resource_listing l = {.s = s, .digits = 4};
	struct err *err;

	buf_add_str(shell_out(s), "    RESOURCE        RANGE    NAME\n");
	err = io_resource_each(s->k, "ioport_resource", print_resource, &l);
	if (err)
		return err;
	buf_add_str(shell_out(s), "\n    RESOURCE            RANGE        NAME\n");
	l.digits = 8;
	return io_resource_each(s->k, "iomem_resource", print_resource, &l);
}

/* ---- the command ---- */

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct listing l = {.s = s};
	char option, what = '\0';
	struct err *err;

	while (!(err = shell_option(w, "dDi", &option)) && option)
		what = option;
	if (!err)
		err = shell_check_operands(w, 0, 0);
	if (err)
		return err;
	l.only_busy = what == 'D';
	if (what == 'i')
		return print_resources(s);
	err = what ? print_disks(&l) : print_numbers(&l);
	free(l.disks);
	return err;
}

const struct shell_command shell_cmd_dev = {
	.name = "dev",
	.synopsis = "[-i | -d | -D]",
	.summary = "device data",
	.help = "Show the registered numbers of character and block devices, the cdev or\n"
		"gendisk behind them and their operations.\n\n"
		"    -d  the disks, and how many requests of each are in flight.\n"
		"    -D  the same, of disks that have any.\n"
		"    -i  which ports and physical memory belong to what.",
	.run = run,
};
