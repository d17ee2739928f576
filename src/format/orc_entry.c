#include "format/orc_entry.h"

#include "base/bytes.h"

#define REGISTER_MASK	    0xf
#define BP_REGISTER_SHIFT   4
#define TYPE_SHIFT	    8
#define V1_END		    0x400 /* type:2 end:1 */
#define V2_SIGNAL	    0x400 /* type:2 signal:1 end:1 */
#define V2_END		    0x800
#define V3_SIGNAL	    0x800 /* type:3 signal:1 */
#define NUM_REGISTERS	    11
#define NO_SUCH_REGISTER    0xff
#define NUM_TYPES_OF_2_BITS 3
#define NUM_TYPES_OF_3_BITS 5

static const u8 registers[NUM_REGISTERS] = {
	ORC_BASE_UNDEFINED,   ORC_BASE_PREV_SP,	    ORC_BASE_DX,      ORC_BASE_DI,
	ORC_BASE_BP,	      ORC_BASE_SP,	    ORC_BASE_R10,     ORC_BASE_R13,
	ORC_BASE_BP_INDIRECT, ORC_BASE_SP_INDIRECT, NO_SUCH_REGISTER,
};

static const u8 renumbered_registers[NUM_REGISTERS] = {
	ORC_BASE_UNDEFINED, ORC_BASE_AX,	  ORC_BASE_DX,		ORC_BASE_SP,
	ORC_BASE_BP,	    ORC_BASE_DI,	  ORC_BASE_R10,		ORC_BASE_R13,
	ORC_BASE_PREV_SP,   ORC_BASE_SP_INDIRECT, ORC_BASE_BP_INDIRECT,
};

/* Before fb799447ae29 the two others were told by sp_reg and `end`. */
static const u8 types_of_2_bits[NUM_TYPES_OF_2_BITS] = {
	ORC_KIND_CALL,
	ORC_KIND_REGS,
	ORC_KIND_REGS_PARTIAL,
};

static const u8 types_of_3_bits[NUM_TYPES_OF_3_BITS] = {
	ORC_KIND_UNDEFINED, ORC_KIND_END_OF_STACK, ORC_KIND_CALL,
	ORC_KIND_REGS,	    ORC_KIND_REGS_PARTIAL,
};

static const struct {
	enum orc_encoding encoding;
	u8 hash[ORC_HASH_LEN];
} hashes[] = {
	{ORC_ENCODING_TYPE2_SIGNAL_END,
	 {0xdb, 0x84, 0xae, 0xd4, 0x10, 0x3b, 0x31, 0xdd, 0x51, 0xe0,
	  0x17, 0xf8, 0xf7, 0x97, 0x83, 0xca, 0x98, 0x5c, 0x2c, 0x51}},
	{ORC_ENCODING_TYPE3_SIGNAL,
	 {0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6, 0x3b, 0x2c, 0xa9,
	  0xa5, 0xc6, 0x5b, 0xa5, 0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24}},
	{ORC_ENCODING_TYPE3_SIGNAL_RENUMBERED,
	 {0x13, 0x7c, 0x36, 0xad, 0x76, 0x27, 0xc4, 0xdd, 0x55, 0x93,
	  0x21, 0x76, 0xbb, 0x0e, 0xcd, 0xbd, 0x50, 0x41, 0xfc, 0x82}},
};

bool orc_encoding_from_hash(const u8 hash[ORC_HASH_LEN], enum orc_encoding *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		if (memcmp(hashes[i].hash, hash, ORC_HASH_LEN) == 0) {
			*ret = hashes[i].encoding;
			return true;
		}
	}
	return false;
}

bool orc_encoding_from_layout(u32 type_bits, bool has_signal, bool has_end,
			      enum orc_encoding *ret)
{
	if (type_bits == 2 && has_end)
		*ret = has_signal ? ORC_ENCODING_TYPE2_SIGNAL_END : ORC_ENCODING_TYPE2_END;
	else if (type_bits == 3 && has_signal && !has_end)
		*ret = ORC_ENCODING_TYPE3_SIGNAL;
	else
		return false;
	return true;
}

static bool decode_register(enum orc_encoding encoding, unsigned number, enum orc_base *ret)
{
	const u8 *table = encoding == ORC_ENCODING_TYPE3_SIGNAL_RENUMBERED
				  ? renumbered_registers
				  : registers;

	if (number >= NUM_REGISTERS || table[number] == NO_SUCH_REGISTER)
		return false;
	*ret = table[number];
	return true;
}

/* The encodings whose `type` has two bits. */
static bool decode_type_and_end(enum orc_encoding encoding, u16 flags, struct orc_row *row)
{
	bool has_signal = encoding == ORC_ENCODING_TYPE2_SIGNAL_END;
	unsigned type = flags >> TYPE_SHIFT & 3;

	if (type >= NUM_TYPES_OF_2_BITS)
		return false;
	row->kind = types_of_2_bits[type];
	/* Without the bit, it is frames of registers that were interrupted. */
	row->signal = has_signal ? flags & V2_SIGNAL : row->kind != ORC_KIND_CALL;
	if (row->sp_base == ORC_BASE_UNDEFINED)
		row->kind = flags & (has_signal ? V2_END : V1_END) ? ORC_KIND_END_OF_STACK
								   : ORC_KIND_UNDEFINED;
	return true;
}

static bool decode_type(u16 flags, struct orc_row *row)
{
	unsigned type = flags >> TYPE_SHIFT & 7;

	if (type >= NUM_TYPES_OF_3_BITS)
		return false;
	row->kind = types_of_3_bits[type];
	row->signal = flags & V3_SIGNAL;
	return true;
}

struct err *orc_row_decode(enum orc_encoding encoding, const u8 bytes[ORC_ENTRY_LEN],
			   struct orc_row *ret)
{
	u16 flags = get_le16(bytes + 4);
	struct orc_row row = {
		.sp_offset = (s16)get_le16(bytes),
		.bp_offset = (s16)get_le16(bytes + 2),
	};
	bool is_good = decode_register(encoding, flags & REGISTER_MASK, &row.sp_base) &&
		       decode_register(encoding, flags >> BP_REGISTER_SHIFT & REGISTER_MASK,
				       &row.bp_base);

	if (is_good && (encoding == ORC_ENCODING_TYPE2_END ||
			encoding == ORC_ENCODING_TYPE2_SIGNAL_END))
		is_good = decode_type_and_end(encoding, flags, &row);
	else if (is_good)
		is_good = decode_type(flags, &row);
	if (!is_good)
		return err_new(ERR_BAD_DATA,
			       "ORC entry with unknown type or register number: 0x%04x",
			       flags);
	*ret = row;
	return NULL;
}
