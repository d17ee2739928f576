#include "testing.h"

#include "base/bytes.h"
#include "base/str.h"
#include "kernel/printk.h"

/* The memory of a crashed kernel that has nothing but a log: 8 records, 256 bytes of text.
 */
#define BASE	  0xffffffff82000000ull
#define PRB_VAR	  0x10
#define RINGBUF	  0x100
#define DESCS	  0x200
#define INFOS	  0x400
#define TEXT	  0x800
#define SIZE	  0x1000
#define TEXT_SIZE 256
#define STATE(n)  ((u64)(n) << 62)

enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };

static const char ring_vmcoreinfo[] =
	"OSRELEASE=6.1.0\nSYMBOL(prb)=ffffffff82000010\nSIZE(printk_ringbuffer)=80\n"
	"OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=48\n"
	"SIZE(prb_desc_ring)=48\nOFFSET(prb_desc_ring.count_bits)=0\n"
	"OFFSET(prb_desc_ring.descs)=8\nOFFSET(prb_desc_ring.infos)=16\n"
	"OFFSET(prb_desc_ring.head_id)=24\nOFFSET(prb_desc_ring.tail_id)=32\n"
	"SIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=8\n"
	"SIZE(prb_data_blk_lpos)=16\nOFFSET(prb_data_blk_lpos.begin)=0\n"
	"OFFSET(prb_data_blk_lpos.next)=8\nSIZE(printk_info)=24\nOFFSET(printk_info.seq)=0\n"
	"OFFSET(printk_info.ts_nsec)=8\nOFFSET(printk_info.text_len)=16\n"
	"OFFSET(printk_info.caller_id)=20\nSIZE(prb_data_ring)=32\n"
	"OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\n"
	"SIZE(atomic_long_t)=8\nOFFSET(atomic_long_t.counter)=0\n";

static const char records_vmcoreinfo[] =
	"OSRELEASE=4.19.0\nSYMBOL(log_buf)=ffffffff82000010\nSYMBOL(log_buf_len)=ffffffff82000018\n"
	"SYMBOL(log_first_idx)=ffffffff8200001c\nSYMBOL(log_next_idx)=ffffffff82000020\n"
	"SIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
	"OFFSET(printk_log.text_len)=10\nOFFSET(printk_log.dict_len)=12\n";

struct memory {
	u8 bytes[SIZE];
	u64 hole_start, hole_len; /* not in the dump */
	struct vmcoreinfo *vi;
};

static struct err *read_memory(void *ctx, vaddr_t addr, void *data, size_t len)
{
	struct memory *m = ctx;
	u64 start = addr - BASE;

	if (!range_fits(start, len, SIZE) ||
	    (m->hole_len && start < m->hole_start + m->hole_len &&
	     m->hole_start < start + len))
		return err_fault(addr, "%llx is not in the dump", (unsigned long long)addr);
	memcpy(data, m->bytes + start, len);
	return NULL;
}

static struct memory *memory_new(const char *vmcoreinfo)
{
	struct memory *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	assert_success(vmcoreinfo_parse(vmcoreinfo, strlen(vmcoreinfo), &m->vi));
	return m;
}

static void memory_free(struct memory *m)
{
	vmcoreinfo_free(m->vi);
	free(m);
}

static struct memory *ring_new(u64 tail_id, u64 head_id)
{
	struct memory *m = memory_new(ring_vmcoreinfo);

	put_le64(m->bytes + PRB_VAR, BASE + RINGBUF);
	put_le32(m->bytes + RINGBUF, 3);
	put_le64(m->bytes + RINGBUF + 8, BASE + DESCS);
	put_le64(m->bytes + RINGBUF + 16, BASE + INFOS);
	put_le64(m->bytes + RINGBUF + 24, head_id);
	put_le64(m->bytes + RINGBUF + 32, tail_id);
	put_le32(m->bytes + RINGBUF + 48, 8);
	put_le64(m->bytes + RINGBUF + 56, BASE + TEXT);
	return m;
}

static void put_desc(struct memory *m, u64 id, u64 state, u64 begin, u64 next)
{
	u8 *desc = m->bytes + DESCS + id % 8 * 24;

	put_le64(desc, STATE(state) | id);
	put_le64(desc + 8, begin);
	put_le64(desc + 16, next);
}

