/*
 * Instances: what starts with a scenario and ends with it.
 */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "listener.h"
#include "random.h"

enum { JOURNAL_OCTETS = 1 << 19 }; /* small enough to stay in a core's cache */

static const int64_t JUMP = 50 * CLOCK_MS;

/* ---- the loop -------------------------------------------------------------------------------- */

int loop_init(struct loop *loop)
{
    *loop = (struct loop){ .spare_fd = -1 };
    loop->base = timer_base_new();
    loop->certs = certs_new();
    loop->scratch = malloc(LOOP_SCRATCH);
    loop->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (loop->base && loop->certs && loop->scratch && loop->spare_fd >= 0)
        return 0;
    int error = errno;
    loop_free(loop);
    errno = error;
    return -1;
}

void loop_free(struct loop *loop)
{
    if (loop->base)
        event_base_free(loop->base);
    certs_free(loop->certs);
    free(loop->scratch);
    if (loop->spare_fd >= 0)
        close(loop->spare_fd);
    *loop = (struct loop){ .spare_fd = -1 };
}

/* ---- placeholders ---------------------------------------------------------------------------- */

static bool ends_with(const char *name, size_t len, const char *suffix, size_t *stem)
{
    size_t n = strlen(suffix);
    if (len <= n || memcmp(name + len - n, suffix, n) != 0)
        return false;
    *stem = len - n;
    return true;
}

static struct listener *listener_named(struct instance *in, const char *name, size_t len)
{
    for (size_t i = 0; i < in->scenario->actor_count; i++) {
        const char *actor = in->scenario->actors[i].name;
        if (strlen(actor) == len && memcmp(actor, name, len) == 0)
            return &in->listeners[i];
    }
    return NULL;
}

/* A field of the event at hand, where it has it. */
static void add_field(const struct instance *in, const char *name, size_t len, struct buf *out)
{
    const struct fp_event *e = in->matched   ? in->matched
                               : in->at_hand ? script_event(in->at_hand)
                                             : NULL;
    for (size_t i = 0; e && i < e->count; i++) {
        const struct event_value *v = &e->values[i];
        const char *field = field_name((enum field_id)v->field);
        if (strlen(field) != len || memcmp(field, name, len) != 0)
            continue;
        enum field_type type = field_type((enum field_id)v->field);
        if (v->text)
            buf_add(out, v->text, v->len);
        else if (type == FIELD_TYPE_FLAG)
            buf_string(out, v->number ? "true" : "false");
        else if (type == FIELD_TYPE_SECONDS)
            buf_printf(out, "%.3f", (double)v->number / (double)CLOCK_S);
        else
            buf_number(out, v->number);
        return;
    }
}

static const char *placeholder(void *arg, const char *name, size_t len, size_t *value_len)
{
    struct instance *in = arg;
    struct buf *value = &in->scope_value;
    struct listener *l;
    size_t stem;
    value->len = 0;
    if (len == 4 && memcmp(name, "case", 4) == 0)
        buf_string(value, in->case_id);
    else if (ends_with(name, len, ".addr", &stem) && (l = listener_named(in, name, stem)))
        buf_string(value, l->address);
    else if (ends_with(name, len, ".port", &stem) && (l = listener_named(in, name, stem)))
        buf_number(value, l->port);
    else if ((l = listener_named(in, name, len)))
        buf_string(value, l->host);
    else
        add_field(in, name, len, value);
    *value_len = value->len;
    return value->at ? value->at : "";
}

/* ---- who dials whom -------------------------------------------------------------------------- */

/* Our own connects, from connect() until the origin's accept(): usually none or a few. */
struct dialed {
    struct dialed *next;
    int port, own_port;
    struct dialer by;
};

void instance_dialed(struct instance *in, int port, int own_port, struct dialer by,
                     struct http_slice host)
{
    struct dialed *d = malloc(sizeof(*d));
    char *name = strndup(host.at, host.len);
    if (!d || !name)
        abort();
    by.host = name;
    *d = (struct dialed){ .next = in->dialed, .port = port, .own_port = own_port, .by = by };
    in->dialed = d;
}

struct dialer instance_who_dialed(struct instance *in, int port, int own_port)
{
    for (struct dialed **link = &in->dialed; *link; link = &(*link)->next) {
        struct dialed *d = *link;
        if (d->port != port || d->own_port != own_port)
            continue;
        struct dialer by = d->by;
        *link = d->next;
        free(d);
        return by;
    }
    return (struct dialer){ 0 };
}

/* ---- routes ---------------------------------------------------------------------------------- */

