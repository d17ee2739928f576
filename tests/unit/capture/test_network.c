/* The network brought up in namespaces of our own, with a real peer at the other end of a
 * veth pair. Needs root and ip(8). */
#include "testing.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "capture/dhcp_client.h"
#include "capture/network.h"
#include "capture/network_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define OUR_MAC	    "52:54:00:aa:00:01"
#define PEER_V4	    "192.0.2.1"
#define PEER_V6	    "2001:db8::1"
#define PORT	    2049
#define QUICK_MS    3000
#define LEASE_MS    9000
#define PATIENCE_MS 20000

struct peer {
	pid_t pid; /* a process that keeps the other namespace; 0: none */
	struct child *dhcp;
};

static void run(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_spec spec = {.argv = argv};
	struct child_output o = {0};

	assert_success(child_run(&spec, PATIENCE_MS, NULL, &o));
	if (o.status)
		print_error("%s: %s\n", command, buf_text(&o.errors));
	assert_int_equal(o.status, 0);
	child_output_deinit(&o);
}

static bool succeeds(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_spec spec = {.argv = argv};
	struct child_output o = {0};
	bool good;

	assert_success(child_run(&spec, PATIENCE_MS, NULL, &o));
	good = o.status == 0;
	child_output_deinit(&o);
	return good;
}

/* Accept connections on a port in a namespace of our own, for ever. */
static void serve(int ready_fd)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) < 0)
		_exit(1);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    listen(fd, 8) < 0 || write(ready_fd, "1", 1) != 1)
		_exit(1);
	for (;;)
		close(accept(fd, NULL, NULL));
}

