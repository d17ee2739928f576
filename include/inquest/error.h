/*
 * Errors of the inquest library.
 *
 * A function that can fail returns NULL for success, else an error that the caller owns and
 * gives back with inquest_error_free(). What it was to fill in is written on success only.
 */
#ifndef INQUEST_ERROR_H
#define INQUEST_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#define INQUEST_MUST_CHECK __attribute__((warn_unused_result))

struct inquest_error;

enum inquest_error_kind {
	INQUEST_ERROR_NO_MEMORY = 1, /* of ours */
	INQUEST_ERROR_SYSTEM = 2,    /* a system call failed */
	INQUEST_ERROR_BAD_DATA = 3,  /* what is in the dump contradicts itself */
	INQUEST_ERROR_FAULT = 4,     /* an address that the dump does not have */
	INQUEST_ERROR_ABSENT = 5,    /* no such symbol, type, member, task … */
	INQUEST_ERROR_UNSUPPORTED = 6,
	INQUEST_ERROR_USAGE = 7, /* an expression or path that is none */
	INQUEST_ERROR_OTHER = 8, /* newer libraries may know more kinds, too */
};

enum inquest_error_kind inquest_error_kind(const struct inquest_error *e);
/* A sentence that names file, address or name. Good until the error is freed. */
const char *inquest_error_message(const struct inquest_error *e);
/* NULL is fine. */
void inquest_error_free(struct inquest_error *e);

#ifdef __cplusplus
}
#endif
#endif
