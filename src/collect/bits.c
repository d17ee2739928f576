#include "collect/bits_priv.h"

#include "base/bytes.h"

void bits_set(u8 *bits, u64 first, u64 end)
{
	for (; first < end && first % 8; first++)
		bits[first / 8] |= (u8)(1u << first % 8);
	if (first < end) {
		memset(bits + first / 8, 0xff, (end - first) / 8);
		first = align_down(end, 8);
	}
	for (; first < end; first++)
		bits[first / 8] |= (u8)(1u << first % 8);
}

u64 bits_clear(u8 *bits, u64 first, u64 end)
{
	u64 n = 0;

	while (first < end) {
		u8 mask;

		if (first % 8 == 0 && end - first >= 8) {
			n += (u64)__builtin_popcount(bits[first / 8]);
			bits[first / 8] = 0;
			first += 8;
			continue;
		}
		mask = (u8)(1u << first % 8);
		n += (bits[first / 8] & mask) != 0;
		bits[first / 8] &= (u8)~mask;
		first++;
	}
	return n;
}

u64 bits_count(const u8 *bits, u64 num)
{
	u64 n = 0;

	for (; num >= 64; num -= 64, bits += 8)
		n += (u64)__builtin_popcountll(get_le64(bits));
	for (; num >= 8; num -= 8, bits++)
		n += (u64)__builtin_popcount(*bits);
	if (num)
		n += (u64)__builtin_popcount(*bits & ((1u << num) - 1));
	return n;
}

u64 bits_find(const u8 *bits, u64 bit, u64 end, bool value)
{
	while (bit < end) {
		if (bit % 8 == 0 && end - bit >= 8 && bits[bit / 8] == (value ? 0 : 0xff)) {
			bit += 8;
			continue;
		}
		if ((bits[bit / 8] >> bit % 8 & 1) == value)
			return bit;
		bit++;
	}
	return end;
}
