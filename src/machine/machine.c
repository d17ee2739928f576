#include "machine/machine.h"

#include "base/cancel.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/str.h"
#include "machine/qmp_client.h"
#include "machine/qmp_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ARGV_MAX	  64
#define STATS_INTERVAL_MS 2000
#define WORDS_MAX	  4096u

struct machine {
	struct child *qemu;
	struct qmp_client *qmp;
	struct console *console;
	int serial_fd, errors_fd;
	char *qmp_path;	   /* of the socket for others, NULL: none */
	struct buf errors; /* the first WORDS_MAX bytes of QEMU's standard error */
	u64 start_ms, last_sign_ms;
	enum machine_state state;

	/* query-blockstats: the disk's byte counters are a sign of life. */
	u64 stats_id, stats_due_ms, disk_bytes;

	/* The command machine_inject_nmi() waits for. */
	u64 waited_id;
	bool has_reply;
	char *reply_error;
};

bool machine_kvm_is_there(void)
{
	cleanup(closep) int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return fd >= 0;
}

static struct err *not_installed(void)
{
	return err_new(ERR_ABSENT, MACHINE_QEMU " is not installed: install the package "
						"qemu-system-x86");
}

struct err *machine_check_installed(void)
{
	return child_program_is_there(MACHINE_QEMU) ? NULL : not_installed();
}

/* ---- QEMU's arguments ---- */

struct arguments {
	const char *argv[ARGV_MAX];
	size_t count;
	struct buf words[8];
	size_t num_words;
};

static void arguments_deinit(struct arguments *a)
{
	for (size_t i = 0; i < a->num_words; i++)
		buf_deinit(&a->words[i]);
}

static void add(struct arguments *a, const char *option, const char *value)
{
	a->argv[a->count++] = option;
	if (value)
		a->argv[a->count++] = value;
}

static struct buf *new_word(struct arguments *a)
{
	return &a->words[a->num_words++];
}

/* A value of a key=value list: QEMU wants its commas doubled. */
static void add_list_value(struct buf *b, const char *value)
{
	for (; *value; value++) {
		if (*value == ',')
			buf_add_char(b, ',');
		buf_add_char(b, *value);
	}
}

static void add_socket(struct arguments *a, const char *id, int fd, const char *log_path)
{
	struct buf *b = new_word(a);

	buf_printf(b, "socket,id=%s,fd=%d", id, fd);
	if (log_path) {
		buf_add_str(b, ",logfile=");
		add_list_value(b, log_path);
	}
	add(a, "-chardev", buf_text(b));
}

/* Several may speak QMP at once, each through a socket of its own. */
static void add_outer_qmp(struct arguments *a, int fd)
{
	struct buf *b = new_word(a);

	buf_printf(b, "socket,id=outer,fd=%d,server=on,wait=off", fd);
	add(a, "-chardev", buf_text(b));
	add(a, "-mon", "chardev=outer,mode=control");
}

static void add_disk(struct arguments *a, const char *path)
{
	struct buf *b = new_word(a);

	buf_add_str(b, "if=none,id=scratch,format=raw,cache=unsafe,discard=unmap,file=");
	add_list_value(b, path);
	add(a, "-drive", buf_text(b));
	add(a, "-device", "virtio-blk-pci,drive=scratch");
}

/* Ends of sockets that QEMU inherits; -1: none. */
struct theirs {
	int serial_fd, qmp_fd, outer_fd, errors_fd;
};

static void theirs_deinit(struct theirs *t)
{
	closep(&t->serial_fd);
	closep(&t->qmp_fd);
	closep(&t->outer_fd);
	closep(&t->errors_fd);
}

static struct err *build_arguments(const struct machine_config *c, const struct theirs *t,
				   struct arguments *a)
{
	struct buf *memory = new_word(a), *cpus = new_word(a);

