/*
 * Types of the crashed kernel by name, and what lies in memory by the names of its members.
 *
 * They come from the dump's own BTF, modules' included. A type is written as in C: "struct
 * task_struct", "gfp_t". A path leads through members, also those of anonymous ones,
 * through elements, and with "->" or "." through pointers: "mm->total_vm",
 * "se.load.weight", "comm[3]". Test for members and not for versions of kernels:
 * distributions port back.
 */
#ifndef INQUEST_TYPES_H
#define INQUEST_TYPES_H

#include "dump.h"

#ifdef __cplusplus
extern "C" {
#endif

/* sizeof(@type). */
INQUEST_MUST_CHECK struct inquest_error *inquest_type_size(struct inquest *q,
							   const char *type, uint64_t *ret);

/* offsetof(@type, @path); ERR_ABSENT if there is no such member. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_member_offset(struct inquest *q, const char *type, const char *path, uint64_t *ret);

/* Of the @type at @address, where @path leads to. Pointers on the way are read. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_member_address(struct inquest *q, const char *type, uint64_t address,
		       const char *path, uint64_t *ret);

/* The number there: integers, enums, pointers, bitfields; signed ones are sign-extended. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_read_member(struct inquest *q, const char *type, uint64_t address, const char *path,
		    uint64_t *ret);

/* The number that an expression of C is: "((struct page *)0xffffea0000000040)->flags",
 * "jiffies", "sizeof(struct rq)", "PIDTYPE_MAX"; of a pointer its value. Per-CPU variables
 * are those of CPU 0. ERR_UNSUPPORTED for what is no number. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_evaluate(struct inquest *q, const char *expression, uint64_t *ret);

/* The value of an expression as text, as gdb prints it, escaped; to be given back with
 * inquest_free(). */
INQUEST_MUST_CHECK struct inquest_error *inquest_format(struct inquest *q,
							const char *expression, char **ret);

/* Follow the struct list_head at @head, which is in none of the entries: call @each with
 * the address of each @type that is linked by its @member, until it returns false.
 * ERR_BAD_DATA if the list does not lead back to its head, or a link not back to the one
 * before; what came before that has been told. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_list_each(struct inquest *q, uint64_t head, const char *type, const char *member,
		  bool (*each)(void *ctx, uint64_t address), void *ctx);

#ifdef __cplusplus
}
#endif
#endif
