/* Feeds the files of a corpus to a fuzz target, so that any compiler can replay what the
 * fuzzer once found worth keeping. Each input lies in memory of exactly its size, so that
 * the address sanitizer sees a read past its end; prefixes of each input are fed too. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#define INPUT_MAX (1 << 20)
/* Prefixes tried per input: a truncated file is the commonest damage. */
#define CUTS 16

static void feed(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	else
		copy[0] = 0xa5;
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int replay(const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	size_t len;

	if (!f) {
		perror(path);
		return 1;
	}
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	/* What a sanitizer prints next is about this input. */
	fprintf(stderr, "# %s\n", path);
	feed(data, len);
	for (size_t i = 0; i < CUTS; i++)
		feed(data, len * i / CUTS);
	return 0;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count, failed = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: %s NAME CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	if (chdir(argv[2]) < 0) {
		perror(argv[2]);
		return 1;
	}
	count = scandir(".", &entries, is_input, alphasort);
	if (count <= 0) {
		fprintf(stderr, "%s: there is no input in the corpus\n", argv[2]);
		return 1;
	}
	printf("1..1\n");
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		failed |= replay(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	printf("%s 1 - %s: %d inputs of the corpus do no harm\n", failed ? "not ok" : "ok",
	       argv[1], count);
	return failed;
}
