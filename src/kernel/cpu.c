#include "kernel/cpu.h"

#include "base/bytes.h"
#include "base/str.h"
#include "kernel/field.h"

#include <string.h>

/* A CPU writes its registers as an ELF note: crash_save_cpu() in kernel/crash_core.c. */
#define NOTE_HEADER_LEN	 12
#define NOTE_NAME_LEN	 8 /* "CORE" with its 0, padded to 4 */
#define MAX_CPUS_NAMED	 8
#define NOTE_MAX_DESC	 2048
#define NOTE_TYPE_STATUS 1 /* NT_PRSTATUS */

struct cpu_mask {
	u64 words[CPU_MAX / 64];
};

static bool mask_has(const struct cpu_mask *m, unsigned cpu)
{
	return m->words[cpu / 64] >> (cpu % 64) & 1;
}

/* How many CPU numbers the masks of this kernel speak of. */
static unsigned num_cpu_ids(struct kernel *k)
{
	vaddr_t addr;
	u64 size;
	u32 ids;

	if (kernel_symbol_find(k, "nr_cpu_ids", &addr)) {
		struct err *err = kernel_read_u32(k, addr, &ids);

		if (!err && ids > 0 && ids <= CPU_MAX)
			return ids;
		err_ignore(err);
	}
	/* A constant with CONFIG_FORCE_NR_CPUS or without CONFIG_SMP. */
	if (type_size_find(k, "cpumask", &size) && size > 0 && size <= CPU_MAX / 8)
		return (unsigned)size * 8;
	return 64;
}

/* Since 5aec01b834fd ("kernel/cpu.c: eliminate cpu_*_mask"), v4.5, the mask itself is
 * __cpu_…_mask; before it was cpu_…_bits. */
static struct err *read_mask(struct kernel *k, const char *name, const char *old_name,
			     unsigned num_ids, struct cpu_mask *ret)
{
	size_t words = (num_ids + 63) / 64;
	vaddr_t addr;
	struct err *err = NULL;

	if (!kernel_symbol_find(k, name, &addr))
		err = kernel_symbol_get(k, old_name, &addr);
	*ret = (struct cpu_mask){0};
	for (size_t i = 0; !err && i < words; i++)
		err = kernel_read_u64(k, addr + i * 8, &ret->words[i]);
	if (!err && num_ids % 64)
		ret->words[words - 1] &= ((u64)1 << num_ids % 64) - 1;
	return err_wrap(err, "mask of CPUs");
}

static void read_tasks(struct kernel *k, struct cpu *cpu)
{
	struct field curr = field_find(k, "rq", "curr"), idle = field_find(k, "rq", "idle");
	struct field hot = field_find(k, "pcpu_hot", "current_task");
	vaddr_t rq, addr;
	struct err *err = kernel_percpu_symbol(k, "runqueues", cpu->number, &rq);

	if (!err && idle.present)
		err_ignore(kernel_read_ptr(k, rq + idle.offset, &cpu->idle));
	if (!err && curr.present)
		err = kernel_read_ptr(k, rq + curr.offset, &cpu->curr);
	if (!err && cpu->curr)
		return;
	err_ignore(err);
	/* A per-CPU variable of its own, but for 6.2 (e57ef2ed97c1) to 6.14. */
	err = kernel_percpu_symbol(k, "current_task", cpu->number, &addr);
	if (err && hot.present) {
		err_ignore(err);
		err = kernel_percpu_symbol(k, "pcpu_hot", cpu->number, &addr);
		addr += hot.offset;
	}
	if (!err)
		err = kernel_read_ptr(k, addr, &cpu->curr);
	err_ignore(err);
}