static void put_record(struct memory *m, u64 id, u64 state, u64 begin, const char *text)
{
	u8 *info = m->bytes + INFOS + id % 8 * 24;
	u64 size = align_up(8 + strlen(text), 8);
	u64 at = begin % TEXT_SIZE, next = begin + size;

	if (at + size > TEXT_SIZE) { /* wraps: lies at the start of the buffer */
		at = 0;
		next = align_down(begin, TEXT_SIZE) + TEXT_SIZE + size;
	}
	put_desc(m, id, state, begin, next);
	put_le64(info, id * 10);
	put_le64(info + 8, 1500000000ull + id * 1000);
	put_le16(info + 16, (u16)strlen(text));
	info[19] = 4 << 5;
	put_le32(info + 20, 0x80000001);
	put_le64(m->bytes + TEXT + at, id);
	memcpy(m->bytes + TEXT + at + 8, text, strlen(text));
}

static struct printk_source source(struct memory *m)
{
	return (struct printk_source){.read = read_memory, .ctx = m, .vmcoreinfo = m->vi};
}

/* All records as "text|text|", and how many were lost. */
static void assert_log(struct memory *m, const char *expected, u64 lost)
{
	struct printk_source src = source(m);
	struct printk_log *log = NULL;
	struct printk_record r;
	struct buf b = BUF_INIT;

	assert_success(printk_open(&src, &log));
	while (printk_next(log, &r)) {
		buf_add(&b, r.text, r.len);
		buf_add_char(&b, '|');
	}
	assert_string_equal(buf_text(&b), expected);
	assert_int_equal(printk_num_lost(log), lost);
	buf_deinit(&b);
	printk_log_free(log);
	memory_free(m);
}

static void committed_and_finalized_records_are_the_log(void **state)
{
	struct memory *m = ring_new(0, 3);

	put_record(m, 0, FINALIZED, 0, "first");
	put_record(m, 1, COMMITTED, 16, "second");
	put_record(m, 2, RESERVED, 32, "being written");
	put_record(m, 3, REUSABLE, 64, "gone");
	assert_log(m, "first|second|", 0);
}

static void a_block_that_would_wrap_lies_at_the_start_of_the_buffer(void **state)
{
	struct memory *m = ring_new(0x7ffffffe, 0x7fffffff);

	put_record(m, 0x7ffffffe, FINALIZED, 5 * TEXT_SIZE + 200, "before the end");
	put_record(m, 0x7fffffff, FINALIZED, 5 * TEXT_SIZE + 224,
		   "a text longer than what is left");
	assert_log(m, "before the end|a text longer than what is left|", 0);
}

static void a_block_that_ends_with_the_buffer_does_not_wrap(void **state)
{
	struct memory *m = ring_new(7, 7);

	put_record(m, 7, FINALIZED, TEXT_SIZE - 16, "12345678");
	assert_log(m, "12345678|", 0);
}

static void a_descriptor_reused_for_a_later_record_is_no_record(void **state)
{
	struct memory *m = ring_new(8, 9);

	put_record(m, 8, FINALIZED, 0, "eight");
	put_record(m, 1, FINALIZED, 16, "one, and not nine");
	assert_log(m, "eight|", 0);
}

static void overwritten_text_is_lost_and_the_rest_goes_on(void **state)
{
	struct memory *m = ring_new(0, 2);

	put_record(m, 0, FINALIZED, 0, "zero");
	put_record(m, 1, FINALIZED, 16, "one");
	put_record(m, 2, FINALIZED, 32, "two");
	put_le64(m->bytes + TEXT + 16, 77);
	assert_log(m, "zero|two|", 1);
}

static void a_record_without_text_is_an_empty_line(void **state)
{
	struct memory *m = ring_new(0, 0);

	put_record(m, 0, FINALIZED, 0, "");
	put_desc(m, 0, FINALIZED, 3, 3);
	assert_log(m, "|", 0);
}

static void text_len_beyond_its_block_is_cut_to_the_block(void **state)
{
	struct memory *m = ring_new(0, 0);

	put_record(m, 0, FINALIZED, 0, "12345678");
	put_le16(m->bytes + INFOS + 16, 65535);
	assert_log(m, "12345678|", 0);
}

