/* What this machine adds to a plan: its name, its time zone, its watchdogs, its CPUs. */
#include "arm/block_chain.h"
#include "arm/cmdline.h"
#include "arm/plan_priv.h"
#include "arm/root.h"
#include "arm/time_zone.h"
#include "base/io.h"
#include "base/str.h"
#include "kexec/kexec.h"

#include <dirent.h>
#include <string.h>

#define TEXT_BYTES_MAX	(1u << 20)
#define IOMEM_BYTES_MAX (16u << 20)
#define WATCHDOGS_MAX	8

struct err *plan_identity(struct planning *g)
{
	struct manifest *m = &g->plan->manifest;
	cleanup(freep) char *name =
		root_read_or_null(g->root, "/proc/sys/kernel/hostname", 256);
	char *zone;
	struct err *err = time_zone_read(g->root, &zone);

	if (!err)
		err = plan_keep(g->plan, zone);
	if (err)
		return err;
	m->time_zone = zone;
	m->host_name = plan_printf(g->plan, "%s", name ? name : "");
	return m->host_name ? NULL : err_nomem();
}

/* The number behind "@name" and a colon in the part of /proc/cpuinfo about the first CPU.
 */
static bool cpuinfo_number(const char *text, const char *name, u64 *ret)
{
	const char *end = strstr(text, "\n\n");
	const char *line = strstr(text, name);
	const char *colon = line ? strchr(line, ':') : NULL;
	char number[32];
	size_t len;

	if (!colon || (end && colon > end))
		return false;
	colon += strspn(colon, ": \t");
	len = strcspn(colon, "\n");
	if (!len || len >= sizeof(number))
		return false;
	memcpy(number, colon, len);
	number[len] = '\0';
	return str_parse_u64(number, ret);
}

static u64 count_cpus(const char *text)
{
	u64 cpus = 0;

	for (const char *pos = text; (pos = strstr(pos, "processor\t")); pos++)
		cpus++;
	return cpus;
}

/* Modules of watchdogs whose pretimeout would fire into the capture kernel. */
static struct err *add_pretimeout(struct planning *g, const char *watchdog,
				  const char **names, size_t *count)
{
	cleanup(freep) char *link = NULL;
	cleanup(freep) char *module = NULL;
	struct err *err;

	if (asprintf(&link, "/sys/class/watchdog/%s/device/driver/module", watchdog) < 0) {
		link = NULL;
		return err_nomem();
	}
	if (*count == WATCHDOGS_MAX || !root_has(g->root, link))
		return NULL;
	err = root_resolve(g->root, link, &module);
	if (err)
		return err;
	names[*count] = plan_printf(g->plan, "%s", strrchr(module, '/') + 1);
	return names[(*count)++] ? NULL : err_nomem();
}

/* Call @each for every watchdog that somebody feeds. */
static struct err *each_watchdog(struct planning *g,
				 struct err *(*each)(struct planning *g, const char *name,
						     const char **names, size_t *count),
				 const char **names, size_t *count)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(g->root, "/sys/class/watchdog", &full);
	struct dirent *entry;
	DIR *dir;

	if (err)
		return err;
	dir = opendir(full);
	while (!err && dir && (entry = readdir(dir))) {
		cleanup(freep) char *path = NULL;
		cleanup(freep) char *state = NULL;

		if (!str_has_prefix(entry->d_name, "watchdog"))
			continue;
		if (asprintf(&path, "/sys/class/watchdog/%s/state", entry->d_name) < 0) {
			path = NULL;
			err = err_nomem();
			break;
		}
		state = root_read_or_null(g->root, path, 64);
		if (state && str_eq(state, "active"))
			err = each(g, entry->d_name, names, count);
	}
	if (dir)
		closedir(dir);
	return err;
}

/* The driver of an active watchdog, and of what it is part of: lpc_ich for iTCO_wdt. */
static struct err *add_watchdog_modules(struct planning *g, const char *watchdog,
					const char **names, size_t *count)
{
	struct block_chain chain = {0};
	cleanup(freep) char *path = NULL;
	struct err *err;

	if (asprintf(&path, "/sys/class/watchdog/%s/device", watchdog) < 0) {
		path = NULL;
		return err_nomem();
	}
	if (!root_has(g->root, path))
		return NULL;
	err = block_chain_add_device(g->root, path, &chain);
	for (size_t i = 0; !err && i < chain.num_modules; i++)
		err = plan_add_module(g->plan, chain.modules[i]);
	block_chain_deinit(&chain);
	return err;
}

struct err *plan_watchdogs(struct planning *g)
{
	if (!g->config->watchdog)
		return NULL;
	return each_watchdog(g, add_watchdog_modules, NULL, NULL);
}

struct err *plan_command_line(struct planning *g)
{
	cleanup(freep) char *running =
		root_read_or_null(g->root, "/proc/cmdline", TEXT_BYTES_MAX);
	cleanup(freep) char *iomem =
		root_read_or_null(g->root, "/proc/iomem", IOMEM_BYTES_MAX);
	cleanup(freep) char *cpuinfo =
		root_read_or_null(g->root, "/proc/cpuinfo", 64u << 20);
	const char *watchdogs[WATCHDOGS_MAX + 1] = {NULL};
	struct cmdline_machine m = {.running = running ? running : "",
				    .no5lvl = iomem && cmdline_may_use_no5lvl(iomem),
				    .is_hyperv =
					    root_has(g->root, "/sys/bus/vmbus/devices"),
				    .target_on_usb = g->target_on_usb,
				    .cpus = cpuinfo ? count_cpus(cpuinfo) : 1,
				    .watchdogs = watchdogs};
	struct kexec_state state = {0};
	size_t count = 0;
	struct err *err;

	err_ignore(kexec_read_state(g->root, &state));
	m.reserved_bytes = state.reserved_bytes;
	m.has_boot_apicid =
		cpuinfo && cpuinfo_number(cpuinfo, "initial apicid", &m.boot_apicid);
	err = each_watchdog(g, add_pretimeout, watchdogs, &count);
	return err ? err : cmdline_derive(&m, g->config, &g->plan->command_line);
}
