/* Paths, mounts, open files and device numbers, healthy and hostile. */
#include "opened_kernel.h"

#include "gen_files.h"
#include "kernel/device_number.h"
#include "kernel/io_resource.h"
#include "kernel/mount.h"
#include "kernel/open_file.h"
#include "kernel/socket.h"

#define AT(offset) (GEN_SESSION_IMAGE + (offset))
#define TASK	   AT(GEN_SESSION_TASK(GEN_TASK_WORKER))

struct world {
	struct opened_kernel o;
	struct buf told; /* what the callbacks got, a line each */
};

static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	gen_session_init(&w->o.g);
	gen_files_add(&w->o.g);
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

static struct path place(unsigned mount, unsigned dentry)
{
	return (struct path){.mount = AT(GEN_FILES_VFSMOUNT(mount)),
			     .dentry = AT(GEN_FILES_DENTRY(dentry))};
}

/* ---- paths ---- */

static void assert_path(struct world *w, unsigned mount, unsigned dentry,
			const char *expected)
{
	struct path p = place(mount, dentry);
	char text[PATH_TEXT_SIZE];

	assert_success(path_format(w->o.k, &p, text));
	assert_string_equal(text, expected);
}

static void a_path_leads_through_mounts_to_the_root(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_path(w, GEN_MOUNT_DATA, GEN_DENTRY_FILE, "/data/file\033[m");
	assert_path(w, GEN_MOUNT_DATA, GEN_DENTRY_DATA, "/data");
	assert_path(w, GEN_MOUNT_ROOT, GEN_DENTRY_POINT, "/data");
	assert_path(w, GEN_MOUNT_ROOT, GEN_DENTRY_ROOT, "/");
	free_world(w);
}

static void what_is_in_no_tree_has_its_name_alone(void **state)
{
	struct world *w = new_world();

	memcpy(gen_page(&w->o.g, GEN_FILES_NAMES >> 12) + GEN_DENTRY_SOCKET * 0x20,
	       "[eventpoll]", 12);
	open_world(w);
	assert_path(w, GEN_MOUNT_ROOT, GEN_DENTRY_PIPE, "");
	assert_path(w, GEN_MOUNT_ROOT, GEN_DENTRY_SOCKET, "[eventpoll]");
	free_world(w);
}

static void without_a_mount_a_path_ends_with_its_filesystem(void **state)
{
	struct path p = {.dentry = AT(GEN_FILES_DENTRY(GEN_DENTRY_FILE))};
	struct world *w = new_world();
	char text[PATH_TEXT_SIZE];

	open_world(w);
	assert_success(path_format(w->o.k, &p, text));
	assert_string_equal(text, "/file\033[m");
	path_find_mount(w->o.k, &p);
	assert_int_equal(p.mount, AT(GEN_FILES_VFSMOUNT(GEN_MOUNT_DATA)));
	assert_success(path_format(w->o.k, &p, text));
	assert_string_equal(text, "/data/file\033[m");
	free_world(w);
}

static void parents_in_a_circle_are_no_path(void **state)
{
	struct path p = place(GEN_MOUNT_DATA, GEN_DENTRY_FILE);
	struct world *w = new_world();
	char text[PATH_TEXT_SIZE] = "untouched";

	gen_put64(&w->o.g, GEN_FILES_DENTRY(GEN_DENTRY_DATA),
		  AT(GEN_FILES_DENTRY(GEN_DENTRY_FILE)));
	gen_put64(&w->o.g, GEN_FILES_MOUNT(GEN_MOUNT_DATA) + 64, 0);
	open_world(w);
	assert_failure(path_format(w->o.k, &p, text), ERR_BAD_DATA, "longer than a path");
	p.mount = 0;
	path_find_mount(w->o.k, &p);
	assert_int_equal(p.mount, 0);
	free_world(w);
}

static void mounts_in_a_circle_are_no_path(void **state)
{
	struct path p = place(GEN_MOUNT_DATA, GEN_DENTRY_DATA);
	struct world *w = new_world();
	char text[PATH_TEXT_SIZE];

	/* The root is mounted on the root of what is mounted in it. */
	gen_put64(&w->o.g, GEN_FILES_MOUNT(GEN_MOUNT_ROOT) + 16,
		  AT(GEN_FILES_MOUNT(GEN_MOUNT_DATA)));
	gen_put64(&w->o.g, GEN_FILES_MOUNT(GEN_MOUNT_ROOT) + 24,
		  AT(GEN_FILES_DENTRY(GEN_DENTRY_DATA)));
	open_world(w);
	assert_failure(path_format(w->o.k, &p, text), ERR_BAD_DATA, "longer than a path");
	free_world(w);
}

