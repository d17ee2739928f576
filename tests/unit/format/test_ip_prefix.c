#include "testing.h"

#include "format/ip_prefix.h"

static struct ip_prefix parse(const char *text)
{
	struct ip_prefix ip = {0};

	assert_true(ip_prefix_parse(text, strlen(text), &ip));
	return ip;
}

static void address_comes_back_as_it_was(void **state)
{
	static const char *const texts[] = {"192.0.2.5/24", "2001:db8::5/64", "::/0",
					    "0.0.0.0/0", "fe80::1/128"};
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct ip_prefix ip = parse(texts[i]);

		assert_string_equal(ip_prefix_format(text, &ip), texts[i]);
	}
	assert_int_equal(parse("192.0.2.5").bits, 32);
	assert_int_equal(parse("::1").bits, 128);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {"",		"192.0.2.5/33", "192.0.2/24",
					    "1.2.3.4/", "1.2.3.4/+4",	"::1/129",
					    "eth0",	"1.2.3.4/ 4",	"1.2.3.4 "};
	struct ip_prefix ip;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(ip_prefix_parse(texts[i], strlen(texts[i]), &ip));
	assert_false(ip_prefix_parse("1.2.3.4\0", 8, &ip));
}

static void networks_hold_what_has_their_prefix(void **state)
{
	struct ip_prefix ip = parse("192.0.2.130"), net = parse("192.0.2.128/25");

	assert_true(ip_is_within(&ip, &net));
	ip = parse("192.0.2.127");
	assert_false(ip_is_within(&ip, &net));
	net = parse("0.0.0.0/0");
	assert_true(ip_is_within(&ip, &net));
	net = parse("::/0");
	assert_false(ip_is_within(&ip, &net));
}

static void mac_address_is_six_pairs_of_digits(void **state)
{
	static const char *const wrong[] = {"",
					    "52:54:00:12:34",
					    "52:54:00:12:34:5",
					    "52:54:00:12:34:56:",
					    "52-54-00-12-34-56",
					    "5g:54:00:12:34:56"};
	u8 mac[MAC_SIZE];
	char text[MAC_TEXT_SIZE];

	assert_true(mac_parse("52:54:00:AB:cd:ef", mac));
	assert_string_equal(mac_format(text, mac), "52:54:00:ab:cd:ef");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(mac_parse(wrong[i], mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_comes_back_as_it_was),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(networks_hold_what_has_their_prefix),
		cmocka_unit_test(mac_address_is_six_pairs_of_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
