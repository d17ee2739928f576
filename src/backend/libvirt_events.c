#include "backend/libvirt_priv.h"

#include "base/clock.h"

#define TICK_MS 200 /* how soon the loop notices that it may end */

static void add_event(struct libvirt *l, enum backend_event event)
{
	pthread_mutex_lock(&l->lock);
	event_queue_add(&l->events, event);
	pthread_mutex_unlock(&l->lock);
}

static int take_lifecycle(virConnectPtr connection, virDomainPtr domain, int event,
			  int detail, void *ctx)
{
	switch (event) {
	case VIR_DOMAIN_EVENT_CRASHED:
		add_event(ctx, detail == VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED
				       ? BACKEND_EVENT_CRASHLOADED
				       : BACKEND_EVENT_PANICKED);
		break;
	case VIR_DOMAIN_EVENT_STOPPED:
		if (detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED)
			add_event(ctx, BACKEND_EVENT_PANICKED);
		add_event(ctx, BACKEND_EVENT_SHUTDOWN);
		break;
	case VIR_DOMAIN_EVENT_SUSPENDED:
		add_event(ctx, BACKEND_EVENT_PAUSED);
		break;
	case VIR_DOMAIN_EVENT_RESUMED:
		add_event(ctx, BACKEND_EVENT_RESUMED);
		break;
	default:
		break;
	}
	return 0;
}

static void take_reboot(virConnectPtr connection, virDomainPtr domain, void *ctx)
{
	add_event(ctx, BACKEND_EVENT_RESET);
}

static void tick(int timer, void *ctx) {}

/* libvirt has one loop for a process; whoever runs a turn of it serves all connections. */
static void *run_loop(void *arg)
{
	struct libvirt *l = arg;
	int timer = l->api.EventAddTimeout(TICK_MS, tick, NULL, NULL);

	while (!atomic_load(&l->is_released))
		if (l->api.EventRunDefaultImpl() < 0)
			clock_sleep_ms(TICK_MS);
	if (timer >= 0)
		l->api.EventRemoveTimeout(timer);
	libvirt_let_go(l);
	return NULL;
}

struct err *libvirt_start_loop(struct libvirt *l)
{
	pthread_t thread;
	int rc;

	if (l->has_loop)
		return NULL;
	if (l->api.EventRegisterDefaultImpl() < 0)
		return err_new(ERR_OS, "libvirt's event loop cannot be had");
	libvirt_hold(l);
	rc = pthread_create(&thread, NULL, run_loop, l);
	if (rc) {
		libvirt_let_go(l);
		return err_os(rc, "cannot start a thread");
	}
	pthread_detach(thread);
	l->has_loop = true;
	return NULL;
}

void libvirt_subscribe(struct libvirt *l)
{
	libvirt_hold(l);
	l->lifecycle_id = l->api.ConnectDomainEventRegisterAny(
		l->connection, l->domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		VIR_DOMAIN_EVENT_CALLBACK(take_lifecycle), l, libvirt_let_go);
	if (l->lifecycle_id < 0)
		libvirt_let_go(l);
	libvirt_hold(l);
	l->reboot_id = l->api.ConnectDomainEventRegisterAny(
		l->connection, l->domain, VIR_DOMAIN_EVENT_ID_REBOOT,
		VIR_DOMAIN_EVENT_CALLBACK(take_reboot), l, libvirt_let_go);
	if (l->reboot_id < 0)
		libvirt_let_go(l);
}

void libvirt_unsubscribe(struct libvirt *l)
{
	if (l->lifecycle_id >= 0)
		l->api.ConnectDomainEventDeregisterAny(l->connection, l->lifecycle_id);
	if (l->reboot_id >= 0)
		l->api.ConnectDomainEventDeregisterAny(l->connection, l->reboot_id);
}

bool libvirt_pop_event(struct libvirt *l, enum backend_event *ret)
{
	bool has_one;

	pthread_mutex_lock(&l->lock);
	has_one = event_queue_pop(&l->events, ret);
	pthread_mutex_unlock(&l->lock);
	return has_one;
}

void libvirt_set_dumping(struct libvirt *l, bool is_dumping)
{
	pthread_mutex_lock(&l->lock);
	l->events.is_dumping = is_dumping;
	pthread_mutex_unlock(&l->lock);
}
