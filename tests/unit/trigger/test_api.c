/*
 * EC2's API: each row of the table of errors, their order, and what is said of instances.
 *
 * Requests are signed as clients sign them. The configuration is written down here, not
 * loaded; what the engine would know of captures is said by the test.
 */
#include "testing.h"

#include "base/io.h"
#include "base/str.h"
#include "trigger/api.h"

#include <jansson.h>
#include <unistd.h>

#define NOW	 1795211932 /* 2026-11-20 21:58:52 UTC */
#define INSTANCE "i-1234567890abcdef0"
#define SEND	 "Action=SendDiagnosticInterrupt&Version=2016-11-15"
#define DESCRIBE "Action=DescribeInstances&Version=2016-11-15"
#define STATUS	 "Action=DescribeInstanceStatus&Version=2016-11-15"

static const struct config_tag tags[] = {{"env", "prod"}, {"Name", "<b>&'\""}};

static const struct config_instance instances[] = {
	{.id = "i-00000001",
	 .account = "123456789012",
	 .region = "us-east-1",
	 .zone = "us-east-1b",
	 .type = "a1.large",
	 .is_running = true},
	{.id = "i-00000002",
	 .account = "123456789012",
	 .region = "us-east-1",
	 .has_interrupt = true},
	{.id = "i-00000003",
	 .account = "210987654321",
	 .region = "us-east-1",
	 .has_interrupt = true,
	 .is_running = true},
	{.id = INSTANCE,
	 .account = "123456789012",
	 .region = "us-east-1",
	 .zone = "us-east-1a",
	 .type = "m5.large",
	 .image = "ami-1",
	 .private_ip = "10.0.0.5",
	 .tags = tags,
	 .num_tags = 2,
	 .has_interrupt = true,
	 .is_running = true},
};

/* What each of the keys may, one policy each. */
static const char *const policies[] = {
	"{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"All\",\"Effect\":\"Allow\","
	"\"Action\":[\"ec2:*\"],\"Resource\":\"*\"}}",
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
	"\"ec2:SendDiagnosticInterrupt\",\"Resource\":"
	"\"arn:aws:ec2:us-east-1:123456789012:instance/i-00000001\"},{\"Sid\":\"Once\","
	"\"Effect\":\"Deny\",\"Action\":\"inquest:ForceInterrupt\",\"Resource\":\"*\"}]}",
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\","
	"\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"ec2:ResourceTag/env\":\"prod\","
	"\"aws:PrincipalTag/team\":\"kernel\",\"aws:username\":\"tagged\"},"
	"\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"},"
	"\"Bool\":{\"aws:SecureTransport\":\"true\"}}}]}",
};

static const struct config_tag team[] = {{"team", "kernel"}};

#define NUM_KEYS 3

/* The world of one test. */
struct world {
	struct iam_policy *parsed[NUM_KEYS];
	const struct iam_policy *identity[NUM_KEYS][1];
	struct config_principal principals[NUM_KEYS];
	struct config_key keys[NUM_KEYS];
	struct config config;
	struct api *api;
	struct audit *audit; /* NULL: nothing is recorded */
	struct audit_queue *record;
	char audit_path[32];
	/* Of the next request. */
	const char *key, *secret, *peer, *content_type;
	s64 signed_at, now;
	bool is_tls, is_get, is_unsigned;
	struct sigv4_header more[4];
	size_t num_more;
	/* What came of it. */
	struct api_answer answer;
	struct api_submission *submission;
};

static int num_references;

const struct config *config_ref(const struct config *c)
{
	num_references++;
	return c;
}

void config_unref(const struct config *c)
{
	num_references--;
}

const struct config_instance *config_find_instance(const struct config *c, const char *id)
{
	for (size_t i = 0; i < c->num_instances; i++)
		if (str_eq(c->instances[i].id, id))
			return &c->instances[i];
	return NULL;
}

static const struct config_key *known_keys;

const struct config_key *config_find_key(const struct config *c, const char *access_key)
{
	for (size_t i = 0; i < c->num_keys; i++)
		if (str_eq(known_keys[i].access_key, access_key))
			return &known_keys[i];
	return NULL;
}

static struct engine_status capture;
static bool has_capture;

bool engine_find_status(struct engine *e, const char *instance_id,
			struct engine_status *ret)
{
	if (!has_capture || !str_eq(instance_id, INSTANCE))
		return false;
	*ret = capture;
	return true;
}

static int open_world(void **state)
{
	static const char *const names[] = {"admin", "narrow", "tagged"};
	static const char *const access_keys[] = {"AKIDADMIN", "AKIDNARROW", "AKIDTAGGED"};
	static const char *const arns[] = {"arn:aws:iam::123456789012:user/admin",
					   "arn:aws:iam::123456789012:user/narrow",
					   "arn:aws:iam::123456789012:user/tagged"};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	for (size_t i = 0; i < NUM_KEYS; i++) {
		assert_success(iam_policy_parse(policies[i], strlen(policies[i]), names[i],
						&w->parsed[i]));
		w->identity[i][0] = w->parsed[i];
		w->principals[i] = (struct config_principal){
			.type = CONFIG_USER,
			.arn = arns[i],
			.policy_arn = arns[i],
			.account = "123456789012",
			.id = "AIDAEXAMPLE",
			.name = names[i],
			.tags = team,
			.num_tags = 1,
			.grants = {.identity = w->identity[i], .num_identity = 1},
		};
		w->keys[i] = (struct config_key){.access_key = access_keys[i],
						 .secret = "secret",
						 .principal = &w->principals[i]};
	}
	known_keys = w->keys;
	w->config = (struct config){
		.partition = "aws",
		.region = "us-east-1",
		.skew_s = 300,
		.presigned_max_s = 60,
		.limits = {.principal = {1000, 0},
			   .unauthenticated = {1000, 0},
			   .replays = 8},
		.instances = instances,
		.num_instances = ARRAY_SIZE(instances),
		.num_keys = NUM_KEYS,
	};
	w->key = "AKIDADMIN";
	w->secret = "secret";
	w->peer = "10.1.2.3";
	w->content_type = "application/x-www-form-urlencoded; charset=utf-8";
	w->signed_at = w->now = NOW;
	has_capture = false;
	assert_success(api_new(&w->config, &w->api));
	*state = w;
	return 0;
}

