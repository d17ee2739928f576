#include "format/bzimage.h"

#include "base/bytes.h"

/* Offsets of the real-mode kernel header, from the start of the file. */
#define HDR_MAGIC	    0x202 /* "HdrS" */
#define HDR_VERSION	    0x206
#define HDR_KERNEL_VERSION  0x20e /* of the version string, less 0x200 */
#define HDR_ALIGNMENT	    0x230
#define HDR_RELOCATABLE	    0x234
#define HDR_XLOADFLAGS	    0x236
#define HDR_INIT_SIZE	    0x260
#define HDR_END		    0x264
#define XLF_KERNEL_64	    1
#define PROTOCOL_WITH_FLAGS 0x20c

/* Of the PE image that the same file is for UEFI: Microsoft's "PE Format". */
#define PE_AT		  0x3c	/* of the offset of "PE\0\0" */
#define PE_OPTIONAL	  24	/* the optional header, from there */
#define PE_OPTIONAL_MAGIC 0x20b /* PE32+ */
#define PE_DIRECTORIES	  108	/* how many data directories there are, from there */
#define PE_CERTIFICATES	  4	/* the one of the certificate table */

/* Is there a certificate table that is not empty? */
static bool is_signed(const u8 *data, size_t len)
{
	size_t pe = get_le32(data + PE_AT);
	size_t optional = pe + PE_OPTIONAL;
	size_t directories = optional + PE_DIRECTORIES;
	size_t entry = directories + 4 + PE_CERTIFICATES * 8;

	if (entry + 8 > len || memcmp(data + pe, "PE\0\0", 4) != 0 ||
	    get_le16(data + optional) != PE_OPTIONAL_MAGIC ||
	    get_le32(data + directories) <= PE_CERTIFICATES)
		return false;
	return get_le32(data + entry) != 0 && get_le32(data + entry + 4) != 0;
}

/* The release is the first word of "6.1.0-56-amd64 (debian-kernel@…) #1 SMP …". */
static bool copy_release(const u8 *data, size_t len, size_t at, char *ret)
{
	size_t n = 0;

	while (at + n < len && data[at + n] > ' ' && data[at + n] < 0x7f) {
		if (n == BZIMAGE_RELEASE_MAX)
			return false;
		ret[n] = (char)data[at + n];
		n++;
	}
	ret[n] = '\0';
	return n > 0 && at + n < len;
}

struct err *bzimage_parse(const void *data, size_t len, const char *name,
			  struct bzimage *ret)
{
	const u8 *bytes = data;
	struct bzimage b = {0};
	size_t version_at;

	if (len < HDR_END || memcmp(bytes + HDR_MAGIC, "HdrS", 4) != 0)
		return err_new(ERR_BAD_DATA,
			       "%s is not an x86 kernel image: no \"HdrS\" at offset 0x%x",
			       name, HDR_MAGIC);
	if (get_le16(bytes + HDR_VERSION) < PROTOCOL_WITH_FLAGS)
		return err_new(ERR_BAD_DATA,
			       "%s: boot protocol 0x%x at offset 0x%x is older than 0x%x",
			       name, get_le16(bytes + HDR_VERSION), HDR_VERSION,
			       PROTOCOL_WITH_FLAGS);
	version_at = 0x200 + (size_t)get_le16(bytes + HDR_KERNEL_VERSION);
	if (!copy_release(bytes, len, version_at, b.release))
		return err_new(ERR_BAD_DATA, "%s: no kernel release at offset 0x%zx", name,
			       version_at);
	b.init_bytes = get_le32(bytes + HDR_INIT_SIZE);
	b.alignment_bytes = get_le32(bytes + HDR_ALIGNMENT);
	b.is_relocatable = bytes[HDR_RELOCATABLE] != 0;
	b.has_64bit_entry = get_le16(bytes + HDR_XLOADFLAGS) & XLF_KERNEL_64;
	b.is_signed = is_signed(bytes, len);
	*ret = b;
	return NULL;
}
