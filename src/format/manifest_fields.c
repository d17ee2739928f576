#include "format/manifest_fields_priv.h"

static const struct manifest_field module_fields[] = {
	MANIFEST_FIELD(FIELD_STRING, manifest_module, path),
	MANIFEST_FIELD(FIELD_STRING, manifest_module, params),
	MANIFEST_FIELD(FIELD_FLAG, manifest_module, optional),
};
static const struct manifest_field target_fields[] = {
	MANIFEST_FIELD(FIELD_STRING, manifest_target, kind),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, device),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, fs_type),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, options),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, path),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, host),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, address),
	MANIFEST_FIELD(FIELD_COUNT, manifest_target, port),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, key),
	MANIFEST_FIELD(FIELD_STRING, manifest_target, known_hosts),
	MANIFEST_FIELD(FIELD_COUNT, manifest_target, tries),
};
static const struct manifest_field hook_fields[] = {
	MANIFEST_FIELD(FIELD_STRING, manifest_hook, when),
	MANIFEST_FIELD(FIELD_STRING, manifest_hook, path),
	MANIFEST_FIELD(FIELD_FLAG, manifest_hook, is_optional),
};
static const struct manifest_field interface_fields[] = {
	MANIFEST_FIELD(FIELD_STRING, manifest_interface, name),
	MANIFEST_FIELD(FIELD_STRING, manifest_interface, kind),
	MANIFEST_FIELD(FIELD_STRING, manifest_interface, mac),
	MANIFEST_FIELD(FIELD_STRING, manifest_interface, parent),
	MANIFEST_FIELD(FIELD_STRING, manifest_interface, master),
	MANIFEST_FIELD(FIELD_STRING, manifest_interface, addresses),
	MANIFEST_FIELD(FIELD_STRING, manifest_interface, bond_mode),
	MANIFEST_FIELD(FIELD_COUNT, manifest_interface, vlan_id),
	MANIFEST_FIELD(FIELD_COUNT, manifest_interface, mtu),
	MANIFEST_FIELD(FIELD_FLAG, manifest_interface, dhcp),
};
static const struct manifest_field route_fields[] = {
	MANIFEST_FIELD(FIELD_STRING, manifest_route, to),
	MANIFEST_FIELD(FIELD_STRING, manifest_route, gateway),
	MANIFEST_FIELD(FIELD_STRING, manifest_route, interface),
};
static const struct manifest_field sysctl_fields[] = {
	MANIFEST_FIELD(FIELD_STRING, manifest_sysctl, name),
	MANIFEST_FIELD(FIELD_STRING, manifest_sysctl, value),
};

static const struct manifest_module module_defaults = {.params = ""};
static const struct manifest_target target_defaults = MANIFEST_TARGET_VALUES;
static const struct manifest_hook hook_defaults = {.when = "post"};
static const struct manifest_interface interface_defaults = {.kind = "ethernet",
							     .mac = "",
							     .parent = "",
							     .master = "",
							     .addresses = "",
							     .bond_mode = ""};
static const struct manifest_route route_defaults = {.gateway = "", .interface = ""};
static const struct manifest_sysctl sysctl_defaults = {.value = ""};

#define ARRAY_OF(noun, plural, limit, needs)                                               \
	{                                                                                  \
		.key = #plural, .fields = noun##_fields,                                   \
		.num_fields = ARRAY_SIZE(noun##_fields),                                   \
		.row_size = sizeof(struct manifest_##noun), .max = limit,                  \
		.defaults = &noun##_defaults,                                              \
		.rows_offset = offsetof(struct manifest, plural),                          \
		.count_offset = offsetof(struct manifest, num_##plural), .required = needs \
	}

const struct manifest_array manifest_arrays[MANIFEST_NUM_ARRAYS] = {
	[MANIFEST_MODULES] = ARRAY_OF(module, modules, MANIFEST_MODULES_MAX, "path"),
	[MANIFEST_TARGETS] = ARRAY_OF(target, targets, MANIFEST_ROWS_MAX, "kind"),
	[MANIFEST_HOOKS] = ARRAY_OF(hook, hooks, MANIFEST_ROWS_MAX, "path"),
	[MANIFEST_INTERFACES] = ARRAY_OF(interface, interfaces, MANIFEST_ROWS_MAX, "name"),
	[MANIFEST_ROUTES] = ARRAY_OF(route, routes, MANIFEST_ROWS_MAX, "to"),
};
const struct manifest_array manifest_sysctl_array = {
	.key = "sysctls",
	.fields = sysctl_fields,
	.num_fields = ARRAY_SIZE(sysctl_fields),
	.row_size = sizeof(struct manifest_sysctl),
	.max = MANIFEST_SYSCTLS_MAX,
	.defaults = &sysctl_defaults,
	.rows_offset = offsetof(struct manifest, crashed.sysctls),
	.count_offset = offsetof(struct manifest, crashed.num_sysctls),
	.required = "name",
};
