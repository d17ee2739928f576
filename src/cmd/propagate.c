#include "cmd/propagate.h"

#include "arm/ssh_keys.h"
#include "cmd/cmd.h"

static void say(void *ctx, const char *sentence)
{
	printf("%s\n", sentence);
	fflush(stdout);
}

struct err *propagate(const struct service *s, enum config_dialect dialect)
{
	const struct capture_config *c = &s->config;
	struct ssh_propagation p = {.key = *c->ssh_key ? c->ssh_key : SSH_KEY_DEFAULT,
				    .dialect = dialect,
				    .say = say};
	struct err *err = NULL;
	size_t found = 0;

	for (size_t i = 0; i < c->num_targets && !err; i++) {
		if (c->targets[i].kind != CONFIG_TARGET_SSH)
			continue;
		found++;
		p.server = c->targets[i].spec;
		err = ssh_keys_propagate(&p);
	}
	if (!err && !found)
		err = err_new(ERR_ABSENT, "no dump target is reached by ssh; there is no "
					  "server to bring a key to");
	return err;
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	cleanup(service_deinit) struct service s = {.program = "inquest", .root = ""};
	struct err *err = service_configure(&s, CONFIG_INQUEST);

	return err ? err : propagate(&s, CONFIG_INQUEST);
}

const struct cmd cmd_propagate = {
	.opts = {.name = "propagate",
		 .operands = "",
		 .summary = "Bring the key for ssh targets to their server.",
		 .options = (const struct opt[]){OPTS_END}},
	.run = run,
};
