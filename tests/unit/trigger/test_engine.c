#include "testing.h"

#include "base/clock.h"
#include "base/io.h"
#include "failing_sync.h"
#include "small_disk.h"
#include "stub_qmp.h"
#include "trigger/engine_priv.h"

#include <sys/stat.h>
#include <sys/wait.h>

#define INSTANCE "i-0123456789abcdef0"
#define MACHINE	 "0c5e0b1e4f7a4a33a6f9c2a1d0e4b7c8"

/* A server's world: configuration, state, dumps, and a machine's QMP socket. */
struct world {
	char dir[64];
	struct stub_qmp stub;
	bool has_stub;
	const struct config *config;
	struct engine *engine;
};

/* What was answered. */
struct answer {
	pthread_mutex_t lock;
	pthread_cond_t came;
	unsigned times;
	enum engine_outcome outcome;
	char capture_id[CAPTURE_ID_LEN + 1];
	u64 at_ms;
};

static void put(const struct world *w, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	assert_success(io_write_file(path, 0600, text, strlen(text)));
}

static void make_dir(const struct world *w, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* @more are further members of the instance, @limits of the server. */
static void configure(struct world *w, const char *qmp, const char *more,
		      const char *limits)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "{\"account\": \"123456789012\", \"state_dir\": \"%s/state\","
		 " \"audit_file\": \"%s/state/audit\" %s}",
		 w->dir, w->dir, limits);
	put(w, "conf/inquestd.json", text);
	snprintf(text, sizeof(text),
		 "[{\"id\": \"" INSTANCE "\", \"backend\": \"qmp:%s\"%s},"
		 " {\"id\": \"i-0123456789abcdef1\", \"backend\": \"qmp:%s\"},"
		 " {\"id\": \"i-0123456789abcdef2\", \"type\": \"a1.large\","
		 "  \"backend\": \"qmp:%s\"}]",
		 qmp, more, qmp, qmp);
	put(w, "conf/instances/all.json", text);
	snprintf(text, sizeof(text), "%s/conf", w->dir);
	config_unref(w->config);
	w->config = NULL;
	assert_success(config_load(text, &w->config));
}

static void begin(struct world *w, const struct stub_qmp_plan *plan, const char *more,
		  const char *limits)
{
	memset(&w->stub, 0, sizeof(w->stub));
	stub_qmp_start(&w->stub, plan);
	w->has_stub = true;
	configure(w, w->stub.path, more, limits);
	assert_success(engine_start(w->config, &w->engine));
}

/* Stop all; the number of NMIs that reached the machine. */
static int end(struct world *w)
{
	engine_stop(steal(w->engine));
	stub_qmp_stop(&w->stub);
	w->has_stub = false;
	return w->stub.injects;
}

