#include "base/io.h"
#include "base/str.h"
#include "collect/collection_priv.h"

#include <sched.h>
#include <string.h>

#define MEMINFO		"/proc/meminfo"
#define MAX_MEMINFO_LEN 65536
#define AVAILABLE	"MemAvailable:"
#define WORKER_BYTES	((u64)3 << 20)
#define MAX_WORKERS	256

/* Bytes that can be had without hurting, UINT64_MAX if nobody tells. */
static u64 memory_available(void)
{
	cleanup(freep) char *text = NULL;
	struct err *err = io_read_file(MEMINFO, MAX_MEMINFO_LEN, &text, NULL);
	const char *line;

	if (err) {
		err_ignore(err);
		return UINT64_MAX;
	}
	line = strstr(text, AVAILABLE);
	return line ? strtoull(line + strlen(AVAILABLE), NULL, 10) * 1024 : UINT64_MAX;
}

unsigned capacity_workers(void)
{
	cpu_set_t cpus;
	u64 workers = 1;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		workers = (u64)CPU_COUNT(&cpus);
	/* Half of what is there: the page cache of what is written needs some. */
	workers = min_u64(workers, memory_available() / 2 / WORKER_BYTES);
	return (unsigned)max_u64(1, min_u64(workers, MAX_WORKERS));
}