static void blocks_that_cannot_be_are_lost(void **state)
{
	struct memory *m = ring_new(0, 2);

	put_record(m, 0, FINALIZED, 0, "zero");
	put_desc(m, 0, FINALIZED, 8, 8);
	put_record(m, 1, FINALIZED, 16, "one");
	put_desc(m, 1, FINALIZED, 4, 24);
	put_record(m, 2, FINALIZED, 32, "two");
	assert_log(m, "two|", 2);
}

static void descriptors_on_a_missing_page_cost_only_themselves(void **state)
{
	struct memory *m = ring_new(0, 7);

	for (u64 id = 0; id < 8; id++)
		put_record(m, id, FINALIZED, id * 16, "x");
	m->hole_start = DESCS + 2 * 24;
	m->hole_len = 24;
	assert_log(m, "x|x|x|x|x|x|x|", 1);
}

static void ids_wrap_around_below_the_state_bits(void **state)
{
	u64 max = STATE(1) - 1;
	struct memory *m = ring_new(max, 0);

	put_record(m, max, FINALIZED, 0, "last id");
	put_record(m, 0, FINALIZED, 16, "id 0");
	assert_log(m, "last id|id 0|", 0);
}

static void assert_refused(struct memory *m, const char *words)
{
	struct printk_source src = source(m);
	struct printk_log *log = NULL;

	assert_failure(printk_open(&src, &log), ERR_BAD_DATA, words);
	memory_free(m);
}

static void absurd_sizes_are_bad_data(void **state)
{
	struct memory *m = ring_new(0, 8);

	assert_refused(m, "do not fit a ring of 8");
	m = ring_new(0, 0);
	put_le32(m->bytes + RINGBUF, 40);
	assert_refused(m, "2^40 records");
	m = ring_new(0, 0);
	put_le32(m->bytes + RINGBUF + 48, 63);
	assert_refused(m, "2^63 bytes");
}

static void level_time_and_caller_come_with_the_text(void **state)
{
	struct memory *m = ring_new(5, 5);
	struct printk_source src = source(m);
	struct printk_log *log = NULL;
	struct printk_record r;

	put_record(m, 5, FINALIZED, 0, "five");
	assert_success(printk_open(&src, &log));
	assert_true(printk_next(log, &r));
	assert_int_equal(r.seq, 50);
	assert_int_equal(r.ts_ns, 1500005000);
	assert_true(r.has_level);
	assert_int_equal(r.level, 4);
	assert_int_equal(r.facility, 0);
	assert_int_equal(r.caller, 0x80000001);
	assert_false(printk_next(log, &r));
	printk_log_free(log);
	memory_free(m);
}

static void no_log_in_vmcoreinfo_is_absent(void **state)
{
	struct memory *m = memory_new("OSRELEASE=3.2.0\n");
	struct printk_source src = source(m);
	struct printk_log *log = NULL;

	assert_failure(printk_open(&src, &log), ERR_ABSENT, "SYMBOL(log_buf)");
	memory_free(m);
}

static void what_dmesg_cleared_is_known(void **state)
{
	static const char plain[] = "OSRELEASE=6.1.0\nSYMBOL(clear_seq)=ffffffff82000010\n";
	static const char latched[] =
		"OSRELEASE=6.1.0\nSYMBOL(clear_seq)=ffffffff82000010\n"
		"SIZE(latched_seq)=24\nOFFSET(latched_seq.val)=8\n";
	struct memory *m = memory_new(plain);
	struct printk_source src = source(m);
	u64 seq = 0;

	put_le64(m->bytes + 0x10, 7);
	assert_success(printk_first_not_cleared(&src, &seq));
	assert_int_equal(seq, 7);
	memory_free(m);

	m = memory_new(latched);
	src = source(m);
	put_le64(m->bytes + 0x18, 5);
	put_le64(m->bytes + 0x20, 6);
	assert_success(printk_first_not_cleared(&src, &seq));
	assert_int_equal(seq, 5);
	put_le32(m->bytes + 0x10, 3);
	assert_success(printk_first_not_cleared(&src, &seq));
	assert_int_equal(seq, 6);
	memory_free(m);

	m = memory_new(
		"OSRELEASE=6.1.0\nSYMBOL(clear_seq)=ffffffff82000010\nSIZE(latched_seq)=16\n"
		"OFFSET(latched_seq.val)=8\n");
	src = source(m);
	assert_failure(printk_first_not_cleared(&src, &seq), ERR_BAD_DATA,
		       "latched_seq.val");
	memory_free(m);

	m = memory_new(records_vmcoreinfo);
	src = source(m);
	assert_failure(printk_first_not_cleared(&src, &seq), ERR_ABSENT, "clear_seq");
	memory_free(m);
}