static int set_up(void **state)
{
	static const char *const dirs[] = {
		"conf",		 "conf/instances", "conf/principals",
		"conf/policies", "state",	   "dumps"};
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/engine-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(w, dirs[i]);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	engine_stop(w->engine);
	if (w->has_stub)
		stub_qmp_stop(&w->stub);
	config_unref(w->config);
	/* A path that mkdtemp() made. */
	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void take_answer(void *ctx, const struct engine_answer *answer)
{
	struct answer *a = ctx;

	pthread_mutex_lock(&a->lock);
	a->times++;
	a->outcome = answer->outcome;
	snprintf(a->capture_id, sizeof(a->capture_id), "%s",
		 answer->capture_id ? answer->capture_id : "");
	a->at_ms = clock_now_ms();
	pthread_cond_broadcast(&a->came);
	pthread_mutex_unlock(&a->lock);
}

static struct engine_request request_of(const struct world *w, const char *principal,
					const char *instance, const char *signature)
{
	return (struct engine_request){
		.instance = config_find_instance(w->config, instance),
		.config = w->config,
		.audit = {.event_name = "SendDiagnosticInterrupt",
			  .region = "us-east-1",
			  .account = "123456789012",
			  .request_id = "r-1",
			  .principal_arn = principal,
			  .access_key = principal,
			  .instance_id = instance,
			  .time_ms = 1792584000000},
		.signature_hash = signature,
	};
}

static void submit(struct world *w, const struct engine_request *r, struct answer *a)
{
	*a = (struct answer){.lock = PTHREAD_MUTEX_INITIALIZER,
			     .came = PTHREAD_COND_INITIALIZER};
	engine_submit(w->engine, r, take_answer, a);
}

static enum engine_outcome wait_answer(struct answer *a)
{
	pthread_mutex_lock(&a->lock);
	while (!a->times)
		pthread_cond_wait(&a->came, &a->lock);
	assert_int_equal(a->times, 1);
	pthread_mutex_unlock(&a->lock);
	return a->outcome;
}

static enum engine_outcome ask(struct world *w, const char *principal,
			       const char *signature, struct answer *a)
{
	struct engine_request r = request_of(w, principal, INSTANCE, signature);

	submit(w, &r, a);
	return wait_answer(a);
}

/* Wait for a state; a test that hangs here is ended by its timeout. */
static void await(struct world *w, const char *instance, enum capture_state state)
{
	struct engine_status s = {0};

	for (unsigned i = 0; i < 1500; i++) {
		if (engine_find_status(w->engine, instance, &s) && s.state == state)
			return;
		clock_sleep_ms(20);
	}
	print_error("the state is %s, not %s\n", capture_state_name(s.state),
		    capture_state_name(state));
	fail();
}

static u64 audit_lines(const struct world *w)
{
	struct audit_check check;
	char path[96];

	snprintf(path, sizeof(path), "%s/state/audit", w->dir);
	assert_success(audit_verify(path, &check));
	return check.lines;
}

static void what_is_accepted_was_injected_once_and_is_in_the_audit_log(void **state)
{
	struct world *w = *state;
	struct answer a;
	json_t *j;

	begin(w, &(struct stub_qmp_plan){0}, "", "");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	await(w, INSTANCE, CAPTURE_INJECTED);
	assert_success(engine_capture_json(w->engine, a.capture_id, &j));
	assert_string_equal(json_string_value(json_object_get(j, "state")), "injected");
	assert_true(json_array_size(json_object_get(j, "timeline")) >= 2);
	json_decref(j);
	assert_int_equal(audit_lines(w), 1);
	assert_int_equal(end(w), 1);
}

static void repetitions_are_absorbed_and_others_told_busy(void **state)
{
	struct world *w = *state;
	struct answer first, again, other;
	struct engine_counters counters;

	begin(w, &(struct stub_qmp_plan){0}, "", "");
	assert_int_equal(ask(w, "alice", "s1", &first), ENGINE_ACCEPTED);
	assert_int_equal(ask(w, "alice", "s1", &again), ENGINE_DUPLICATE);
	assert_string_equal(first.capture_id, again.capture_id);
	assert_int_equal(ask(w, "alice", "s2", &again), ENGINE_DUPLICATE);
	assert_int_equal(ask(w, "bob", "s3", &other), ENGINE_BUSY);
	engine_read_counters(w->engine, &counters);
	assert_int_equal(counters.submitted, 4);
	assert_int_equal(counters.duplicates, 2);
	assert_int_equal(counters.refused, 1);
	assert_int_equal(counters.in_flight, 1);
	assert_int_equal(audit_lines(w), 4);
	assert_int_equal(end(w), 1);
}

static void a_crowd_that_comes_at_once_gets_one_interrupt(void **state)
{
	struct world *w = *state;
	struct answer answers[32];
	char signatures[32][16];
	unsigned accepted = 0, absorbed = 0;

	begin(w, &(struct stub_qmp_plan){0}, "", "");
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct engine_request r;

		snprintf(signatures[i], sizeof(signatures[i]), "s%zu", i);
		r = request_of(w, "alice", INSTANCE, signatures[i]);
		submit(w, &r, &answers[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		enum engine_outcome outcome = wait_answer(&answers[i]);

		accepted += outcome == ENGINE_ACCEPTED;
		absorbed += outcome == ENGINE_DUPLICATE;
	}
	assert_int_equal(accepted, 1);
	assert_int_equal(absorbed, ARRAY_SIZE(answers) - 1);
	assert_int_equal(end(w), 1);
}

static void a_backend_that_is_slow_does_not_keep_the_client(void **state)
{
	struct world *w = *state;
	struct answer a;
	u64 before_ms;

	begin(w, &(struct stub_qmp_plan){.inject_delay_ms = 3000}, "", "");
	before_ms = clock_now_ms();
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	assert_in_range(a.at_ms - before_ms, ENGINE_ANSWER_MS - 1, 2500);
	assert_int_equal(strlen(a.capture_id), CAPTURE_ID_LEN);
	/* A client that does not believe it. */
	assert_int_equal(ask(w, "alice", "s2", &a), ENGINE_DUPLICATE);
	await(w, INSTANCE, CAPTURE_INJECTED);
	assert_int_equal(end(w), 1);
}

static void a_backend_that_dies_in_the_middle_leaves_the_outcome_unknown(void **state)
{
	struct world *w = *state;
	struct answer a;

	begin(w, &(struct stub_qmp_plan){.at_inject = STUB_DIE}, "", "");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	await(w, INSTANCE, CAPTURE_UNKNOWN);
	assert_int_equal(ask(w, "alice", "s2", &a), ENGINE_DUPLICATE);
	assert_int_equal(ask(w, "bob", "s3", &a), ENGINE_BUSY);
	assert_int_equal(end(w), 1);
}

static void what_provably_was_not_sent_may_be_tried_again_at_once(void **state)
{
	struct world *w = *state;
	struct answer first, second;

	configure(w, "/nonexistent/qmp", "", "");
	assert_success(engine_start(w->config, &w->engine));
	assert_int_equal(ask(w, "alice", "s1", &first), ENGINE_UNREACHABLE);
	await(w, INSTANCE, CAPTURE_NOT_SENT);
	assert_int_equal(ask(w, "alice", "s1", &second), ENGINE_UNREACHABLE);
	assert_string_not_equal(first.capture_id, second.capture_id);
	/* Each was granted, and then came to nothing. */
	engine_stop(steal(w->engine));
	assert_int_equal(audit_lines(w), 4);
}

/* An engine of which only the thread of deadlines runs, and a request whose time is over.
 */
static struct request *begin_late(struct world *w, struct engine *e, struct answer *a)
{
	struct engine_request from = request_of(w, "alice", INSTANCE, "s1");
	pthread_condattr_t monotonic;
	struct request *r;

	*a = (struct answer){.lock = PTHREAD_MUTEX_INITIALIZER,
			     .came = PTHREAD_COND_INITIALIZER};
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&e->pending_changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	assert_success(request_new(&from, take_answer, a, &r));
	r->deadline_ms = clock_now_ms();
	e->pending = r;
	return r;
}

static void run_deadlines(struct engine *e)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, request_deadlines, e), 0);
	pthread_mutex_lock(&e->lock);
	e->is_closing = true;
	pthread_cond_broadcast(&e->pending_changed);
	pthread_mutex_unlock(&e->lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void end_late(struct engine *e, struct request *r)
{
	request_unref(e, r);
	pthread_cond_destroy(&e->pending_changed);
	pthread_mutex_destroy(&e->lock);
}

static void after_it_was_told_that_nothing_was_sent_nothing_is(void **state)
{
	struct world *w = *state;
	struct engine e = {0};
	struct request *r;
	struct answer a;

	configure(w, "/nonexistent/qmp", "", "");
	r = begin_late(w, &e, &a);
	run_deadlines(&e);
	assert_int_equal(wait_answer(&a), ENGINE_INTERNAL);
	assert_false(request_may_send(&e, r));
	end_late(&e, r);
}

static void after_it_may_have_been_sent_it_is_not_told_that_nothing_was(void **state)
{
	struct world *w = *state;
	struct engine e = {0};
	struct request *r;
	struct answer a;

	configure(w, "/nonexistent/qmp", "", "");
	r = begin_late(w, &e, &a);
	assert_true(request_may_send(&e, r));
	run_deadlines(&e);
	assert_int_equal(wait_answer(&a), ENGINE_ACCEPTED);
	end_late(&e, r);
}

static void while_it_stops_nothing_is_sent(void **state)
{
	struct world *w = *state;
	struct engine e = {.is_stopping = true};
	struct request *r;
	struct answer a;

	configure(w, "/nonexistent/qmp", "", "");
	r = begin_late(w, &e, &a);
	assert_false(request_may_send(&e, r));
	run_deadlines(&e);
	assert_int_equal(wait_answer(&a), ENGINE_INTERNAL);
	end_late(&e, r);
}

static void a_refusal_of_the_machine_is_told_as_what_it_is(void **state)
{
	struct world *w = *state;
	struct answer a;

	begin(w, &(struct stub_qmp_plan){.status = "paused"}, ", \"state\": \"ask\"", "");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_WRONG_STATE);
	assert_int_equal(end(w), 0);
}

