/*
 * Explaining a scenario from its model. Its own texts say most; what is played is told rule by
 * rule, by the names of the actions.
 */
#include "explain_scenario.h"

#include <string.h>

#include "buf.h"
#include "catalogue.h"
#include "clock.h"
#include "verdict.h"
#include "wrap.h"

bool explain_is_scenario(const char *name, const struct catalogue *c)
{
    size_t len = strcspn(name, "@");
    for (size_t i = 0; i < c->count; i++) {
        const char *id = c->entries[i].id, *slash = strrchr(id, '/'),
                   *last = slash ? slash + 1 : id;
        if ((strlen(id) == len && memcmp(id, name, len) == 0) ||
            (strlen(last) == len && memcmp(last, name, len) == 0))
            return true;
    }
    return false;
}

/* ---- what is played -------------------------------------------------------------------------- */

static void add_time(struct buf *b, int64_t ns)
{
    if (ns % CLOCK_S == 0)
        buf_printf(b, "%lld s", (long long)(ns / CLOCK_S));
    else
        buf_printf(b, "%lld ms", (long long)(ns / CLOCK_MS));
}

static void add_wait(struct buf *b, const struct condition *c)
{
    switch (c->kind) {
    case CONDITION_TIME:
        buf_string(b, "wait ");
        add_time(b, c->time);
        break;
    case CONDITION_IDLE:
        buf_string(b, "wait until it is idle for ");
        add_time(b, c->time);
        break;
    case CONDITION_BYTES:
        buf_string(b, "wait for octets");
        break;
    case CONDITION_ACKED:
        buf_string(b, "wait until all is acknowledged");
        break;
    case CONDITION_EVENT:
        buf_string(b, "wait for an event");
        break;
    case CONDITION_NONE:
        buf_string(b, "wait");
        break;
    }
}

static void add_cut(struct buf *b, const struct cut *cut)
{
    static const char *const ends[ACTION_KINDS] = { [ACTION_CLOSE] = "close",
                                                    [ACTION_HALF_CLOSE] = "half-close",
                                                    [ACTION_RESET] = "reset",
                                                    [ACTION_ABORT] = "abort",
                                                    [ACTION_STALL] = "stall" };
    if (cut->kind != CUT_NONE && cut->with && ends[cut->with->kind])
        buf_printf(b, ", cut by a %s", ends[cut->with->kind]);
}

static void add_respond(struct buf *b, const struct respond *r)
{
    buf_printf(b, "answer %d", r->status);
    if (r->retry_after.kind == RETRY_AFTER_SECONDS)
        buf_printf(b, " with Retry-After: %lld", (long long)r->retry_after.seconds);
    else if (r->retry_after.kind != RETRY_AFTER_NONE)
        buf_string(b, " with Retry-After");
    if (r->challenge || r->challenge_count)
        buf_string(b, " with a challenge");
    add_cut(b, &r->cut);
}

static void add_action(struct buf *b, const struct action *a)
{
    static const char *const words[ACTION_KINDS] = {
        [ACTION_RESPOND] = "",
        [ACTION_SEND] = "send octets as they stand",
        [ACTION_FORWARD] = "forward to the origin",
        [ACTION_TUNNEL] = "open a tunnel",
        [ACTION_READ] = "read of the body",
        [ACTION_WAIT] = "",
        [ACTION_PACE] = "write slowly",
        [ACTION_STALL] = "stall: write nothing more",
        [ACTION_CLOSE] = "close (FIN)",
        [ACTION_HALF_CLOSE] = "half-close (FIN)",
        [ACTION_RESET] = "reset (RST once all is acknowledged)",
        [ACTION_ABORT] = "abort (RST at once)",
        [ACTION_ALERT] = "send a TLS alert",
        [ACTION_SET] = "remember",
        [ACTION_ROTATE] = "go to the next exit",
    };
    buf_string(b, words[a->kind]);
    if (a->kind == ACTION_RESPOND)
        add_respond(b, &a->respond);
    else if (a->kind == ACTION_WAIT)
        add_wait(b, &a->wait);
    else if (a->kind == ACTION_FORWARD)
        add_cut(b, &a->forward.cut);
    else if (a->kind == ACTION_SEND)
        add_cut(b, &a->send.cut);
    else if (a->kind == ACTION_TUNNEL)
        add_cut(b, &a->tunnel.cut);
}