static bool same_name(struct http_slice host, const char *name)
{
    return name[0] && http_slice_is_nocase(host, name);
}

static void route_to(struct listener *l, struct route *route)
{
    route->own_port = l->port;
    route->address_len = sizeof(route->address);
    getsockname(l->fd, (struct sockaddr *)&route->address, &route->address_len);
}

/* By its host name, or by its own address, such as {o2.addr}; but no proxy dials a proxy. */
static bool is_called(const struct listener *l, struct http_slice host, int port)
{
    if (l->actor->is_proxy)
        return false;
    return same_name(host, l->host) || (l->port == port && http_slice_is(host, "127.0.0.1"));
}

/* Whoever is not named otherwise is the origin: no name ever leads out of here. */
static struct listener *destination(struct instance *in, struct http_slice host, int port, int to)
{
    if (to >= 0)
        return &in->listeners[to];
    for (size_t i = 0; i < in->scenario->actor_count; i++)
        if (is_called(&in->listeners[i], host, port))
            return &in->listeners[i];
    return &in->listeners[SCENARIO_ORIGIN];
}

void instance_route(struct instance *in, struct http_slice host, int port, int to,
                    struct route *route)
{
    for (size_t i = 0; to < 0 && i < in->options.upstream_count; i++) {
        const struct upstream_name *u = &in->options.upstreams[i];
        if (u->port == port && same_name(host, u->host)) {
            route->own_port = 0;
            route->address = u->address;
            route->address_len = u->address_len;
            return;
        }
    }
    route_to(destination(in, host, port, to), route);
}

/* ---- time ------------------------------------------------------------------------------------ */

void instance_note(struct instance *in, const char *text, enum field_id field, int64_t ns)
{
    struct event_draft d;
    event_begin(&d, EVENT_note, "suite");
    d.event.t = clock_now();
    d.event.wall = clock_wall();
    event_string(&d, FIELD_text, text);
    event_number(&d, field, ns);
    journal_add(in->journal, &d);
}

void instance_end(struct instance *in, const char *why)
{
    struct event_draft d;
    event_begin(&d, EVENT_end, "suite");
    instance_stamp(in, &d.event);
    event_string(&d, FIELD_why, why);
    journal_add(in->journal, &d);
}

/* Reading a clock costs as much as writing an event: the wall clock is read once a millisecond,
 * and follows the monotonic one in between. */
void instance_stamp(struct instance *in, struct fp_event *e)
{
    e->t = clock_now();
    if (e->t - in->synced >= CLOCK_MS) {
        int64_t offset = clock_wall() - e->t, jump = offset - in->wall_offset;
        bool jumped = in->synced && (jump > JUMP || jump < -JUMP);
        in->synced = e->t;
        in->wall_offset = offset;
        if (jumped) {
            char text[96];
            snprintf(text, sizeof(text), "the wall clock jumped by %lld ms",
                     (long long)(jump / CLOCK_MS));
            instance_note(in, text, FIELD_jump, jump);
            e->t = clock_now(); /* it comes behind the note */
        }
    }
    e->wall = e->t + in->wall_offset;
}

/* ---- chance ---------------------------------------------------------------------------------- */

double instance_random(struct instance *in)
{
    return (double)(random_next(&in->random) >> 11) / 9007199254740992.0; /* 2^53 */
}

/* ---- wake-ups -------------------------------------------------------------------------------- */

static void on_event(void *arg, const struct fp_event *e)
{
    struct instance *in = arg;
    if (in->scenario->watch_count && watches_see(in->watches, e))
        timer_set(&in->wake, 0);
}

/* A watch was met: whoever waits for the journal looks again. */
static void wake_waiting(void *arg)
{
    struct instance *in = arg;
    for (struct conn *c = in->conns.first, *next; c; c = next) {
        next = c->next;
        if (c->waits_for_journal)
            conn_poll(c);
    }
}