static void a_type_without_interrupt_is_refused_before_anything(void **state)
{
	struct world *w = *state;
	struct engine_request r;
	struct answer a;

	begin(w, &(struct stub_qmp_plan){0}, "", "");
	r = request_of(w, "alice", "i-0123456789abcdef2", "s1");
	submit(w, &r, &a);
	assert_int_equal(wait_answer(&a), ENGINE_UNSUPPORTED);
	assert_int_equal(audit_lines(w), 1);
	assert_int_equal(end(w), 0);
}

static void no_more_captures_fly_than_are_allowed(void **state)
{
	struct world *w = *state;
	struct engine_request r;
	struct answer a;

	begin(w, &(struct stub_qmp_plan){0}, "",
	      ", \"limits\": {\"captures_in_flight\": 1}");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	r = request_of(w, "alice", "i-0123456789abcdef1", "s2");
	submit(w, &r, &a);
	assert_int_equal(wait_answer(&a), ENGINE_LIMIT);
	assert_int_equal(end(w), 1);
}

static void after_a_restart_it_is_followed_on_and_not_sent_again(void **state)
{
	struct world *w = *state;
	struct stub_qmp_plan plan = {.at_inject = STUB_DIE};
	struct engine_status s;
	struct answer a;

	begin(w, &plan, "", "");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	assert_int_equal(end(w), 1);
	plan = (struct stub_qmp_plan){
		.after_ready = "{\"event\": \"RESET\", \"data\": {}, \"timestamp\": "
			       "{\"seconds\": 1, \"microseconds\": 1}}\r\n"};
	begin(w, &plan, "", "");
	assert_true(engine_find_status(w->engine, INSTANCE, &s));
	assert_string_equal(s.capture_id, a.capture_id);
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_DUPLICATE);
	await(w, INSTANCE, CAPTURE_UNVERIFIED);
	assert_int_equal(end(w), 0);
}

