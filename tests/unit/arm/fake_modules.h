/*
 * A modules directory made of the smallest ELF files that libkmod takes for modules, in a
 * fresh temporary directory.
 */
#ifndef TESTS_UNIT_ARM_FAKE_MODULES_H
#define TESTS_UNIT_ARM_FAKE_MODULES_H

#include "testing.h"

#include "base/buf.h"
#include "base/io.h"

#include <elf.h>
#include <lzma.h>
#include <sys/stat.h>
#include <zstd.h>

/* What the kernel's sign-file appends behind a module, in short. */
#define FAKE_SIGNATURE "sig~Module signature appended~\n"

struct fake_modules {
	char dir[64];
};

static inline void fake_modules_init(struct fake_modules *f)
{
	snprintf(f->dir, sizeof(f->dir), "/tmp/inquest-test-arm-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
}

static inline void fake_modules_deinit(struct fake_modules *f)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
}

/* The bytes of a module whose .modinfo holds @info, rows separated by newlines. */
static inline void fake_module_bytes(const char *info, struct buf *b)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	size_t info_len = strlen(info) + 1;
	size_t names_at = sizeof(Elf64_Ehdr) + info_len;
	size_t sections_at = (names_at + sizeof(names) + 7) & ~(size_t)7;
	Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
			     .e_type = ET_REL,
			     .e_machine = EM_X86_64,
			     .e_version = 1,
			     .e_shoff = sections_at,
			     .e_ehsize = sizeof(header),
			     .e_shentsize = sizeof(Elf64_Shdr),
			     .e_shnum = 3,
			     .e_shstrndx = 2};
	Elf64_Shdr sections[3] = {
		{0},
		{.sh_name = 1,
		 .sh_type = SHT_PROGBITS,
		 .sh_offset = sizeof(header),
		 .sh_size = info_len},
		{.sh_name = 10,
		 .sh_type = SHT_STRTAB,
		 .sh_offset = names_at,
		 .sh_size = sizeof(names)},
	};

	buf_add(b, &header, sizeof(header));
	for (size_t i = 0; i < info_len; i++)
		buf_add_char(b, (char)(info[i] == '\n' ? '\0' : info[i]));
	buf_add(b, names, sizeof(names));
	while (b->len < sections_at)
		buf_add_char(b, '\0');
	buf_add(b, sections, sizeof(sections));
	buf_add_str(b, FAKE_SIGNATURE);
}

/* Write @data to DIR/@path, making the directories above it. */
static inline void fake_file(const struct fake_modules *f, const char *path,
			     const void *data, size_t len)
{
	char full[1024];

	snprintf(full, sizeof(full), "%s/%s", f->dir, path);
	for (char *slash = full + strlen(f->dir) + 1; (slash = strchr(slash, '/'));
	     slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	assert_success(io_write_file(full, 0600, data, len));
}

/* Add a module file, compressed as the end of @path says. */
static inline void fake_module(const struct fake_modules *f, const char *path,
			       const char *info)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	char packed[8192];
	size_t len = 0;

	fake_module_bytes(info, &b);
	assert_success(buf_check(&b));
	if (strstr(path, ".xz")) {
		assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL,
							 (u8 *)b.data, b.len, (u8 *)packed,
							 &len, sizeof(packed)),
				 LZMA_OK);
		fake_file(f, path, packed, len);
	} else if (strstr(path, ".zst")) {
		len = ZSTD_compress(packed, sizeof(packed), b.data, b.len, 3);
		assert_false(ZSTD_isError(len));
		fake_file(f, path, packed, len);
	} else {
		fake_file(f, path, b.data, b.len);
	}
}

#endif
