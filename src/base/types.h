/*
 * Integer and address types used everywhere, and the few macros that go with them.
 *
 * Units live in types: a pfn_t counts pages of the dump, a paddr_t is a physical and a
 * vaddr_t a virtual address of the crashed machine, always 64 bits wide with wrapping
 * arithmetic, whatever CPU this program runs on.
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 pfn_t;
typedef u64 paddr_t;
typedef u64 vaddr_t;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A result that must be looked at: with -Werror, dropping it does not compile. */
#define must_check __attribute__((warn_unused_result))

/* Check the arguments of a printf-like function. @fmt and @args count from 1;
 * @args is 0 for a function that takes a va_list. */
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

static inline u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}
static inline u64 max_u64(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* Hundredths, rounded down; @whole is not 0. Any numbers will do. */
static inline u64 percent_of(u64 part, u64 whole)
{
	return part > UINT64_MAX / 100 ? part / (whole / 100 + 1) : part * 100 / whole;
}

static inline u64 align_down(u64 value, u64 power_of_two)
{
	return value & ~(power_of_two - 1);
}

/* Wraps to a small number past 2^64 - power_of_two: bound @value before. */
static inline u64 align_up(u64 value, u64 power_of_two)
{
	return (value + power_of_two - 1) & ~(power_of_two - 1);
}

/* Is [start, start + len) inside [0, size)? Never overflows. */
static inline bool range_fits(u64 start, u64 len, u64 size)
{
	return start <= size && len <= size - start;
}

#endif