static void an_intent_without_outcome_is_unknown_after_a_restart(void **state)
{
	struct world *w = *state;
	struct capture c = {.instance_id = (char *)INSTANCE,
			    .principal_arn = (char *)"alice",
			    .access_key = (char *)"alice",
			    .signature_hash = (char *)"s1"};
	cleanup(capture_deinit) struct capture got = {0};
	enum store_verdict verdict;
	struct store_time now;
	struct store *store;
	struct answer a;
	char path[96];

	/* As a server leaves it that was killed right after the intent was on disk. */
	snprintf(path, sizeof(path), "%s/state/captures.db", w->dir);
	assert_success(store_open(path, "an-earlier-boot", &store));
	assert_success(store_time_now(&now));
	assert_success(store_begin(store, &c, &(struct store_rules){600, 900, 9}, &now,
				   &verdict, &got));
	store_close(store);
	begin(w, &(struct stub_qmp_plan){0}, "", "");
	await(w, INSTANCE, CAPTURE_UNKNOWN);
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_DUPLICATE);
	assert_string_equal(a.capture_id, got.id);
	assert_int_equal(end(w), 0);
}

static void a_dump_that_arrives_is_verified_and_the_command_told(void **state)
{
	static const char record[] =
		"{\"schema\": \"inquest.capture\", \"version\": 1, \"outcome\": \"complete\","
		" \"reason\": null, \"crashed\": {\"machine_id\": \"" MACHINE "\","
		" \"boot_id\": \"b-2\", \"product_uuid\": null},"
		" \"files\": [{\"name\": \"vmcore\", \"bytes\": 4, \"complete\": true}]}";
	struct world *w = *state;
	char more[256], limits[256], told[96], *text = NULL;
	struct answer a;
	json_t *j;

	snprintf(more, sizeof(more),
		 ", \"dump_dir\": \"%s/dumps\", \"machine_id\": \"" MACHINE "\"", w->dir);
	snprintf(told, sizeof(told), "%s/told", w->dir);
	snprintf(limits, sizeof(limits),
		 ", \"hooks\": {\"command\": [\"/bin/cp\", \"/dev/stdin\", \"%s\"]}", told);
	/* One that was there before is not it. */
	make_dir(w, "dumps/old");
	put(w, "dumps/old/capture.json", record);
	put(w, "dumps/old/vmcore", "dump");
	begin(w, &(struct stub_qmp_plan){0}, more, limits);
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	await(w, INSTANCE, CAPTURE_INJECTED);
	/* Nor is a copy of it, nor one of another machine. */
	make_dir(w, "dumps/copy");
	put(w, "dumps/copy/vmcore", "dump");
	put(w, "dumps/copy/capture.json", record);
	make_dir(w, "dumps/host");
	make_dir(w, "dumps/host/new");
	text = strdup(record);
	memcpy(strstr(text, "b-2"), "b-3", 3);
	put(w, "dumps/host/new/capture.json", text);
	free(steal(text));
	await(w, INSTANCE, CAPTURE_DUMPED); /* its vmcore is still to come */
	put(w, "dumps/host/new/vmcore", "dump");
	await(w, INSTANCE, CAPTURE_VERIFIED);
	for (unsigned i = 0; i < 500 && access(told, F_OK); i++)
		clock_sleep_ms(20);
	assert_int_equal(end(w), 1);
	assert_success(io_read_file(told, 1u << 20, &text, NULL));
	j = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "state")), "verified");
	assert_non_null(strstr(json_string_value(json_object_get(j, "dump")), "host/new"));
	json_decref(j);
	free(text);
}

