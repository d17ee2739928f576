#include "opened_kernel.h"

void opened_kernel_open_dump(struct opened_kernel *o)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

	gen_elf(&o->g, NULL, &o->file);
	o->src = source_from_memory(o->file.data, o->file.len, "dump");
	assert_success(dump_open_source(&o->src, formats, &o->d));
}

void opened_kernel_open(struct opened_kernel *o)
{
	opened_kernel_open_dump(o);
	assert_success(kernel_open(o->d, &o->k));
}

void opened_kernel_open_cpus(struct opened_kernel *o)
{
	opened_kernel_open(o);
	assert_success(cpu_table_read(o->k, &o->notices, &o->cpus));
}

void opened_kernel_deinit(struct opened_kernel *o)
{
	cpu_table_deinit(&o->cpus);
	notices_deinit(&o->notices);
	kernel_close(o->k);
	dump_close(o->d);
	buf_deinit(&o->file);
	gen_deinit(&o->g);
}

bool opened_kernel_has_notice(const struct opened_kernel *o, const char *words)
{
	for (size_t i = 0; i < o->notices.count; i++)
		if (strstr(o->notices.texts[i], words))
			return true;
	return false;
}