static void a_name_that_cannot_be_read_is_an_error(void **state)
{
	struct path p = place(GEN_MOUNT_DATA, GEN_DENTRY_FILE);
	struct world *w = new_world();
	char text[PATH_TEXT_SIZE];

	gen_put64(&w->o.g, GEN_FILES_DENTRY(GEN_DENTRY_FILE) + 8, 0x10);
	open_world(w);
	assert_failure(path_format(w->o.k, &p, text), ERR_FAULT, "");
	free_world(w);
}

/* ---- mounts ---- */

static void tell_mount(void *ctx, const struct mount *m)
{
	struct world *w = ctx;

	buf_printf(&w->told, "%s %s %s\n", m->super_block.type, m->device, m->directory);
}

static void mounts_come_with_type_device_and_directory(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_success(mount_each(w->o.k, TASK, &w->o.notices, tell_mount, w));
	assert_string_equal(buf_text(&w->told), "rootfs rootfs /\next4 /dev/sda1 /data\n");
	assert_int_equal(w->o.notices.count, 0);
	free_world(w);
}

static void a_mount_without_its_device_is_told_all_the_same(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_FILES_MOUNT(GEN_MOUNT_DATA) + 32, 0x10);
	open_world(w);
	assert_success(mount_each(w->o.k, TASK, &w->o.notices, tell_mount, w));
	assert_string_equal(buf_text(&w->told), "rootfs rootfs /\next4  \n");
	assert_int_equal(w->o.notices.count, 1);
	free_world(w);
}

static void a_list_of_mounts_that_loops_ends(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_FILES_MOUNT(GEN_MOUNT_DATA),
		  AT(GEN_FILES_MOUNT(GEN_MOUNT_DATA)));
	open_world(w);
	assert_failure(mount_each(w->o.k, TASK, &w->o.notices, tell_mount, w), ERR_BAD_DATA,
		       "leads into itself");
	free_world(w);
}

static void a_task_that_exits_sees_no_mounts(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_SESSION_TASK(GEN_TASK_WORKER) + 144, 0);
	open_world(w);
	assert_failure(mount_each(w->o.k, TASK, &w->o.notices, tell_mount, w), ERR_ABSENT,
		       "it is exiting");
	free_world(w);
}

/* ---- open files ---- */

static bool tell_file(void *ctx, const struct open_file *f)
{
	struct world *w = ctx;

	buf_printf(&w->told, "%u %s\n", f->fd, f->inode ? file_type_name(f->mode) : "?");
	return f->fd < 65;
}

static void descriptors_come_by_number(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_success(open_file_each(w->o.k, TASK, tell_file, w));
	assert_string_equal(buf_text(&w->told), "0 REG\n2 FIFO\n65 SOCK\n");
	free_world(w);
}

static void a_file_that_cannot_be_read_keeps_its_number(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_FILES_FDS + 2 * 8, 0x10);
	open_world(w);
	assert_success(open_file_each(w->o.k, TASK, tell_file, w));
	assert_string_equal(buf_text(&w->told), "0 REG\n2 ?\n65 SOCK\n");
	free_world(w);
}

static void a_table_longer_than_memory_ends(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_FILES_TABLE + 0x40, UINT64_MAX);
	gen_put64(&w->o.g, GEN_FILES_TABLE + 0x88, 0);
	open_world(w);
	assert_failure(open_file_each(w->o.k, TASK, tell_file, w), ERR_FAULT,
		       "file descriptor");
	free_world(w);
}

static void a_task_without_a_table_has_nothing_open(void **state)
{
	struct world *w = new_world();
	struct path root, cwd;
	bool has;

	open_world(w);
	assert_success(open_file_each(w->o.k, AT(GEN_SESSION_TASK(GEN_TASK_KTHREADD)),
				      tell_file, w));
	assert_string_equal(buf_text(&w->told), "");
	assert_success(task_directories(w->o.k, AT(GEN_SESSION_TASK(GEN_TASK_KTHREADD)),
					&has, &root, &cwd));
	assert_false(has);
	free_world(w);
}

static void a_socket_has_ports_in_the_order_of_the_machine(void **state)
{
	static const u8 source[] = {10, 0, 0, 1};
	struct world *w = new_world();
	struct socket s;

	open_world(w);
	assert_success(socket_read(w->o.k, AT(GEN_FILES_SOCKET), &s));
	assert_string_equal(socket_family_name(&s), "INET");
	assert_string_equal(socket_type_name(&s), "DGRAM");
	assert_true(s.has_ends);
	assert_memory_equal(s.source, source, 4);
	assert_int_equal(s.source_port, 5353);
	assert_int_equal(s.destination_port, 53);
	free_world(w);
}

static void families_without_a_name_have_none(void **state)
{
	struct socket s = {.family = 1000, .type = 7};

	assert_null(socket_family_name(&s));
	assert_null(socket_type_name(&s));
}

/* ---- device numbers and resources ---- */

