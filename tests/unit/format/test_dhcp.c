#include "testing.h"

#include "base/bytes.h"
#include "format/dhcp.h"

#include <sys/socket.h>

#define OPTIONS 240

static const struct dhcp_question question = {
	.kind = DHCP_DISCOVER, .transaction = 0x11223344, .mac = {2, 0, 0, 0, 0, 1}};

/* An answer by RFC 2131 with @len bytes of @options. */
static size_t make_answer(u8 m[512], const void *options, size_t len)
{
	memset(m, 0, 512);
	m[0] = 2;
	m[1] = 1;
	m[2] = 6;
	put_be32(m + 4, question.transaction);
	memcpy(m + 16, "\xc0\x00\x02\x07", 4);
	memcpy(m + 28, question.mac, MAC_SIZE);
	put_be32(m + 236, 0x63825363);
	memcpy(m + OPTIONS, options, len);
	return OPTIONS + len;
}

#define SERVER "\x36\x04\xc0\x00\x02\x01"
#define OFFER  "\x35\x01\x02"
#define MASK   "\x01\x04\xff\xff\xfc\x00"
#define ROUTER "\x03\x08\xc0\x00\x02\x01\xc0\x00\x02\x02"

static bool parses(const void *options, size_t len, struct dhcp_lease *ret)
{
	u8 m[512];
	size_t size = make_answer(m, options, len);
	enum dhcp_kind kind = DHCP_DISCOVER;
	bool good = dhcp_parse(m, size, &question, &kind, ret);

	if (good)
		assert_true(kind == DHCP_OFFER || kind == DHCP_ACK || kind == DHCP_NAK);
	return good;
}

static void offer_is_an_address_a_mask_and_a_router(void **state)
{
	static const char options[] = OFFER SERVER MASK ROUTER "\xff";
	struct dhcp_lease lease;
	char text[IP_TEXT_SIZE];

	assert_true(parses(options, sizeof(options) - 1, &lease));
	assert_string_equal(ip_prefix_format(text, &lease.address), "192.0.2.7/22");
	assert_string_equal(ip_format(text, &lease.router), "192.0.2.1");
	assert_string_equal(ip_format(text, &lease.server), "192.0.2.1");
}

static void mask_with_holes_is_that_of_the_class(void **state)
{
	static const char options[] = OFFER SERVER "\x01\x04\xff\x00\xff\x00\xff";
	struct dhcp_lease lease;

	assert_true(parses(options, sizeof(options) - 1, &lease));
	assert_int_equal(lease.address.bits, 24);
	assert_int_equal(lease.router.family, 0);
}

static void options_go_on_in_the_file_name(void **state)
{
	static const char options[] = OFFER SERVER "\x34\x01\x01\xff";
	static const char more[] = ROUTER "\xff";
	enum dhcp_kind kind;
	struct dhcp_lease lease;
	u8 m[512];
	size_t size = make_answer(m, options, sizeof(options) - 1);

	memcpy(m + 108, more, sizeof(more) - 1);
	assert_true(dhcp_parse(m, size, &question, &kind, &lease));
	assert_int_equal(lease.router.family, AF_INET);
}

static void answer_to_another_is_not_ours(void **state)
{
	static const char options[] = OFFER SERVER "\xff";
	static const size_t places[] = {0, 1, 2, 4, 28, 236};
	enum dhcp_kind kind;
	struct dhcp_lease lease;
	u8 m[512];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		size_t size = make_answer(m, options, sizeof(options) - 1);

		assert_true(dhcp_parse(m, size, &question, &kind, &lease));
		m[places[i]] ^= 0x40;
		assert_false(dhcp_parse(m, size, &question, &kind, &lease));
	}
}

static void option_that_reaches_past_the_end_is_refused(void **state)
{
	static const char options[] = OFFER SERVER "\x03\x08\xc0";
	struct dhcp_lease lease;

	assert_false(parses(options, sizeof(options) - 1, &lease));
}

static void offer_without_an_address_or_a_server_is_none(void **state)
{
	static const char options[] = OFFER MASK "\xff";
	static const char whole[] = OFFER SERVER "\xff";
	enum dhcp_kind kind;
	struct dhcp_lease lease;
	u8 m[512];
	size_t size;

	assert_false(parses(options, sizeof(options) - 1, &lease));
	size = make_answer(m, whole, sizeof(whole) - 1);
	memset(m + 16, 0, 4);
	assert_false(dhcp_parse(m, size, &question, &kind, &lease));
}

static void request_names_the_offer_it_takes(void **state)
{
	struct dhcp_lease offer = {.address = {AF_INET, {192, 0, 2, 7}, 24},
				   .server = {AF_INET, {192, 0, 2, 1}, 32}};
	struct dhcp_question q = question;
	u8 m[DHCP_MESSAGE_BYTES];
	static const u8 expected[] = {53, 1, 3, 55, 2, 1,   3, 50, 4, 192,
				      0,  2, 7, 54, 4, 192, 0, 2,  1, 255};

	q.kind = DHCP_REQUEST;
	q.offer = &offer;
	dhcp_format(&q, m);
	assert_int_equal(m[0], 1);
	assert_int_equal(get_be32(m + 4), question.transaction);
	assert_memory_equal(m + 28, question.mac, MAC_SIZE);
	assert_memory_equal(m + OPTIONS, expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offer_is_an_address_a_mask_and_a_router),
		cmocka_unit_test(mask_with_holes_is_that_of_the_class),
		cmocka_unit_test(options_go_on_in_the_file_name),
		cmocka_unit_test(answer_to_another_is_not_ours),
		cmocka_unit_test(option_that_reaches_past_the_end_is_refused),
		cmocka_unit_test(offer_without_an_address_or_a_server_is_none),
		cmocka_unit_test(request_names_the_offer_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