	buf_printf(memory, "%lluM", (unsigned long long)(c->memory_bytes >> 20));
	buf_printf(cpus, "%u", c->num_cpus);
	add(a, MACHINE_QEMU, NULL);
	add(a, "-nodefaults", NULL);
	add(a, "-no-user-config", NULL);
	add(a, "-no-reboot", NULL);
	add(a, "-display", "none");
	add(a, "-machine", "q35");
	add(a, "-accel", c->accel == MACHINE_KVM ? "kvm" : "tcg,thread=multi");
	add(a, "-cpu", c->cpu_model);
	add(a, "-smp", buf_text(cpus));
	add(a, "-m", buf_text(memory));
	add(a, "-rtc", "base=utc");
	if (c->uuid)
		add(a, "-uuid", c->uuid);
	add_socket(a, "console", t->serial_fd, c->console_path);
	add(a, "-serial", "chardev:console");
	add_socket(a, "qmp", t->qmp_fd, NULL);
	add(a, "-mon", "chardev=qmp,mode=control");
	if (t->outer_fd >= 0)
		add_outer_qmp(a, t->outer_fd);
	if (c->has_pvpanic)
		add(a, "-device", "pvpanic-pci");
	add(a, "-kernel", c->kernel_path);
	if (c->initrd_path)
		add(a, "-initrd", c->initrd_path);
	add(a, "-append", c->command_line);
	if (c->disk_path)
		add_disk(a, c->disk_path);
	add(a, NULL, NULL);
	for (size_t i = 0; i < a->num_words; i++) {
		struct err *err = buf_check(&a->words[i]);

		if (err)
			return err;
	}
	return NULL;
}

/* ---- QMP ---- */

/* The sum of all read and written bytes in a query-blockstats reply. */
static u64 disk_bytes_of(const json_t *devices)
{
	u64 sum = 0;
	size_t i;
	json_t *device;

	json_array_foreach(devices, i, device)
	{
		const json_t *stats = json_object_get(device, "stats");

		sum += (u64)json_integer_value(json_object_get(stats, "wr_bytes"));
		sum += (u64)json_integer_value(json_object_get(stats, "rd_bytes"));
	}
	return sum;
}

static void take_event(struct machine *m, const struct qmp_message *msg)
{
	const char *reason = json_string_value(json_object_get(msg->data, "reason"));

	m->last_sign_ms = machine_age_ms(m);
	if (!str_eq(msg->name, "SHUTDOWN") || m->state != MACHINE_RUNNING)
		return;
	if (reason && str_eq(reason, "guest-shutdown"))
		m->state = MACHINE_POWERED_OFF;
	else if (reason && (str_eq(reason, "guest-reset") || str_eq(reason, "guest-panic")))
		m->state = MACHINE_RESET;
	else
		m->state = MACHINE_ENDED;
}

static void take_reply(struct machine *m, const struct qmp_message *msg)
{
	if (msg->id && msg->id == m->waited_id) {
		m->has_reply = true;
		if (msg->kind == QMP_ERROR)
			m->reply_error = strdup(msg->text);
	}
	if (msg->id && msg->id == m->stats_id) {
		u64 bytes = disk_bytes_of(msg->data);

		m->stats_id = 0;
		m->stats_due_ms = machine_age_ms(m) + STATS_INTERVAL_MS;
		if (bytes != m->disk_bytes)
			m->last_sign_ms = machine_age_ms(m);
		m->disk_bytes = bytes;
	}
}

static void take_message(void *ctx, const struct qmp_message *msg)
{
	struct machine *m = ctx;

	if (msg->kind == QMP_EVENT)
		take_event(m, msg);
	else if (msg->kind != QMP_GREETING)
		take_reply(m, msg);
}

/* A question that cannot be sent now is asked again later: it is only about liveness. */
static void ask_for_stats(struct machine *m)
{
	if (m->stats_id || machine_age_ms(m) < m->stats_due_ms || qmp_client_fd(m->qmp) < 0)
		return;
	m->stats_due_ms = machine_age_ms(m) + STATS_INTERVAL_MS;
	err_ignore(qmp_client_send(m->qmp, "query-blockstats", NULL, &m->stats_id));
}