static void forget(struct world *w)
{
	api_answer_deinit(&w->answer);
	w->answer = (struct api_answer){0};
	api_submission_free(w->submission);
	w->submission = NULL;
}

static int close_world(void **state)
{
	struct world *w = *state;

	forget(w);
	api_free(w->api);
	for (size_t i = 0; i < NUM_KEYS; i++)
		iam_policy_free(w->parsed[i]);
	free(w);
	assert_int_equal(num_references, 0);
	return 0;
}

/* Send @text, as a body or in the URL. */
static void ask(struct world *w, const char *text)
{
	struct sigv4_header headers[12] = {{"Host", "127.0.0.1:18480"}};
	struct sigv4_signature signature = {0};
	struct api_request r = {
		.http = {.method = w->is_get ? "GET" : "POST",
			 .path = "/",
			 .query = w->is_get ? text : NULL,
			 .body = w->is_get ? NULL : text,
			 .body_len = w->is_get ? 0 : strlen(text),
			 .headers = headers,
			 .num_headers = 1},
		.peer_address = w->peer,
		.is_tls = w->is_tls,
		.config = &w->config,
		.record = w->record,
		.now_ms = w->now * 1000,
		.monotonic_ms = (u64)w->now * 1000,
	};
	const struct sigv4_signer signer = {.access_key = w->key,
					    .secret = w->secret,
					    .region = "us-east-1",
					    .service = "ec2",
					    .time = w->signed_at};

	forget(w);
	if (!w->is_get)
		headers[r.http.num_headers++] =
			(struct sigv4_header){"Content-Type", w->content_type};
	for (size_t i = 0; i < w->num_more; i++)
		headers[r.http.num_headers++] = w->more[i];
	if (!w->is_unsigned) {
		assert_success(sigv4_sign(&r.http, &signer, &signature));
		headers[r.http.num_headers++] =
			(struct sigv4_header){"X-Amz-Date", signature.date};
		headers[r.http.num_headers++] =
			(struct sigv4_header){"Authorization", signature.authorization};
	}
	assert_success(api_handle(w->api, &r, &w->answer, &w->submission));
	sigv4_signature_deinit(&signature);
}

static void assert_refused(struct world *w, const char *text, unsigned status,
			   const char *code)
{
	ask(w, text);
	if (!w->answer.code || !str_eq(w->answer.code, code) || w->answer.status != status)
		print_error("%s: %u %s instead of %u %s\n", text, w->answer.status,
			    w->answer.code ? w->answer.code : "success", status, code);
	assert_null(w->submission);
	assert_non_null(w->answer.code);
	assert_string_equal(w->answer.code, code);
	assert_int_equal(w->answer.status, status);
	assert_non_null(strstr(w->answer.body.data, code));
}

static void assert_submitted(struct world *w, const char *text)
{
	ask(w, text);
	if (!w->submission)
		print_error("%s: %s\n", text, buf_text(&w->answer.body));
	assert_non_null(w->submission);
}

static void assert_says(const struct world *w, const char *words)
{
	if (!strstr(buf_text(&w->answer.body), words))
		print_error("\"%s\" lacks \"%s\"\n", buf_text(&w->answer.body), words);
	assert_non_null(strstr(buf_text(&w->answer.body), words));
}

