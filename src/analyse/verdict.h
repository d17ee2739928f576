/*
 * What the machine died of: one class, one sentence, whom to look at, and the evidence.
 *
 * Each piece of evidence says where it comes from and how much it is worth; the log and
 * memory are held against each other. No JSON and no large memory, so that the capture
 * kernel can afford it: a struct verdict is plain values. Texts of evidence are escaped;
 * names are raw bytes of the dump, and hostile.
 */
#ifndef ANALYSE_VERDICT_H
#define ANALYSE_VERDICT_H

#include "analyse/blocked.h"
#include "analyse/crash_site.h"
#include "analyse/log_event.h"
#include "analyse/memory_use.h"
#include "analyse/panic.h"
#include "kernel/block_request.h"

#define VERDICT_MAX_EVIDENCE 32
#define VERDICT_TEXT_SIZE    320
#define VERDICT_MAX_FRAMES   6

enum confidence { CONFIDENCE_HINT, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };
/* "hint", "likely", "certain" */
const char *confidence_name(enum confidence c);

enum evidence_source {
	EVIDENCE_LOG,
	EVIDENCE_STACK,
	EVIDENCE_REGISTERS,
	EVIDENCE_MEMORY,
	EVIDENCE_BUG_TABLE,
};
/* "log", "stack", … */
const char *evidence_source_name(enum evidence_source s);

struct evidence {
	char text[VERDICT_TEXT_SIZE]; /* a sentence without its full stop */
	enum evidence_source source;
	enum confidence confidence;
	bool has_addr;
	vaddr_t addr;
};

/* Whose code it was. */
struct culprit {
	bool is_known;
	char function[BLOCKED_NAME_SIZE]; /* without what compilers append */
	char module[BLOCKED_NAME_SIZE];	  /* "" for the kernel image */
	bool is_out_of_tree;
	vaddr_t pc;
	/* Who ran it, where that is another than who panicked. */
	bool has_task, has_cpu;
	u32 pid;
	char comm[TASK_COMM_SIZE];
	unsigned cpu;
};

struct verdict {
	enum crash_class class;
	enum crash_trigger trigger;
	enum confidence confidence;
	struct culprit culprit;
	/* The culprit and its callers, without what compilers append and without the entry
	 * to the kernel: what signatures are made of. */
	char frames[VERDICT_MAX_FRAMES][BLOCKED_NAME_SIZE];
	size_t num_frames;
	char subject[BLOCKED_NAME_SIZE]; /* what it is about if nobody is to blame: "ext4"
					  */
	char disk[BLOCKED_NAME_SIZE]; /* that I/O does not come back from, "" if not known
				       */
	char file[BUG_FILE_SIZE];     /* of a BUG or WARN, "" if not known */
	u32 line;
	bool has_fault_addr;
	u64 fault_addr;
	struct evidence evidence[VERDICT_MAX_EVIDENCE];
	size_t num_evidence, num_left_out;
};

/* What is known before the verdict is made. All borrowed. */
struct inquest {
	struct kernel *k;
	const struct log_events *log;
	const struct panic_place *place;
	const struct crash_site *site; /* of the stack of the CPU that panicked */
	const struct blocked *blocked;
	const struct cpu_table *cpus;
	const struct block_requests *io;
	const struct memory_use *memory;
	struct stack *room; /* to unwind others in */
};

/* Append one line without its end: "NULL pointer dereference in foo_read [foo], CPU 1, task
 * cat (pid 123)". CPU and task are the culprit's, or nobody's where whoever panicked was
 * merely told to. Escaped. */
void verdict_format(struct buf *b, const struct verdict *v, const struct inquest *q);

/* ---- for the files that find parts of a verdict ---- */

void verdict_add(struct verdict *v, enum evidence_source source, enum confidence confidence,
		 const char *fmt, ...) printf_like(4, 5);
/* The address that the piece added last is about. */
void verdict_add_addr(struct verdict *v, vaddr_t addr);
/* Nobody is to blame. */
void verdict_acquit(struct verdict *v);
/* Take the frame @index of @s for whom to look at, if it is one: true. */
bool verdict_blame(const struct inquest *q, struct verdict *v, const struct stack *s,
		   size_t index);
/* The same of a stack that @cpu was on. */
void verdict_blame_on_cpu(const struct inquest *q, struct verdict *v, const struct stack *s,
			  size_t index, const struct cpu *cpu);
/* Take the function that @pc lies in. */
void verdict_blame_function(const struct inquest *q, struct verdict *v, vaddr_t pc);
/* Whose code a task that does not run, or a CPU, was in. */
void verdict_blame_task(const struct inquest *q, struct verdict *v, vaddr_t task);
void verdict_blame_cpu(const struct inquest *q, struct verdict *v, const struct cpu *cpu);

#endif