static int set_up(void **state)
{
	struct peer *p = calloc(1, sizeof(*p));
	char command[512], byte;
	int ready[2];

	*state = p;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(pipe(ready), 0);
	p->pid = fork();
	if (p->pid == 0)
		serve(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	snprintf(command, sizeof(command),
		 "ip link add v0 address " OUR_MAC " type veth peer name v1 netns %d && "
		 "nsenter -n -t %d sh -c 'ip link set lo up; ip link set v1 up; "
		 "ip addr add " PEER_V4 "/24 dev v1; ip addr add 198.51.100.9/32 dev lo; "
		 "ip addr add " PEER_V6 "/64 dev v1 nodad'",
		 (int)p->pid, (int)p->pid);
	run(command);
	return 0;
}

static int tear_down(void **state)
{
	struct peer *p = *state;

	child_free(p->dhcp);
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	free(p);
	return 0;
}

static const struct manifest_interface our_link = {
	.name = "enp1s0",
	.kind = "ethernet",
	.mac = OUR_MAC,
	.parent = "",
	.master = "",
	.addresses = "192.0.2.5/24 2001:db8::5/64",
	.bond_mode = "",
	.mtu = 1400,
};
static const struct network_goal peer_v4 = {PEER_V4, PORT};

/* The sentences of @n, and an end of them. */
static void assert_quiet(struct notices *n)
{
	for (size_t i = 0; i < n->count; i++)
		print_error("notice: %s\n", n->texts[i]);
	assert_int_equal(n->count, 0);
	notices_deinit(n);
}

static void interface_is_found_by_mac_and_gets_what_it_had(void **state)
{
	const struct manifest_route routes[] = {
		{.to = "default", .gateway = PEER_V4, .interface = "enp1s0"}};
	struct manifest m = {.interfaces = &our_link,
			     .num_interfaces = 1,
			     .routes = routes,
			     .num_routes = 1};
	struct notices notices = {0};
	char text[IP_TEXT_SIZE];

	assert_success(network_bring_up(&m, &peer_v4, QUICK_MS, &notices));
	assert_quiet(&notices);
	run("ip -o addr show v0 | grep -q '192.0.2.5/24 brd 192.0.2.255'");
	run("ip -o addr show v0 | grep -q '2001:db8::5/64'");
	run("ip -o link show v0 | grep -q 'mtu 1400'");
	run("ip route show default | grep -q 'via 192.0.2.1 dev v0'");
	run("ip -o link show lo | grep -q '[<,]UP[,>]'");
	assert_string_equal(network_own_address(text, PEER_V4), "192.0.2.5");
	assert_string_equal(network_own_address(text, "203.0.113.9"), "192.0.2.5");
	assert_string_equal(network_own_address(text, PEER_V6), "2001:db8::5");
}

static void bringing_up_twice_is_fine(void **state)
{
	const struct manifest_route routes[] = {
		{.to = "198.51.100.0/24", .gateway = PEER_V4, .interface = "enp1s0"}};
	struct manifest m = {.interfaces = &our_link,
			     .num_interfaces = 1,
			     .routes = routes,
			     .num_routes = 1};
	const struct network_goal goals[] = {{"198.51.100.9", PORT}, {PEER_V6, PORT}};
	struct notices notices = {0};

	assert_success(network_bring_up(&m, &goals[0], QUICK_MS, &notices));
	assert_success(network_bring_up(&m, &goals[1], QUICK_MS, &notices));
	assert_quiet(&notices);
}

static void gateway_outside_of_our_networks_is_reached(void **state)
{
	struct manifest_interface i = our_link;
	const struct manifest_route routes[] = {
		{.to = "default", .gateway = PEER_V4, .interface = "enp1s0"}};
	struct manifest m = {
		.interfaces = &i, .num_interfaces = 1, .routes = routes, .num_routes = 1};
	const struct network_goal goal = {"198.51.100.9", PORT};
	struct notices notices = {0};

	i.addresses = "192.0.2.5/32";
	assert_success(network_bring_up(&m, &goal, QUICK_MS, &notices));
	assert_quiet(&notices);
}

static void interface_that_is_missing_is_named(void **state)
{
	struct manifest_interface i = our_link;
	struct manifest m = {.interfaces = &i, .num_interfaces = 1};
	struct notices notices = {0};

	i.mac = "52:54:00:ff:ff:ff";
	assert_failure(network_bring_up(&m, &peer_v4, 900, &notices), ERR_ABSENT,
		       "is their driver in the image?");
	assert_int_equal(notices.count, 1);
	assert_string_equal(notices.texts[0], "enp1s0: there is no interface with the MAC "
					      "address 52:54:00:ff:ff:ff");
	notices_deinit(&notices);
}

static void interface_that_comes_late_is_waited_for(void **state)
{
	struct manifest_interface i = our_link;
	struct manifest m = {.interfaces = &i, .num_interfaces = 1};
	struct notices notices = {0};
	pid_t late;

	run("ip link set v0 address 52:54:00:00:00:99");
	late = fork();
	if (late == 0) {
		clock_sleep_ms(700);
		execlp("ip", "ip", "link", "set", "v0", "address", OUR_MAC, NULL);
		_exit(1);
	}
	assert_success(network_bring_up(&m, &peer_v4, PATIENCE_MS, &notices));
	waitpid(late, NULL, 0);
	assert_quiet(&notices);
}

static void link_without_carrier_is_said_so_in_time(void **state)
{
	const struct peer *p = *state;
	struct manifest m = {.interfaces = &our_link, .num_interfaces = 1};
	struct notices notices = {0};
	u64 start = clock_now_ms();
	char command[128];

	snprintf(command, sizeof(command), "nsenter -n -t %d ip link set v1 down",
		 (int)p->pid);
	run(command);
	assert_failure(network_bring_up(&m, &peer_v4, 1500, &notices), ERR_OS,
		       "enp1s0 (" OUR_MAC ") has no carrier");
	assert_true(clock_now_ms() - start < PATIENCE_MS);
	notices_deinit(&notices);
}

static void port_without_a_server_is_refused_in_time(void **state)
{
	struct manifest m = {.interfaces = &our_link, .num_interfaces = 1};
	const struct network_goal goal = {PEER_V4, PORT + 1};
	struct notices notices = {0};

	assert_failure(network_bring_up(&m, &goal, 1200, &notices), ERR_OS,
		       "does not answer on port 2050 for 1 s: no connection: Connection "
		       "refused");
	notices_deinit(&notices);
}

static void start_dhcp_server(struct peer *p, const char *dir)
{
	char config[256], path[128], pid[16];
	const char *argv[] = {"nsenter", "-n", "-t", pid, "busybox",
			      "udhcpd",	 "-f", path, NULL};
	struct child_spec spec = {.argv = argv};

	snprintf(pid, sizeof(pid), "%d", (int)p->pid);
	snprintf(path, sizeof(path), "%s/udhcpd.conf", dir);
	snprintf(config, sizeof(config),
		 "start 192.0.2.50\nend 192.0.2.60\ninterface v1\n"
		 "lease_file %s/leases\npidfile %s/pid\n"
		 "option subnet 255.255.255.0\noption router " PEER_V4 "\n"
		 "option lease 600\n",
		 dir, dir);
	assert_success(io_write_file(path, 0600, config, strlen(config)));
	snprintf(path, sizeof(path), "%s/leases", dir);
	assert_success(io_write_file(path, 0600, "", 0));
	snprintf(path, sizeof(path), "%s/udhcpd.conf", dir);
	assert_success(child_spawn(&spec, &p->dhcp));
}

static void lease_that_is_over_is_asked_for_again(void **state)
{
	struct peer *p = *state;
	char dir[] = "/tmp/inquest-dhcp-XXXXXX", command[64];
	struct manifest_interface i = our_link;
	struct manifest m = {.interfaces = &i, .num_interfaces = 1};
	const struct network_goal goal = {"198.51.100.9", PORT};
	struct notices notices = {0};

	assert_non_null(mkdtemp(dir));
	start_dhcp_server(p, dir);
	i.dhcp = true;
	i.addresses = "203.0.113.7/24"; /* leads nowhere here */
	assert_success(network_bring_up(&m, &goal, LEASE_MS, &notices));
	assert_quiet(&notices);
	run("ip -o addr show v0 | grep -q '192.0.2.5[0-9]/24'");
	run("ip route show default | grep -q 'via 192.0.2.1 dev v0'");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	run(command);
}

static void silent_dhcp_server_is_given_up_in_time(void **state)
{
	struct manifest_interface i = our_link;
	struct manifest m = {.interfaces = &i, .num_interfaces = 1};
	struct notices notices = {0};
	u64 start = clock_now_ms();

	i.dhcp = true;
	i.addresses = "";
	assert_failure(network_bring_up(&m, &peer_v4, 3600, &notices), ERR_OS,
		       "does not answer on port 2049");
	assert_true(clock_now_ms() - start < PATIENCE_MS);
	assert_int_equal(notices.count, 1);
	assert_string_equal(notices.texts[0], "enp1s0: no DHCP server answered for 1 s");
	notices_deinit(&notices);
}

static void vlan_is_made_over_its_parent(void **state)
{
	const struct peer *p = *state;
	struct manifest_interface i[] = {our_link, our_link};
	struct manifest m = {.interfaces = i, .num_interfaces = 2};
	const struct network_goal goal = {"198.18.5.1", PORT};
	struct notices notices = {0};
	char command[256];

	snprintf(command, sizeof(command),
		 "nsenter -n -t %d sh -c 'ip link add link v1 name v1.5 type vlan id 5 && "
		 "ip addr add 198.18.5.1/24 dev v1.5 && ip link set v1.5 up'",
		 (int)p->pid);
	run(command);
	i[0].addresses = "";
	i[1].name = "enp1s0.5";
	i[1].kind = "vlan";
	i[1].parent = "enp1s0";
	i[1].vlan_id = 5;
	i[1].addresses = "198.18.5.2/24";
	assert_success(network_bring_up(&m, &goal, QUICK_MS, &notices));
	assert_quiet(&notices);
}

static void bond_takes_its_slaves(void **state)
{
	struct manifest_interface i[] = {our_link, our_link};
	struct manifest m = {.interfaces = i, .num_interfaces = 2};
	struct notices notices = {0};

	i[0].addresses = "";
	i[0].master = "bond7";
	i[1].name = "bond7";
	i[1].kind = "bond";
	i[1].bond_mode = "active-backup";
	assert_success(network_bring_up(&m, &peer_v4, PATIENCE_MS, &notices));
	assert_quiet(&notices);
	run("ip -d link show bond7 | grep -q 'mode active-backup miimon 100'");
}

static void nonsense_of_a_manifest_is_said_and_harms_nothing(void **state)
{
	struct manifest_interface i[] = {our_link, our_link, our_link};
	const struct manifest_route routes[] = {
		{.to = "default", .gateway = "nowhere", .interface = "enp1s0"},
		{.to = "10.0.0.0/99", .gateway = "", .interface = "enp1s0"},
		{.to = "default", .gateway = PEER_V4, .interface = "eth7"}};
	struct manifest m = {
		.interfaces = i, .num_interfaces = 3, .routes = routes, .num_routes = 3};
	struct notices notices = {0};

	i[0].addresses = "192.0.2.5/24 192.0.2.300/24";
	i[1].name = "enp1s0.0";
	i[1].kind = "vlan";
	i[2].name = "an-interface-with-a-long-name";
	i[2].kind = "bond";
	assert_success(network_bring_up(&m, &peer_v4, QUICK_MS, &notices));
	assert_int_equal(notices.count, 6);
	notices_deinit(&notices);
}

/* A test that this machine cannot run is left out, and its reason is said. */
static const char *why_not_at_all(void)
{
	if (getuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return "needs root, for network namespaces";
	if (!child_program_is_there("ip") || !child_program_is_there("nsenter"))
		return "needs ip and nsenter";
	return NULL;
}

static bool has_dhcp_server(void)
{
	return child_program_is_there("busybox") &&
	       succeeds("busybox --list | grep udhcpd");
}

static bool has_vlan(void)
{
	return succeeds("ip link add link lo name probe0 type vlan id 9");
}

static bool has_bond(void)
{
	return succeeds("ip link add probe1 type bond");
}

static void add_if(struct CMUnitTest *tests, size_t *count, struct CMUnitTest test,
		   bool may, const char *needs)
{
	if (may)
		tests[(*count)++] = test;
	else
		print_message("# left out, needs %s: %s\n", needs, test.name);
}

int main(void)
{
#define NETWORK_TEST(f)                                                                    \
	(struct CMUnitTest) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	struct CMUnitTest tests[16] = {
		NETWORK_TEST(interface_is_found_by_mac_and_gets_what_it_had),
		NETWORK_TEST(bringing_up_twice_is_fine),
		NETWORK_TEST(gateway_outside_of_our_networks_is_reached),
		NETWORK_TEST(interface_that_is_missing_is_named),
		NETWORK_TEST(interface_that_comes_late_is_waited_for),
		NETWORK_TEST(link_without_carrier_is_said_so_in_time),
		NETWORK_TEST(port_without_a_server_is_refused_in_time),
		NETWORK_TEST(silent_dhcp_server_is_given_up_in_time),
		NETWORK_TEST(nonsense_of_a_manifest_is_said_and_harms_nothing),
	};
	const char *why_not = why_not_at_all();
	size_t count = 9;

	if (why_not) {
		print_message("1..0 # SKIP %s\n", why_not);
		return 0;
	}
	add_if(tests, &count, NETWORK_TEST(lease_that_is_over_is_asked_for_again),
	       has_dhcp_server(), "busybox with its DHCP server");
	add_if(tests, &count, NETWORK_TEST(vlan_is_made_over_its_parent), has_vlan(),
	       "a kernel with VLANs");
	add_if(tests, &count, NETWORK_TEST(bond_takes_its_slaves), has_bond(),
	       "a kernel with bonds");
	return _cmocka_run_group_tests("network", tests, count, NULL, NULL);
}