static void each_row_of_the_table_is_answered_with_its_code(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
		const char *code;
	} rows[] = {
		{SEND "&InstanceId=%zz", 400, "MalformedQueryString"},
		{SEND "&InstanceId=" INSTANCE "&InstanceId=i-00000001", 400,
		 "MalformedQueryString"},
		{"Action=RunInstances&Version=2016-11-15", 400, "InvalidAction"},
		{"Version=2016-11-15", 400, "InvalidAction"},
		{"Action=SendDiagnosticInterrupt&InstanceId=" INSTANCE, 400,
		 "NoSuchVersion"},
		{"Action=SendDiagnosticInterrupt&Version=2014-10-01&InstanceId=" INSTANCE,
		 400, "NoSuchVersion"},
		{"Action=SendDiagnosticInterrupt&Version=9&InstanceId=" INSTANCE, 400,
		 "NoSuchVersion"},
		{SEND, 400, "MissingParameter"},
		{SEND "&InstanceId=" INSTANCE "&Force=true", 400, "UnknownParameter"},
		{SEND "&InstanceId=" INSTANCE "&InstanceId.1=" INSTANCE, 400,
		 "UnknownParameter"},
		{SEND "&InstanceId=" INSTANCE "&DryRun=yes", 400, "InvalidParameterValue"},
		{SEND "&InstanceId=" INSTANCE "&DryRun=", 400, "InvalidParameterValue"},
		{SEND "&InstanceId=" INSTANCE "&InquestForce=TRUE", 400,
		 "InvalidParameterValue"},
		{SEND "&InstanceId=", 400, "InvalidInstanceID.Malformed"},
		{SEND "&InstanceId=i-123", 400, "InvalidInstanceID.Malformed"},
		{SEND "&InstanceId=i-1234567890ABCDEF0", 400,
		 "InvalidInstanceID.Malformed"},
		{SEND "&InstanceId=i-1234567890abcdef01", 400,
		 "InvalidInstanceID.Malformed"},
		{SEND "&InstanceId=" INSTANCE "&DryRun=true", 412, "DryRunOperation"},
		{SEND "&InstanceId=i-0000000000000000f", 400, "InvalidInstanceID.NotFound"},
		{SEND "&InstanceId=i-00000003", 400, "InvalidInstanceID.NotFound"},
		{SEND "&InstanceId=i-00000002", 400, "IncorrectInstanceState"},
		{SEND "&InstanceId=i-00000001", 400, "UnsupportedOperation"},
		{SEND "&InstanceId=" INSTANCE "&InquestForce=true", 403,
		 "UnauthorizedOperation"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_refused(w, rows[i].text, rows[i].status, rows[i].code);
	assert_submitted(w, SEND "&InstanceId=" INSTANCE "&DryRun=false");
}

static void messages_are_those_of_ec2(void **state)
{
	struct world *w = *state;

	assert_refused(w, SEND "&InstanceId=i-x", 400, "InvalidInstanceID.Malformed");
	assert_says(w, "<Message>Invalid id: &quot;i-x&quot;</Message>");
	assert_refused(w, SEND "&InstanceId=i-0000000000000000f", 400,
		       "InvalidInstanceID.NotFound");
	assert_says(w, "<Message>The instance ID &#39;i-0000000000000000f&#39; does not "
		       "exist</Message>");
	assert_refused(w, SEND "&InstanceId=" INSTANCE "&DryRun=true", 412,
		       "DryRunOperation");
	assert_says(w, "Request would have succeeded, but DryRun flag is set.");
	assert_refused(w, "Action=%3Cb%3E%01&Version=2016-11-15", 400, "InvalidAction");
	assert_says(w, "The action &lt;b&gt; is not valid for this web service.");
}

static void who_asks_is_found_out_before_what_is_asked(void **state)
{
	struct world *w = *state;

	w->is_unsigned = true;
	assert_refused(w, "Action=Nonsense", 403, "MissingAuthenticationToken");
	assert_refused(w, "Action=%", 400, "MalformedQueryString");
	w->more[w->num_more++] =
		(struct sigv4_header){"Authorization", "AWS4-HMAC-SHA256 x"};
	assert_refused(w, "Action=Nonsense", 403, "IncompleteSignature");
	w->num_more = 0;
	w->is_unsigned = false;
	w->secret = "wrong";
	assert_refused(w, "Action=Nonsense", 401, "AuthFailure");
	w->key = "AKIDNOBODY";
	w->signed_at = NOW - 3600;
	assert_refused(w, "Action=Nonsense", 401, "AuthFailure");
	w->key = "AKIDADMIN";
	w->secret = "secret";
	assert_refused(w, "Action=Nonsense", 400, "RequestExpired");
	w->signed_at = NOW;
	assert_refused(w, "Action=Nonsense", 400, "InvalidAction");
}

/* Each pair: what comes first in the table is said, though both are so. */
static void of_two_faults_the_first_of_the_table_is_said(void **state)
{
	struct world *w = *state;

	assert_refused(w, "Action=SendDiagnosticInterrupt&DryRun=x", 400, "NoSuchVersion");
	assert_refused(w, SEND "&DryRun=x&a=b", 400, "MissingParameter");
	assert_refused(w, SEND "&InstanceId=x&DryRun=x&a=b", 400, "UnknownParameter");
	assert_refused(w, SEND "&InstanceId=x&DryRun=x", 400, "InvalidParameterValue");
	w->key = "AKIDNARROW";
	assert_refused(w, SEND "&InstanceId=x&DryRun=true", 400,
		       "InvalidInstanceID.Malformed");
	assert_refused(w, SEND "&InstanceId=" INSTANCE "&DryRun=true", 403,
		       "UnauthorizedOperation");
	assert_refused(w, SEND "&InstanceId=i-00000001&DryRun=true", 412,
		       "DryRunOperation");
	w->config.limits.principal.tokens = 0;
	assert_refused(w, SEND "&InstanceId=x", 400, "InvalidInstanceID.Malformed");
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 503, "RequestLimitExceeded");
}

static void a_denied_caller_cannot_tell_what_exists(void **state)
{
	struct world *w = *state;
	char *there;

	w->key = "AKIDNARROW";
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 403, "UnauthorizedOperation");
	assert_says(w, "arn:aws:ec2:us-east-1:123456789012:instance/" INSTANCE);
	there = strdup(strstr(w->answer.body.data, "<Message>"));
	assert_refused(w, SEND "&InstanceId=i-1234567890abcdef1", 403,
		       "UnauthorizedOperation");
	/* But for the id and the request's own the answers are one. */
	*strstr(there, "abcdef0") = *strstr(w->answer.body.data, "abcdef1") = '\0';
	assert_string_equal(there, strstr(w->answer.body.data, "<Message>"));
	free(there);
	/* One of another account, which its owner's tags would allow. */
	assert_refused(w, SEND "&InstanceId=i-00000003", 403, "UnauthorizedOperation");
}

