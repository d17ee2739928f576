/* usage: decide_requests CONFIGURATION SECONDS
 *
 * Loads a configuration of inquestd, and then finds the key of one principal after another
 * and decides an interrupt of an instance for it, as the server does for each request,
 * without the HTTP and the signature. One thread. Prints times of the CPU and how many were
 * allowed.
 */
#include "trigger/config.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>

#define KEYS 22

/* What a server knows of a request; the last two are tags of the instance. */
static void fill(struct iam_key keys[KEYS], const char *values[KEYS],
		 const struct config_principal *p, const struct config_instance *i)
{
	const char *const pairs[KEYS][2] = {
		{"aws:SourceIp", "203.0.113.7"},
		{"aws:CurrentTime", "2026-11-20T21:58:52Z"},
		{"aws:EpochTime", "1795211932"},
		{"aws:SecureTransport", "true"},
		{"aws:UserAgent", "aws-cli/2.9.19 Python/3.11.2"},
		{"aws:PrincipalArn", p->policy_arn},
		{"aws:PrincipalAccount", p->account},
		{"aws:PrincipalType", "User"},
		{"aws:userid", p->id},
		{"aws:username", p->name},
		{"aws:RequestedRegion", i->region},
		{"aws:ResourceAccount", i->account},
		{"aws:PrincipalTag/team", "kernel"},
		{"ec2:Region", i->region},
		{"ec2:InstanceID", i->id},
		{"ec2:InstanceType", i->type},
		{"ec2:AvailabilityZone", i->zone},
		{"ec2:Tenancy", "default"},
		{"ec2:RootDeviceType", "ebs"},
		{"ec2:EbsOptimized", "false"},
		{"ec2:ResourceTag/env", i->num_tags ? i->tags[0].value : "none"},
		{"aws:ResourceTag/env", i->num_tags ? i->tags[0].value : "none"},
	};

	for (size_t k = 0; k < KEYS; k++) {
		values[k] = pairs[k][1];
		keys[k] = (struct iam_key){pairs[k][0], &values[k], 1};
	}
}

static enum iam_effect decide(const struct config *c, u64 n)
{
	const struct config_instance *i = &c->instances[n * 7919 % c->num_instances];
	struct iam_key keys[KEYS];
	const char *values[KEYS];
	const struct config_key *key;
	struct iam_decision d;
	char name[32];

	snprintf(name, sizeof(name), "AKIDBENCH%06" PRIu64, n * 104729 % c->num_keys);
	key = config_find_key(c, name);
	if (!key) {
		fprintf(stderr, "decide_requests: there is no key %s\n", name);
		exit(1);
	}
	fill(keys, values, key->principal, i);
	iam_decide(&key->principal->grants,
		   &(struct iam_request){.action = "ec2:SendDiagnosticInterrupt",
					 .resource = i->arn,
					 .keys = keys,
					 .num_keys = KEYS},
		   &d);
	return d.effect;
}

/* Of the CPU, so that it does not matter what else runs. */
static u64 cpu_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct config *c = NULL;
	u64 start = cpu_now_ns(), loaded, end, n = 0, allowed = 0;
	struct rusage used;
	struct err *err;

	if (argc != 3) {
		fprintf(stderr, "usage: decide_requests CONFIGURATION SECONDS\n");
		return 2;
	}
	err = config_load(argv[1], &c);
	if (err) {
		fprintf(stderr, "decide_requests: %s\n", err_message(err));
		err_free(err);
		return 1;
	}
	loaded = cpu_now_ns();
	end = loaded + (u64)atoi(argv[2]) * 1000000000;
	while (cpu_now_ns() < end)
		for (unsigned k = 0; k < 1000; k++)
			allowed += decide(c, n++) == IAM_ALLOW;
	getrusage(RUSAGE_SELF, &used);
	printf("load_ms %.1f\ndecisions_per_s %.0f\nallowed_percent %.1f\npeak_kib %ld\n",
	       (double)(loaded - start) / 1e6,
	       (double)n * 1e9 / (double)(cpu_now_ns() - loaded),
	       (double)allowed * 100 / (double)n, used.ru_maxrss);
	config_unref(c);
	return 0;
}
