/* What a server makes of signatures: the rules one by one, and any byte changed. */
#include "testing.h"

#include "access/sigv4_signature_priv.h"

#define NOW 1795211932 /* 2026-11-20 21:58:52 UTC */

static const char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
static const char body[] =
	"Action=SendDiagnosticInterrupt&Version=2016-11-15&InstanceId=i-1234567890abcdef0";

static const struct sigv4_rules rules = {
	.region = "us-east-1",
	.service = "ec2",
	.skew_s = 300,
	.allows_presigned = true,
	.presigned_max_s = 60,
};
static const struct sigv4_key key = {.secret = secret};

/* A signed request that may be changed. */
struct signed_request {
	struct sigv4_header headers[12];
	struct sigv4_request r;
	struct sigv4_signature signature;
	char *query;
};

static struct sigv4_signer signer(void)
{
	return (struct sigv4_signer){.access_key = "AKIDEXAMPLE",
				     .secret = secret,
				     .region = "us-east-1",
				     .service = "ec2",
				     .time = NOW};
}

static void add_header(struct signed_request *s, const char *name, const char *value)
{
	s->headers[s->r.num_headers++] = (struct sigv4_header){name, value};
}

static void start(struct signed_request *s)
{
	*s = (struct signed_request){0};
	s->r = (struct sigv4_request){.method = "POST",
				      .path = "/",
				      .headers = s->headers,
				      .body = body,
				      .body_len = sizeof(body) - 1};
	add_header(s, "Host", "127.0.0.1:18480");
	add_header(s, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
}

static void sign_as(struct signed_request *s, const struct sigv4_signer *who)
{
	assert_success(sigv4_sign(&s->r, who, &s->signature));
	add_header(s, "X-Amz-Date", s->signature.date);
	if (who->session_token)
		add_header(s, "X-Amz-Security-Token", who->session_token);
	add_header(s, "Authorization", s->signature.authorization);
}

static void start_signed(struct signed_request *s)
{
	struct sigv4_signer who = signer();

	start(s);
	sign_as(s, &who);
}

static void start_presigned(struct signed_request *s, const struct sigv4_signer *who,
			    u32 for_s)
{
	*s = (struct signed_request){0};
	s->r = (struct sigv4_request){
		.method = "GET", .path = "/", .headers = s->headers, .query = body};
	add_header(s, "Host", "127.0.0.1:18480");
	assert_success(sigv4_presign(&s->r, who, for_s, &s->query));
	s->r.query = s->query;
}

static void finish(struct signed_request *s)
{
	sigv4_signature_deinit(&s->signature);
	free(s->query);
}

static struct sigv4_outcome judge_at(const struct sigv4_request *r,
				     const struct sigv4_rules *with,
				     const struct sigv4_key *k, s64 now)
{
	struct sigv4_claim claim;
	struct sigv4_outcome outcome;

	assert_success(sigv4_claim_read(r, &claim, &outcome));
	if (outcome.verdict != SIGV4_GOOD)
		return outcome;
	assert_success(sigv4_verify(r, &claim, with, k, now, &outcome));
	sigv4_claim_deinit(&claim);
	return outcome;
}

static enum sigv4_verdict judge(const struct signed_request *s)
{
	return judge_at(&s->r, &rules, &key, NOW).verdict;
}

static void assert_incomplete(const struct signed_request *s, const char *words)
{
	struct sigv4_outcome outcome = judge_at(&s->r, &rules, &key, NOW);

	assert_int_equal(outcome.verdict, SIGV4_INCOMPLETE);
	if (!strstr(outcome.why, words))
		print_error("\"%s\" lacks \"%s\"\n", outcome.why, words);
	assert_non_null(strstr(outcome.why, words));
}

static void what_is_signed_here_holds_in_both_forms(void **state)
{
	struct sigv4_signer who = signer();
	struct signed_request s;

	start_signed(&s);
	assert_int_equal(judge(&s), SIGV4_GOOD);
	finish(&s);
	start_presigned(&s, &who, 60);
	assert_int_equal(judge(&s), SIGV4_GOOD);
	finish(&s);
}

/* Byte by byte, each made any other: the verdict must not be good. */
static void change_each_byte(struct signed_request *s, char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char was = text[i];

		for (unsigned c = 1; c < 256; c++) {
			text[i] = (char)c;
			if (text[i] == was)
				continue;
			if (judge(s) == SIGV4_GOOD)
				print_error("\"%s\" with byte %zu made %02x\n", text, i, c);
			assert_int_not_equal(judge(s), SIGV4_GOOD);
		}
		text[i] = was;
	}
	assert_int_equal(judge(s), SIGV4_GOOD);
}

