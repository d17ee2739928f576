/*
 * Which tasks of a crashed machine were blocked, where, and since when; and whether its
 *list of modules was still sound.
 *
 *	cc blocked-tasks.c $(pkg-config --cflags --libs inquest) -o blocked-tasks
 *	./blocked-tasks vmcore
 */
#include <inquest/inquest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
	struct inquest *q;
	unsigned count;
};

/* Tell an error, and forget it. */
static int failed(const char *what, struct inquest_error *error)
{
	char *message = inquest_escape(inquest_error_message(error));

	fprintf(stderr, "blocked-tasks: %s: %s\n", what, message ? message : "");
	inquest_free(message);
	inquest_error_free(error);
	return EXIT_FAILURE;
}

/* What a task sleeps in is the first function that is not about sleeping. */
static bool print_frame(void *ctx, const struct inquest_frame *f)
{
	static const char *const sleeping[] = {"__schedule", "schedule",
					       "schedule_preempt_disabled", "io_schedule",
					       "schedule_timeout"};
	char *name, *module;

	(void)ctx;
	for (size_t i = 0; f->function && i < sizeof(sleeping) / sizeof(sleeping[0]); i++)
		if (strcmp(f->function, sleeping[i]) == 0)
			return true;
	name = inquest_escape(f->function ? f->function : "?");
	module = inquest_escape(f->module);
	printf("  in %s+0x%llx%s%s\n", name ? name : "", (unsigned long long)f->offset,
	       *f->module ? " of module " : "", module ? module : "");
	inquest_free(module);
	inquest_free(name);
	return false;
}

static bool print_if_blocked(void *ctx, const struct inquest_task *t)
{
	struct search *s = ctx;
	struct inquest_error *error;
	char *comm;

	if (t->state != 'D')
		return true;
	comm = inquest_escape(t->comm);
	printf("%u %s at 0x%llx", t->pid, comm ? comm : "?",
	       (unsigned long long)t->address);
	if (t->last_run_ns)
		printf(", ran last at %llu.%03llu s",
		       (unsigned long long)(t->last_run_ns / 1000000000),
		       (unsigned long long)(t->last_run_ns / 1000000 % 1000));
	putchar('\n');
	inquest_free(comm);
	s->count++;
	error = inquest_stack_each(s->q, t->address, print_frame, NULL, NULL, 0);
	if (error)
		failed("a stack", error);
	return true;
}

static bool count_module(void *ctx, uint64_t address)
{
	(void)address;
	++*(unsigned *)ctx;
	return true;
}

/* Following the list checks that each link leads back to the one before. */
static struct inquest_error *check_modules(struct inquest *q, unsigned *ret)
{
	uint64_t head;
	struct inquest_error *error = inquest_symbol_address(q, "modules", &head);

	if (!error)
		error = inquest_list_each(q, head, "struct module", "list", count_module,
					  ret);
	return error;
}

int main(int argc, char **argv)
{
	struct search s = {.count = 0};
	struct inquest_error *error;
	unsigned modules = 0;
	int status = EXIT_SUCCESS;

	if (argc < 2) {
		fprintf(stderr, "usage: blocked-tasks VMCORE...\n");
		return 2;
	}
	error = inquest_open((const char *const *)argv + 1, (size_t)argc - 1, &s.q);
	if (error)
		return failed(argv[1], error);
	error = inquest_task_each(s.q, print_if_blocked, &s);
	if (error)
		status = failed("tasks", error);
	printf("%u tasks are blocked\n", s.count);
	error = check_modules(s.q, &modules);
	if (error)
		status = failed("modules", error);
	printf("%u modules\n", modules);
	for (size_t i = 0; inquest_notice(s.q, i); i++) {
		char *notice = inquest_escape(inquest_notice(s.q, i));

		printf("note: %s\n", notice ? notice : "");
		inquest_free(notice);
	}
	inquest_close(s.q);
	return status;
}
