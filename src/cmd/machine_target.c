#include "cmd/machine_target.h"

#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define PASSWORD_MAX	  4096u
#define DEFAULT_TIMEOUT_S 30u
#define TIMEOUT_MAX_S	  3600u

/* As ssh treats a key: what others can read is no secret. A pipe is nobody else's. */
static struct err *check_private(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_os(errno, "%s", path);
	if (S_ISREG(st.st_mode) && st.st_mode & 077)
		return err_new(ERR_REFUSED, "%s can be read by others: chmod 600 %s", path,
			       path);
	return NULL;
}

static struct err *read_password(const char *path, char **ret)
{
	struct err *err = check_private(path);
	size_t len = 0;

	if (!err)
		err = io_read_file(path, PASSWORD_MAX, ret, &len);
	if (err)
		return err;
	if (memchr(*ret, '\0', len))
		return err_new(ERR_BAD_DATA, "%s: a password has no zero bytes", path);
	(*ret)[strcspn(*ret, "\r\n")] = '\0';
	return NULL;
}

/* An empty variable is one that is not there. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static void fill_ec2(struct backend_address *a)
{
	a->username = variable("AWS_ACCESS_KEY_ID");
	a->password = variable("AWS_SECRET_ACCESS_KEY");
	a->session_token = variable("AWS_SESSION_TOKEN");
	if (!a->endpoint)
		a->endpoint = variable("AWS_ENDPOINT_URL");
	if (!a->ca_file)
		a->ca_file = variable("AWS_CA_BUNDLE");
}

struct err *machine_target_open(const struct opts_result *given, struct backend **ret)
{
	cleanup(str_free_secretp) char *password = NULL;
	const char *path = opts_value(given, "password-file", NULL);
	struct backend_address a = {
		.uri = given->operands[0],
		.username = opts_value(given, "username", NULL),
		.password = variable("INQUEST_PASSWORD"),
		.ca_file = opts_value(given, "ca-file", NULL),
		.endpoint = opts_value(given, "endpoint", NULL),
	};
	struct err *err;

	if (str_has_prefix(a.uri, "exec:"))
		return err_new(
			ERR_USAGE,
			"exec: is for the configuration of inquestd; here, run the command");
	if (path) {
		err = read_password(path, &password);
		if (err)
			return err;
		a.password = password;
	}
	if (str_has_prefix(a.uri, "ec2:"))
		fill_ec2(&a);
	return backend_open(&a, ret);
}

struct err *machine_target_timeout(const struct opts_result *given, u64 *ret_ms)
{
	const char *text = opts_value(given, "timeout", NULL);
	u64 seconds = DEFAULT_TIMEOUT_S;

	if (text && (!str_parse_u64(text, &seconds) || !seconds || seconds > TIMEOUT_MAX_S))
		return err_new(ERR_USAGE, "--timeout %s: it would be seconds, from 1 to %u",
			       text, TIMEOUT_MAX_S);
	*ret_ms = seconds * 1000;
	return NULL;
}
