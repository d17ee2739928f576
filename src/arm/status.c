/* What is so now: reservation, RAM, what is loaded. */
#include "arm/arm_priv.h"

#include "arm/root.h"
#include "base/str.h"
#include "format/kernel_cmdline.h"
#include "kexec/identity.h"

#include <errno.h>
#include <string.h>

#define TEXT_BYTES_MAX	(1u << 20)
#define IOMEM_BYTES_MAX (16u << 20)

/* "1000-9fbff : System RAM", possibly indented. False if it is no such line. */
static bool parse_iomem_line(const char *line, u64 *start, u64 *last, const char **what)
{
	unsigned long long from, to;
	int used = 0;

	if (sscanf(line, " %llx-%llx : %n", &from, &to, &used) != 2 || !used || to < from)
		return false;
	*start = from;
	*last = to;
	*what = line + used;
	return true;
}

static bool is_line(const char *what, const char *name)
{
	size_t len = strlen(name);

	return strncmp(what, name, len) == 0 && (!what[len] || what[len] == '\n');
}

/* RAM and reservation from /proc/iomem; others than root see zeros, which count nothing. A
 * reservation high up has a small one below 4 GiB beside it: the larger one counts. */
static void read_iomem(const char *text, struct arm_status *s)
{
	u64 largest = 0;

	while (*text) {
		const char *what;
		u64 start, last;

		if (parse_iomem_line(text, &start, &last, &what) && last) {
			if (is_line(what, "System RAM"))
				s->ram_bytes += last - start + 1;
			else if (is_line(what, "Crash kernel") && last - start >= largest) {
				largest = last - start;
				s->crashkernel_start = start;
			}
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

/* What the kernel manages, and so a little less than there is. */
static u64 read_mem_total(const char *root)
{
	cleanup(freep) char *text =
		root_read_or_null(root, "/proc/meminfo", TEXT_BYTES_MAX);
	const char *line = text ? strstr(text, "MemTotal:") : NULL;
	unsigned long long kib = 0;

	if (!line || sscanf(line, "MemTotal: %llu kB", &kib) != 1)
		return 0;
	return (u64)kib << 10;
}

static struct err *read_parameter(const char *root, struct arm_status *s)
{
	cleanup(freep) char *text =
		root_read_or_null(root, "/proc/cmdline", TEXT_BYTES_MAX);
	cleanup(buf_deinit) struct buf value = BUF_INIT;

	crashkernel_reserved(text ? text : "", s->ram_bytes, &s->asked);
	if (!text || !kernel_cmdline_find(text, "crashkernel", &value))
		return buf_check(&value);
	snprintf(s->crashkernel, sizeof(s->crashkernel), "%s", buf_text(&value));
	return buf_check(&value);
}

/* A record of another boot, or of an image that was unloaded behind our back, is no record
 * of what is loaded. */
static struct err *read_loaded(const char *root, struct arm_status *s)
{
	struct identity id;
	struct err *err = arm_record_read(root, &s->record);

	identity_read(root, &id);
	if (!err && (!s->kexec.is_loaded || !str_eq(s->record.boot_id, id.boot_id)))
		arm_record_deinit(&s->record);
	return err;
}

struct err *arm_status_read(const char *root, struct arm_status *ret)
{
	cleanup(freep) char *iomem =
		root_read_or_null(root, "/proc/iomem", IOMEM_BYTES_MAX);
	struct arm_status s = {0};
	struct err *err = kexec_read_state(root, &s.kexec);

	/* A load that does not end is no kernel without kexec. */
	if (err && err_errno(err) == EBUSY)
		return err;
	s.has_kexec = !err;
	err_ignore(err);
	if (iomem)
		read_iomem(iomem, &s);
	if (!s.ram_bytes)
		s.ram_bytes = read_mem_total(root);
	err = read_parameter(root, &s);
	if (!err)
		err = read_loaded(root, &s);
	if (err)
		return err;
	*ret = s;
	return NULL;
}

bool arm_is_ready(const struct arm_status *s)
{
	return s->kexec.is_loaded && s->kexec.reserved_bytes >= s->record.needed_bytes;
}

void arm_status_deinit(struct arm_status *s)
{
	arm_record_deinit(&s->record);
}
