/* Plans for servers, in a network namespace of our own. Needs root and ip(8). */
#include "fake_machine.h"

#include "arm/configuration.h"
#include "arm/plan.h"
#include "base/child.h"

#include <sched.h>

struct planned {
	struct fake_modules machine;
	struct capture_config config;
	struct plan *plan;
};

static void run(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_spec spec = {.argv = argv};
	struct child_output o = {0};

	assert_success(child_run(&spec, 20000, NULL, &o));
	assert_int_equal(o.status, 0);
	child_output_deinit(&o);
}

static void plan(struct planned *p, const char *file, const char *text)
{
	struct fake_modules *m = &p->machine;
	char path[512];

	fake_modules_init(m);
	machine_make(m);
	machine_file(m, file, text);
	machine_file(m, "root/.ssh/kdump_id_rsa", "key\n");
	machine_file(m, "root/.ssh/known_hosts", "192.0.2.1 ssh-ed25519 AAAA\n");
	machine_file(m, "usr/bin/ssh", "does nothing\n");
	snprintf(path, sizeof(path), "%s/usr/bin/ssh", m->dir);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	run("ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; "
	    "ip link set v1 up; ip addr add 192.0.2.5/24 dev v0");
	machine_driver(m, "virtual/net/v0", "virtio", "virtio_net", "virtio_net");
	assert_success(configuration_read(m->dir, &p->config));
	assert_success(plan_make(m->dir, &p->config, &p->plan));
	assert_int_equal(p->plan->manifest.num_targets, 1);
}

static void done(struct planned *p)
{
	plan_free(p->plan);
	capture_config_deinit(&p->config);
	fake_modules_deinit(&p->machine);
}

static void debian_asks_an_ssh_server_as_often_as_it_says(void **state)
{
	struct planned p;

	plan(&p, "etc/default/kdump-tools",
	     "USE_KDUMP=1\nSSH=dump@192.0.2.1\nSSH_KDUMP_RETRY=5\nKDUMP_DUMP_DMESG=0\n");
	assert_string_equal(p.plan->manifest.targets[0].kind, "ssh");
	assert_int_equal(p.plan->manifest.targets[0].tries, 5);
	assert_false(p.plan->manifest.save_dmesg);
	done(&p);
}

static void debian_has_its_own_numbers_where_nothing_is_said(void **state)
{
	struct planned p;

	plan(&p, "etc/default/kdump-tools", "USE_KDUMP=1\nSSH=dump@192.0.2.1\n");
	assert_int_equal(p.plan->manifest.targets[0].tries, 16);
	assert_true(p.plan->manifest.save_dmesg);
	done(&p);
	plan(&p, "etc/default/kdump-tools", "USE_KDUMP=1\nNFS=192.0.2.1:/export\n");
	assert_string_equal(p.plan->manifest.targets[0].kind, "nfs");
	assert_int_equal(p.plan->manifest.targets[0].tries, 4);
	done(&p);
}

static void debian_mounts_an_export_as_often_as_it_says(void **state)
{
	struct planned p;

	plan(&p, "etc/default/kdump-tools",
	     "USE_KDUMP=1\nNFS=192.0.2.1:/export\nNFS_MOUNT_RETRY=7\n");
	assert_int_equal(p.plan->manifest.targets[0].tries, 7);
	done(&p);
}

static void kdump_conf_asks_once_after_the_network_is_there(void **state)
{
	struct planned p;

	plan(&p, "etc/kdump.conf", "nfs 192.0.2.1:/export\n");
	assert_int_equal(p.plan->manifest.targets[0].tries, 0);
	assert_true(p.plan->manifest.save_dmesg);
	done(&p);
}

static void inquest_conf_has_names_of_its_own_for_it(void **state)
{
	struct planned p;

	plan(&p, "etc/inquest.conf",
	     "target nfs 192.0.2.1:/export\nnfs_mount_retries 9\nsave_dmesg no\n");
	assert_int_equal(p.plan->manifest.targets[0].tries, 9);
	assert_false(p.plan->manifest.save_dmesg);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debian_asks_an_ssh_server_as_often_as_it_says),
		cmocka_unit_test(debian_has_its_own_numbers_where_nothing_is_said),
		cmocka_unit_test(debian_mounts_an_export_as_often_as_it_says),
		cmocka_unit_test(kdump_conf_asks_once_after_the_network_is_there),
		cmocka_unit_test(inquest_conf_has_names_of_its_own_for_it),
	};

	if (getuid() != 0 || !child_program_is_there("ip") || unshare(CLONE_NEWNET) < 0) {
		print_message("1..0 # SKIP needs root, network namespaces and ip(8)\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