/* None of these texts has a blank, an escape or an upper-case letter where case is ignored:
 * what such a change leaves is the same request. */
static void any_one_byte_changed_makes_the_signature_wrong(void **state)
{
	char text[sizeof(body)], method[] = "POST", path[] = "/",
				 host[] = "127.0.0.1:18480";
	struct signed_request s;
	char *authorization;

	start_signed(&s);
	memcpy(text, body, sizeof(body));
	s.r.body = text;
	change_each_byte(&s, text, sizeof(body) - 1);
	s.r.method = method;
	change_each_byte(&s, method, 4);
	s.r.path = path;
	change_each_byte(&s, path, 1);
	s.headers[0].value = host;
	change_each_byte(&s, host, sizeof(host) - 1);
	change_each_byte(&s, s.signature.date, SIGV4_DATE_LEN);
	/* Another access key would be looked up: its secret is another. The blanks between
	 * the elements are not signed. */
	authorization = strstr(s.signature.authorization, "/20261120");
	change_each_byte(&s, authorization, strcspn(authorization, ","));
	authorization = strstr(authorization, "SignedHeaders");
	change_each_byte(&s, authorization, strcspn(authorization, ","));
	authorization = strstr(authorization, "Signature=");
	change_each_byte(&s, authorization, strlen(authorization));
	finish(&s);
}

static void any_one_byte_changed_makes_a_presigned_query_wrong(void **state)
{
	struct sigv4_signer who = signer();
	struct signed_request s;
	char *scope;

	start_presigned(&s, &who, 60);
	change_each_byte(&s, s.query, strlen("Action=SendDiagnosticInterrupt"));
	scope = strstr(s.query, "InstanceId");
	change_each_byte(&s, scope, strcspn(scope, "&"));
	scope = strstr(s.query, "X-Amz-Expires");
	change_each_byte(&s, scope, strcspn(scope, "&"));
	scope = strstr(s.query, "X-Amz-Signature=");
	change_each_byte(&s, scope, strlen(scope));
	finish(&s);
}

static void bytes_added_or_removed_make_the_signature_wrong(void **state)
{
	char text[sizeof(body) + 1] = "";
	struct signed_request s;

	start_signed(&s);
	s.r.body_len--;
	assert_int_equal(judge(&s), SIGV4_WRONG);
	memcpy(text, body, sizeof(body) - 1);
	text[sizeof(body) - 1] = '&';
	s.r.body = text;
	s.r.body_len += 2;
	assert_int_equal(judge(&s), SIGV4_WRONG);
	s.r.body_len = 0;
	assert_int_equal(judge(&s), SIGV4_WRONG);
	finish(&s);
	start_signed(&s);
	s.r.query = "DryRun=false";
	assert_int_equal(judge(&s), SIGV4_WRONG);
	finish(&s);
}

static void
scope_must_be_of_the_day_of_the_request_and_of_this_region_and_service(void **state)
{
	static const struct sigv4_rules others[] = {
		{.region = "eu-west-1", .service = "ec2", .skew_s = 300},
		{.region = "us-east-1", .service = "s3", .skew_s = 300},
	};
	struct signed_request s;
	char *day;

	start_signed(&s);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(judge_at(&s.r, &others[i], &key, NOW).verdict,
				 SIGV4_WRONG);
	day = strstr(s.signature.authorization, "/20261120/");
	memcpy(day, "/20261119/", 10);
	assert_int_equal(judge(&s), SIGV4_WRONG);
	finish(&s);
}

static void host_must_be_signed_and_once(void **state)
{
	struct signed_request s;

	start_signed(&s);
	add_header(&s, "host", "127.0.0.1:18480");
	assert_incomplete(&s, "Host");
	s.r.num_headers--;
	/* Its name taken out of the list. */
	char *names = strstr(s.signature.authorization, "host;");

	memmove(names, names + 5, strlen(names + 5) + 1);
	assert_incomplete(&s, "Host is not among");
	finish(&s);
}

