#include "testing.h"

#include "base/bytes.h"
#include "base/io.h"
#include "rehearse/kernel_package.h"

#include <sys/stat.h>

/* A folder with stand-ins for apt's clients before it in PATH. */
static char top[] = "/tmp/test_kernel_package.XXXXXX";

static void path_of(char *ret, const char *name)
{
	snprintf(ret, 200, "%s/%s", top, name);
}

static void write_file(const char *name, unsigned mode, const void *data, size_t len)
{
	char path[200];

	path_of(path, name);
	assert_success(io_write_file(path, mode, data, len));
}

static void write_kernel(const char *name, const char *release)
{
	u8 d[2048] = {0};

	memcpy(d + 0x202, "HdrS", 4);
	put_le16(d + 0x206, 0x20f);
	put_le16(d + 0x20e, 0x100);
	snprintf((char *)d + 0x300, 100, "%s (x@y) #1", release);
	write_file(name, 0644, d, sizeof(d));
}

static void write_tool(const char *name, const char *body)
{
	char script[2000];

	write_file(name, 0755, script,
		   (size_t)snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", body));
}

static void image_and_modules_must_be_of_one_release(void **state)
{
	struct kernel_package k = {0};
	char image[200], modules[200];

	write_kernel("vmlinuz", "6.1.0-1-amd64");
	path_of(image, "vmlinuz");
	path_of(modules, "6.1.0-1-amd64/");
	mkdir(modules, 0755);
	assert_success(kernel_package_from_paths(image, modules, &k));
	assert_string_equal(k.release, "6.1.0-1-amd64");
	kernel_package_deinit(&k);

	path_of(modules, "6.1.0-2-amd64");
	mkdir(modules, 0755);
	assert_failure(kernel_package_from_paths(image, modules, &k), ERR_USAGE,
		       "modules of 6.1.0-2-amd64");
	path_of(modules, "nothing");
	assert_failure(kernel_package_from_paths(image, modules, &k), ERR_OS, "nothing");
	path_of(image, "no-kernel");
	assert_failure(kernel_package_from_paths(image, modules, &k), ERR_OS, "no-kernel");
	write_file("text", 0644, "hello", 5);
	path_of(image, "text");
	assert_failure(kernel_package_from_paths(image, modules, &k), ERR_BAD_DATA,
		       "not an x86 kernel");
}

static const char apt_cache[] =
	"for name; do :; done\n"
	"case $name in\n"
	"linux-image-amd64) echo 'Package: linux-image-amd64'; echo 'Version: 9'\n"
	"  echo 'Depends: linux-image-1-amd64 (= 9)';;\n"
	"linux-image-1-amd64) echo 'Package: linux-image-1-amd64'; echo 'Version: 9';;\n"
	"loop) echo 'Package: loop'; echo 'Version: 1'; echo 'Depends: linux-image-loop';;\n"
	"linux-image-loop) echo 'Package: linux-image-loop'; echo 'Version: 1'\n"
	"  echo 'Depends: linux-image-loop';;\n"
	"*) echo 'E: No packages found' >&2; exit 100;;\n"
	"esac\n";

static struct kernel_package_fetch fetch_of(const char *name, const char *cache)
{
	return (struct kernel_package_fetch){.name = name, .cache_dir = cache};
}

static void a_metapackage_is_fetched_once_and_found_again(void **state)
{
	char cache[200], leftover[300], marker[200], body[1000];
	struct kernel_package k = {0};
	struct kernel_package_fetch fetch;
	struct stat st;

	path_of(cache, "deep/cache");
	fetch = fetch_of("linux-image-amd64", cache);
	path_of(marker, "downloads");
	write_tool("bin/apt-cache", apt_cache);
	snprintf(body, sizeof(body), "echo x >> %s\necho deb > k_9_amd64.deb", marker);
	write_tool("bin/apt-get", body);
	snprintf(body, sizeof(body),
		 "mkdir -p $3/boot $3/usr/lib/modules/7-amd64\n"
		 "cp %s/kernel7 $3/boot/vmlinuz-7-amd64",
		 top);
	write_kernel("kernel7", "7-amd64");
	write_tool("bin/dpkg-deb", body);

	assert_success(kernel_package_fetch(&fetch, &k));
	assert_string_equal(k.release, "7-amd64");
	assert_string_equal(k.name, "linux-image-1-amd64 9");
	assert_non_null(strstr(k.modules_dir, "/usr/lib/modules/7-amd64"));
	kernel_package_deinit(&k);

	/* What a killed run left goes away; what is whole is not fetched again. */
	snprintf(leftover, sizeof(leftover), "%s/linux-image-2_1.partial", cache);
	mkdir(leftover, 0755);
	assert_success(kernel_package_fetch(&fetch, &k));
	kernel_package_deinit(&k);
	assert_int_equal(stat(leftover, &st), -1);
	assert_int_equal(stat(marker, &st), 0);
	assert_int_equal(st.st_size, 2);
}

static void a_failing_download_leaves_nothing(void **state)
{
	char cache[200], partial[300];
	struct kernel_package k = {0};
	struct kernel_package_fetch fetch;
	struct stat st;

	path_of(cache, "cache2");
	fetch = fetch_of("linux-image-1-amd64", cache);
	write_tool("bin/apt-cache", apt_cache);
	write_tool("bin/apt-get",
		   "echo half > x.deb; echo 'E: Failed to fetch: 404' >&2; exit 100");
	assert_failure(kernel_package_fetch(&fetch, &k), ERR_OS, "Failed to fetch: 404");
	snprintf(partial, sizeof(partial), "%s/linux-image-1-amd64_9.partial", cache);
	assert_int_equal(stat(partial, &st), -1);
}

static void an_unknown_package_is_named(void **state)
{
	struct kernel_package k = {0};
	struct kernel_package_fetch fetch = fetch_of("linux-image-none", "/nonexistent");

	write_tool("bin/apt-cache", apt_cache);
	assert_failure(kernel_package_fetch(&fetch, &k), ERR_ABSENT, "apt");
	fetch.name = "loop";
	assert_failure(kernel_package_fetch(&fetch, &k), ERR_BAD_DATA, "metapackage");
}

static void a_system_without_apt_is_told_what_else_to_do(void **state)
{
	struct kernel_package k = {0};
	struct kernel_package_fetch fetch = fetch_of("linux-image-amd64", "/nonexistent");
	cleanup(freep) char *path = strdup(getenv("PATH"));

	setenv("PATH", "/nonexistent", 1);
	assert_failure(kernel_package_fetch(&fetch, &k), ERR_ABSENT, "--kernel");
	setenv("PATH", path, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_and_modules_must_be_of_one_release),
		cmocka_unit_test(a_metapackage_is_fetched_once_and_found_again),
		cmocka_unit_test(a_failing_download_leaves_nothing),
		cmocka_unit_test(an_unknown_package_is_named),
		cmocka_unit_test(a_system_without_apt_is_told_what_else_to_do),
	};
	char text[4096];
	int failures;

	if (!mkdtemp(top))
		return 1;
	snprintf(text, sizeof(text), "%s/bin", top);
	mkdir(text, 0755);
	snprintf(text, sizeof(text), "%s/bin:%s", top, getenv("PATH"));
	setenv("PATH", text, 1);
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(text, sizeof(text), "rm -rf %s", top);
	if (system(text) != 0)
		return 1;
	return failures;
}
