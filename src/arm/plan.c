#include "arm/plan.h"

#include "arm/arm.h"
#include "arm/plan_priv.h"
#include "arm/root.h"
#include "base/str.h"

#include <string.h>

void plan_free(struct plan *p)
{
	if (!p)
		return;
	capture_kernel_deinit(&p->kernel);
	image_files_deinit(&p->files);
	network_snapshot_deinit(&p->network);
	free(p->command_line);
	for (size_t i = 0; i < p->num_kept; i++)
		free(p->kept[i]);
	free(p->kept);
	free(p);
}

struct err *plan_keep(struct plan *p, void *pointer)
{
	if (!pointer)
		return err_nomem();
	if (p->num_kept == p->kept_capacity) {
		size_t capacity = p->kept_capacity * 2 + 64;
		void **kept = reallocarray(p->kept, capacity, sizeof(*kept));

		if (!kept) {
			free(pointer);
			return err_nomem();
		}
		p->kept = kept;
		p->kept_capacity = capacity;
	}
	p->kept[p->num_kept++] = pointer;
	return NULL;
}

static char *keep_format(struct plan *p, const char *fmt, va_list args) printf_like(2, 0);
static char *keep_format(struct plan *p, const char *fmt, va_list args)
{
	char *text = str_vformat(fmt, args);
	struct err *err = text ? plan_keep(p, text) : err_nomem();

	if (!err)
		return text;
	err_ignore(err);
	return NULL;
}

char *plan_printf(struct plan *p, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = keep_format(p, fmt, args);
	va_end(args);
	return text;
}

void plan_warn(struct plan *p, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (p->num_warnings == ARRAY_SIZE(p->warnings))
		return;
	va_start(args, fmt);
	text = keep_format(p, fmt, args);
	va_end(args);
	if (text)
		p->warnings[p->num_warnings++] = text;
}

struct err *plan_add_module(struct plan *p, const char *name)
{
	const char *copy;

	for (size_t i = 0; i < p->num_modules; i++)
		if (str_eq(p->modules[i], name))
			return NULL;
	if (p->num_modules == PLAN_MODULES_MAX)
		return err_new(ERR_USAGE, "an image takes at most %d modules by name",
			       PLAN_MODULES_MAX);
	copy = plan_printf(p, "%s", name);
	if (!copy)
		return err_nomem();
	p->modules[p->num_modules++] = copy;
	return NULL;
}

struct err *plan_add_file(struct planning *g, const char *path, const char *host_path,
			  unsigned mode)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(g->root, host_path, &full);

	return err ? err : image_files_add(&g->plan->files, path, full, mode);
}

static const char *naming(enum config_dialect dialect)
{
	static const char *const names[] = {
		[CONFIG_INQUEST] = "inquest",
		[CONFIG_KDUMP] = "kdump",
		[CONFIG_KDUMP_TOOLS] = "kdump-tools",
	};

	return names[dialect];
}

static void plan_actions(struct planning *g)
{
	struct manifest *m = &g->plan->manifest;

	m->naming = naming(g->config->dialect);
	m->final = config_action_name(g->config->final_action);
	m->failure_action = config_action_name(g->config->failure_action);
	m->keep_dumps = g->config->keep_dumps;
	m->watchdog = g->config->watchdog;
	m->save_dmesg = g->config->save_dmesg;
	m->targets = g->plan->targets;
	m->hooks = g->plan->hooks;
}

/* Words that other loaders take and that have no meaning for kexec_file_load(2). The others
 * only say that it is to be used. */
/* What Debian's file says by itself; our kdump-config has that name lead to our image. */
#define KDUMP_TOOLS_INITRD "/var/lib/kdump/initrd.img"

static void warn_of_ignored(struct planning *g)
{
	static const char *const known[] = {"-s", "--kexec-file-syscall",
					    "-a", "--kexec-syscall-auto",
					    "-p", "--load-panic"};
	const struct capture_config *c = g->config;

	for (size_t i = 0; i < c->kexec_args.count; i++) {
		bool is_known = false;

		for (size_t j = 0; j < ARRAY_SIZE(known); j++)
			is_known |= str_eq(c->kexec_args.words[i], known[j]);
		if (!is_known)
			plan_warn(
				g->plan,
				"%s among the arguments for kexec is ignored: kexec_file_load has nothing like it",
				c->kexec_args.words[i]);
	}
	if (*c->initrd && !str_eq(c->initrd, KDUMP_TOOLS_INITRD))
		plan_warn(
			g->plan,
			"KDUMP_INITRD=%s is ignored: the image is built and kept in " ARM_STATE_DIR,
			c->initrd);
}

static struct err *make(struct planning *g)
{
	struct err *err = mount_table_read(g->root, &g->mounts);

	plan_actions(g);
	warn_of_ignored(g);
	if (!err)
		err = capture_kernel_find(g->root, g->config, &g->plan->kernel);
	if (!err)
		err = plan_identity(g);
	if (!err)
		err = plan_targets(g);
	if (!err)
		err = plan_collector(g);
	if (!err)
		err = plan_programs(g);
	if (!err)
		err = plan_watchdogs(g);
	for (size_t i = 0; !err && i < g->config->extra_modules.count; i++)
		err = plan_add_module(g->plan, g->config->extra_modules.words[i]);
	return err ? err : plan_command_line(g);
}

struct err *plan_make(const char *root, const struct capture_config *config,
		      struct plan **ret)
{
	cleanup(plan_freep) struct plan *plan = calloc(1, sizeof(*plan));
	struct planning g = {.root = root, .config = config, .plan = plan};
	struct err *err;

	if (!plan)
		return err_nomem();
	plan->manifest = MANIFEST_DEFAULTS;
	plan->target_text = "";
	err = make(&g);
	mount_table_deinit(&g.mounts);
	if (err)
		return err;
	*ret = steal(plan);
	return NULL;
}
