#include "cmd/ending.h"

#include <stddef.h>

static volatile sig_atomic_t ending;

static void take_signal(int number)
{
	ending = number;
}

void ending_catch(void)
{
	struct sigaction action = {.sa_handler = take_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

int ending_signal(void)
{
	return ending;
}

const volatile sig_atomic_t *ending_flag(void)
{
	return &ending;
}