static void conditions_see_tags_addresses_and_transport(void **state)
{
	struct world *w = *state;

	w->key = "AKIDTAGGED";
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 403, "UnauthorizedOperation");
	w->is_tls = true;
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	assert_refused(w, SEND "&InstanceId=i-00000002", 403, "UnauthorizedOperation");
	w->peer = "192.0.2.1";
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 403, "UnauthorizedOperation");
}

static void a_forwarded_address_counts_only_from_a_proxy_of_ours(void **state)
{
	static const char *const proxies[] = {"192.0.2.1", "192.0.2.2", NULL};
	struct world *w = *state;

	w->key = "AKIDTAGGED";
	w->is_tls = true;
	w->peer = "192.0.2.1";
	w->more[w->num_more++] = (struct sigv4_header){"X-Forwarded-For", "10.9.9.9"};
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 403, "UnauthorizedOperation");
	w->config.trusted_proxies = proxies;
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	assert_string_equal(w->submission->engine.audit.source_ip, "10.9.9.9");
	/* What stands before the last address that is not ours, anybody can have written.
	 */
	w->more[0].value = "10.9.9.9, 198.51.100.1, 192.0.2.2";
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 403, "UnauthorizedOperation");
	w->more[0].value = "198.51.100.1, 10.9.9.9 ,192.0.2.2";
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	/* Of two lists nobody knows which one the proxy has written. */
	w->more[w->num_more++] = (struct sigv4_header){"X-Forwarded-For", "10.9.9.9"};
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 403, "UnauthorizedOperation");
}

static void a_submission_says_all_that_is_known(void **state)
{
	struct world *w = *state;
	const struct engine_request *r;

	w->more[w->num_more++] = (struct sigv4_header){"User-Agent", "aws-cli/2.9.19"};
	w->more[w->num_more++] = (struct sigv4_header){"amz-sdk-invocation-id", "abc"};
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	r = &w->submission->engine;
	assert_ptr_equal(r->instance, &instances[3]);
	assert_string_equal(r->invocation_id, "abc");
	assert_int_equal(strlen(r->signature_hash), 64);
	assert_false(r->is_forced);
	assert_string_equal(r->audit.event_name, "SendDiagnosticInterrupt");
	assert_string_equal(r->audit.user_agent, "aws-cli/2.9.19");
	assert_string_equal(r->audit.source_ip, "10.1.2.3");
	assert_string_equal(r->audit.principal_type, "IAMUser");
	assert_string_equal(r->audit.access_key, "AKIDADMIN");
	assert_string_equal(r->audit.statements[0], "admin/All");
	assert_null(r->audit.statements[1]);
	assert_string_equal(r->audit.request_id, w->submission->request_id);
	assert_null(strstr(r->signature_hash, "secret"));
}

static void what_the_engine_says_becomes_ec2s_answer(void **state)
{
	static const struct {
		enum engine_outcome outcome;
		unsigned status;
		const char *code;
	} rows[] = {
		{ENGINE_ACCEPTED, 200, NULL},
		{ENGINE_DUPLICATE, 200, NULL},
		{ENGINE_BUSY, 400, "IncorrectInstanceState"},
		{ENGINE_LIMIT, 503, "RequestLimitExceeded"},
		{ENGINE_WRONG_STATE, 400, "IncorrectInstanceState"},
		{ENGINE_UNSUPPORTED, 400, "UnsupportedOperation"},
		{ENGINE_ABSENT, 400, "InvalidInstanceID.NotFound"},
		{ENGINE_UNREACHABLE, 503, "Unavailable"},
		{ENGINE_INTERNAL, 500, "InternalError"},
	};
	static const char success[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<SendDiagnosticInterruptResponse "
		"xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n"
		"    <requestId>%s</requestId>\n"
		"    <return>true</return>\n"
		"</SendDiagnosticInterruptResponse>\n";
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct engine_answer said = {rows[i].outcome, "the-capture", "a sentence"};
		struct buf want = BUF_INIT;

		/* Those of before are forgotten: only so many signatures are remembered. */
		w->now = w->signed_at = NOW + (s64)i * 1000;
		assert_submitted(w, SEND "&InstanceId=" INSTANCE);
		assert_success(api_finish(w->submission, &said, &w->answer));
		assert_int_equal(w->answer.status, rows[i].status);
		assert_string_equal(w->answer.duplicate_of,
				    rows[i].outcome == ENGINE_DUPLICATE ? "the-capture"
									: "");
		if (rows[i].code) {
			assert_string_equal(w->answer.code, rows[i].code);
			continue;
		}
		buf_add_str(&want, success);
		*strstr(want.data, "%s") = '\0';
		assert_true(str_has_prefix(w->answer.body.data, want.data));
		assert_non_null(strstr(w->answer.body.data, w->answer.request_id));
		assert_true(str_has_suffix(w->answer.body.data,
					   strstr(success, "</requestId>")));
		buf_deinit(&want);
	}
}

static void finish_with(struct world *w, enum engine_outcome outcome)
{
	struct engine_answer said = {outcome, NULL, NULL};

	api_answer_deinit(&w->answer);
	assert_success(api_finish(w->submission, &said, &w->answer));
}

/* A request that was refused must not do later, captured on the way, what it could not do
 * then. */