static void the_console_is_read_from_the_interrupt_on(void **state)
{
	struct world *w = *state;
	char more[128], path[96];
	struct answer a;
	FILE *console;

	snprintf(path, sizeof(path), "%s/console", w->dir);
	snprintf(more, sizeof(more), ", \"console\": \"%s\"", path);
	put(w, "console", "[   1.0] Dazed and confused, but trying to continue\n");
	begin(w, &(struct stub_qmp_plan){0}, more, "");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	await(w, INSTANCE, CAPTURE_INJECTED);
	console = fopen(path, "a");
	fputs("[   9.0] Kernel panic - not syncing: NMI\n[    0.0] Linux ver", console);
	fflush(console);
	await(w, INSTANCE, CAPTURE_PANICKED);
	fputs("sion 6.1.0\n[    0.0] Command line: elfcorehdr=0x1\n", console);
	fflush(console);
	await(w, INSTANCE, CAPTURE_CAPTURING);
	/* What comes while the server is down is read when it is up again. */
	assert_int_equal(end(w), 1);
	fputs("[   7.0] inquest: end role=capture outcome=complete directory=/c/1\n",
	      console);
	fclose(console);
	begin(w, &(struct stub_qmp_plan){0}, more, "");
	await(w, INSTANCE, CAPTURE_DUMPED);
	assert_int_equal(end(w), 0);
}

/* The timeline of a capture as one text. */
static void read_timeline(struct world *w, const char *capture_id, struct buf *ret)
{
	json_t *j, *step;
	size_t i;

	assert_success(engine_capture_json(w->engine, capture_id, &j));
	json_array_foreach(json_object_get(j, "timeline"), i, step)
	{
		const char *text = json_string_value(json_object_get(step, "text"));

		buf_printf(ret, "%s\n", text ? text : "");
	}
	json_decref(j);
}

/* Interrupt a machine of @plan, and wait until its timeline has @words. */
static void interrupt_and_see(struct world *w, const struct stub_qmp_plan *plan,
			      const char *more, const char *words, struct answer *a)
{
	bool is_there = false;

	begin(w, plan, more, "");
	assert_int_equal(ask(w, "alice", "s1", a), ENGINE_ACCEPTED);
	for (unsigned i = 0; i < 1500 && !is_there; i++) {
		cleanup(buf_deinit) struct buf timeline = BUF_INIT;

		read_timeline(w, a->capture_id, &timeline);
		is_there = strstr(buf_text(&timeline), words) != NULL;
		clock_sleep_ms(20);
	}
	assert_true(is_there);
}

