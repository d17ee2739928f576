/* Disks and the requests they had under way, healthy and hostile. */
#include "opened_kernel.h"

#include "gen_io.h"
#include "kernel/block_request.h"

struct world {
	struct opened_kernel o;
	struct block_requests io;
};

static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	gen_session_init(&w->o.g);
	gen_io_add(&w->o.g);
	return w;
}

static const struct block_requests *read_all(struct world *w)
{
	opened_kernel_open_cpus(&w->o);
	block_requests_read(w->o.k, &w->o.cpus, &w->o.notices, &w->io);
	return &w->io;
}

static void free_world(struct world *w)
{
	opened_kernel_deinit(&w->o);
	free(w);
}

static void requests_of_all_disks_come_oldest_first(void **state)
{
	struct world *w = new_world();
	const struct block_requests *io = read_all(w);
	const struct block_request *r = &io->oldest[1].request;

	assert_true(io->is_known);
	assert_int_equal(io->num_disks, 2);
	assert_int_equal(io->count, 4);
	assert_int_equal(io->num_in_flight, 3);
	assert_int_equal(io->num_oldest, 4);
	assert_int_equal(io->oldest[0].request.addr,
			 GEN_SESSION_IMAGE + GEN_IO_REQUEST(GEN_RQ_HELD));
	assert_int_equal(io->oldest[0].request.state, BLOCK_REQUEST_WAITING);
	assert_int_equal(r->addr, GEN_SESSION_IMAGE + GEN_IO_REQUEST(GEN_RQ_WRITE));
	assert_string_equal(io->oldest[1].disk, "sda");
	assert_string_equal(block_request_op_name(r), "write");
	assert_string_equal(block_request_state_name(r), "in flight");
	assert_int_equal(r->sector, 2048);
	assert_int_equal(r->bytes, 4096);
	assert_int_equal(r->age_ns, 40000000000);
	assert_int_equal(r->driver_age_ns, 39000000000);
	assert_int_equal(io->oldest[2].request.age_ns, 2000000000);
	free_world(w);
}

static void a_flush_has_neither_sector_nor_here_an_age(void **state)
{
	struct world *w = new_world();
	const struct block_request *r = &read_all(w)->oldest[3].request;

	assert_string_equal(block_request_op_name(r), "flush");
	assert_false(r->has_sector);
	assert_false(r->has_age);
	assert_false(r->has_driver_age);
	free_world(w);
}

static void requests_of_another_queue_do_not_count(void **state)
{
	struct world *w = new_world();
	const struct block_requests *io = read_all(w);

	for (size_t i = 0; i < io->num_oldest; i++)
		assert_int_not_equal(io->oldest[i].request.addr,
				     GEN_SESSION_IMAGE + GEN_IO_REQUEST(GEN_RQ_FOREIGN));
	free_world(w);
}

static void times_of_the_future_are_no_age(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IO_REQUEST(GEN_RQ_WRITE) + GEN_RQ_START, 100100000000);
	gen_put64(&w->o.g, GEN_IO_REQUEST(GEN_RQ_READ) + GEN_RQ_START, UINT64_MAX / 2);
	read_all(w);
	/* Behind the one held, the write is as young as can be. */
	assert_true(w->io.oldest[1].request.has_age);
	assert_int_equal(w->io.oldest[1].request.age_ns, 0);
	assert_false(w->io.oldest[2].request.has_age);
	assert_false(w->io.oldest[3].request.has_age);
	free_world(w);
}

static void a_bitmap_that_cannot_be_is_refused(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IO_TAGS + 32, (u64)1 << 40);
	read_all(w);
	assert_true(opened_kernel_has_notice(&w->o, "requests of sda: the bitmap of tags"));
	assert_int_equal(w->io.count, 2); /* of the reserved tags */
	free_world(w);
}

static void as_many_tags_as_are_claimed_are_not_looked_at(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IO_TAGS, UINT64_MAX);
	gen_put64(&w->o.g, GEN_IO_TAGS + 32, BLOCK_TAGS_MAX);
	gen_put64(&w->o.g, GEN_IO_TAGS + 40, 0);
	gen_put64(&w->o.g, GEN_IO_TAGS + 48, UINT64_MAX);
	read_all(w);
	/* The bitmap ends with memory. */
	assert_true(opened_kernel_has_notice(&w->o, "requests of sda"));
	free_world(w);
}

static void a_list_of_disks_that_loops_ends(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IO_DEVICES + 2 * GEN_IO_DEVICE_LEN,
		  GEN_SESSION_IMAGE + GEN_IO_DEVICES);
	read_all(w);
	assert_true(opened_kernel_has_notice(&w->o, "leads into itself"));
	assert_false(w->io.is_known);
	assert_true(w->io.num_disks >= 2);
	free_world(w);
}

static void a_list_of_disks_that_breaks_keeps_those_before(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IO_DEVICES, 0);
	read_all(w);
	assert_true(opened_kernel_has_notice(&w->o, "NULL pointer"));
	assert_int_equal(w->io.num_disks, 1);
	assert_int_equal(w->io.count, 4);
	free_world(w);
}

static void a_disk_that_cannot_be_read_leaves_the_others(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IO_DEVICES + 0x40, 0x1000);
	read_all(w);
	assert_true(opened_kernel_has_notice(&w->o, "block device"));
	assert_int_equal(w->io.num_disks, 1);
	free_world(w);
}

static bool stop_at_once(void *ctx, const struct block_request *r)
{
	(*(unsigned *)ctx)++;
	return false;
}

static void count_of_sda(void *ctx, const struct disk *d)
{
	struct world *w = ctx;
	unsigned num = 0;

	if (strcmp(d->name, "sda") != 0)
		return;
	assert_int_equal(d->major, 8);
	assert_success(block_request_each(w->o.k, &w->o.cpus, d, stop_at_once, &num));
	assert_int_equal(num, 1);
}

static void who_has_seen_enough_can_stop(void **state)
{
	struct world *w = new_world();

	read_all(w);
	assert_success(disk_each(w->o.k, &w->o.notices, count_of_sda, w));
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_all_disks_come_oldest_first),
		cmocka_unit_test(a_flush_has_neither_sector_nor_here_an_age),
		cmocka_unit_test(requests_of_another_queue_do_not_count),
		cmocka_unit_test(times_of_the_future_are_no_age),
		cmocka_unit_test(a_bitmap_that_cannot_be_is_refused),
		cmocka_unit_test(as_many_tags_as_are_claimed_are_not_looked_at),
		cmocka_unit_test(a_list_of_disks_that_loops_ends),
		cmocka_unit_test(a_list_of_disks_that_breaks_keeps_those_before),
		cmocka_unit_test(a_disk_that_cannot_be_read_leaves_the_others),
		cmocka_unit_test(who_has_seen_enough_can_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