static void reap(void *arg)
{
    struct instance *in = arg;
    while (in->dead) {
        struct conn *c = in->dead;
        in->dead = c->next;
        conn_free(c);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void name_actors(struct instance *in)
{
    unsigned char nonce[4];
    if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        abort();
    snprintf(in->case_id, sizeof(in->case_id), "%02x%02x%02x%02x", nonce[0], nonce[1], nonce[2],
             nonce[3]);
    for (size_t i = 0; i < in->scenario->actor_count; i++) {
        const struct actor *a = &in->scenario->actors[i];
        if (!a->is_proxy) /* .invalid never resolves (RFC 6761, 6.4): only our proxies know it */
            snprintf(in->listeners[i].host, sizeof(in->listeners[i].host), "%.24s-%s.invalid",
                     a->name, in->case_id);
    }
}

static void choose_tls(struct instance *in, struct listener *l)
{
    const struct tls_choice *t = &l->actor->tls;
    l->tls_settings = (struct tls_settings){ .certificate = t->certificate,
                                             .min_version = t->min_version,
                                             .max_version = t->max_version,
                                             .alpn = t->alpn,
                                             .ask_client = t->ask_client,
                                             .tickets = t->tickets,
                                             .early_data = t->early_data };
    if (t->name_count == 0)
        return;
    l->tls_names = calloc(t->name_count + 1, sizeof(*l->tls_names));
    for (size_t i = 0; i < t->name_count; i++) {
        struct buf name = { 0 };
        text_expand(&t->names[i], &in->scope, &name);
        buf_char(&name, '\0');
        l->tls_names[i] = name.at;
    }
    l->tls_settings.names = (const char *const *)l->tls_names;
}

static int open_listeners(struct instance *in, char **error)
{
    for (size_t i = 0; i < in->scenario->actor_count; i++) {
        bool is_main = i == SCENARIO_PROXY;
        const char *host = is_main ? in->options.listen_host : NULL;
        int port = is_main ? in->options.listen_port : 0;
        if (listener_open(&in->listeners[i], in, &in->scenario->actors[i], host, port) == 0)
            continue;
        const char *why = strerror(errno);
        if (asprintf(error, "%s cannot listen on %s:%d: %s", in->scenario->actors[i].name,
                     host ? host : "127.0.0.1", port, why) < 0)
            *error = NULL;
        return -1;
    }
    return 0;
}

struct instance *instance_start(struct loop *loop, const struct scenario *s,
                                const struct instance_options *options, char **error)
{
    struct instance *in = calloc(1, sizeof(*in));
    if (!in || !(in->listeners = calloc(s->actor_count, sizeof(*in->listeners))))
        abort();
    in->loop = loop;
    in->scenario = s;
    in->options = *options;
    in->journal = journal_new(options->journal_octets ? options->journal_octets : JOURNAL_OCTETS);
    if (!in->journal)
        abort();
    in->scope = (struct text_scope){ .value = placeholder, .arg = in };
    in->watches = watches_new(s, &in->scope);
    in->tally = tally_new();
    in->promises = promises_new();
    in->random = options->seed;
    buf_string(&in->state, "start");
    timer_init(&in->reaper, loop->base, reap, in);
    timer_init(&in->wake, loop->base, wake_waiting, in);
    journal_listen(in->journal, on_event, in);
    name_actors(in);
    in->nonces = nonces_new(in->case_id);
    if (open_listeners(in, error) < 0) {
        instance_stop(in);
        return NULL;
    }
    for (size_t i = 0; i < s->actor_count; i++)
        choose_tls(in, &in->listeners[i]);
    return in;
}

void instance_stop(struct instance *in)
{
    if (!in)
        return;
    while (in->conns.first)
        conn_end(in->conns.first, "us", "fin", "the play is over", false, true, -1);
    reap(in);
    for (size_t i = 0; i < in->scenario->actor_count; i++) {
        struct listener *l = &in->listeners[i];
        listener_close(l);
        exits_free(l->exits);
        for (char **name = l->tls_names; name && *name; name++)
            free(*name);
        free(l->tls_names);
    }
    timer_set(&in->reaper, CLOCK_NEVER);
    timer_set(&in->wake, CLOCK_NEVER);
    for (struct dialed *next; in->dialed; in->dialed = next) {
        next = in->dialed->next;
        free(in->dialed->by.host);
        free(in->dialed);
    }
    watches_free(in->watches);
    journal_free(in->journal);
    tally_free(in->tally);
    promises_free(in->promises);
    nonces_free(in->nonces);
    buf_free(&in->state);
    buf_free(&in->scope_value);
    free(in->listeners);
    free(in);
}

bool instance_has_connections(const struct instance *in)
{
    return in->conns.first != NULL;
}

struct journal *instance_journal(struct instance *in)
{
    return in->journal;
}

const struct scenario *instance_scenario(const struct instance *in)
{
    return in->scenario;
}

const struct text_scope *instance_scope(const struct instance *in)
{
    return &in->scope;
}

const char *instance_address(const struct instance *in, size_t actor)
{
    return in->listeners[actor].address;
}

const char *instance_host(const struct instance *in, size_t actor)
{
    return in->listeners[actor].host;
}
