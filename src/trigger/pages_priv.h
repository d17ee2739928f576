/* What the parts of the pages share. */
#ifndef TRIGGER_PAGES_PRIV_H
#define TRIGGER_PAGES_PRIV_H

#include "trigger/pages.h"

#define PAGES_CAPTURES_MAX 200u
#define PAGES_REPORT_MAX   (256u << 10) /* bytes of a report that are shown */

extern const char pages_style[];

static inline void pages_json_decref(json_t **j)
{
	json_decref(*j);
}

/* ---- pages_guard.c: who may look ---- */

/* Without a token a page is for this machine only: the name that the browser was given must
 * be one of this machine, or a name of somebody else's that was made to point here would
 * let his scripts read. */
bool pages_host_is_ours(const struct config *c, const char *host);
/* The token, in Authorization or as what a cookie was made of. */
bool pages_is_let_in(const struct config *c, const struct pages_request *r);
/* Is this the token? The time taken does not depend on where it differs. */
bool pages_is_token(const struct config *c, const char *given);
/* Fill a->cookie for a browser that gave the token, or (@ends) make it forget. */
must_check struct err *pages_make_cookie(const struct config *c, bool is_tls, bool ends,
					 struct pages_answer *a);

/* ---- pages_tree.c: what is shown, as JSON ---- */

must_check struct err *pages_tree_index(const struct pages_site *site, json_t **ret);
/* ERR_ABSENT if there is no such instance. */
must_check struct err *pages_tree_instance(const struct pages_site *site, const char *id,
					   json_t **ret);
/* ERR_ABSENT if there is no such capture. With "report" if one has arrived. */
must_check struct err *pages_tree_capture(const struct pages_site *site, const char *id,
					  json_t **ret);

/* ---- pages_report.c ---- */

struct pages_report {
	struct buf path, text; /* both as they are: hostile */
	bool is_cut;
};

void pages_report_deinit(struct pages_report *r);

/* Read the report of the dump at @dump_path, which must be in a directory of the instance's
 * configuration. No symbolic link below that is followed: a guest may write there.
 * ERR_ABSENT while there is none. */
must_check struct err *pages_report_read(const struct config_instance *instance,
					 const char *dump_path, struct pages_report *ret);

/* ---- pages_html.c: trees as pages ---- */

void pages_html_index(struct buf *b, json_t *tree, bool has_token);
void pages_html_instance(struct buf *b, json_t *tree, bool has_token);
/* @follows: it is loaded again by itself. */
void pages_html_capture(struct buf *b, json_t *tree, bool has_token, bool follows);
void pages_html_login(struct buf *b, const char *path, bool is_wrong);
void pages_html_refusal(struct buf *b, const char *title, const char *sentence);

#endif