static size_t put_old_record(struct memory *m, size_t at, const char *text)
{
	u8 *p = m->bytes + TEXT + at;
	size_t len = 16 + align_up(strlen(text), 4);

	put_le64(p, 1000000000);
	put_le16(p + 8, (u16)len);
	put_le16(p + 10, (u16)strlen(text));
	memcpy(p + 16, text, strlen(text));
	return at + len;
}

static struct memory *records_new(u32 first, u32 next)
{
	struct memory *m = memory_new(records_vmcoreinfo);

	put_le64(m->bytes + 0x10, BASE + TEXT);
	put_le32(m->bytes + 0x18, TEXT_SIZE);
	put_le32(m->bytes + 0x1c, first);
	put_le32(m->bytes + 0x20, next);
	return m;
}

static void the_record_log_wraps_at_a_record_of_length_zero(void **state)
{
	struct memory *m = records_new(200, 24);

	assert_int_equal(put_old_record(m, 0, "wrapped"), 24);
	put_old_record(m, 200, "old");
	assert_log(m, "old|wrapped|", 0);
}

static void a_broken_record_ends_the_record_log(void **state)
{
	struct memory *m = records_new(0, 100);
	size_t at = put_old_record(m, 0, "good");

	put_le16(m->bytes + TEXT + at + 8, 3);
	assert_log(m, "good|", 1);
}

static void a_record_log_that_loops_ends(void **state)
{
	struct memory *m = records_new(0, 251);
	struct printk_source src = source(m);
	struct printk_log *log = NULL;
	struct printk_record r;
	unsigned n = 0;

	/* The mark at 20 leads back to 0 for ever, and 251 is never reached. */
	put_old_record(m, 0, "loop");
	assert_success(printk_open(&src, &log));
	while (printk_next(log, &r))
		n++;
	assert_true(n <= TEXT_SIZE / 16);
	printk_log_free(log);
	memory_free(m);
}

static void dmesg_lines_are_stamped_indented_and_escaped(void **state)
{
	struct buf b = BUF_INIT;
	struct printk_record r = {.ts_ns = 12345678901, .text = "a\nb\x1b[31m", .len = 8};

	printk_format(&b, &r, true);
	assert_string_equal(buf_text(&b), "[   12.345678] a\n"
					  "               b\\x1b[31m\n");
	b.len = 0;
	printk_format(&b, &r, false);
	assert_string_equal(buf_text(&b), "[   12.345678] a\nb\\x1b[31m\n");
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(committed_and_finalized_records_are_the_log),
		cmocka_unit_test(a_block_that_would_wrap_lies_at_the_start_of_the_buffer),
		cmocka_unit_test(a_block_that_ends_with_the_buffer_does_not_wrap),
		cmocka_unit_test(a_descriptor_reused_for_a_later_record_is_no_record),
		cmocka_unit_test(overwritten_text_is_lost_and_the_rest_goes_on),
		cmocka_unit_test(a_record_without_text_is_an_empty_line),
		cmocka_unit_test(text_len_beyond_its_block_is_cut_to_the_block),
		cmocka_unit_test(blocks_that_cannot_be_are_lost),
		cmocka_unit_test(descriptors_on_a_missing_page_cost_only_themselves),
		cmocka_unit_test(ids_wrap_around_below_the_state_bits),
		cmocka_unit_test(absurd_sizes_are_bad_data),
		cmocka_unit_test(level_time_and_caller_come_with_the_text),
		cmocka_unit_test(no_log_in_vmcoreinfo_is_absent),
		cmocka_unit_test(what_dmesg_cleared_is_known),
		cmocka_unit_test(the_record_log_wraps_at_a_record_of_length_zero),
		cmocka_unit_test(a_broken_record_ends_the_record_log),
		cmocka_unit_test(a_record_log_that_loops_ends),
		cmocka_unit_test(dmesg_lines_are_stamped_indented_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
