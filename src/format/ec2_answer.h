/*
 * What EC2's query API answers, as far as a client that sends one request needs it: did it
 * do it, or which error (Amazon EC2 API reference, "Making requests").
 *
 * Not a parser of XML: the few elements looked for have text of letters and digits, and
 * anything else is taken for no answer at all. Layout is public; no memory is owned.
 */
#ifndef FORMAT_EC2_ANSWER_H
#define FORMAT_EC2_ANSWER_H

#include "base/types.h"

#define EC2_CODE_MAX	128u
#define EC2_MESSAGE_MAX 512u

struct ec2_answer {
	bool is_done; /* the response of the action, and it does not say "false" */
	char code[EC2_CODE_MAX + 1];	   /* of an error; "" if there is none */
	char message[EC2_MESSAGE_MAX + 1]; /* of an error, as it stands: hostile text */
};

/* Read @len bytes of a body for @action ("SendDiagnosticInterrupt"). */
void ec2_answer_read(const char *body, size_t len, const char *action,
		     struct ec2_answer *ret);

#endif