/* Read the note that @cpu left at @addr. False if it left none. */
static bool read_crash_note(struct kernel *k, vaddr_t addr, struct cpu *cpu)
{
	const struct arch *arch = dump_arch(kernel_dump(k));
	u8 desc[NOTE_MAX_DESC], name[NOTE_NAME_LEN];
	u32 name_len, desc_len, type, pid;
	struct err *err = kernel_read_u32(k, addr, &name_len);

	if (!err)
		err = kernel_read_u32(k, addr + 4, &desc_len);
	if (!err)
		err = kernel_read_u32(k, addr + 8, &type);
	if (!err)
		err = kernel_read(k, addr + NOTE_HEADER_LEN, name, sizeof(name));
	if (!err && (name_len != 5 || memcmp(name, "CORE", 5) != 0 ||
		     type != NOTE_TYPE_STATUS || desc_len > NOTE_MAX_DESC))
		return false;
	if (!err)
		err = kernel_read(k, addr + NOTE_HEADER_LEN + NOTE_NAME_LEN, desc,
				  desc_len);
	if (!err)
		err = arch->parse_prstatus(desc, desc_len, &cpu->regs, &pid);
	cpu->has_regs = !err;
	err_ignore(err);
	return cpu->has_regs;
}

/* The notes in memory say themselves whose they are; those in the file are the same ones,
 * but without the CPUs that left none, so that their order alone would mislead. */
static size_t read_crash_notes(struct kernel *k, struct cpu_table *t)
{
	vaddr_t symbol, notes, addr;
	size_t found = 0;

	if (!dump_arch(kernel_dump(k)) || !kernel_symbol_find(k, "crash_notes", &symbol))
		return 0;
	for (size_t i = 0; i < t->count; i++) {
		struct err *err = kernel_read_ptr(k, symbol, &notes);

		if (!err && notes)
			err = kernel_percpu(k, notes, t->cpus[i].number, &addr);
		if (!err && notes && read_crash_note(k, addr, &t->cpus[i]))
			found++;
		err_ignore(err);
	}
	return found;
}

/* The notes of a dump that a hypervisor made are in the order of the CPUs: of all that are
 * plugged in, which may be more than the kernel had online. */
static void read_file_notes(struct kernel *k, struct cpu_table *t)
{
	struct dump *d = kernel_dump(k);
	size_t num_notes = dump_num_cpu_notes(d), next = 0;
	bool has_all = num_notes >= t->num_present;

	for (size_t i = 0; i < t->count && next < num_notes; i++) {
		struct err *err;

		if (has_all ? !t->cpus[i].is_present : !t->cpus[i].is_online)
			continue;
		err = dump_cpu_regs(d, next++, &t->cpus[i].regs);
		t->cpus[i].has_regs = !err;
		err_ignore(err);
	}
}

static void read_panic_cpu(struct kernel *k, struct cpu_table *t)
{
	/* panic_cpu since 1717f2096b54 (v4.5), -1 unless there was a panic; x86 also has
	 * crashing_cpu. */
	static const char *const names[] = {"panic_cpu", "crashing_cpu"};

	for (size_t i = 0; i < ARRAY_SIZE(names) && !t->has_panic_cpu; i++) {
		vaddr_t addr;
		u32 number = 0;
		struct err *err = kernel_symbol_get(k, names[i], &addr);

		if (!err)
			err = kernel_read_u32(k, addr, &number);
		if (!err && cpu_find(t, number)) {
			t->has_panic_cpu = true;
			t->panic_cpu = number;
		}
		err_ignore(err);
	}
}

static bool lacks_regs(const struct cpu *cpu)
{
	return cpu->is_online && !cpu->has_regs;
}

static bool lacks_idle(const struct cpu *cpu)
{
	return cpu->is_present && !cpu->idle;
}