/* ---- the object ---- */

static struct err *open_errors_pipe(struct machine *m, int *ret_child_fd)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_os(errno, "cannot make a pipe for " MACHINE_QEMU);
	m->errors_fd = fds[0];
	*ret_child_fd = fds[1];
	return NULL;
}

static struct err *open_socket_pair(int *ret_ours, int *ret_theirs)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_os(errno, "cannot make a socket pair for " MACHINE_QEMU);
	*ret_ours = fds[0];
	*ret_theirs = fds[1];
	return NULL;
}

static struct err *spawn_qemu(struct machine *m, const struct machine_config *c,
			      const struct theirs *t)
{
	cleanup(arguments_deinit) struct arguments a = {0};
	cleanup(freep) int *keep = calloc(c->num_keep_fds + 3, sizeof(*keep));
	struct child_spec spec = {.argv = a.argv,
				  .stderr_fd = t->errors_fd,
				  .keep_fds = keep,
				  .num_keep_fds = c->num_keep_fds + 2};
	struct err *err = build_arguments(c, t, &a);

	if (err)
		return err;
	if (!keep)
		return err_nomem();
	if (c->num_keep_fds)
		memcpy(keep, c->keep_fds, c->num_keep_fds * sizeof(*keep));
	keep[c->num_keep_fds] = t->serial_fd;
	keep[c->num_keep_fds + 1] = t->qmp_fd;
	if (t->outer_fd >= 0)
		keep[spec.num_keep_fds++] = t->outer_fd;
	err = child_spawn(&spec, &m->qemu);
	if (err && err_code(err) == ERR_ABSENT) {
		err_free(err);
		return not_installed();
	}
	return err;
}

static struct err *open_outer_qmp(struct machine *m, const char *path, int *ret_fd)
{
	cleanup(freep) char *copy = strdup(path);
	struct err *err;

	if (!copy)
		return err_nomem();
	err = qmp_socket_bind(path, ret_fd);
	if (!err)
		m->qmp_path = steal(copy);
	return err;
}

struct err *machine_start(const struct machine_config *config, struct machine **ret)
{
	cleanup(machine_freep) struct machine *m = calloc(1, sizeof(*m));
	cleanup(theirs_deinit) struct theirs theirs = {-1, -1, -1, -1};
	cleanup(closep) int qmp_ours = -1;
	struct err *err;

	if (!m)
		return err_nomem();
	m->serial_fd = m->errors_fd = -1;
	m->start_ms = clock_now_ms();
	err = console_new(config->log_fd, config->log_name, config->line, config->ctx,
			  &m->console);
	if (!err)
		err = open_socket_pair(&m->serial_fd, &theirs.serial_fd);
	if (!err)
		err = open_socket_pair(&qmp_ours, &theirs.qmp_fd);
	if (!err)
		err = open_errors_pipe(m, &theirs.errors_fd);
	if (!err && config->qmp_path)
		err = open_outer_qmp(m, config->qmp_path, &theirs.outer_fd);
	if (!err)
		err = spawn_qemu(m, config, &theirs);
	if (!err)
		err = qmp_client_new(steal_fd(&qmp_ours), take_message, m, &m->qmp);
	if (err)
		return err;
	*ret = steal(m);
	return NULL;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	child_free(m->qemu);
	qmp_client_free(m->qmp);
	console_free(m->console);
	closep(&m->serial_fd);
	closep(&m->errors_fd);
	if (m->qmp_path)
		unlink(m->qmp_path);
	free(m->qmp_path);
	buf_deinit(&m->errors);
	free(m->reply_error);
	free(m);
}

