/* Interrupts, network interfaces and eBPF programs of hostile dumps. */
#include "opened_kernel.h"

#include "gen_net.h"
#include "kernel/bpf_object.h"
#include "kernel/interrupt.h"
#include "kernel/net_device.h"
#include "kernel/xa_node_btf.h"

#define AT(offset) (GEN_SESSION_IMAGE + (offset))

struct world {
	struct opened_kernel o;
	struct buf told;
};

static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	gen_session_init(&w->o.g);
	gen_files_add(&w->o.g);
	gen_net_add(&w->o.g);
	put_xa_node_btf(&w->o.g);
	return w;
}

static struct kernel *open_world(struct world *w)
{
	opened_kernel_open(&w->o);
	return w->o.k;
}

static void free_world(struct world *w)
{
	opened_kernel_deinit(&w->o);
	buf_deinit(&w->told);
	free(w);
}

static void tell_action(void *ctx, const struct interrupt_action *a)
{
	struct world *w = ctx;

	buf_printf(&w->told, " %s", a->name);
}

static bool tell_interrupt(void *ctx, const struct interrupt *i)
{
	struct world *w = ctx;
	u64 count;

	assert_success(interrupt_count(w->o.k, i, 1, &count));
	buf_printf(&w->told, "%u %s-%s %llu", i->number, i->chip, i->flow,
		   (unsigned long long)count);
	assert_success(interrupt_each_action(w->o.k, i, tell_action, w));
	return true;
}

static void an_interrupt_has_a_chip_a_count_and_actions(void **state)
{
	struct world *w = new_world();
	u64 total;

	open_world(w);
	assert_success(interrupt_each(w->o.k, tell_interrupt, w));
	assert_string_equal(buf_text(&w->told), "0 IO-APIC-edge 7 timer other\033");
	assert_success(interrupt_total(w->o.k, &total));
	assert_int_equal(total, 3);
	free_world(w);
}

static bool expect_endless_actions(void *ctx, const struct interrupt *i)
{
	struct world *w = ctx;

	assert_failure(interrupt_each_action(w->o.k, i, tell_action, w), ERR_BAD_DATA,
		       "no end of actions");
	return true;
}

static void actions_in_a_circle_end(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IRQ_ACTIONS + 0x40, AT(GEN_IRQ_ACTIONS));
	open_world(w);
	assert_success(interrupt_each(w->o.k, expect_endless_actions, w));
	free_world(w);
}

static void a_descriptor_that_cannot_be_read_is_told(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_IRQ_TREE, 0x1000);
	open_world(w);
	assert_failure(interrupt_each(w->o.k, tell_interrupt, w), ERR_FAULT, "interrupt 0");
	assert_string_equal(buf_text(&w->told), "");
	free_world(w);
}

static bool expect_mask(void *ctx, const struct interrupt *i)
{
	struct world *w = ctx;
	u8 mask[8];

	assert_success(interrupt_affinity(w->o.k, i, mask, sizeof(mask)));
	assert_int_equal(mask[0], 3);
	return true;
}

static void an_affinity_is_a_mask_or_points_to_one(void **state)
{
	for (unsigned is_inline = 0; is_inline < 2; is_inline++) {
		struct world *w = new_world();

		if (is_inline)
			gen_put64(&w->o.g, GEN_IRQ_DESC + 32, 3);
		open_world(w);
		assert_success(interrupt_each(w->o.k, expect_mask, w));
		free_world(w);
	}
}

static void gates_and_softirqs_lead_to_code(void **state)
{
	struct world *w = new_world();
	vaddr_t row, addr;

	open_world(w);
	assert_success(interrupt_gate(w->o.k, 1, &addr));
	assert_int_equal(addr, 0xffffffff80021000);
	assert_success(interrupt_softirq(w->o.k, 0, &row, &addr));
	assert_int_equal(row, AT(GEN_IRQ_SOFTIRQS));
	assert_int_equal(addr, AT(GEN_SESSION_TEXT));
	assert_failure(interrupt_softirq(w->o.k, 2, &row, &addr), ERR_ABSENT,
		       "no softirq 2");
	free_world(w);
}

static void count_address(void *ctx, const struct net_address *a)
{
	struct world *w = ctx;

	buf_add_str(&w->told, a->is_v6 ? " v6" : " v4");
}

