#include "cmd/ending.h"

#include <stddef.h>

static volatile sig_atomic_t ending;

static void take_signal(int number)
{
	ending = number;
}

static void catch (int flags)
{
	struct sigaction action = {.sa_handler = take_signal, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

void ending_catch(void)
{
	catch (0);
}

void ending_catch_first(void)
{
	catch ((int)SA_RESETHAND);
}

int ending_signal(void)
{
	return ending;
}

void ending_forget(void)
{
	ending = 0;
}

const volatile sig_atomic_t *ending_flag(void)
{
	return &ending;
}
