#include "trigger/audit_priv.h"

#include <string.h>

/* The strings of an event that are copied. */
#define NUM_STRINGS 13u
static void list_strings(struct audit_event *e, const char **ret[NUM_STRINGS])
{
	const char **const all[NUM_STRINGS] = {
		&e->event_name,	       &e->region,	   &e->account,
		&e->source_ip,	       &e->user_agent,	   &e->request_id,
		&e->principal_type,    &e->principal_id,   &e->principal_arn,
		&e->principal_account, &e->principal_name, &e->access_key,
		&e->instance_id,
	};

	memcpy(ret, all, sizeof(all));
}

static void free_const(const char *s)
{
	free((void *)(uintptr_t)s);
}

void audit_event_deinit(struct audit_event *e)
{
	const char **strings[NUM_STRINGS];

	list_strings(e, strings);
	for (size_t i = 0; i < NUM_STRINGS; i++)
		free_const(*strings[i]);
	for (size_t i = 0; e->statements && e->statements[i]; i++)
		free_const(e->statements[i]);
	free((void *)(uintptr_t)e->statements);
}

static bool copy_statements(const char *const *from, const char *const **ret)
{
	size_t count = 0;
	const char **copies;

	while (from[count] && count < AUDIT_STATEMENTS_MAX)
		count++;
	copies = calloc(count + 1, sizeof(*copies));
	*ret = copies;
	for (size_t i = 0; copies && i < count; i++) {
		copies[i] = strndup(from[i], AUDIT_STRING_MAX);
		if (!copies[i])
			return false;
	}
	return copies != NULL;
}

bool audit_event_copy(struct audit_event *to, const struct audit_event *from)
{
	const char **strings[NUM_STRINGS];
	bool is_good = true;

	*to = *from;
	to->statements = NULL;
	to->error_code = to->error_message = to->capture_id = to->duplicate_of = NULL;
	list_strings(to, strings);
	for (size_t i = 0; i < NUM_STRINGS; i++) {
		if (!*strings[i])
			continue;
		*strings[i] = strndup(*strings[i], AUDIT_STRING_MAX);
		is_good &= *strings[i] != NULL;
	}
	return is_good &&
	       (!from->statements || copy_statements(from->statements, &to->statements));
}