static void a_replay_is_told_what_the_first_was_told(void **state)
{
	struct world *w = *state;

	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	finish_with(w, ENGINE_BUSY);
	w->now = NOW + 299;
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 400, "IncorrectInstanceState");
	/* Signed anew it is another request. */
	w->signed_at = NOW + 1;
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	finish_with(w, ENGINE_ACCEPTED);
	/* What was done the engine knows, and absorbs. */
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
}

static void only_requests_that_would_inject_fill_the_cache_and_full_it_refuses(void **state)
{
	struct world *w = *state;

	for (s64 i = 0; i < 20; i++) {
		w->signed_at = NOW - i;
		assert_refused(w, SEND "&InstanceId=" INSTANCE "&DryRun=true", 412,
			       "DryRunOperation");
		assert_refused(w, SEND "&InstanceId=i-0000000000000000f", 400,
			       "InvalidInstanceID.NotFound");
	}
	assert_int_equal(api_count_replays(w->api), 0);
	for (s64 i = 0; i < 8; i++) {
		w->signed_at = NOW - i;
		assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	}
	assert_int_equal(api_count_replays(w->api), 8);
	w->signed_at = NOW - 8;
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 503, "RequestLimitExceeded");
	/* Those in it are still known; and when the first is past its time there is room.
	 */
	w->signed_at = NOW - 7;
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	w->now = w->signed_at = NOW + 294;
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
}

static void a_guesser_of_secrets_is_slowed_down_and_others_are_not(void **state)
{
	struct world *w = *state;

	w->config.limits.unauthenticated = (struct config_bucket){.tokens = 3};
	w->secret = "guess";
	for (int i = 0; i < 3; i++)
		assert_refused(w, SEND "&InstanceId=" INSTANCE, 401, "AuthFailure");
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 503, "RequestLimitExceeded");
	w->secret = "secret";
	w->peer = "10.1.2.4";
	for (int i = 0; i < 10; i++)
		assert_refused(w, SEND "&InstanceId=" INSTANCE "&DryRun=true", 412,
			       "DryRunOperation");
	/* One customer has 64 bits of IPv6. */
	w->secret = "guess";
	for (int i = 0; i < 3; i++) {
		char peer[40];

		snprintf(peer, sizeof(peer), "2001:db8::%d", i + 1);
		w->peer = peer;
		assert_refused(w, SEND "&InstanceId=" INSTANCE, 401, "AuthFailure");
	}
	w->peer = "2001:db8::ffff";
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 503, "RequestLimitExceeded");
}

static void a_principal_has_its_tokens_and_gets_them_back(void **state)
{
	struct world *w = *state;

	w->config.limits.principal =
		(struct config_bucket){.tokens = 2, .refill_per_s = 0.1};
	for (int i = 0; i < 2; i++)
		assert_refused(w, SEND "&InstanceId=" INSTANCE "&DryRun=true", 412,
			       "DryRunOperation");
	assert_refused(w, SEND "&InstanceId=" INSTANCE "&DryRun=true", 503,
		       "RequestLimitExceeded");
	w->key = "AKIDNARROW";
	assert_refused(w, SEND "&InstanceId=i-00000001&DryRun=true", 412,
		       "DryRunOperation");
	w->key = "AKIDADMIN";
	w->now = NOW + 10;
	assert_refused(w, SEND "&InstanceId=" INSTANCE "&DryRun=true", 412,
		       "DryRunOperation");
}

static void get_works_as_post_does_and_nothing_else(void **state)
{
	struct world *w = *state;
	struct api_request r = {.http = {.method = "PUT", .path = "/"},
				.peer_address = "10.1.2.3",
				.config = &w->config};

	w->is_get = true;
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	forget(w);
	assert_success(api_handle(w->api, &r, &w->answer, &w->submission));
	assert_string_equal(w->answer.code, "MalformedQueryString");
	forget(w);
	r.http.method = "GET";
	r.http.body = "a=b";
	r.http.body_len = 3;
	assert_success(api_handle(w->api, &r, &w->answer, &w->submission));
	assert_string_equal(w->answer.code, "MalformedQueryString");
	w->is_get = false;
	w->content_type = "application/x-amz-json-1.1";
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 400, "MalformedQueryString");
	w->content_type = "application/x-www-form-urlencoded";
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
}

static void every_state_of_a_capture_has_a_status(void **state)
{
	struct world *w = *state;

	has_capture = true;
	for (unsigned s = 0; s < CAPTURE_NUM_STATES; s++) {
		capture = (struct engine_status){.state = (enum capture_state)s,
						 .changed_ms = NOW * 1000LL};
		ask(w, STATUS);
		assert_int_equal(w->answer.status, 200);
		assert_says(w, "<instanceStatus><status>");
		assert_null(strstr(w->answer.body.data, "<status></status>"));
	}
}

