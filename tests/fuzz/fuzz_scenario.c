/*
 * Any octets as a scenario file. Besides memory errors it looks for a loader that refuses without
 * saying why, or accepts and complains; and what was accepted must load again, the same.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complaints.h"
#include "fuzz.h"
#include "scenario.h"

static void check_watches(const struct scenario *s)
{
    for (size_t i = 0; i < s->watch_count; i++) {
        const struct match *m = s->watches[i];
        assert(m->watch == (int)i && m->nth >= 0);
        assert(!m->after || m->after->watch < m->watch);
        assert(!m->before || m->before->watch < m->watch);
    }
}

static void check_rule(const struct rule *r)
{
    assert(r->name && r->times > 0 && r->when.watch == -1);
    assert(r->is_fault == (r->fault_action >= 0));
    assert(r->fault_action < (int)r->action_count);
}

static void check_scenario(const struct scenario *s)
{
    assert(s->id && s->actor_count >= 2 && s->actors[SCENARIO_PROXY].is_proxy);
    check_watches(s);
    for (size_t i = 0; i < s->actor_count; i++) {
        assert(scenario_actor(s, s->actors[i].name) == (int)i);
        for (size_t j = 0; j < s->actors[i].rule_count; j++)
            check_rule(&s->actors[i].rules[j]);
    }
    for (size_t i = 0; i < s->client.step_count; i++) {
        const struct step *step = &s->client.steps[i];
        assert((step->url.octets != NULL) != (step->raw_connect.octets != NULL));
        assert(step->session < (int)s->client.session_count);
    }
}

/* The complaints as text; the caller frees it. */
static char *printed(const struct complaints *c)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert(f);
    complaints_print(c, f);
    fclose(f);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *said[2];
    int results[2];
    for (int i = 0; i < 2; i++) {
        struct complaints *complaints = complaints_new();
        struct scenario_set set;
        results[i] = scenario_load_text((const char *)data, size, "fuzz.json", &set, complaints);
        assert((results[i] == 0) == (complaints_count(complaints) == 0));
        assert((results[i] == 0) == (set.count > 0));
        for (size_t j = 0; j < set.count; j++)
            check_scenario(set.scenarios[j]);
        said[i] = printed(complaints);
        scenario_set_free(&set);
        complaints_free(complaints);
    }
    assert(results[0] == results[1] && strcmp(said[0], said[1]) == 0);
    free(said[0]);
    free(said[1]);
    return 0;
}
