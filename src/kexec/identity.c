#include "kexec/identity.h"

#include "base/io.h"
#include "format/kernel_cmdline.h"

#include <ctype.h>
#include <string.h>

#define WORD_MACHINE_ID "inquest.machine_id"
#define WORD_BOOT_ID	"inquest.boot_id"

/* Copy an id of hexadecimal digits and dashes, in lower case; leave @to if @text is none.
 */
static void copy_id(const char *text, char to[IDENTITY_SIZE])
{
	char id[IDENTITY_SIZE];
	size_t len = strcspn(text, "\n");

	if (!len || len >= IDENTITY_SIZE)
		return;
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)text[i]) && text[i] != '-')
			return;
		id[i] = (char)tolower((unsigned char)text[i]);
	}
	id[len] = '\0';
	memcpy(to, id, sizeof(id));
}

static void read_id(const char *root, const char *path, char to[IDENTITY_SIZE])
{
	cleanup(freep) char *full = NULL;
	cleanup(freep) char *text = NULL;

	if (asprintf(&full, "%s%s", root, path) < 0) {
		full = NULL;
		return;
	}
	err_ignore(io_read_file(full, 256, &text, NULL));
	if (text)
		copy_id(text, to);
}

void identity_read(const char *root, struct identity *ret)
{
	*ret = (struct identity){0};
	read_id(root, "/etc/machine-id", ret->machine_id);
	read_id(root, "/proc/sys/kernel/random/boot_id", ret->boot_id);
	read_id(root, "/sys/class/dmi/id/product_uuid", ret->product_uuid);
}

static void find_id(const char *text, const char *word, char to[IDENTITY_SIZE])
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	if (kernel_cmdline_find(text, word, &b))
		copy_id(buf_text(&b), to);
}

void identity_from_cmdline(const char *text, struct identity *id)
{
	find_id(text, WORD_MACHINE_ID, id->machine_id);
	find_id(text, WORD_BOOT_ID, id->boot_id);
}

void identity_add_to_cmdline(const struct identity *id, const char *base, struct buf *b)
{
	buf_add_str(b, base);
	if (id->boot_id[0])
		buf_printf(b, " " WORD_BOOT_ID "=%s", id->boot_id);
	if (id->machine_id[0])
		buf_printf(b, " " WORD_MACHINE_ID "=%s", id->machine_id);
}
