#include "trigger/config_priv.h"

#include "base/str.h"

#include <string.h>

struct err *config_hold_policy(struct config_load *l, struct iam_policy *p)
{
	if (l->num_policies == l->room_policies) {
		size_t room = l->room_policies ? l->room_policies * 2 : 64;
		struct iam_policy **more = reallocarray(l->policies, room, sizeof(*more));

		if (!more) {
			iam_policy_free(p);
			return err_nomem();
		}
		l->policies = more;
		l->room_policies = room;
	}
	l->policies[l->num_policies++] = p;
	for (size_t i = 0; i < iam_policy_count_warnings(p); i++) {
		struct err *err = config_warn(l, "%s", iam_policy_warning(p, i));

		if (err)
			return err;
	}
	return NULL;
}

/* ".../policies/oncall.json" is called "oncall". */
static char *policy_name(struct config_arena *a, const struct config_file *f)
{
	const char *start = strrchr(f->name, '/') + 1;
	size_t len = strlen(start) - strlen(".json");

	return config_printf(a, "%.*s", (int)len, start);
}

static struct err *read_policy(struct config_load *l, const struct config_file *f)
{
	const char *name = policy_name(l->arena, f);
	struct iam_policy *p = NULL;
	struct err *err;

	if (!name)
		return err_nomem();
	if (f->document.len > IAM_POLICY_MAX)
		return err_new(ERR_BAD_DATA, "%s: %zu bytes; a policy has %u at most",
			       f->name, f->document.len, IAM_POLICY_MAX);
	err = iam_policy_read(&f->document, JSON_WHOLE, f->root, name, &p);
	return err ? err : config_hold_policy(l, p);
}

static int by_name(const void *a, const void *b)
{
	struct iam_policy *const *x = a, *const *y = b;

	return strcmp(iam_policy_name(*x), iam_policy_name(*y));
}

struct err *config_read_policies(struct config_load *l, const struct config_files *files)
{
	for (size_t i = 0; i < files->num; i++) {
		struct err *err = read_policy(l, &files->rows[i]);

		if (err)
			return err;
	}
	/* Files come in the order of "a.json", which is not that of "a". */
	if (l->num_policies)
		qsort(l->policies, l->num_policies, sizeof(*l->policies), by_name);
	l->num_managed = l->num_policies;
	return NULL;
}