/* Take what the guest printed. *@ret_open tells whether more can come. */
static struct err *read_serial(struct machine *m)
{
	char data[16384];
	ssize_t n = recv(m->serial_fd, data, sizeof(data), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return NULL;
	if (n <= 0) {
		closep(&m->serial_fd);
		m->serial_fd = -1;
		return console_finish(m->console, machine_age_ms(m));
	}
	m->last_sign_ms = machine_age_ms(m);
	return console_feed(m->console, data, (size_t)n, m->last_sign_ms);
}

static void read_errors(struct machine *m)
{
	char data[1024];
	ssize_t n = read(m->errors_fd, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		closep(&m->errors_fd);
		m->errors_fd = -1;
	} else if (m->errors.len < WORDS_MAX) {
		buf_add(&m->errors, data, (size_t)n);
	}
}

/* All ends are closed once QEMU is gone: then what it meant by going is known. */
static struct err *settle(struct machine *m)
{
	bool ended = false;
	struct err *err;

	if (m->serial_fd >= 0 || m->errors_fd >= 0 || qmp_client_fd(m->qmp) >= 0)
		return NULL;
	err = child_wait(m->qemu, 10000, NULL, &ended);
	if (!err && !ended)
		child_kill(m->qemu);
	if (m->state == MACHINE_RUNNING)
		m->state = MACHINE_ENDED;
	return err;
}

/* SHUTDOWN comes before the last console bytes are read: the state is told only once all
 * has been taken in. */
enum machine_state machine_state(const struct machine *m)
{
	bool is_drained = m->serial_fd < 0 && m->errors_fd < 0 && qmp_client_fd(m->qmp) < 0;

	return is_drained ? m->state : MACHINE_RUNNING;
}

struct err *machine_step(struct machine *m, u64 timeout_ms,
			 const volatile sig_atomic_t *cancel)
{
	struct pollfd p[3] = {{.fd = m->serial_fd, .events = POLLIN},
			      {.fd = qmp_client_fd(m->qmp), .events = POLLIN},
			      {.fd = m->errors_fd, .events = POLLIN}};
	struct err *err = NULL;

	ask_for_stats(m);
	/* A signal just before poll() would be slept over: never for long. */
	if (poll(p, 3, (int)min_u64(timeout_ms, 250)) < 0 && errno != EINTR)
		return err_os(errno, "cannot wait for " MACHINE_QEMU);
	if (cancel_is_set(cancel))
		return err_new(ERR_REFUSED, "interrupted");
	if (p[0].revents)
		err = read_serial(m);
	if (!err && p[1].revents)
		err = qmp_client_receive(m->qmp);
	if (p[2].revents)
		read_errors(m);
	return err ? err : settle(m);
}

u64 machine_age_ms(const struct machine *m)
{
	return clock_now_ms() - m->start_ms;
}

u64 machine_last_sign_ms(const struct machine *m)
{
	return m->last_sign_ms;
}

u64 machine_console_bytes(const struct machine *m)
{
	return console_bytes(m->console);
}

struct err *machine_inject_nmi(struct machine *m, u64 timeout_ms,
			       const volatile sig_atomic_t *cancel)
{
	u64 deadline = clock_now_ms() + timeout_ms;
	struct err *err;

	m->has_reply = false;
	err = qmp_client_send(m->qmp, "inject-nmi", NULL, &m->waited_id);
	while (!err && !m->has_reply) {
		if (machine_state(m) != MACHINE_RUNNING)
			err = err_new(ERR_ABSENT, "the guest ended before it got its NMI");
		else if (clock_now_ms() >= deadline)
			err = err_os(ETIMEDOUT, "QEMU did not answer inject-nmi");
		else
			err = machine_step(m, 250, cancel);
	}
	if (!err && m->reply_error)
		err = err_new(ERR_OS, "QEMU refused inject-nmi: %s", m->reply_error);
	m->waited_id = 0;
	return err;
}

void machine_reason(const struct machine *m, struct buf *b)
{
	size_t end = m->errors.len;
	const char *text = buf_text(&m->errors);
	const char *line_end;

	while (end && (text[end - 1] == '\n' || text[end - 1] == '\r'))
		end--;
	if (!end) {
		buf_printf(b, "exit status %d", child_status(m->qemu));
		return;
	}
	line_end = memchr(text, '\n', end);
	str_escape(b, text, line_end ? (size_t)(line_end - text) : end, false);
}
