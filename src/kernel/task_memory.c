#include "kernel/task_memory.h"

#include "kernel/field.h"

#define MAX_COUNTERS 8 /* NR_MM_COUNTERS is 4 */

/* The counters that make up the resident set: enum of include/linux/mm_types_task.h. */
static const char *const resident[] = {"MM_FILEPAGES", "MM_ANONPAGES", "MM_SHMEMPAGES"};

/* Is counter @index one of them? */
static bool is_resident(struct kernel *k, u64 index)
{
	u64 value;

	for (size_t i = 0; i < ARRAY_SIZE(resident); i++)
		if (constant_find(k, resident[i], &value) && value == index)
			return true;
	return false;
}

/* What the CPUs hold of the percpu_counter at @counter and have not added to it yet. */
static s64 percpu_part(struct kernel *k, const struct cpu_table *cpus, vaddr_t counter)
{
	u64 counters;
	s64 sum = 0;
	struct err *err =
		field_read_by_name(k, counter, "percpu_counter", "counters", &counters);

	if (err) {
		err_free(err);
		return 0;
	}
	for (size_t i = 0; i < cpus->count; i++) {
		vaddr_t at;
		u32 part = 0;

		err = kernel_percpu(k, counters, cpus->cpus[i].number, &at);
		if (!err)
			err = kernel_read_u32(k, at, &part);
		err_ignore(err);
		sum += (s32)part;
	}
	return sum;
}

/* Since f1a7941243c1 ("mm: convert mm's rss stats into percpu_counter"), v6.2, rss_stat is
 * an array of percpu_counters. */
static s64 sum_percpu(struct kernel *k, const struct cpu_table *cpus, vaddr_t mm,
		      const struct field *stat)
{
	u64 len = stat->size / stat->count;
	s64 sum = 0;

	for (u64 i = 0; i < min_u64(stat->count, MAX_COUNTERS); i++) {
		vaddr_t counter = mm + stat->offset + i * len;
		u64 count = 0;

		if (!is_resident(k, i))
			continue;
		err_ignore(
			field_read_by_name(k, counter, "percpu_counter", "count", &count));
		sum += (s64)count + percpu_part(k, cpus, counter);
	}
	return sum;
}

/* The array of counters at member @path of @type, @width bytes each. */
static s64 sum_array(struct kernel *k, vaddr_t base, const char *type, const char *path)
{
	struct field counts = field_find(k, type, path);
	s64 sum = 0;

	if (!counts.present || !counts.count || counts.count > MAX_COUNTERS)
		return 0;
	for (u64 i = 0; i < counts.count; i++) {
		struct field one = {.present = true,
				    .offset =
					    counts.offset + i * counts.size / counts.count,
				    .size = counts.size / counts.count};
		u64 value = 0;

		if (!is_resident(k, i))
			continue;
		err_ignore(field_read(k, base, &one, &value));
		sum += one.size == 4 ? (s32)value : (s64)value;
	}
	return sum;
}

/* Before that: one array of counters, and with SPLIT_RSS_COUNTING what each thread has not
 * added to it yet. */
static s64 sum_shared(struct kernel *k, const struct task_table *tasks,
		      const struct task *task)
{
	s64 sum = sum_array(k, task->mm, "mm_struct", "rss_stat.count");

	for (size_t i = 0; i < tasks->count; i++)
		if (tasks->rows[i].task.mm == task->mm)
			sum += sum_array(k, tasks->rows[i].task.addr, "task_struct",
					 "rss_stat.count");
	return sum;
}

void task_memory_read(struct kernel *k, const struct cpu_table *cpus,
		      const struct task_table *tasks, const struct task *task,
		      struct task_memory *ret)
{
	struct field stat = field_find(k, "mm_struct", "rss_stat");
	s64 sum;

	*ret = (struct task_memory){0};
	if (!task->mm)
		return;
	err_ignore(field_read_by_name(k, task->mm, "mm_struct", "total_vm",
				      &ret->mapped_pages));
	if (stat.present && stat.count > 1)
		sum = sum_percpu(k, cpus, task->mm, &stat);
	else
		sum = sum_shared(k, tasks, task);
	ret->resident_pages = sum > 0 ? (u64)sum : 0;
}
