#include "testing.h"

#include "rehearse/apt_record.h"

static void a_metapackage_names_the_image_it_depends_on(void **state)
{
	struct apt_record r = {0};

	assert_success(
		apt_record_parse("Package: linux-image-amd64\n"
				 "Version: 6.1.192-2\n"
				 "Depends: linux-image-6.1.0-56-amd64 (= 6.1.192-2)\n"
				 "Size: 1480\n"
				 "\n"
				 "Package: other\n",
				 &r));
	assert_string_equal(r.package, "linux-image-amd64");
	assert_string_equal(r.version, "6.1.192-2");
	assert_string_equal(r.image_dependency, "linux-image-6.1.0-56-amd64");
	assert_int_equal(r.size_bytes, 1480);
	apt_record_deinit(&r);
}

static void an_image_package_depends_on_no_image(void **state)
{
	struct apt_record r = {0};

	assert_success(apt_record_parse(
		"Package: linux-image-6.1.0-56-amd64-unsigned\n"
		"Version: 1:6.1~rc1-1\n"
		"Depends: kmod, linux-base (>= 4.3~), initramfs-tools | linux-initramfs-tool\n",
		&r));
	assert_null(r.image_dependency);
	assert_string_equal(r.version, "1:6.1~rc1-1");
	apt_record_deinit(&r);
}

static void a_dependency_is_found_behind_others(void **state)
{
	struct apt_record r = {0};

	assert_success(apt_record_parse("Package: a\nVersion: 1\n"
					"Depends: x (= 1), y | linux-image-9-amd64, z\n",
					&r));
	assert_string_equal(r.image_dependency, "linux-image-9-amd64");
	apt_record_deinit(&r);
}

static void fields_of_the_next_stanza_do_not_count(void **state)
{
	struct apt_record r = {0};

	assert_failure(apt_record_parse("Package: a\n\nVersion: 1\n", &r), ERR_BAD_DATA,
		       "Version");
}

static void words_that_could_be_options_or_paths_are_refused(void **state)
{
	struct apt_record r = {0};

	assert_failure(apt_record_parse("Package: -o\nVersion: 1\n", &r), ERR_BAD_DATA,
		       "Package");
	assert_failure(apt_record_parse("Package: a\nVersion: ../1\n", &r), ERR_BAD_DATA,
		       "Version");
	assert_failure(apt_record_parse("", &r), ERR_BAD_DATA, "Package");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_metapackage_names_the_image_it_depends_on),
		cmocka_unit_test(an_image_package_depends_on_no_image),
		cmocka_unit_test(a_dependency_is_found_behind_others),
		cmocka_unit_test(fields_of_the_next_stanza_do_not_count),
		cmocka_unit_test(words_that_could_be_options_or_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
