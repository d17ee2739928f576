#include "testing.h"

#include "trigger/answer_xml.h"

static void assert_text(const char *text, const char *want)
{
	struct buf b = BUF_INIT;

	xml_add_text(&b, text);
	assert_string_equal(buf_text(&b), want);
	buf_deinit(&b);
}

static void text_cannot_leave_its_element(void **state)
{
	assert_text("</Message><a b=\"c\" d='e'>&", "&lt;/Message&gt;&lt;a b=&quot;c&quot; "
						    "d=&#39;e&#39;&gt;&amp;");
	assert_text("", "");
}

static void controls_are_dropped_and_what_is_not_utf_8_is_shown(void **state)
{
	assert_text("a\x01\n\x1b[31m\x7f"
		    "b",
		    "a[31mb");
	assert_text("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	assert_text("a\xff\xc3", "a\\xff\\xc3");
}

static void an_error_is_of_ec2s_own_form(void **state)
{
	struct buf b = BUF_INIT;

	xml_add_error(&b, "InvalidInstanceID.NotFound",
		      "The instance ID 'i-1234567890abcdef0' does not exist",
		      "59dbff89-35bd-4eac-99ed-be587EXAMPLE");
	assert_string_equal(
		b.data,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>"
		"<Message>The instance ID &#39;i-1234567890abcdef0&#39; does not exist"
		"</Message></Error></Errors>"
		"<RequestID>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestID></Response>");
	buf_deinit(&b);
}

static void a_time_is_utc(void **state)
{
	struct buf b = BUF_INIT;

	xml_add_time(&b, "t", 1795211932999);
	assert_string_equal(b.data, "<t>2026-11-20T21:58:52.000Z</t>");
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_cannot_leave_its_element),
		cmocka_unit_test(controls_are_dropped_and_what_is_not_utf_8_is_shown),
		cmocka_unit_test(an_error_is_of_ec2s_own_form),
		cmocka_unit_test(a_time_is_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
