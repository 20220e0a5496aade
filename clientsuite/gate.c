/*
 * Gatekeepers.
 */
#include "gate.h"

#include <string.h>

static bool is_about(const struct gatekeeper *g, const char *id)
{
    if (strcmp(g->id, id) == 0)
        return false;
    for (const char *const *pattern = g->blocks; *pattern; pattern++)
        if (plan_fits(*pattern, id, id))
            return true;
    return false;
}

static bool stands_before_any(const struct edition *e, const char *id)
{
    for (size_t i = 0; e && i < e->gatekeeper_count; i++)
        if (is_about(&e->gatekeepers[i], id))
            return true;
    return false;
}

bool gate_is_gatekeeper(const struct results *r, const struct case_result *c)
{
    for (size_t i = 0; r->edition && i < r->edition->gatekeeper_count; i++)
        if (strcmp(r->edition->gatekeepers[i].id, c->of->scenario->id) == 0)
            return true;
    return false;
}

/* A gatekeeper that stands behind another gatekeeper waits for nobody: no circles. */
bool gate_is_open_question(const struct results *r, const struct case_result *c)
{
    const struct client_result *client = &r->clients[c->client];
    const char *id = c->of->scenario->id;
    if (!stands_before_any(r->edition, id) || gate_is_gatekeeper(r, c))
        return false;
    for (size_t i = 0; i < r->plan->count; i++) {
        const struct case_result *other = &client->cases[i];
        for (size_t k = 0; !other->is_final && k < r->edition->gatekeeper_count; k++)
            if (strcmp(r->edition->gatekeepers[k].id, other->of->scenario->id) == 0 &&
                is_about(&r->edition->gatekeepers[k], id))
                return true;
    }
    return false;
}

static bool has_failed(const struct gatekeeper *g, const struct case_result *c)
{
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        bool is_meant = g->check ? strcmp(v->id, g->check) == 0 : v->level != LEVEL_SHOULD;
        if (!v->house && is_meant &&
            (verdict_is_failure(v) || v->kind == VERDICT_BLOCKED ||
             (g->check && v->kind == VERDICT_WEAK)))
            return true;
    }
    return false;
}

void gate_apply(const struct results *r, struct case_result *c)
{
    const struct client_result *client = &r->clients[c->client];
    if (gate_is_gatekeeper(r, c) || !c->graded)
        return;
    for (size_t i = 0; r->edition && i < r->edition->gatekeeper_count; i++) {
        const struct gatekeeper *g = &r->edition->gatekeepers[i];
        if (!is_about(g, c->of->scenario->id))
            continue;
        for (size_t k = 0; k < r->plan->count; k++) {
            const struct case_result *keeper = &client->cases[k];
            if (keeper->is_final && strcmp(keeper->of->scenario->id, g->id) == 0 &&
                has_failed(g, keeper)) {
                case_block(c, g->is_capability, g->says);
                return;
            }
        }
    }
}
