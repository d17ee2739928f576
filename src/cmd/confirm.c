#include "cmd/confirm.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX 16

bool confirm(const char *question)
{
	char answer[ANSWER_MAX] = "";

	printf("%s (yes/no)? ", question);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return str_eq(answer, "yes");
}