static void tell_number(void *ctx, const struct device_number *n)
{
	struct world *w = ctx;

	buf_printf(&w->told, "%llu,%llu %s%s\n", (unsigned long long)n->major,
		   (unsigned long long)n->first_minor, n->name,
		   n->operations ? " ops" : "");
}

static void a_device_number_knows_its_operations(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_success(device_number_each_char(w->o.k, tell_number, w));
	assert_success(device_number_each_block(w->o.k, tell_number, w));
	assert_string_equal(buf_text(&w->told),
			    "4,0 tty ops\n4,64 ttyS ops\n260,0 none\n8,0 sd\n");
	free_world(w);
}

static void a_chain_of_device_numbers_that_loops_ends(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_FILES_NUMBERS + 3 * 0x80, AT(GEN_FILES_NUMBERS + 3 * 0x80));
	open_world(w);
	assert_failure(device_number_each_block(w->o.k, tell_number, w), ERR_BAD_DATA,
		       "has no end");
	free_world(w);
}

static void a_map_of_device_numbers_that_loops_ends(void **state)
{
	struct world *w = new_world();

	gen_put64(&w->o.g, GEN_FILES_NUMBERS + 0x300, AT(GEN_FILES_NUMBERS + 0x300));
	gen_put64(&w->o.g, GEN_FILES_NUMBERS + 0x308, 1);
	open_world(w);
	assert_failure(device_number_each_char(w->o.k, tell_number, w), ERR_BAD_DATA,
		       "chain without end");
	assert_string_equal(buf_text(&w->told), "4,0 tty ops\n");
	free_world(w);
}

static bool tell_resource(void *ctx, const struct io_resource *r)
{
	struct world *w = ctx;

	buf_printf(&w->told, "%u %llx %s\n", r->depth, (unsigned long long)r->start,
		   r->name);
	return true;
}

static void resources_come_before_what_they_contain(void **state)
{
	struct world *w = new_world();

	open_world(w);
	assert_success(io_resource_each(w->o.k, "ioport_resource", tell_resource, w));
	assert_string_equal(buf_text(&w->told),
			    "0 0 PCI IO\n1 20 bus\n2 20 pic\n\n1 40 timer\n");
	free_world(w);
}

static bool count_resource(void *ctx, const struct io_resource *r)
{
	(*(unsigned *)ctx)++;
	return true;
}

static void resources_in_a_circle_end(void **state)
{
	struct world *w = new_world();
	unsigned num = 0;

	gen_put64(&w->o.g, GEN_FILES_RESOURCES + 0xc0 + 24, AT(GEN_FILES_RESOURCES + 0x40));
	open_world(w);
	assert_failure(io_resource_each(w->o.k, "ioport_resource", count_resource, &num),
		       ERR_BAD_DATA, "no end");
	assert_int_equal(num, IO_RESOURCES_MAX);
	free_world(w);
}

static void resources_that_contain_themselves_end(void **state)
{
	struct world *w = new_world();
	unsigned num = 0;

	gen_put64(&w->o.g, GEN_FILES_RESOURCES + 0x80 + 32, AT(GEN_FILES_RESOURCES + 0x80));
	open_world(w);
	assert_failure(io_resource_each(w->o.k, "ioport_resource", count_resource, &num),
		       ERR_BAD_DATA, "too deep");
	free_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_leads_through_mounts_to_the_root),
		cmocka_unit_test(what_is_in_no_tree_has_its_name_alone),
		cmocka_unit_test(without_a_mount_a_path_ends_with_its_filesystem),
		cmocka_unit_test(parents_in_a_circle_are_no_path),
		cmocka_unit_test(mounts_in_a_circle_are_no_path),
		cmocka_unit_test(a_name_that_cannot_be_read_is_an_error),
		cmocka_unit_test(mounts_come_with_type_device_and_directory),
		cmocka_unit_test(a_mount_without_its_device_is_told_all_the_same),
		cmocka_unit_test(a_list_of_mounts_that_loops_ends),
		cmocka_unit_test(a_task_that_exits_sees_no_mounts),
		cmocka_unit_test(descriptors_come_by_number),
		cmocka_unit_test(a_file_that_cannot_be_read_keeps_its_number),
		cmocka_unit_test(a_table_longer_than_memory_ends),
		cmocka_unit_test(a_task_without_a_table_has_nothing_open),
		cmocka_unit_test(a_socket_has_ports_in_the_order_of_the_machine),
		cmocka_unit_test(families_without_a_name_have_none),
		cmocka_unit_test(a_device_number_knows_its_operations),
		cmocka_unit_test(a_chain_of_device_numbers_that_loops_ends),
		cmocka_unit_test(a_map_of_device_numbers_that_loops_ends),
		cmocka_unit_test(resources_come_before_what_they_contain),
		cmocka_unit_test(resources_in_a_circle_end),
		cmocka_unit_test(resources_that_contain_themselves_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