static void a_header_of_aws_that_is_not_signed_is_refused(void **state)
{
	struct signed_request s;

	start_signed(&s);
	add_header(&s, "x-AMZ-meta", "1");
	assert_incomplete(&s, "X-Amz-");
	finish(&s);
	start_signed(&s);
	add_header(&s, "X-Amz-Security-Token", "token");
	assert_incomplete(&s, "X-Amz-");
	finish(&s);
	start_signed(&s);
	add_header(&s, "amz-sdk-invocation-id", "not signed by version 1 of the command");
	assert_int_equal(judge(&s), SIGV4_GOOD);
	finish(&s);
}

static void the_type_of_a_body_must_be_signed(void **state)
{
	struct sigv4_signer who = signer();
	struct signed_request s;

	start(&s);
	s.r.num_headers = 1;
	sign_as(&s, &who);
	assert_incomplete(&s, "Content-Type");
	add_header(&s, "Content-Type", "application/x-www-form-urlencoded");
	assert_incomplete(&s, "Content-Type");
	finish(&s);
	start_signed(&s);
	add_header(&s, "Content-Type", "text/plain");
	assert_incomplete(&s, "twice");
	finish(&s);
}

static void one_signature_and_no_more(void **state)
{
	struct sigv4_signer who = signer();
	struct signed_request s, p;

	start_signed(&s);
	add_header(&s, "Authorization", s.signature.authorization);
	assert_incomplete(&s, "more than one");
	finish(&s);
	start_signed(&s);
	start_presigned(&p, &who, 60);
	s.r.query = p.query;
	assert_incomplete(&s, "more than one");
	s.r.query = "X-Amz-Date=20261120T215852Z";
	assert_incomplete(&s, "both");
	finish(&s);
	finish(&p);
	start(&s);
	s.r.query = "X-Amz-Credential=AKIDEXAMPLE%00&X-Amz-Signature=00";
	assert_incomplete(&s, "NUL");
	start_signed(&s);
	add_header(&s, "X-Amz-Date", s.signature.date);
	assert_incomplete(&s, "twice");
	finish(&s);
}

static void host_is_signed_with_its_port(void **state)
{
	struct signed_request s;

	start_signed(&s);
	s.headers[0].value = "127.0.0.1";
	assert_int_equal(judge(&s), SIGV4_WRONG);
	finish(&s);
}

/* Sign by hand, with Date in the place of X-Amz-Date. */
static char *sign_with_date(struct signed_request *s, const char *names)
{
	struct sigv4_terms t = {.names_text = names,
				.date = "20261120T215852Z",
				.scope = "20261120/us-east-1/ec2/aws4_request",
				.secret = secret};
	char hex[SIGV4_HASH_TEXT_LEN + 1], *authorization;
	u8 bytes[SIGV4_SIGNATURE_SIZE];
	bool is_whole;

	assert_true(sigv4_names_parse(names, &t.names));
	assert_success(sigv4_make(&s->r, &t, &is_whole, bytes));
	sigv4_format_hash(hex, bytes);
	assert_true(
		asprintf(&authorization,
			 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/%s, SignedHeaders=%s, "
			 "Signature=%s",
			 t.scope, names, hex) > 0);
	return authorization;
}

static void the_date_header_does_where_there_is_no_other(void **state)
{
	static const char *const bad[] = {
		"Fri, 20 Nov 2026 21:58:52", "Fri, 31 Nov 2026 21:58:52 GMT",
		"Fri, 20 nov 2026 21:58:52 GMT", "20 November 2026, 21:58:52 GMT"};
	struct signed_request s;
	char *authorization;

	start(&s);
	add_header(&s, "Date", "Fri, 20 Nov 2026 21:58:52 GMT");
	authorization = sign_with_date(&s, "content-type;date;host");
	add_header(&s, "Authorization", authorization);
	assert_int_equal(judge(&s), SIGV4_GOOD);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		s.headers[2].value = bad[i];
		assert_incomplete(&s, "X-Amz-Date is missing");
	}
	free(authorization);
	start(&s);
	add_header(&s, "Date", "Fri, 20 Nov 2026 21:58:52 GMT");
	authorization = sign_with_date(&s, "content-type;host");
	add_header(&s, "Authorization", authorization);
	assert_incomplete(&s, "Date is not among");
	free(authorization);
}

