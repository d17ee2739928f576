/* Ways to servers in network namespaces of our own. Needs root and ip(8). */
#include "testing.h"

#include "arm/network_snapshot.h"
#include "base/child.h"
#include "base/str.h"

#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#define MAC "52:54:00:aa:00:01"

static bool succeeds(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_spec spec = {.argv = argv};
	struct child_output o = {0};
	bool good;

	assert_success(child_run(&spec, 20000, NULL, &o));
	good = o.status == 0;
	child_output_deinit(&o);
	return good;
}

static void run(const char *command)
{
	if (!succeeds(command))
		fail_msg("%s", command);
}

/* An adapter v0, and its other end so that it has a carrier. */
static int set_up(void **state)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	run("ip link set lo up; ip link add v0 address " MAC
	    " mtu 1400 type veth peer name v1; "
	    "ip link set v0 up; ip link set v1 up");
	return 0;
}

static void adapter_with_an_address_and_a_gateway_is_noted(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip addr add 192.0.2.5/24 dev v0; ip addr add 2001:db8::5/64 dev v0 nodad; "
	    "ip route add default via 192.0.2.1");
	assert_success(network_snapshot_add(&s, "", "203.0.113.9", &way));
	assert_string_equal(way.address, "203.0.113.9");
	assert_string_equal(way.own_address, "192.0.2.5");
	assert_false(way.is_leased);
	assert_int_equal(s.num_interfaces, 1);
	assert_string_equal(s.interfaces[0].name, "v0");
	assert_string_equal(s.interfaces[0].kind, "ethernet");
	assert_string_equal(s.interfaces[0].mac, MAC);
	assert_string_equal(s.interfaces[0].addresses, "192.0.2.5/24 2001:db8::5/64");
	assert_int_equal(s.interfaces[0].mtu, 1400);
	assert_false(s.interfaces[0].dhcp);
	assert_int_equal(s.num_routes, 1);
	assert_string_equal(s.routes[0].to, "default");
	assert_string_equal(s.routes[0].gateway, "192.0.2.1");
	assert_string_equal(s.routes[0].interface, "v0");
	network_snapshot_deinit(&s);
}

static void neighbour_needs_no_gateway(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip addr add 192.0.2.5/24 dev v0");
	assert_success(network_snapshot_add(&s, "", "192.0.2.77", &way));
	assert_int_equal(s.num_routes, 1);
	assert_string_equal(s.routes[0].to, "192.0.2.77/32");
	assert_string_equal(s.routes[0].gateway, "");
	network_snapshot_deinit(&s);
}

static void leased_address_may_be_asked_for_again(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip addr add 192.0.2.5/24 dev v0 valid_lft 600 preferred_lft 600");
	assert_success(network_snapshot_add(&s, "", "192.0.2.77", &way));
	assert_true(way.is_leased);
	assert_true(s.interfaces[0].dhcp);
	network_snapshot_deinit(&s);
}

static void server_by_ipv6_is_reached_by_its_gateway(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip addr add 2001:db8::5/64 dev v0 nodad; ip route add default via fe80::1 dev v0");
	assert_success(network_snapshot_add(&s, "", "2001:db8:1::9", &way));
	assert_string_equal(way.own_address, "2001:db8::5");
	assert_string_equal(s.routes[0].gateway, "fe80::1");
	network_snapshot_deinit(&s);
}

static void second_server_by_another_way_has_its_own_route(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip addr add 192.0.2.5/24 dev v0; ip route add default via 192.0.2.1; "
	    "ip route add 198.51.100.0/24 via 192.0.2.2");
	assert_success(network_snapshot_add(&s, "", "203.0.113.9", &way));
	assert_success(network_snapshot_add(&s, "", "203.0.113.10", &way));
	assert_success(network_snapshot_add(&s, "", "198.51.100.1", &way));
	assert_int_equal(s.num_interfaces, 1);
	assert_int_equal(s.num_routes, 2);
	assert_string_equal(s.routes[1].to, "198.51.100.1/32");
	assert_string_equal(s.routes[1].gateway, "192.0.2.2");
	network_snapshot_deinit(&s);
}

static void this_machine_is_no_server(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip addr add 192.0.2.5/24 dev v0");
	assert_failure(network_snapshot_add(&s, "", "192.0.2.5", &way), ERR_USAGE,
		       "192.0.2.5 is this machine itself");
	assert_failure(network_snapshot_add(&s, "", "127.0.0.1", &way), ERR_USAGE,
		       "this machine itself");
	assert_failure(network_snapshot_add(&s, "", "203.0.113.9", &way), ERR_OS,
		       "no route to 203.0.113.9");
	assert_failure(network_snapshot_add(&s, "", "no such host", &way), ERR_ABSENT,
		       "the name \"no such host\" has no address");
	network_snapshot_deinit(&s);
}

