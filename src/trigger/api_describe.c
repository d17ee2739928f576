/* DescribeInstances and DescribeInstanceStatus: enough of them for clients to choose by,
 * and to see what became of an interrupt. */
#include "trigger/api_priv.h"

#include "base/str.h"

/* What a capture makes of "instance status": SummaryStatus of EC2. docs/inquestd.md has the
 * table too. */
static const char *const health_of_capture[] = {
	[CAPTURE_REQUESTED] = "ok",
	[CAPTURE_INJECTED] = "impaired",
	[CAPTURE_UNKNOWN] = "impaired",
	[CAPTURE_PANICKED] = "impaired",
	[CAPTURE_CAPTURING] = "impaired",
	[CAPTURE_DUMPED] = "impaired",
	[CAPTURE_REBOOTED] = "initializing",
	[CAPTURE_VERIFIED] = "ok",
	[CAPTURE_IGNORED] = "ok",
	[CAPTURE_NO_KDUMP] = "impaired",
	[CAPTURE_TIMEOUT_FALLBACK_DUMPED] = "insufficient-data",
	[CAPTURE_UNVERIFIED] = "insufficient-data",
	[CAPTURE_FAILED] = "impaired",
	[CAPTURE_NOT_SENT] = "ok",
};

_Static_assert(ARRAY_SIZE(health_of_capture) == CAPTURE_NUM_STATES,
	       "a state without a health");

void api_read_condition(const struct call *c, const struct config_instance *i,
			struct api_condition *ret)
{
	*ret = (struct api_condition){.code = 16, .state = "running", .health = "ok"};
	/* Where the backend would have to be asked, it counts as running. */
	if (!i->asks_state && !i->is_running)
		*ret = (struct api_condition){
			.code = 80, .state = "stopped", .health = "not-applicable"};
	ret->has_capture = engine_find_status(c->r->engine, i->id, &ret->capture);
	if (ret->has_capture && ret->code == 16)
		ret->health = health_of_capture[ret->capture.state];
}

static void add_if(struct buf *b, const char *name, const char *value)
{
	if (value)
		xml_add_element(b, name, value);
}

static void add_tag(struct buf *b, const char *key, const char *value)
{
	xml_open(b, "item");
	xml_add_element(b, "key", key);
	xml_add_element(b, "value", value);
	xml_close(b, "item");
}

static void add_state(struct buf *b, const struct api_condition *condition)
{
	xml_open(b, "instanceState");
	buf_printf(b, "<code>%u</code>", condition->code);
	xml_add_element(b, "name", condition->state);
	xml_close(b, "instanceState");
}

static void add_tags(struct buf *b, const struct config_instance *i,
		     const struct api_condition *condition)
{
	xml_open(b, "tagSet");
	for (size_t t = 0; t < i->num_tags; t++)
		add_tag(b, i->tags[t].key, i->tags[t].value);
	if (condition->has_capture) {
		add_tag(b, API_TAG_STATE, capture_state_name(condition->capture.state));
		add_tag(b, API_TAG_ID, condition->capture.capture_id);
	}
	xml_close(b, "tagSet");
}

/* Each instance is a reservation of its own, of the same number. */
static void add_reservation(struct call *c, const struct config_instance *i)
{
	struct buf *b = &c->xml;
	struct api_condition condition;

	api_read_condition(c, i, &condition);
	xml_open(b, "item");
	buf_add_str(b, "<reservationId>r");
	xml_add_text(b, i->id + 1);
	buf_add_str(b, "</reservationId>");
	xml_add_element(b, "ownerId", i->account);
	buf_add_str(b, "<groupSet/><instancesSet><item>");
	xml_add_element(b, "instanceId", i->id);
	add_if(b, "imageId", i->image);
	add_state(b, &condition);
	buf_add_str(b, "<privateDnsName/><dnsName/>");
	add_if(b, "instanceType", i->type);
	xml_open(b, "placement");
	add_if(b, "availabilityZone", i->zone);
	buf_add_str(b, "<groupName/><tenancy>default</tenancy></placement>");
	buf_add_str(b, "<monitoring><state>disabled</state></monitoring>");
	add_if(b, "privateIpAddress", i->private_ip);
	add_tags(b, i, &condition);
	buf_add_str(b, "</item></instancesSet>");
	xml_close(b, "item");
	buf_add_char(b, '\n');
}

static void add_status(struct call *c, const struct config_instance *i)
{
	struct buf *b = &c->xml;
	struct api_condition condition;
	bool is_impaired;

	api_read_condition(c, i, &condition);
	is_impaired = str_eq(condition.health, "impaired");
	xml_open(b, "item");
	xml_add_element(b, "instanceId", i->id);
	add_if(b, "availabilityZone", i->zone);
	add_state(b, &condition);
	buf_add_str(b, "<systemStatus><status>not-applicable</status></systemStatus>");
	xml_open(b, "instanceStatus");
	xml_add_element(b, "status", condition.health);
	buf_add_str(b, "<details><item><name>reachability</name>");
	xml_add_element(b, "status", is_impaired ? "failed" : "passed");
	if (is_impaired)
		xml_add_time(b, "impairedSince", condition.capture.changed_ms);
	buf_add_str(b, "</item></details>");
	xml_close(b, "instanceStatus");
	xml_close(b, "item");
	buf_add_char(b, '\n');
}

static enum api_code describe(struct call *c, const char *action, const char *set,
			      bool only_running,
			      void (*add)(struct call *c, const struct config_instance *i))
{
	struct api_selection selection = {0};
	enum api_code code = api_select(c, action, only_running, &selection);

	if (code != API_OK) {
		api_selection_deinit(&selection);
		return code;
	}
	xml_begin_answer(&c->xml, action, c->request_id);
	xml_open(&c->xml, set);
	for (size_t i = 0; i < selection.num; i++)
		add(c, selection.instances[i]);
	xml_close(&c->xml, set);
	add_if(&c->xml, "nextToken", selection.next);
	xml_end_answer(&c->xml, action);
	api_selection_deinit(&selection);
	return API_OK;
}

enum api_code api_describe_instances(struct call *c)
{
	if (aws_query_find(&c->query, "IncludeAllInstances"))
		return api_say(c, API_UNKNOWN_PARAMETER,
			       "The parameter IncludeAllInstances is not recognized");
	return describe(c, "DescribeInstances", "reservationSet", false, add_reservation);
}

enum api_code api_describe_instance_status(struct call *c)
{
	bool all;
	enum api_code code = api_read_bool(c, "IncludeAllInstances", false, &all);

	if (code != API_OK)
		return code;
	return describe(c, "DescribeInstanceStatus", "instanceStatusSet", !all, add_status);
}