static void a_header_is_good_for_the_skew_and_a_presigned_url_until_it_expires(void **state)
{
	static const struct {
		s64 off;
		enum sigv4_verdict in_header, presigned;
	} times[] = {
		{0, SIGV4_GOOD, SIGV4_GOOD},	      {60, SIGV4_GOOD, SIGV4_GOOD},
		{61, SIGV4_GOOD, SIGV4_EXPIRED},      {300, SIGV4_GOOD, SIGV4_EXPIRED},
		{301, SIGV4_EXPIRED, SIGV4_EXPIRED},  {-300, SIGV4_GOOD, SIGV4_GOOD},
		{-301, SIGV4_EXPIRED, SIGV4_EXPIRED},
	};
	struct sigv4_signer who = signer();
	struct signed_request s, p;

	start_signed(&s);
	start_presigned(&p, &who, 60);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		s64 now = NOW + times[i].off;

		assert_int_equal(judge_at(&s.r, &rules, &key, now).verdict,
				 times[i].in_header);
		assert_int_equal(judge_at(&p.r, &rules, &key, now).verdict,
				 times[i].presigned);
	}
	/* What is wrong is wrong, not expired. */
	assert_int_equal(judge_at(&s.r, &rules, NULL, NOW + 301).verdict, SIGV4_WRONG);
	finish(&s);
	finish(&p);
}

static void presigned_requests_are_refused_unless_allowed_and_short(void **state)
{
	struct sigv4_rules none = rules;
	struct sigv4_signer who = signer();
	struct signed_request s;

	start_presigned(&s, &who, 61);
	assert_incomplete(&s, "longer than");
	finish(&s);
	none.allows_presigned = false;
	start_presigned(&s, &who, 60);
	assert_int_equal(judge_at(&s.r, &none, &key, NOW).verdict, SIGV4_INCOMPLETE);
	/* Nor is there one that is good for no time at all. */
	memcpy(strstr(s.query, "X-Amz-Expires=60"), "X-Amz-Expires=00", 16);
	assert_incomplete(&s, "from 1 to");
	finish(&s);
}

static void an_unknown_key_is_judged_as_a_wrong_secret_is(void **state)
{
	static const struct sigv4_key other = {.secret = "another"};
	struct signed_request s;
	struct sigv4_outcome unknown, wrong;

	start_signed(&s);
	unknown = judge_at(&s.r, &rules, NULL, NOW);
	wrong = judge_at(&s.r, &rules, &other, NOW);
	assert_int_equal(unknown.verdict, SIGV4_WRONG);
	assert_int_equal(wrong.verdict, SIGV4_WRONG);
	assert_string_equal(unknown.why, wrong.why);
	finish(&s);
}

/* What stands for the secret of nobody is no secret. */
static void an_unknown_key_cannot_be_signed_for(void **state)
{
	struct sigv4_signer who = signer();
	struct signed_request s;

	who.secret = "no key has this one, it takes as long....";
	for (int presigned = 0; presigned < 2; presigned++) {
		const struct sigv4_key known = {.secret = who.secret};

		if (presigned)
			start_presigned(&s, &who, 60);
		else
			start(&s), sign_as(&s, &who);
		assert_int_equal(judge_at(&s.r, &rules, NULL, NOW).verdict, SIGV4_WRONG);
		/* It is only that nobody has this key. */
		assert_int_equal(judge_at(&s.r, &rules, &known, NOW).verdict, SIGV4_GOOD);
		finish(&s);
	}
}

static void a_header_that_is_signed_has_to_be_there(void **state)
{
	struct signed_request s;
	char *authorization;

	for (size_t i = 0; i < 2; i++) {
		start(&s);
		add_header(&s, "Date", "Fri, 20 Nov 2026 21:58:52 GMT");
		if (i)
			add_header(&s, "Missing", "");
		authorization = sign_with_date(&s, "content-type;date;host;missing");
		add_header(&s, "Authorization", authorization);
		assert_int_equal(judge(&s), i ? SIGV4_GOOD : SIGV4_WRONG);
		free(authorization);
	}
}

static void a_session_token_must_be_that_of_the_key_and_still_good(void **state)
{
	struct sigv4_key session = {
		.secret = secret, .session_token = "tok/en+=", .expires = NOW};
	struct sigv4_key longer = {.secret = secret, .session_token = "tok/en+=="};
	struct sigv4_key shorter = {.secret = secret, .session_token = "tok/en+"};
	struct sigv4_signer who = signer();
	struct signed_request s;

	who.session_token = "tok/en+=";
	for (int presigned = 0; presigned < 2; presigned++) {
		if (presigned)
			start_presigned(&s, &who, 60);
		else
			start(&s), sign_as(&s, &who);
		assert_int_equal(judge_at(&s.r, &rules, &session, NOW).verdict,
				 SIGV4_WRONG);
		session.expires++;
		assert_int_equal(judge_at(&s.r, &rules, &session, NOW).verdict, SIGV4_GOOD);
		session.expires--;
		assert_int_equal(judge_at(&s.r, &rules, &longer, NOW).verdict, SIGV4_WRONG);
		assert_int_equal(judge_at(&s.r, &rules, &shorter, NOW).verdict,
				 SIGV4_WRONG);
		assert_int_equal(judge_at(&s.r, &rules, &key, NOW).verdict, SIGV4_WRONG);
		finish(&s);
	}
	start_signed(&s);
	session.expires = 0;
	assert_int_equal(judge_at(&s.r, &rules, &session, NOW).verdict, SIGV4_WRONG);
	finish(&s);
}

