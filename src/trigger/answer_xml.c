#include "trigger/answer_xml.h"

#include "base/str.h"

#include <string.h>
#include <time.h>

static void add_escaped(struct buf *b, const char *s)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {
		{'&', "&amp;"},	 {'<', "&lt;"},	  {'>', "&gt;"},
		{'"', "&quot;"}, {'\'', "&#39;"},
	};

	for (; *s; s++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(entities) && entities[i].c != *s)
			i++;
		if (i < ARRAY_SIZE(entities))
			buf_add_str(b, entities[i].entity);
		else
			buf_add_char(b, *s);
	}
}

void xml_add_text(struct buf *b, const char *s)
{
	struct buf plain = BUF_INIT, valid = BUF_INIT;

	for (; *s; s++)
		if ((u8)*s >= 0x20 && *s != 0x7f)
			buf_add_char(&plain, *s);
	str_escape(&valid, buf_text(&plain), plain.len, false);
	add_escaped(b, buf_text(&valid));
	b->failed |= plain.failed || valid.failed;
	buf_deinit(&plain);
	buf_deinit(&valid);
}

void xml_open(struct buf *b, const char *name)
{
	buf_printf(b, "<%s>", name);
}

void xml_close(struct buf *b, const char *name)
{
	buf_printf(b, "</%s>", name);
}

void xml_add_element(struct buf *b, const char *name, const char *text)
{
	xml_open(b, name);
	xml_add_text(b, text);
	xml_close(b, name);
}

void xml_begin_answer(struct buf *b, const char *action, const char *request_id)
{
	buf_printf(b,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%sResponse "
		   "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n",
		   action);
	buf_add_str(b, "    ");
	xml_add_element(b, "requestId", request_id);
	buf_add_char(b, '\n');
}

void xml_end_answer(struct buf *b, const char *action)
{
	buf_printf(b, "</%sResponse>\n", action);
}

void xml_add_error(struct buf *b, const char *code, const char *message,
		   const char *request_id)
{
	buf_add_str(
		b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
	xml_add_element(b, "Code", code);
	xml_add_element(b, "Message", message);
	buf_add_str(b, "</Error></Errors>");
	xml_add_element(b, "RequestID", request_id);
	buf_add_str(b, "</Response>");
}

void xml_add_time(struct buf *b, const char *name, s64 time_ms)
{
	time_t t = (time_t)(time_ms / 1000);
	char text[40] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	xml_add_element(b, name, text);
}
