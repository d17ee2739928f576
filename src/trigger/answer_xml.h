/*
 * The XML of EC2's answers (query protocol, version 2016-11-15), appended to a buffer.
 *
 * Pure. Text from requests and from the configuration goes through xml_add_text() and
 * cannot leave its element.
 */
#ifndef TRIGGER_ANSWER_XML_H
#define TRIGGER_ANSWER_XML_H

#include "base/buf.h"

#define ANSWER_CONTENT_TYPE "text/xml;charset=UTF-8"

/* Append @s without control characters, as valid UTF-8, with & < > " ' escaped. */
void xml_add_text(struct buf *b, const char *s);

/* Append "<NAME>@text</NAME>". @name is ours. */
void xml_add_element(struct buf *b, const char *name, const char *text);

void xml_open(struct buf *b, const char *name);
void xml_close(struct buf *b, const char *name);

/* "<?xml …?><ACTIONResponse xmlns=…><requestId>…</requestId>", and its end. @action is
 * ours.
 */
void xml_begin_answer(struct buf *b, const char *action, const char *request_id);
void xml_end_answer(struct buf *b, const char *action);

/* A whole error answer. */
void xml_add_error(struct buf *b, const char *code, const char *message,
		   const char *request_id);

/* "2026-11-20T21:58:52.000Z", as EC2 writes times. */
void xml_add_time(struct buf *b, const char *name, s64 time_ms);

#endif
