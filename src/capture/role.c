#include "capture/role.h"

#include "capture/system.h"
#include "format/console_line.h"

void role_begin_end(struct role *r, struct buf *line, const char *role, const char *outcome,
		    const char *reason)
{
	console_line_begin(line, "end");
	console_line_add(line, "role", role);
	console_line_add(line, "outcome", outcome);
	console_line_add(line, "final", system_end_name(r->end));
	if (reason && *reason)
		console_line_add(line, "reason", reason);
}

void role_load_modules(struct role *r)
{
	for (size_t i = 0; i < r->manifest->num_modules; i++) {
		struct err *err = system_load_module(&r->manifest->modules[i]);

		if (err && r->manifest->modules[i].optional)
			err_ignore(err);
		else
			sink_warn(&r->sink, err);
		record_step(r->record, "/proc/meminfo");
	}
}