static void what_the_machine_did_before_is_kept(void **state)
{
	static const char *const cpus[] = {
		"\"CPU#0\\r\\nRIP=ffffffff8108c1d5 RFL=246 CPL=0 II=0 HLT=0\\r\\n\"",
		"\"CPU#1\\r\\nRIP=00007f0012345678 RFL=246 CPL=3 II=0 HLT=0\\r\\n\"", NULL};
	static const char end_of_console[] =
		"\n[    1.0] all is \033well\n[    9.0] something hangs\n";
	struct world *w = *state;
	char more[128], path[192], console[20000];
	char *text = NULL;
	struct answer a;

	snprintf(more, sizeof(more), ", \"console\": \"%s/console\"", w->dir);
	/* More than is kept, and the beginning of a line is not kept either. */
	memset(console, 'x', sizeof(console));
	strcpy(console + sizeof(console) - sizeof(end_of_console), end_of_console);
	put(w, "console", console);
	interrupt_and_see(w, &(struct stub_qmp_plan){.registers = cpus}, more,
			  "before the interrupt CPU 0 was at ffffffff8108c1d5 in the "
			  "kernel; CPU 1 at 00007f0012345678 in user space; what was seen "
			  "before the interrupt is in ",
			  &a);
	snprintf(path, sizeof(path), "%s/state/evidence/%s.txt", w->dir, a.capture_id);
	assert_success(io_read_file(path, 1u << 20, &text, NULL));
	assert_non_null(strstr(text, a.capture_id));
	assert_non_null(strstr(text, "\nCPU 1\nRIP=00007f0012345678"));
	assert_non_null(strstr(text, "\nConsole\n\n[    1.0] all is \\x1bwell\n"
				     "[    9.0] something hangs\n"));
	free(text);
	assert_int_equal(end(w), 1);
}

static void registers_that_do_not_come_do_not_keep_the_client(void **state)
{
	struct world *w = *state;
	struct answer a;
	u64 before_ms = clock_now_ms();

	interrupt_and_see(w, &(struct stub_qmp_plan){.hangs_at_registers = true}, "",
			  "before the interrupt the machine was running", &a);
	assert_in_range(a.at_ms - before_ms, 0, ENGINE_ANSWER_MS + 700);
	assert_int_equal(end(w), 1);
}

static void where_nothing_can_be_kept_the_interrupt_is_sent(void **state)
{
	static const char *const cpus[] = {"\"RIP=1 CPL=0\"", NULL};
	struct world *w = *state;
	struct answer a;

	put(w, "state/evidence", "not a directory");
	interrupt_and_see(w, &(struct stub_qmp_plan){.registers = cpus}, "",
			  "what was seen before the interrupt is not kept", &a);
	assert_int_equal(end(w), 1);
}

static void a_guest_that_does_not_panic_is_dumped_from_outside(void **state)
{
	static const char *const dump[] = {
		"{\"status\": \"active\", \"completed\": 1, \"total\": 2}",
		"{\"status\": \"completed\", \"completed\": 2, \"total\": 2}", NULL};
	struct world *w = *state;
	char more[256];
	struct answer a;
	json_t *j;

	snprintf(more, sizeof(more),
		 ", \"fallback\": {\"dump\": true, \"directory\": \"%s/dumps\","
		 " \"action\": \"reset\", \"quiet_s\": 5, \"no_sign_s\": 1}",
		 w->dir);
	begin(w, &(struct stub_qmp_plan){.dump = dump}, more, "");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	await(w, INSTANCE, CAPTURE_TIMEOUT_FALLBACK_DUMPED);
	assert_success(engine_capture_json(w->engine, a.capture_id, &j));
	assert_int_equal(access(json_string_value(json_object_get(j, "dump")), R_OK), 0);
	json_decref(j);
	assert_int_equal(end(w), 1);
	assert_string_equal(w->stub.last_command, "system_reset");
}

static void while_a_capture_kernel_is_loaded_nobody_is_reset(void **state)
{
	static const char *const dump[] = {
		"{\"status\": \"completed\", \"completed\": 2, \"total\": 2}", NULL};
	struct world *w = *state;
	char more[256];
	struct answer a;

	snprintf(more, sizeof(more),
		 ", \"fallback\": {\"dump\": true, \"directory\": \"%s/dumps\","
		 " \"action\": \"reset\", \"quiet_s\": 1, \"no_sign_s\": 1}",
		 w->dir);
	begin(w,
	      &(struct stub_qmp_plan){
		      .dump = dump,
		      .before_inject =
			      "{\"event\": \"GUEST_CRASHLOADED\", \"data\": {\"action\": "
			      "\"run\"}, \"timestamp\": {\"seconds\": 1, \"microseconds\": "
			      "1}}\r\n"},
	      more, "");
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	await(w, INSTANCE, CAPTURE_TIMEOUT_FALLBACK_DUMPED);
	assert_int_equal(end(w), 1);
	assert_string_not_equal(w->stub.last_command, "system_reset");
}

