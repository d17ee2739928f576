/*
 * One row of the kernel's ORC unwind tables, decoded into a form that does not depend on
 * the kernel's encoding of it.
 *
 * ORC tells for each stretch of kernel code how to find the caller's stack pointer (here
 * `sp`, what DWARF calls the CFA), the caller's frame pointer and the return address. A row
 * is 6 packed bytes, of which the first four always were the two offsets; the meaning of
 * the other two changed over time. Pure functions, safe from any thread.
 *
 * Source: arch/x86/include/asm/orc_types.h, Documentation/arch/x86/orc-unwinder.rst.
 */
#ifndef FORMAT_ORC_ENTRY_H
#define FORMAT_ORC_ENTRY_H

#include "base/err.h"

#define ORC_ENTRY_LEN 6
#define ORC_HASH_LEN  20

/* How the last two bytes of an entry are to be read. */
enum orc_encoding {
	/* type:2 end:1. ee9f8fce9964 ("x86/unwind: Add the ORC unwinder") */
	ORC_ENCODING_TYPE2_END,
	/* type:2 signal:1 end:1. ffb1b4a41016 ("x86/unwind/orc: Add 'signal' field to ORC
	   metadata") */
	ORC_ENCODING_TYPE2_SIGNAL_END,
	/* type:3 signal:1. fb799447ae29 ("x86,objtool: Split UNWIND_HINT_EMPTY in two") */
	ORC_ENCODING_TYPE3_SIGNAL,
	/* The same bits with the registers numbered anew (seen in Linux 7.2's headers). */
	ORC_ENCODING_TYPE3_SIGNAL_RENUMBERED,
};

/* What a value is computed from. */
enum orc_base {
	ORC_BASE_UNDEFINED,
	ORC_BASE_PREV_SP, /* the caller's sp, as this row gives it */
	ORC_BASE_SP,
	ORC_BASE_BP,
	ORC_BASE_SP_INDIRECT, /* what lies at sp, plus the offset */
	ORC_BASE_BP_INDIRECT, /* what lies at bp plus the offset */
	ORC_BASE_AX,
	ORC_BASE_DX,
	ORC_BASE_DI,
	ORC_BASE_R10,
	ORC_BASE_R13,
};

enum orc_kind {
	ORC_KIND_UNDEFINED,    /* code the kernel cannot unwind through */
	ORC_KIND_END_OF_STACK, /* outermost frame */
	ORC_KIND_CALL,	       /* the return address lies below the caller's sp */
	ORC_KIND_REGS,	       /* a whole struct pt_regs lies at sp */
	ORC_KIND_REGS_PARTIAL, /* an interrupt frame (ip, cs, flags, sp, ss) lies at sp */
};

struct orc_row {
	enum orc_kind kind;
	/* The caller was interrupted where it was, it made no call: look its address up as
	   it is. */
	bool signal;
	enum orc_base sp_base;
	s16 sp_offset;
	enum orc_base bp_base; /* UNDEFINED: bp is what it was; PREV_SP, BP: lies there */
	s16 bp_offset;
};

/* The encoding that a kernel's .orc_header announces: the SHA-1 that scripts/orc_hash.sh
 * makes of the definitions (b9f174c811e3 "x86/unwind/orc: Add ELF section with ORC version
 * identifier"). False if the hash is none we know. */
bool orc_encoding_from_hash(const u8 hash[ORC_HASH_LEN], enum orc_encoding *ret);

/* The encoding by which bitfields struct orc_entry has: @type_bits is the width of `type`.
 * A kernel without an ORC header has no renumbered registers. False for anything unknown.
 */
bool orc_encoding_from_layout(u32 type_bits, bool has_signal, bool has_end,
			      enum orc_encoding *ret);

/* Decode the little-endian entry at @bytes. ERR_BAD_DATA for a type or register number that
 * the encoding does not have. */
must_check struct err *orc_row_decode(enum orc_encoding encoding,
				      const u8 bytes[ORC_ENTRY_LEN], struct orc_row *ret);

#endif
