/* The key brought to a real OpenSSH server, in namespaces of our own. Needs root and sshd;
 * the server lets us in by another key, which stands for a person's password. */
#include "testing.h"

#include "arm/ssh_keys.h"
#include "base/child.h"
#include "base/io.h"
#include "base/str.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

struct said {
	char text[1024];
};

static void on_say(void *ctx, const char *sentence)
{
	struct said *s = ctx;

	assert_true(strlen(s->text) + strlen(sentence) + 2 < sizeof(s->text));
	strcat(strcat(s->text, sentence), "\n");
}

static int run(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_spec spec = {.argv = argv};
	struct child_output o = {0};
	int status;

	assert_success(child_run(&spec, 60000, NULL, &o));
	status = o.status;
	if (status)
		print_message("# %s: %s\n", command, buf_text(&o.errors));
	child_output_deinit(&o);
	return status;
}

/* All of root's ssh is a file system of our own; the server is on port 22 of our loopback.
 */
static const char start_server[] =
	"set -e; mkdir -p /root /run; mount -t tmpfs tmpfs /root; mount -t tmpfs tmpfs /run; "
	"mkdir -p /run/sshd /root/.ssh; ip link set lo up; "
	"printf 'root:x:0:0::/root:/bin/sh\\nsshd:x:74:74::/run/sshd:/bin/false\\n' >/run/p; "
	"mount --bind /run/p /etc/passwd; "
	"printf 'root:*:1::::::\\nsshd:*:1::::::\\n' >/run/s; mount --bind /run/s /etc/shadow; "
	"ssh-keygen -q -t ed25519 -N '' -f /run/host; "
	"ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519; "
	"cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys; "
	"printf 'localhost ' | cat - /run/host.pub >/root/.ssh/known_hosts; "
	"printf 'ListenAddress 127.0.0.1\\nHostKey /run/host\\nUsePAM no\\nStrictModes no\\n"
	"PasswordAuthentication no\\nPidFile /run/pid\\n' >/run/config; "
	"$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) -f /run/config -E /run/log; "
	"for i in 1 2 3 4 5 6 7 8 9; do [ -s /run/pid ] && break; sleep 0.3; done";

static void key_is_made_brought_and_then_used(void **state)
{
	struct said said = {""};
	struct ssh_propagation p = {.server = "root@localhost",
				    .key = "/root/.ssh/kdump_id_rsa",
				    .dialect = CONFIG_KDUMP_TOOLS,
				    .say = on_say,
				    .ctx = &said};
	struct stat st;

	assert_success(ssh_keys_propagate(&p));
	assert_string_equal(said.text,
			    "Need to generate a new ssh key...\n"
			    "propagated ssh key /root/.ssh/kdump_id_rsa to server "
			    "root@localhost\n");
	assert_int_equal(stat(p.key, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(run("grep -q '^ssh-rsa ' /root/.ssh/kdump_id_rsa.pub"), 0);
	/* A second time nothing is added. */
	said.text[0] = '\0';
	p.dialect = CONFIG_KDUMP;
	assert_success(ssh_keys_propagate(&p));
	assert_string_equal(said.text, "Using existing keys...\n"
				       "/root/.ssh/kdump_id_rsa has been added to "
				       "~root/.ssh/authorized_keys on localhost\n");
	assert_int_equal(run("[ $(grep -c ssh-rsa /root/.ssh/authorized_keys) = 1 ]"), 0);
}

static void key_of_another_name_is_ed25519(void **state)
{
	struct said said = {""};
	struct ssh_propagation p = {.server = "root@localhost",
				    .key = "/root/keys/kdump",
				    .dialect = CONFIG_KDUMP,
				    .say = on_say,
				    .ctx = &said};

	assert_success(ssh_keys_propagate(&p));
	assert_non_null(strstr(said.text, "Generating new ssh keys... done.\n"));
	assert_int_equal(run("grep -q '^ssh-ed25519 ' /root/keys/kdump.pub"), 0);
}

static void server_that_is_no_user_at_host_is_refused(void **state)
{
	static const char *const wrong[] = {"", "host", "@host", "user@", "-oX@host"};
	struct said said = {""};
	struct ssh_propagation p = {
		.key = "/root/.ssh/kdump_id_rsa", .say = on_say, .ctx = &said};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		p.server = wrong[i];
		assert_failure(ssh_keys_propagate(&p), ERR_USAGE, "is not USER@HOST");
	}
	assert_string_equal(said.text, "");
}

static void server_that_is_not_there_is_refused(void **state)
{
	struct said said = {""};
	struct ssh_propagation p = {.server = "root@127.0.0.99",
				    .key = "/root/.ssh/kdump_id_rsa",
				    .say = on_say,
				    .ctx = &said};

	assert_failure(ssh_keys_propagate(&p), ERR_REFUSED, "ssh ended with status 255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_made_brought_and_then_used),
		cmocka_unit_test(key_of_another_name_is_ed25519),
		cmocka_unit_test(server_that_is_not_there_is_refused),
		cmocka_unit_test(server_that_is_no_user_at_host_is_refused),
	};
	int failed;

	if (getuid() != 0 || !child_program_is_there("sshd") ||
	    !child_program_is_there("ip") || unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		print_message("1..0 # SKIP needs root, namespaces, ip(8) and sshd(8)\n");
		return 0;
	}
	setenv("HOME", "/root", 1);
	if (run(start_server) != 0) {
		print_message("1..0 # SKIP no server could be started\n");
		return 0;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	run("kill $(cat /run/pid)");
	return failed;
}
