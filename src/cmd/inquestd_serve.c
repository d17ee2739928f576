#include "base/io.h"
#include "base/str.h"
#include "cmd/inquestd.h"
#include "cmd/inquestd_seccomp.h"
#include "cmd/sd_notify.h"
#include "trigger/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define CONFIG_DIR "/etc/inquestd"

static const struct opt options[] = {
	{.name = "config",
	 .arg = OPTS_VALUE,
	 .value_name = "DIR",
	 .help = "Directory of the configuration (" CONFIG_DIR ")."},
	{.name = "no-seccomp",
	 .help = "Do not give up system calls; for commands of exec: backends that need them."},
	OPTS_END,
};

/* One line each, whole, from any thread; the journal adds the time. */
static void log_line(void *ctx, const char *sentence)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_add_str(&b, "inquestd: ");
	str_escape(&b, sentence, strlen(sentence), false);
	buf_add_char(&b, '\n');
	if (!b.failed)
		err_ignore(io_write_all(STDERR_FILENO, b.data, b.len, "standard error"));
}

static void log_error(struct err *err)
{
	log_line(NULL, err_message(err));
	err_free(err);
}

static void log_warnings(const struct config *config)
{
	for (size_t i = 0; i < config->num_warnings; i++)
		log_line(NULL, config->warnings[i]);
}

/* Each connection is a descriptor: as many as the machine lets us. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Every thread started from here on leaves these to the one that waits for them. */
static void take_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGHUP);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
	pthread_sigmask(SIG_BLOCK, ret, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static must_check struct err *say_ready(const struct config *config, const struct server *s)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_printf(&b, "inquestd: ready, %s://%s:%u",
		   config->api.certificate ? "https" : "http", config->api.address,
		   server_api_port(s));
	if (server_pages_port(s))
		buf_printf(&b, ", pages %s://%s:%u/",
			   config->pages.certificate ? "https" : "http",
			   config->pages.address, server_pages_port(s));
	if (server_metrics_port(s))
		buf_printf(&b, ", metrics %s://%s:%u/metrics",
			   config->metrics.certificate ? "https" : "http",
			   config->metrics.address, server_metrics_port(s));
	buf_printf(&b, "; %zu instances, %zu principals, %zu policies\n",
		   config->num_instances, config->num_principals, config->num_policies);
	return cmd_print(&b);
}

static must_check struct err *take_configuration(struct server *s, const char *dir)
{
	cleanup(config_unrefp) const struct config *config = NULL;
	struct err *err = config_load(dir, &config);

	if (err)
		return err;
	err = server_reconfigure(s, config);
	if (!err)
		log_warnings(config);
	return err;
}

static void reload(struct server *s, const char *dir)
{
	struct err *err;

	sd_notify_reloading();
	err = take_configuration(s, dir);
	if (err)
		log_error(err_wrap(err, "the configuration stays as it was"));
	else
		log_line(NULL, "configuration reloaded");
	sd_notify_send("READY=1");
}

/* Until somebody wants us to end. */
static void serve(struct server *s, const char *dir, const sigset_t *signals)
{
	for (;;) {
		int number = sigwaitinfo(signals, NULL);

		if (number == SIGHUP)
			reload(s, dir);
		else if (number == SIGTERM || number == SIGINT)
			return;
	}
}

static struct err *run(const struct opts_result *given, enum exit_status *status)
{
	const char *dir = opts_value(given, "config", CONFIG_DIR);
	cleanup(config_unrefp) const struct config *config = NULL;
	cleanup(server_stopp) struct server *s = NULL;
	sigset_t signals;
	struct err *err = config_load(dir, &config);

	if (err)
		return err;
	log_warnings(config);
	raise_descriptors();
	take_signals(&signals);
	if (!opts_has(given, "no-seccomp"))
		err = inquestd_seccomp();
	if (!err)
		err = server_start(config, log_line, NULL, &s);
	if (!err)
		err = say_ready(config, s);
	if (err)
		return err;
	sd_notify_send("READY=1");
	serve(s, dir, &signals);
	sd_notify_send("STOPPING=1");
	return NULL;
}

const struct cmd cmd_serve = {
	.opts = {.name = "serve",
		 .operands = "",
		 .summary = "Answer requests until told to end; done if no verb is given.",
		 .options = options},
	.run = run,
};
