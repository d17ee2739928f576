/* bpf: loaded eBPF programs and maps. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/bpf_object.h"

#include <string.h>

#define INSTRUCTION_BYTES 8

struct listing {
	struct shell *s;
	bool has_id;
	u64 id;
	bool with_extra;
	size_t count;
};

/* @text in the middle of @width columns, as crash has it. */
static void print_centred(struct shell *s, const char *text, int width)
{
	int left = (width - (int)strlen(text)) / 2;

	left = left > 0 ? left : 0;
	buf_printf(shell_out(s), "%*s", left, "");
	shell_text(s, text);
	left = width - left - (int)strlen(text);
	buf_printf(shell_out(s), "%*s", left > 0 ? left : 0, "");
}

/* The enumerator without what all of them begin with; or the number. */
static void print_type(struct shell *s, const char *name, const char *prefix, u64 value,
		       int width)
{
	char number[32];
	const char *text = NULL;
	struct btf_type type;
	struct type_ref ref;
	struct types *t;
	struct err *err = shell_types(s, &t);

	if (!err && types_find(t, name, BTF_BIT(BTF_KIND_ENUM), &ref) &&
	    btf_get_plain_type(ref.btf, ref.id, &type))
		text = btf_enumerator_name(ref.btf, &type, value);
	err_ignore(err);
	if (text && str_has_prefix(text, prefix))
		text += strlen(prefix);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
	print_centred(s, text ? text : number, width);
}

static bool is_wanted(struct listing *l, u64 id)
{
	return !l->has_id || l->id == id;
}

static void print_program_extra(struct shell *s, const struct bpf_program *p)
{
	u64 page = dump_page_size(s->d);
	struct buf *b = shell_out(s);

	buf_printf(b, "     XLATED: %llu  JITED: %llu  MEMLOCK: %llu\n",
		   (unsigned long long)p->num_instructions * INSTRUCTION_BYTES,
		   (unsigned long long)p->jited_bytes,
		   (unsigned long long)p->num_pages * page);
	buf_printf(b, "     LOAD_TIME: %llu.%09llu seconds after boot\n",
		   (unsigned long long)(p->load_time_ns / 1000000000),
		   (unsigned long long)(p->load_time_ns % 1000000000));
	buf_printf(b, "     GPL_COMPATIBLE: %s  NAME: \"", p->is_gpl ? "yes" : "no");
	shell_text(s, p->name);
	buf_add_str(b, "\"  UID: ");
	if (p->has_uid)
		buf_printf(b, "%llu\n", (unsigned long long)p->uid);
	else
		buf_add_str(b, "(unknown)\n");
}

static bool print_program(void *ctx, const struct bpf_program *p)
{
	cleanup(buf_deinit) struct buf maps = BUF_INIT;
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);

	if (!is_wanted(l, p->id))
		return true;
	if (!l->count++)
		buf_add_str(b, " ID     BPF_PROG       BPF_PROG_AUX   BPF_PROG_TYPE       "
			       "TAG        USED_MAPS\n");
	buf_printf(b, "%3llu %016llx %016llx ", (unsigned long long)p->id,
		   (unsigned long long)p->addr, (unsigned long long)p->aux);
	print_type(l->s, "bpf_prog_type", "BPF_PROG_TYPE_", p->type, 13);
	buf_add_char(b, ' ');
	for (size_t i = 0; i < sizeof(p->tag); i++)
		buf_printf(b, "%02x", p->tag[i]);
	for (size_t i = 0; i < p->num_maps; i++)
		buf_printf(&maps, "%s%llu", i ? "," : "",
			   (unsigned long long)p->map_ids[i]);
	buf_add_char(b, ' ');
	print_centred(l->s, buf_text(&maps), 9);
	buf_add_char(b, '\n');
	if (l->with_extra)
		print_program_extra(l->s, p);
	return !shell_is_over(l->s);
}

static bool print_map(void *ctx, const struct bpf_map *m)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);

	if (!is_wanted(l, m->id))
		return true;
	if (!l->count++)
		buf_add_str(b, " ID     BPF_MAP       BPF_MAP_TYPE   MAP_FLAGS\n");
	buf_printf(b, "%3llu %016llx ", (unsigned long long)m->id,
		   (unsigned long long)m->addr);
	print_type(l->s, "bpf_map_type", "BPF_MAP_TYPE_", m->type, 15);
	buf_printf(b, "  %08llx\n", (unsigned long long)m->flags);
	if (l->with_extra) {
		buf_printf(b, "     KEY_SIZE: %llu  VALUE_SIZE: %llu  MAX_ENTRIES: %llu\n",
			   (unsigned long long)m->key_bytes,
			   (unsigned long long)m->value_bytes,
			   (unsigned long long)m->max_entries);
		buf_add_str(b, "     NAME: \"");
		shell_text(l->s, m->name);
		buf_add_str(b, "\"\n");
	}
	return !shell_is_over(l->s);
}

static struct err *print_one_kind(struct shell *s, char option, const char *word)
{
	struct listing l = {.s = s, .with_extra = true, .has_id = word != NULL};
	bool is_map = option == 'm' || option == 'M';
	struct err *err = word ? shell_number(s, word, &l.id) : NULL;

	if (!err)
		err = is_map ? bpf_map_each(s->k, print_map, &l)
			     : bpf_program_each(s->k, print_program, &l);
	if (!err && word && !l.count)
		err = err_new(ERR_ABSENT, "invalid %s ID: %s", is_map ? "map" : "program",
			      word);
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct listing programs = {.s = s}, maps = {.s = s};
	const char *word = NULL;
	char option, what = '\0';
	struct err *err;

	while (!(err = shell_option(w, "p:Pm:M", &option)) && option) {
		what = option;
		word = option == 'p' || option == 'm' ? w->value : NULL;
	}
	if (!err)
		err = shell_check_operands(w, 0, 0);
	if (err)
		return err;
	if (what)
		return print_one_kind(s, what, word);
	err = bpf_program_each(s->k, print_program, &programs);
	if (!err && programs.count)
		buf_add_char(shell_out(s), '\n');
	return err ? err : bpf_map_each(s->k, print_map, &maps);
}

const struct shell_command shell_cmd_bpf = {
	.name = "bpf",
	.synopsis = "[-p ID | -P | -m ID | -M]",
	.summary = "extended Berkeley Packet Filter (eBPF)",
	.help = "Show the loaded eBPF programs: number, bpf_prog, bpf_prog_aux, type, tag and the\n"
		"numbers of the maps it uses; and the maps: number, bpf_map, type and flags.\n\n"
		"    -p ID  this program, with the bytes of its code, when it was loaded, whether\n"
		"           it is GPL compatible, its name and who loaded it.\n"
		"    -P     the same of all programs.\n"
		"    -m ID  this map, with the sizes of its keys and values, and its name.\n"
		"    -M     the same of all maps.\n\n"
		"Structures are shown by struct, jited code by dis.",
	.run = run,
};