static void force_takes_the_place_of_the_capture_before(void **state)
{
	struct world *w = *state;
	struct engine_request r;
	struct answer first, second;

	begin(w, &(struct stub_qmp_plan){0}, "", "");
	assert_int_equal(ask(w, "alice", "s1", &first), ENGINE_ACCEPTED);
	await(w, INSTANCE, CAPTURE_INJECTED);
	r = request_of(w, "bob", INSTANCE, "s2");
	r.is_forced = true;
	submit(w, &r, &second);
	/* The stub serves one client only, so the second one hears nothing: what counts
	 * is that it is a capture of its own, and the first one over. */
	wait_answer(&second);
	assert_string_not_equal(first.capture_id, second.capture_id);
	engine_stop(steal(w->engine));
	stub_qmp_stop(&w->stub);
	w->has_stub = false;
}

/* In a child with a small disk: 0 if all is as it should be. */
static void run_on_a_full_disk(struct world *w)
{
	char filler[96];
	struct answer a;

	configure(w, "/nonexistent/qmp", "", "");
	assert_success(engine_start(w->config, &w->engine));
	snprintf(filler, sizeof(filler), "%s/state/filler", w->dir);
	small_disk_fill(filler);
	for (unsigned i = 0; i < 200; i++)
		if (ask(w, "alice", "s1", &a) == ENGINE_INTERNAL)
			break;
	assert_int_equal(a.outcome, ENGINE_INTERNAL);
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_INTERNAL);
	unlink(filler);
	/* The backend was tried: what is before it has gone well again. */
	assert_int_equal(ask(w, "bob", "s2", &a), ENGINE_UNREACHABLE);
	engine_stop(steal(w->engine));
}

static void on_a_full_disk_nothing_is_injected_until_there_is_room(void **state)
{
	struct world *w = *state;
	char path[96];
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		snprintf(path, sizeof(path), "%s/state", w->dir);
		if (!small_disk_mount(path, "size=256k"))
			_exit(77);
		run_on_a_full_disk(w);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void an_audit_line_that_cannot_be_kept_stops_the_interrupt(void **state)
{
	struct world *w = *state;
	struct answer a;

	begin(w, &(struct stub_qmp_plan){0}, "", "");
	failing_sync.suffix = "/state/audit";
	failing_sync.why = ENOSPC;
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_INTERNAL);
	await(w, INSTANCE, CAPTURE_NOT_SENT);
	failing_sync.why = 0;
	assert_int_equal(audit_lines(w), 0);
	assert_int_equal(ask(w, "alice", "s1", &a), ENGINE_ACCEPTED);
	assert_int_equal(audit_lines(w), 1);
	assert_int_equal(end(w), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_accepted_was_injected_once_and_is_in_the_audit_log),
		TEST(repetitions_are_absorbed_and_others_told_busy),
		TEST(a_crowd_that_comes_at_once_gets_one_interrupt),
		TEST(a_backend_that_is_slow_does_not_keep_the_client),
		TEST(a_backend_that_dies_in_the_middle_leaves_the_outcome_unknown),
		TEST(after_it_was_told_that_nothing_was_sent_nothing_is),
		TEST(after_it_may_have_been_sent_it_is_not_told_that_nothing_was),
		TEST(while_it_stops_nothing_is_sent),
		TEST(what_provably_was_not_sent_may_be_tried_again_at_once),
		TEST(a_refusal_of_the_machine_is_told_as_what_it_is),
		TEST(a_type_without_interrupt_is_refused_before_anything),
		TEST(no_more_captures_fly_than_are_allowed),
		TEST(after_a_restart_it_is_followed_on_and_not_sent_again),
		TEST(an_intent_without_outcome_is_unknown_after_a_restart),
		TEST(a_dump_that_arrives_is_verified_and_the_command_told),
		TEST(the_console_is_read_from_the_interrupt_on),
		TEST(what_the_machine_did_before_is_kept),
		TEST(registers_that_do_not_come_do_not_keep_the_client),
		TEST(where_nothing_can_be_kept_the_interrupt_is_sent),
		TEST(a_guest_that_does_not_panic_is_dumped_from_outside),
		TEST(while_a_capture_kernel_is_loaded_nobody_is_reset),
		TEST(force_takes_the_place_of_the_capture_before),
		TEST(on_a_full_disk_nothing_is_injected_until_there_is_room),
		TEST(an_audit_line_that_cannot_be_kept_stops_the_interrupt),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
