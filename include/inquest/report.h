/* The report that `inquest report --json` prints; docs/formats.md has its tree. */
#ifndef INQUEST_REPORT_H
#define INQUEST_REPORT_H

#include "dump.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The verdict alone: one line, escaped. To be given back with inquest_free(). */
INQUEST_MUST_CHECK struct inquest_error *inquest_verdict(struct inquest *q, char **ret);

/* All of it as JSON text, to be given back with inquest_free(). */
INQUEST_MUST_CHECK struct inquest_error *inquest_report_json(struct inquest *q, char **ret);

#ifdef __cplusplus
}
#endif
#endif