static void add_rule(struct buf *b, const struct actor *actor, const struct rule *r)
{
    static const char *const moments[EVENT_KINDS] = {
        [EVENT_accept] = "connection", [EVENT_hello] = "ClientHello", [EVENT_request] = "request"
    };
    const char *moment = moments[r->on] ? moments[r->on] : "event";
    bool is_any = r->when.count == 0 && r->when.any_count == 0 && !r->state.octets;
    buf_printf(b, "%s%s: ", b->len ? "\n" : "", actor->name);
    if (r->skip)
        buf_printf(b, "after the first %llu, ", (unsigned long long)r->skip);
    if (r->times == 1)
        buf_printf(b, "on the first %s%s: ", moment, is_any ? "" : " that fits");
    else if (r->times != UINT64_MAX)
        buf_printf(b, "on %llu %ss: ", (unsigned long long)r->times, moment);
    else
        buf_printf(b, "on every %s%s: ", moment, is_any ? "" : " that fits");
    for (size_t i = 0; i < r->action_count; i++) {
        buf_string(b, i ? ", then " : "");
        add_action(b, &r->actions[i]);
    }
    buf_string(b, r->is_fault ? " (this is the test)" : "");
}

static void add_actor(struct buf *b, const struct actor *a)
{
    static const char *const listens[] = { [LISTEN_OPEN] = NULL,
                                           [LISTEN_REFUSED] = "refuses every connection",
                                           [LISTEN_BLACKHOLE] = "never answers a SYN",
                                           [LISTEN_LATE] = "refuses connections at first" };
    static const char *const schemes[] = { [GATE_BASIC] = "Basic",
                                           [GATE_DIGEST] = "Digest",
                                           [GATE_BEARER] = "Bearer",
                                           [GATE_NTLM] = "NTLM" };
    if (listens[a->listen])
        buf_printf(b, "%s%s: %s", b->len ? "\n" : "", a->name, listens[a->listen]);
    for (size_t i = 0; i < a->rule_count; i++)
        add_rule(b, a, &a->rules[i]);
    for (size_t i = 0; i < a->gate_count; i++)
        buf_printf(b, "%s%s: lets in with %s credentials only, else answers %d", b->len ? "\n" : "",
                   a->name, schemes[a->gates[i].scheme], a->is_proxy ? 407 : 401);
    if (a->tls.on && a->tls.certificate != CERT_GOOD)
        buf_printf(b, "%s%s: shows a certificate that is not good", b->len ? "\n" : "", a->name);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void show_text(FILE *f, const char *label, const char *text)
{
    if (text)
        wrap_print(f, label, text);
}

static void show_played(FILE *f, const struct scenario *s)
{
    struct buf text = { 0 };
    for (size_t i = 0; i < s->actor_count; i++)
        add_actor(&text, &s->actors[i]);
    if (text.len == 0)
        buf_string(&text, "nothing but a faultless proxy");
    buf_char(&text, '\0');
    wrap_print(f, "played", text.at);
    buf_free(&text);
}

static void show_checks(FILE *f, const struct scenario *s)
{
    if (s->check_count > 0)
        fputs("  A good client\n", f);
    for (size_t i = 0; i < s->check_count; i++)
        wrap_print(f, level_name(s->checks[i].level),
                   s->checks[i].says ? s->checks[i].says : s->checks[i].id);
}

static void show_list(FILE *f, const char *label, const char *const *list)
{
    struct buf text = { 0 };
    for (; list && *list; list++)
        buf_printf(&text, "%s%s", text.len ? "; " : "", *list);
    buf_char(&text, '\0');
    if (text.len > 1)
        wrap_print(f, label, text.at);
    buf_free(&text);
}

static void show_variants(FILE *f, const struct scenario_set *set)
{
    struct buf text = { 0 };
    for (size_t i = 0; i < set->count && set->count > 1; i++)
        buf_printf(&text, "%s%s", text.len ? ", " : "", set->scenarios[i]->variant);
    buf_char(&text, '\0');
    if (text.len > 1)
        wrap_print(f, "variants", text.at);
    buf_free(&text);
}

bool explain_scenario(FILE *f, const char *name)
{
    struct scenario_set set;
    struct complaints *complaints = complaints_new();
    int result = catalogue_load(name, &set, complaints);
    complaints_print(complaints, stderr);
    complaints_free(complaints);
    if (result < 0)
        return false;
    const struct scenario *s = set.scenarios[0];
    fprintf(f, "%s: %s\n", s->id, s->title ? s->title : "");
    show_text(f, "layer", s->layer);
    show_text(f, "about", s->about);
    show_played(f, s);
    show_variants(f, &set);
    show_checks(f, s);
    show_text(f, "cause", s->cause);
    show_text(f, "fix", s->fix);
    show_list(f, "sources", s->sources);
    fprintf(f, "  play it   fakeproxy --scenario %s\n", name);
    scenario_set_free(&set);
    return true;
}