static void a_hash_that_is_sent_must_be_that_of_the_body(void **state)
{
	static const char hash[] =
		"a2ac56aab110f3009ce8bfc799649d871f66836049a9360364c5105d67dc8489";
	static const struct {
		const char *sent;
		enum sigv4_verdict verdict;
	} cases[] = {
		{hash, SIGV4_GOOD},
		{"UNSIGNED-PAYLOAD", SIGV4_WRONG},
		{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGV4_WRONG},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		 SIGV4_WRONG},
	};
	struct sigv4_signer who = signer();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct signed_request s;

		start(&s);
		add_header(&s, "x-amz-content-sha256", cases[i].sent);
		sign_as(&s, &who);
		assert_int_equal(judge(&s), cases[i].verdict);
		finish(&s);
	}
}

static void paths_other_than_the_root_are_refused(void **state)
{
	static const char *const paths[] = {"", "//", "/./", "/a/..", "/latest"};
	struct sigv4_signer who = signer();

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct signed_request s;

		start(&s);
		s.r.path = paths[i];
		sign_as(&s, &who);
		assert_incomplete(&s, "path");
		finish(&s);
	}
}

static void no_signature_is_told_from_one_that_cannot_be_read(void **state)
{
	static const char *const bad[] = {
		"",
		"Basic dXNlcg==",
		"AWS4-HMAC-SHA256",
		"AWS4-HMAC-SHA256 Credential=A/20261120/us-east-1/ec2/aws4_request",
		("AWS4-HMAC-SHA256 Credential=A/20261120/us-east-1/ec2/aws4_request, "
		 "SignedHeaders=host;x-amz-date, Signature=12"),
		"AWS4-ECDSA-P256-SHA256 Credential=A/20261120/ec2/aws4_request",
		"AWS4-HMAC-SHA256 Signature",
	};
	struct signed_request s;

	start(&s);
	assert_int_equal(judge(&s), SIGV4_ABSENT);
	add_header(&s, "Authorization", "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		s.headers[2].value = bad[i];
		assert_int_equal(judge(&s), SIGV4_INCOMPLETE);
	}
	finish(&s);
}

#define DIGITS16   "0123456789abcdef"
#define DIGITS64   DIGITS16 DIGITS16 DIGITS16 DIGITS16
#define CREDENTIAL "Credential=AKID/20261120/us-east-1/ec2/aws4_request"
#define NAMES	   "SignedHeaders=content-type;host;x-amz-date"

/* Each but the first differs from it in one thing. */
static void parts_of_the_authorization_header_are_read_strictly(void **state)
{
	static const struct {
		const char *value;
		bool is_good;
	} cases[] = {
		{"AWS4-HMAC-SHA256 " CREDENTIAL ", " NAMES ", Signature=" DIGITS64, true},
		{"AWS4-HMAC-SHA256 " CREDENTIAL "," NAMES ",Signature=" DIGITS64, true},
		{"AWS4-HMAC-SHA256 " CREDENTIAL ", " CREDENTIAL ", " NAMES
		 ", Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 " CREDENTIAL ", " NAMES ", Signature=" DIGITS64 ", a=b"},
		{"AWS4-HMAC-SHA256 " CREDENTIAL ", " NAMES ", Signature=" DIGITS64 "0"},
		{"AWS4-HMAC-SHA256 " CREDENTIAL ", " NAMES ", Signature=A" DIGITS64},
		{"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host;content-type, "
		 "Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 " CREDENTIAL
		 ", SignedHeaders=Host, Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=, Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 " CREDENTIAL
		 ", SignedHeaders=host;, Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 Credential=AK ID/20261120/us-east-1/ec2/aws4_request, " NAMES
		 ", Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 Credential=/20261120/us-east-1/ec2/aws4_request, " NAMES
		 ", Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 Credential=AKID/20261120/us-east-1/ec2, " NAMES
		 ", Signature=" DIGITS64},
		{"AWS4-HMAC-SHA256 Credential=AKID/20261120/us-east-1/ec2/aws4_request/, " NAMES
		 ", Signature=" DIGITS64},
	};
	struct signed_request s;

	start(&s);
	add_header(&s, "X-Amz-Date", "20261120T215852Z");
	add_header(&s, "Authorization", "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sigv4_claim claim = {0};
		struct sigv4_outcome outcome;

		s.headers[3].value = cases[i].value;
		assert_success(sigv4_claim_read(&s.r, &claim, &outcome));
		if ((outcome.verdict == SIGV4_GOOD) != cases[i].is_good)
			print_error("\"%s\"\n", cases[i].value);
		assert_int_equal(outcome.verdict,
				 cases[i].is_good ? SIGV4_GOOD : SIGV4_INCOMPLETE);
		sigv4_claim_deinit(&claim);
	}
}