static void drivers_are_those_of_the_device_and_what_it_sits_on(void **state)
{
	char root[] = "/tmp/inquest-net-XXXXXX", command[1024];
	struct network_snapshot s = {0};
	struct network_way way;

	assert_non_null(mkdtemp(root));
	snprintf(
		command, sizeof(command),
		"cd %s && mkdir -p sys/devices/pci0/0000:00:03.0/virtio1 sys/class/net/v0 "
		"sys/module/virtio_net sys/module/virtio_pci sys/drivers/a sys/drivers/b && "
		"ln -s ../../module/virtio_net sys/drivers/a/module && "
		"ln -s ../../module/virtio_pci sys/drivers/b/module && "
		"ln -s ../../../../drivers/a sys/devices/pci0/0000:00:03.0/virtio1/driver && "
		"ln -s ../../../drivers/b sys/devices/pci0/0000:00:03.0/driver && "
		"ln -s ../../../devices/pci0/0000:00:03.0/virtio1 sys/class/net/v0/device",
		root);
	run(command);
	run("ip addr add 192.0.2.5/24 dev v0");
	assert_success(network_snapshot_add(&s, root, "192.0.2.77", &way));
	assert_int_equal(s.num_modules, 2);
	assert_string_equal(s.modules[0], "virtio_net");
	assert_string_equal(s.modules[1], "virtio_pci");
	assert_null(s.modules[2]);
	network_snapshot_deinit(&s);
	snprintf(command, sizeof(command), "rm -r %s", root);
	run(command);
}

static void bridge_gives_its_addresses_to_the_port_that_leads_out(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	/* A port of kind veth may be a container's: only adapters lead out. */
	run("ip link add br0 type bridge && ip link set v0 master br0 && "
	    "ip link set br0 up && ip addr add 192.0.2.5/24 dev br0");
	assert_failure(network_snapshot_add(&s, "", "192.0.2.77", &way), ERR_UNSUPPORTED,
		       "over bridge br0, and none of its ports leads out");
	network_snapshot_deinit(&s);
}

static void tunnel_is_refused_with_its_kind(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip link add t0 type dummy && ip link set t0 up && "
	    "ip addr add 192.0.2.5/24 dev t0");
	assert_failure(network_snapshot_add(&s, "", "192.0.2.77", &way), ERR_UNSUPPORTED,
		       "cannot restore links of kind dummy");
	network_snapshot_deinit(&s);
}

static void vlan_comes_with_its_parent(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip link add link v0 name v0.7 type vlan id 7 && ip link set v0.7 up && "
	    "ip addr add 192.0.2.5/24 dev v0.7");
	assert_success(network_snapshot_add(&s, "", "192.0.2.77", &way));
	assert_int_equal(s.num_interfaces, 2);
	assert_string_equal(s.interfaces[0].name, "v0");
	assert_string_equal(s.interfaces[0].addresses, "");
	assert_string_equal(s.interfaces[1].kind, "vlan");
	assert_string_equal(s.interfaces[1].parent, "v0");
	assert_int_equal(s.interfaces[1].vlan_id, 7);
	assert_string_equal(s.interfaces[1].addresses, "192.0.2.5/24");
	assert_string_equal(s.routes[0].interface, "v0.7");
	assert_string_equal(s.modules[0], "8021q");
	network_snapshot_deinit(&s);
}

static void bond_comes_with_its_slaves(void **state)
{
	struct network_snapshot s = {0};
	struct network_way way;

	run("ip link add bond7 type bond mode active-backup miimon 100 && "
	    "ip link set v0 down && ip link set v0 master bond7 && ip link set bond7 up && "
	    "ip addr add 192.0.2.5/24 dev bond7");
	assert_success(network_snapshot_add(&s, "", "192.0.2.77", &way));
	assert_int_equal(s.num_interfaces, 2);
	assert_string_equal(s.interfaces[0].master, "bond7");
	assert_string_equal(s.interfaces[1].bond_mode, "active-backup");
	assert_string_equal(s.modules[0], "bonding");
	network_snapshot_deinit(&s);
}

int main(void)
{
#define NETWORK_TEST(f) (struct CMUnitTest) cmocka_unit_test_setup(f, set_up)
	struct CMUnitTest tests[16] = {
		NETWORK_TEST(adapter_with_an_address_and_a_gateway_is_noted),
		NETWORK_TEST(neighbour_needs_no_gateway),
		NETWORK_TEST(leased_address_may_be_asked_for_again),
		NETWORK_TEST(server_by_ipv6_is_reached_by_its_gateway),
		NETWORK_TEST(second_server_by_another_way_has_its_own_route),
		NETWORK_TEST(this_machine_is_no_server),
		NETWORK_TEST(drivers_are_those_of_the_device_and_what_it_sits_on),
	};
	static const struct {
		struct CMUnitTest test;
		const char *probe;
	} more[] = {
		{cmocka_unit_test_setup(
			 bridge_gives_its_addresses_to_the_port_that_leads_out, set_up),
		 "ip link add probe0 type bridge"},
		{cmocka_unit_test_setup(tunnel_is_refused_with_its_kind, set_up),
		 "ip link add probe1 type dummy"},
		{cmocka_unit_test_setup(vlan_comes_with_its_parent, set_up),
		 "ip link add link lo name probe2 type vlan id 9"},
		{cmocka_unit_test_setup(bond_comes_with_its_slaves, set_up),
		 "ip link add probe3 type bond"},
	};
	size_t count = 7;

	if (getuid() != 0 || !child_program_is_there("ip") || unshare(CLONE_NEWNET) < 0) {
		print_message("1..0 # SKIP needs root, network namespaces and ip(8)\n");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		if (succeeds(more[i].probe))
			tests[count++] = more[i].test;
		else
			print_message("# left out, this kernel cannot do \"%s\": %s\n",
				      more[i].probe, more[i].test.name);
	}
	return _cmocka_run_group_tests("network_snapshot", tests, count, NULL, NULL);
}
