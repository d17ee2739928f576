#include "capture/save.h"

struct err *save_dump(const char *vmcore, const struct manifest_dump *how,
		      const struct sink *sink, struct dumpdir *d, struct record *r)
{
	/* Until collect/ is there. The kernel log is saved, and the outcome is incomplete.
	 */
	return err_new(ERR_UNSUPPORTED, "this build has no collector");
}
