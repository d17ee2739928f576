/* The result of a rehearsal as a JSON document; docs/formats.md describes it. */
#include "rehearse/rehearse.h"

#define REHEARSAL_SCHEMA  "inquest.rehearsal"
#define REHEARSAL_VERSION 1

/* What the rehearsal did not come to know is left out. */
static json_t *size_or_none(u64 bytes)
{
	return bytes ? json_integer((json_int_t)bytes) : NULL;
}

static json_t *seconds(u64 ms)
{
	return json_real((double)ms / 1000);
}

static json_t *phases(const struct rehearse_result *r)
{
	json_t *array = json_array();

	for (int i = 0; i < REHEARSE_PHASES; i++) {
		if (r->has_phase[i])
			json_array_append_new(
				array,
				json_pack("{ss so}", "name",
					  rehearse_phase_name((enum rehearse_phase)i),
					  "seconds", seconds(r->phase_ms[i])));
	}
	return array;
}

static json_t *guest(const struct rehearse_result *r, const struct rehearse_config *config)
{
	return json_pack("{sI si ss ss ss ss*}", "memory_bytes",
			 (json_int_t)config->memory_bytes, "cpus", (int)config->num_cpus,
			 "cpu_model", config->cpu_model, "crashkernel", config->crashkernel,
			 "trigger", rehearse_trigger_name(config->trigger), "accel",
			 r->accel);
}

static json_t *capture(const struct rehearse_result *r)
{
	return json_pack("{so* so* so* so* so*}", "image_packed_bytes",
			 size_or_none(r->image_packed_bytes), "image_unpacked_bytes",
			 size_or_none(r->image_unpacked_bytes), "reserved_bytes",
			 size_or_none(r->reserved_bytes), "memory_total_bytes",
			 size_or_none(r->capture_mem_total_bytes),
			 "memory_available_low_bytes",
			 size_or_none(r->capture_mem_low_bytes));
}

struct err *rehearse_result_format(const struct rehearse_result *r,
				   const struct rehearse_config *config, json_t **ret)
{
	json_t *root = json_pack(
		"{ss si ss ss* s{ss* ss*} so so s{so* so*} so so ss* ss* sO*}", "schema",
		REHEARSAL_SCHEMA, "version", REHEARSAL_VERSION, "outcome",
		rehearse_outcome_name(r->outcome), "reason", r->sentence, "kernel",
		"release", r->release, "package", r->package, "guest", guest(r, config),
		"capture", capture(r), "dump", "bytes", size_or_none(r->dump_bytes),
		"pages", size_or_none(r->dump_pages), "phases", phases(r), "seconds",
		seconds(r->total_ms), "console_log", r->console_log, "keep_dir",
		r->keep_dir, "report", r->report);

	if (!root)
		return err_nomem();
	*ret = root;
	return NULL;
}