static void instances_of_the_account_are_described_with_their_capture(void **state)
{
	struct world *w = *state;

	has_capture = true;
	capture =
		(struct engine_status){.state = CAPTURE_CAPTURING,
				       .capture_id = "11111111-2222-4333-8444-555555555555",
				       .changed_ms = NOW * 1000LL};
	ask(w, DESCRIBE);
	assert_int_equal(w->answer.status, 200);
	assert_says(w,
		    "<instanceId>" INSTANCE "</instanceId><imageId>ami-1</imageId>"
		    "<instanceState><code>16</code><name>running</name></instanceState>");
	assert_says(w,
		    "<item><key>Name</key><value>&lt;b&gt;&amp;&#39;&quot;</value></item>"
		    "<item><key>inquest:capture-state</key><value>capturing</value></item>"
		    "<item><key>inquest:capture-id</key>"
		    "<value>11111111-2222-4333-8444-555555555555</value></item></tagSet>");
	assert_says(w, "<code>80</code><name>stopped</name>");
	assert_null(strstr(w->answer.body.data, "i-00000003"));
	ask(w, STATUS);
	assert_says(w, "<status>impaired</status><details><item><name>reachability</name>"
		       "<status>failed</status>"
		       "<impairedSince>2026-11-20T21:58:52.000Z</impairedSince>");
	assert_null(strstr(w->answer.body.data, "i-00000002"));
	ask(w, STATUS "&IncludeAllInstances=true");
	assert_says(w, "i-00000002");
	for (int i = 0; i < CAPTURE_NUM_STATES; i++) {
		capture.state = (enum capture_state)i;
		ask(w, STATUS "&InstanceId.1=" INSTANCE);
		assert_int_equal(w->answer.status, 200);
	}
	capture.state = CAPTURE_VERIFIED;
	ask(w, STATUS "&InstanceId.1=" INSTANCE);
	assert_says(w, "<instanceStatus><status>ok</status>");
}

static void filters_choose_instances(void **state)
{
	static const struct {
		const char *filters;
		bool has_first, has_last; /* i-00000001, INSTANCE */
	} rows[] = {
		{"", true, true},
		{"&Filter.1.Name=tag:env&Filter.1.Value.1=prod", false, true},
		{"&Filter.1.Name=tag:env&Filter.1.Value.1=PROD", false, false},
		{"&Filter.1.Name=tag:env&Filter.1.Value.1=x&Filter.1.Value.2=p*d", false,
		 true},
		{"&Filter.1.Name=tag-key&Filter.1.Value.1=?nv", false, true},
		{"&Filter.1.Name=instance-type&Filter.1.Value.1=a1.*", true, false},
		{"&Filter.1.Name=instance-type&Filter.1.Value.1=a1.%5C*", false, false},
		{"&Filter.1.Name=instance-state-name&Filter.1.Value.1=running&Filter.2.Name="
		 "availability-zone&Filter.2.Value.1=us-east-1b",
		 true, false},
		{"&Filter.7.Name=instance-id&Filter.7.Value.3=" INSTANCE, false, true},
		{"&InstanceId.1=i-00000001", true, false},
		{"&Filter.1.Name=tag:inquest:capture-state&Filter.1.Value.1=capturing",
		 false, true},
		{"&Filter.1.Name=tag:inquest:capture-id&Filter.1.Value.1=1111*", false,
		 true},
		{"&Filter.1.Name=tag:inquest:capture-id&Filter.1.Value.1=2222*", false,
		 false},
		{"&Filter.1.Name=tag-key&Filter.1.Value.1=inquest:*-id", false, true},
	};
	struct world *w = *state;

	has_capture = true;
	capture = (struct engine_status){.state = CAPTURE_CAPTURING,
					 .capture_id =
						 "11111111-2222-4333-8444-555555555555"};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256];

		snprintf(text, sizeof(text), DESCRIBE "%s", rows[i].filters);
		ask(w, text);
		assert_int_equal(w->answer.status, 200);
		if (!!strstr(w->answer.body.data, "i-00000001") != rows[i].has_first ||
		    !!strstr(w->answer.body.data, INSTANCE) != rows[i].has_last)
			print_error("%s: %s\n", text, w->answer.body.data);
		assert_int_equal(!!strstr(w->answer.body.data, "i-00000001"),
				 rows[i].has_first);
		assert_int_equal(!!strstr(w->answer.body.data, INSTANCE), rows[i].has_last);
	}
	assert_refused(w, DESCRIBE "&Filter.1.Name=colour&Filter.1.Value.1=red", 400,
		       "InvalidParameterValue");
	assert_refused(w, DESCRIBE "&Filter.1.Name=instance-id", 400,
		       "InvalidParameterValue");
	assert_refused(w, DESCRIBE "&InstanceId.1=i-0000000f", 400,
		       "InvalidInstanceID.NotFound");
	assert_refused(w, DESCRIBE "&InstanceId.1=i-00000003", 400,
		       "InvalidInstanceID.NotFound");
	assert_refused(w, DESCRIBE "&InstanceId.1=x", 400, "InvalidInstanceID.Malformed");
	assert_refused(w, DESCRIBE "&InstanceId=x", 400, "UnknownParameter");
	assert_refused(w, DESCRIBE "&DryRun=true", 412, "DryRunOperation");
	w->key = "AKIDNARROW";
	assert_refused(w, DESCRIBE, 403, "UnauthorizedOperation");
}

#define MANY 12