/* Tell of the CPUs for which @lacks, in one sentence however many they are. */
static void tell_cpus(const struct cpu_table *t, bool (*lacks)(const struct cpu *cpu),
		      const char *what, struct notices *n)
{
	cleanup(buf_deinit) struct buf numbers = BUF_INIT;
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (!lacks(&t->cpus[i]))
			continue;
		if (count < MAX_CPUS_NAMED)
			buf_printf(&numbers, "%s%u", count ? ", " : "", t->cpus[i].number);
		count++;
	}
	if (count > MAX_CPUS_NAMED)
		buf_printf(&numbers, " and %zu more", count - MAX_CPUS_NAMED);
	if (count)
		notices_add(n, "%s: CPU %s", what, buf_text(&numbers));
}

static void tell_missing(const struct cpu_table *t, struct notices *n)
{
	tell_cpus(t, lacks_regs, "no registers, did not answer when told to stop", n);
	tell_cpus(t, lacks_idle,
		  "run queue cannot be read, so that the idle task is not among the tasks",
		  n);
}

/* The three masks; where only the first can be had, it stands for the others. */
static struct err *read_masks(struct kernel *k, struct notices *n, unsigned num_ids,
			      struct cpu_mask *possible, struct cpu_mask *present,
			      struct cpu_mask *online)
{
	struct err *err =
		read_mask(k, "__cpu_possible_mask", "cpu_possible_bits", num_ids, possible);

	if (err)
		return err;
	err = read_mask(k, "__cpu_present_mask", "cpu_present_bits", num_ids, present);
	if (err)
		*present = *possible;
	notices_add_err(n, err);
	err = read_mask(k, "__cpu_online_mask", "cpu_online_bits", num_ids, online);
	if (err)
		*online = *present;
	notices_add_err(n, err);
	return NULL;
}

/* Without the masks, the notes of the dump still tell that there were CPUs. */
static void masks_from_notes(struct kernel *k, struct cpu_mask *possible,
			     struct cpu_mask *present, struct cpu_mask *online)
{
	size_t count = min_u64(dump_num_cpu_notes(kernel_dump(k)), CPU_MAX);

	*possible = (struct cpu_mask){0};
	for (size_t i = 0; i < count; i++)
		possible->words[i / 64] |= (u64)1 << i % 64;
	*present = *online = *possible;
}

struct err *cpu_table_read(struct kernel *k, struct notices *n, struct cpu_table *ret)
{
	cleanup(cpu_table_deinit) struct cpu_table t = {0};
	struct cpu_mask possible, present, online;
	unsigned num_ids = num_cpu_ids(k);
	struct err *err = read_masks(k, n, num_ids, &possible, &present, &online);

	if (err && !dump_num_cpu_notes(kernel_dump(k)))
		return err;
	if (err) {
		num_ids = CPU_MAX;
		masks_from_notes(k, &possible, &present, &online);
		notices_add_err(n, err_wrap(err,
					    "CPUs are numbered as their notes stand in the "
					    "dump"));
	}
	t.cpus = calloc(num_ids, sizeof(*t.cpus));
	if (!t.cpus)
		return err_nomem();
	for (unsigned i = 0; i < num_ids; i++) {
		struct cpu *cpu = &t.cpus[t.count];

		if (!mask_has(&possible, i))
			continue;
		cpu->number = i;
		cpu->is_present = mask_has(&present, i);
		cpu->is_online = mask_has(&online, i);
		read_tasks(k, cpu);
		t.num_present += cpu->is_present;
		t.num_online += cpu->is_online;
		t.count++;
	}
	if (!read_crash_notes(k, &t))
		read_file_notes(k, &t);
	read_panic_cpu(k, &t);
	tell_missing(&t, n);
	*ret = t;
	t.cpus = NULL;
	return NULL;
}

void cpu_table_deinit(struct cpu_table *t)
{
	free(t->cpus);
	t->cpus = NULL;
	t->count = 0;
}

const struct cpu *cpu_find(const struct cpu_table *t, unsigned number)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->cpus[i].number == number)
			return &t->cpus[i];
	return NULL;
}

const struct cpu *cpu_find_task(const struct cpu_table *t, vaddr_t task)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->cpus[i].curr == task)
			return &t->cpus[i];
	return NULL;
}