static bool tell_device(void *ctx, const struct net_device *d)
{
	struct world *w = ctx;

	buf_add_str(&w->told, d->name);
	assert_success(net_device_each_address(w->o.k, d, count_address, w));
	return true;
}

static void interfaces_have_addresses_of_both_kinds(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_success(net_device_each(w->o.k, AT(GEN_NET), tell_device, w));
	assert_string_equal(buf_text(&w->told), "lo v4 v6eth0");
	free_world(w);
}

static bool expect_endless_addresses(void *ctx, const struct net_device *d)
{
	struct world *w = ctx;

	assert_failure(net_device_each_address(w->o.k, d, count_address, w), ERR_BAD_DATA,
		       "has no end");
	return false;
}

static void addresses_in_a_circle_end(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_NET_V4 + 0x40, AT(GEN_NET_V4 + 0x40));
	open_world(w);
	assert_success(net_device_each(w->o.k, AT(GEN_NET), expect_endless_addresses, w));
	free_world(w);
}

static bool count_neighbour(void *ctx, const struct neighbour *n)
{
	(*(unsigned *)ctx)++;
	return true;
}

static void neighbours_in_a_circle_end(void **state)
{
	struct world *w = new_world();
	unsigned num = 0;

	gen_put64(&w->o.g, GEN_NET_NEIGHBOUR, AT(GEN_NET_NEIGHBOUR));
	open_world(w);
	assert_failure(neighbour_each(w->o.k, count_neighbour, &num), ERR_BAD_DATA,
		       "no end");
	assert_int_equal(num, NEIGHBOURS_MAX);
	free_world(w);
}

static void a_hash_table_beyond_belief_is_refused(void **state)
{
	struct world *w = new_world();
	unsigned num = 0;

	gen_put64(&w->o.g, GEN_NET_ARP + 0x48, 63);
	open_world(w);
	assert_failure(neighbour_each(w->o.k, count_neighbour, &num), ERR_BAD_DATA,
		       "2^63 buckets");
	free_world(w);
}

static void a_hardware_address_is_no_longer_than_its_field(void **state)
{
	struct world *w = new_world();
	unsigned num = 0;

	gen_put64(&w->o.g, GEN_NET_ETH0 + 64, UINT64_MAX);
	open_world(w);
	assert_success(neighbour_each(w->o.k, count_neighbour, &num));
	assert_int_equal(num, 1);
	free_world(w);
}

static bool count_maps(void *ctx, const struct bpf_program *p)
{
	*(size_t *)ctx = p->num_maps;
	return true;
}

static void a_program_has_no_more_maps_than_can_be(void **state)
{
	struct world *w = new_world();
	size_t num = 0;

	gen_put64(&w->o.g, GEN_BPF_PROGRAM + 0x48, UINT64_MAX);
	for (u32 i = 0; i < BPF_MAX_MAPS + 8; i++)
		gen_put64(&w->o.g, GEN_BPF_TREES + 16 + 8 * i, AT(GEN_BPF_MAP));
	open_world(w);
	assert_success(bpf_program_each(w->o.k, count_maps, &num));
	assert_int_equal(num, BPF_MAX_MAPS);
	free_world(w);
}

static void a_program_that_cannot_be_read_is_told(void **state)
{
	struct world *w = new_world();
	size_t num = 7;

	gen_put64(&w->o.g, GEN_BPF_PROGRAM, 0x10);
	open_world(w);
	assert_failure(bpf_program_each(w->o.k, count_maps, &num), ERR_FAULT,
		       "prog_idr: number 0");
	assert_int_equal(num, 7);
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_has_a_chip_a_count_and_actions),
		cmocka_unit_test(actions_in_a_circle_end),
		cmocka_unit_test(a_descriptor_that_cannot_be_read_is_told),
		cmocka_unit_test(an_affinity_is_a_mask_or_points_to_one),
		cmocka_unit_test(gates_and_softirqs_lead_to_code),
		cmocka_unit_test(interfaces_have_addresses_of_both_kinds),
		cmocka_unit_test(addresses_in_a_circle_end),
		cmocka_unit_test(neighbours_in_a_circle_end),
		cmocka_unit_test(a_hash_table_beyond_belief_is_refused),
		cmocka_unit_test(a_hardware_address_is_no_longer_than_its_field),
		cmocka_unit_test(a_program_has_no_more_maps_than_can_be),
		cmocka_unit_test(a_program_that_cannot_be_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