/* Twelve instances in pages of five. */
static void pages_follow_one_another_by_their_token(void **state)
{
	static char ids[MANY][CONFIG_INSTANCE_ID_MAX + 1];
	struct config_instance many[MANY];
	struct world *w = *state;
	char text[256] = DESCRIBE "&MaxResults=5";
	size_t pages = 0, seen = 0;
	const char *token;

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof(ids[i]), "i-%017x", i);
		many[i] = instances[3];
		many[i].id = ids[i];
	}
	w->config.instances = many;
	w->config.num_instances = MANY;
	do {
		ask(w, text);
		assert_int_equal(w->answer.status, 200);
		for (size_t i = 0; i < MANY; i++)
			seen += strstr(w->answer.body.data, ids[i]) != NULL;
		pages++;
		token = strstr(w->answer.body.data, "<nextToken>");
		if (token)
			snprintf(text, sizeof(text),
				 DESCRIBE "&MaxResults=5&NextToken=%.19s", token + 11);
	} while (token && pages < 9);
	assert_int_equal(pages, 3);
	/* The last id of a page is there a second time, as the token. */
	assert_int_equal(seen, MANY);
	assert_refused(w, DESCRIBE "&MaxResults=4", 400, "InvalidParameterValue");
	assert_refused(w, DESCRIBE "&MaxResults=1001", 400, "InvalidParameterValue");
	assert_refused(w, DESCRIBE "&NextToken=x", 400, "InvalidParameterValue");
	assert_refused(w, DESCRIBE "&MaxResults=5&InstanceId.1=i-00000001", 400,
		       "InvalidParameterCombination");
}

/* Requests from here on are recorded. */
static void begin_record(struct world *w)
{
	int fd;

	strcpy(w->audit_path, "/tmp/api-audit-XXXXXX");
	fd = mkstemp(w->audit_path);
	assert_true(fd >= 0);
	close(fd);
	assert_success(audit_open(w->audit_path, &w->audit));
	assert_success(
		audit_queue_new(w->audit, &audit_queue_rules, NULL, NULL, &w->record));
}

/* The lines of the log, one JSON object each; its chain is good. The caller's. */
static json_t *end_record(struct world *w)
{
	cleanup(freep) char *text = NULL;
	struct audit_check check;
	json_t *lines = json_array();
	size_t len;

	audit_queue_free(steal(w->record));
	audit_close(steal(w->audit));
	assert_success(audit_verify(w->audit_path, &check));
	assert_success(io_read_file(w->audit_path, 1u << 20, &text, &len));
	unlink(w->audit_path);
	for (const char *at = text, *end; (end = strchr(at, '\n')); at = end + 1)
		json_array_append_new(lines, json_loadb(at, (size_t)(end - at), 0, NULL));
	assert_int_equal(json_array_size(lines), check.lines);
	return lines;
}