static void dates_are_of_one_form_and_of_the_calendar(void **state)
{
	static const char *const bad[] = {
		"",
		"20261120T215852",
		"2026-11-20T21:58Z",
		"20260229T000000Z",
		"20261120T240000Z",
		"20261120T216052Z",
		"20261320T215852Z",
		"20261120t215852z",
	};
	struct signed_request s;

	start_signed(&s);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		s.headers[2].value = bad[i];
		assert_incomplete(&s, "X-Amz-Date");
	}
	finish(&s);
}

static void too_many_and_too_large_is_refused(void **state)
{
	static struct sigv4_header many[SIGV4_HEADERS_MAX + 1];
	static char long_query[SIGV4_TEXT_MAX + 2];
	struct sigv4_signer who = signer();
	struct sigv4_signature signature;
	struct signed_request s;

	start_signed(&s);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct sigv4_header){"a", "b"};
	s.r.headers = many;
	s.r.num_headers = ARRAY_SIZE(many);
	assert_incomplete(&s, "too large");
	assert_failure(sigv4_sign(&s.r, &who, &signature), ERR_USAGE, "too large");
	finish(&s);
	start(&s);
	memset(long_query, 'a', sizeof(long_query) - 1);
	s.r.query = long_query;
	assert_incomplete(&s, "too large");
	for (size_t i = 0; i <= 2 * SIGV4_PARAMETERS_MAX; i++)
		long_query[i] = i % 2 ? '&' : 'a';
	long_query[2 * SIGV4_PARAMETERS_MAX + 1] = '\0';
	assert_failure(sigv4_sign(&s.r, &who, &signature), ERR_USAGE, "64 parameters");
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_here_holds_in_both_forms),
		cmocka_unit_test(any_one_byte_changed_makes_the_signature_wrong),
		cmocka_unit_test(any_one_byte_changed_makes_a_presigned_query_wrong),
		cmocka_unit_test(bytes_added_or_removed_make_the_signature_wrong),
		cmocka_unit_test(
			scope_must_be_of_the_day_of_the_request_and_of_this_region_and_service),
		cmocka_unit_test(host_must_be_signed_and_once),
		cmocka_unit_test(a_header_of_aws_that_is_not_signed_is_refused),
		cmocka_unit_test(the_type_of_a_body_must_be_signed),
		cmocka_unit_test(one_signature_and_no_more),
		cmocka_unit_test(host_is_signed_with_its_port),
		cmocka_unit_test(the_date_header_does_where_there_is_no_other),
		cmocka_unit_test(
			a_header_is_good_for_the_skew_and_a_presigned_url_until_it_expires),
		cmocka_unit_test(presigned_requests_are_refused_unless_allowed_and_short),
		cmocka_unit_test(an_unknown_key_is_judged_as_a_wrong_secret_is),
		cmocka_unit_test(an_unknown_key_cannot_be_signed_for),
		cmocka_unit_test(a_header_that_is_signed_has_to_be_there),
		cmocka_unit_test(a_session_token_must_be_that_of_the_key_and_still_good),
		cmocka_unit_test(a_hash_that_is_sent_must_be_that_of_the_body),
		cmocka_unit_test(paths_other_than_the_root_are_refused),
		cmocka_unit_test(no_signature_is_told_from_one_that_cannot_be_read),
		cmocka_unit_test(parts_of_the_authorization_header_are_read_strictly),
		cmocka_unit_test(dates_are_of_one_form_and_of_the_calendar),
		cmocka_unit_test(too_many_and_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
