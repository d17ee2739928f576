/*
 * A tiny kernel with types of every kind, in its image and in a module, and one object of
 * them.
 *
 *	enum colour { RED = 1, GREEN, NONE = -1 };	enum flags { READ = 1, WRITE = 2 };
 *	typedef struct { int counter; } atomic_t;	struct rq { unsigned int nr_running;
 *}; struct thing { int number; char name[8]; enum colour colour; struct list_head list;
 *		union { unsigned long word; struct { int half, other_half; }; };
 *		unsigned int a : 3, b : 10;
 *		bool good;
 *		unsigned char letter;
 *		enum flags flags;
 *		struct thing *next;
 *		void (*func)(struct thing *, int);
 *		int table[4];
 *		struct list_head pairs[2];
 *		const char *text;
 *		struct { unsigned long x; struct { int y; } deep; } named;
 *		struct thing * const *others;
 *		struct {} nothing;
 *		char gap[0];
 *		char tail[];
 *	};
 *	per-CPU struct rq runqueues;	int list_len(struct list_head *head, ...);
 * and in the module
 *	struct mod_thing { struct list_head list; int extra; };
 */
#ifndef TESTS_UNIT_KERNEL_TYPED_KERNEL_H
#define TESTS_UNIT_KERNEL_TYPED_KERNEL_H

#include "kernel/object.h"
#include "kernel/tiny_kernel.h"

enum {
	TYPED_MODULE_BTF = TINY_STACK,
	TYPED_LIST = TINY_TASK,		/* btf_modules */
	TYPED_ENTRY = TINY_TASK + 0x40, /* struct btf_module */
	TYPED_BTF = TINY_TASK + 0x80,	/* struct btf */
	TYPED_TEXT = TINY_TASK + 0x100, /* "a text" */
	TYPED_THING = TINY_TASK + 0x200,
	TYPED_SECOND = TINY_TASK + 0x400, /* what its next points to */
	TYPED_THING_SIZE = 152,
};

struct typed_kernel {
	struct tiny_kernel *tiny;
	struct types *types;
	struct btf_bytes base, module;
};

/* Before it is opened, memory and BTF can be changed; typed_kernel_put_btf() writes it. */
struct typed_kernel *typed_kernel_new(void);
void typed_kernel_put_btf(struct typed_kernel *t);
void typed_kernel_open(struct typed_kernel *t);
void typed_kernel_free(struct typed_kernel *t);
CLEANUP_FREEP(typed_kernel)

/* The object of struct thing. */
struct object typed_thing(struct typed_kernel *t);
/* A type that must be there. */
struct type_ref typed_type(struct typed_kernel *t, const char *name);

#endif