static const char *member(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static const char *statement(const json_t *line, size_t i)
{
	const json_t *additional = json_object_get(line, "additionalEventData");

	return json_string_value(
		json_array_get(json_object_get(additional, "policyStatements"), i));
}

static void what_is_refused_or_only_tried_is_in_the_audit_log(void **state)
{
	struct world *w = *state;
	const json_t *line, *parameters;
	json_t *log;

	begin_record(w);
	w->more[0] = (struct sigv4_header){"User-Agent", "aws-cli/2"};
	w->num_more = 1;
	ask(w, SEND "&InstanceId=" INSTANCE "&DryRun=true");
	w->key = "AKIDNARROW";
	ask(w, SEND "&InstanceId=" INSTANCE);
	ask(w, SEND "&InstanceId=i-00000001&InquestForce=true");
	ask(w, DESCRIBE);
	w->key = "AKIDADMIN";
	ask(w, SEND "&InstanceId=i-00000009");
	/* No lines: one reads what it may, of the other the engine writes. */
	ask(w, DESCRIBE);
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	log = end_record(w);
	assert_int_equal(json_array_size(log), 5);

	line = json_array_get(log, 0);
	parameters = json_object_get(line, "requestParameters");
	assert_string_equal(member(line, "errorCode"), "Client.DryRunOperation");
	assert_string_equal(member(line, "eventName"), "SendDiagnosticInterrupt");
	assert_string_equal(member(line, "eventTime"), "2026-11-20T21:58:52Z");
	assert_string_equal(member(line, "sourceIPAddress"), "10.1.2.3");
	assert_string_equal(member(line, "userAgent"), "aws-cli/2");
	assert_string_equal(member(line, "recipientAccountId"), "123456789012");
	assert_true(json_is_true(json_object_get(parameters, "dryRun")));
	assert_string_equal(member(parameters, "instanceId"), INSTANCE);
	assert_string_equal(statement(line, 0), "admin/All");
	assert_null(statement(line, 1));

	line = json_array_get(log, 1);
	assert_string_equal(member(line, "errorCode"), "Client.UnauthorizedOperation");
	assert_non_null(strstr(member(line, "errorMessage"), "is not authorized"));
	assert_string_equal(member(json_object_get(line, "userIdentity"), "arn"),
			    "arn:aws:iam::123456789012:user/narrow");
	assert_string_equal(member(json_object_get(line, "userIdentity"), "type"),
			    "IAMUser");
	assert_null(json_object_get(json_object_get(line, "requestParameters"), "dryRun"));
	assert_null(statement(line, 0));
	assert_true(json_is_false(json_object_get(line, "readOnly")));

	line = json_array_get(log, 2);
	assert_string_equal(statement(line, 0), "narrow/1");
	assert_string_equal(statement(line, 1), "narrow/Once");

	line = json_array_get(log, 3);
	assert_string_equal(member(line, "eventName"), "DescribeInstances");
	assert_string_equal(member(line, "errorCode"), "Client.UnauthorizedOperation");
	assert_true(json_is_true(json_object_get(line, "readOnly")));

	assert_string_equal(member(json_array_get(log, 4), "errorCode"),
			    "Client.InvalidInstanceID.NotFound");
	json_decref(log);
}

static void of_those_who_fail_to_authenticate_it_has_what_they_claimed(void **state)
{
	struct world *w = *state;
	const json_t *line;
	char agent[4096];
	json_t *log;

	begin_record(w);
	memset(agent, 'a', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	w->more[0] = (struct sigv4_header){"User-Agent", agent};
	w->num_more = 1;
	w->secret = "guess";
	ask(w, SEND "&InstanceId=" INSTANCE);
	w->key = "AKIDSTRANGER";
	ask(w, SEND "&InstanceId=" INSTANCE "&DryRun=true");
	/* A secret in the place of the key is kept out. */
	w->key = "wJalrXUtnFEMI0K7MDENGxbPxRfiCYEXAMPLEKEY";
	ask(w, SEND "&InstanceId=%1b%5b2J");
	w->key = "WJALRXUTNFEMIK7MDENGBPXRFICYEXAMPLEKEY00";
	ask(w, SEND "&InstanceId=" INSTANCE);
	w->is_unsigned = true;
	/* Nor can a line of the log's own be feigned. */
	ask(w, "Action=AuditLineCutShort&Version=2016-11-15");
	ask(w, "Action=a%zz");
	log = end_record(w);
	assert_int_equal(json_array_size(log), 6);
	for (size_t i = 0; i < 6; i++) {
		line = json_array_get(log, i);
		assert_string_equal(member(json_object_get(line, "userIdentity"), "type"),
				    "Unknown");
		assert_null(json_object_get(line, "recipientAccountId"));
		assert_int_equal(strlen(member(line, "userAgent")), 256);
		assert_string_equal(member(line, "sourceIPAddress"), "10.1.2.3");
		assert_true(json_is_null(json_object_get(line, "responseElements")));
	}
	line = json_array_get(log, 0);
	assert_string_equal(member(line, "errorCode"), "Client.AuthFailure");
	assert_string_equal(member(json_object_get(line, "userIdentity"), "accessKeyId"),
			    "AKIDADMIN");
	line = json_array_get(log, 1);
	assert_string_equal(member(json_object_get(line, "userIdentity"), "accessKeyId"),
			    "AKIDSTRANGER");
	line = json_array_get(log, 2);
	assert_string_equal(member(line, "errorCode"), "Client.AuthFailure");
	assert_null(member(json_object_get(line, "userIdentity"), "accessKeyId"));
	assert_null(member(json_object_get(line, "requestParameters"), "instanceId"));
	line = json_array_get(log, 3);
	assert_null(member(json_object_get(line, "userIdentity"), "accessKeyId"));
	line = json_array_get(log, 4);
	assert_string_equal(member(line, "errorCode"), "Client.MissingAuthenticationToken");
	assert_string_equal(member(line, "eventName"), "UnknownAction");
	assert_string_equal(member(json_array_get(log, 5), "errorCode"),
			    "Client.MalformedQueryString");
	json_decref(log);
}

static void a_replay_of_what_was_refused_is_in_the_audit_log(void **state)
{
	struct world *w = *state;
	struct api_answer said;
	json_t *log;

	begin_record(w);
	assert_submitted(w, SEND "&InstanceId=" INSTANCE);
	assert_success(api_finish(w->submission,
				  &(struct engine_answer){.outcome = ENGINE_UNREACHABLE},
				  &said));
	api_answer_deinit(&said);
	assert_refused(w, SEND "&InstanceId=" INSTANCE, 503, "Unavailable");
	log = end_record(w);
	assert_int_equal(json_array_size(log), 1);
	assert_string_equal(member(json_array_get(log, 0), "errorCode"),
			    "Server.Unavailable");
	json_decref(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_row_of_the_table_is_answered_with_its_code, open_world,
			close_world),
		cmocka_unit_test_setup_teardown(messages_are_those_of_ec2, open_world,
						close_world),
		cmocka_unit_test_setup_teardown(who_asks_is_found_out_before_what_is_asked,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(
			of_two_faults_the_first_of_the_table_is_said, open_world,
			close_world),
		cmocka_unit_test_setup_teardown(a_denied_caller_cannot_tell_what_exists,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(conditions_see_tags_addresses_and_transport,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(
			a_forwarded_address_counts_only_from_a_proxy_of_ours, open_world,
			close_world),
		cmocka_unit_test_setup_teardown(a_submission_says_all_that_is_known,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(what_the_engine_says_becomes_ec2s_answer,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(a_replay_is_told_what_the_first_was_told,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(
			only_requests_that_would_inject_fill_the_cache_and_full_it_refuses,
			open_world, close_world),
		cmocka_unit_test_setup_teardown(
			a_guesser_of_secrets_is_slowed_down_and_others_are_not, open_world,
			close_world),
		cmocka_unit_test_setup_teardown(
			a_principal_has_its_tokens_and_gets_them_back, open_world,
			close_world),
		cmocka_unit_test_setup_teardown(get_works_as_post_does_and_nothing_else,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(every_state_of_a_capture_has_a_status,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(
			instances_of_the_account_are_described_with_their_capture,
			open_world, close_world),
		cmocka_unit_test_setup_teardown(filters_choose_instances, open_world,
						close_world),
		cmocka_unit_test_setup_teardown(pages_follow_one_another_by_their_token,
						open_world, close_world),
		cmocka_unit_test_setup_teardown(
			what_is_refused_or_only_tried_is_in_the_audit_log, open_world,
			close_world),
		cmocka_unit_test_setup_teardown(
			of_those_who_fail_to_authenticate_it_has_what_they_claimed,
			open_world, close_world),
		cmocka_unit_test_setup_teardown(
			a_replay_of_what_was_refused_is_in_the_audit_log, open_world,
			close_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
