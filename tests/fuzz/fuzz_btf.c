#include "fuzz.h"

#include "symbol/btf.h"

#include <assert.h>

static void look_up(const struct btf *b)
{
	static const char *const paths[] = {"sp", "next.next", "word", "other_half", "b"};
	struct btf_member member;
	u64 value;

	for (u32 id = 0; id <= btf_num_types(b) + 1 && id < 64; id++) {
		(void)btf_type_size(b, id, &value);
		(void)btf_struct_of(b, id);
		for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
			if (btf_find_member(b, id, paths[i], &member))
				assert(member.bit_offset < 8);
	}
	for (u32 id = 0; (id = btf_find_struct(b, "list", id)) != 0;)
		assert(btf_struct_of(b, id) == id);
	(void)btf_find_enumerator(b, "NR_FREE_PAGES", &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf *b = NULL;
	struct err *err = btf_open(data, size, &b);

	if (err) {
		assert(!b);
		err_free(err);
		return 0;
	}
	look_up(b);
	btf_free(b);
	return 0;
}
