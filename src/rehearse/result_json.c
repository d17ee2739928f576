/* The result of a rehearsal as a JSON document; docs/formats.md describes it. */
#include "rehearse/rehearse.h"

#define REHEARSAL_SCHEMA  "inquest.rehearsal"
#define REHEARSAL_VERSION 1

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *size_or_null(u64 bytes)
{
	return bytes ? json_integer((json_int_t)bytes) : json_null();
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

struct err *rehearse_result_format(const struct rehearse_result *r,
				   const struct rehearse_config *config, json_t **ret)
{
	json_t *guest = json_pack(
		"{sI si ss ss ss so}", "memory_bytes", (json_int_t)config->memory_bytes,
		"cpus", (int)config->num_cpus, "cpu_model", config->cpu_model,
		"crashkernel", config->crashkernel, "trigger",
		config->trigger == REHEARSE_TRIGGER_SYSRQ ? "sysrq" : "nmi", "accel",
		text_or_null(r->accel));
	json_t *capture = json_pack(
		"{so so so so so}", "image_packed_bytes",
		size_or_null(r->image_packed_bytes), "image_unpacked_bytes",
		size_or_null(r->image_unpacked_bytes), "reserved_bytes",
		size_or_null(r->reserved_bytes), "memory_total_bytes",
		size_or_null(r->capture_mem_total_bytes), "memory_available_low_bytes",
		size_or_null(r->capture_mem_low_bytes));
	json_t *root = json_pack(
		"{ss si ss so s{so so} so so s{so so} so so so so so}", "schema",
		REHEARSAL_SCHEMA, "version", REHEARSAL_VERSION, "outcome",
		rehearse_outcome_name(r->outcome), "reason", text_or_null(r->sentence),
		"kernel", "release", text_or_null(r->release), "package",
		text_or_null(r->package), "guest", guest, "capture", capture, "dump",
		"bytes", size_or_null(r->dump_bytes), "pages", size_or_null(r->dump_pages),
		"phases", phases(r), "seconds", seconds(r->total_ms), "console_log",
		text_or_null(r->console_log), "keep_dir", text_or_null(r->keep_dir),
		"report", r->report ? json_incref(r->report) : json_null());

	if (!root)
		return err_nomem();
	*ret = root;
	return NULL;
}
