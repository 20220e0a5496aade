/*
 * Instances: loading, starting, where they listen, their journal, their end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "catalogue.h"
#include "journal_json.h"

enum { JOURNAL_OCTETS = 64 << 20 }; /* taken from the system as it fills */

/* ---- errors ---------------------------------------------------------------------------------- */

void api_tell_complaints(struct complaints *complaints, char **error)
{
    size_t len;
    if (error)
        *error = NULL;
    if (error && complaints_count(complaints) > 0) {
        FILE *f = open_memstream(error, &len);
        if (!f)
            abort();
        complaints_print(complaints, f);
        fclose(f);
    }
    complaints_free(complaints);
}

/* ---- where ----------------------------------------------------------------------------------- */

static char *url_of(const char *scheme, const char *host)
{
    char *url;
    if (asprintf(&url, "%s%s", scheme, host) < 0)
        abort();
    return url;
}

static void fill_texts(struct fakeproxy_instance *in)
{
    for (size_t i = 0; i < in->scenario->actor_count; i++) {
        const struct actor *a = &in->scenario->actors[i];
        const char *address = instance_address(in->core, i), *host = instance_host(in->core, i);
        struct actor_texts *t = &in->texts[i];
        t->address = url_of("", address);
        if (a->is_proxy) {
            t->url = url_of(a->tls.on ? "https://" : "http://", address);
        } else {
            t->url = url_of("http://", host);
            t->tls_url = url_of("https://", host);
        }
    }
}

static const struct actor_texts *texts_of(const struct fakeproxy_instance *in, const char *actor)
{
    static const struct actor_texts none;
    int i = scenario_actor(in->scenario, actor);
    return i < 0 ? &none : &in->texts[i];
}

const char *fakeproxy_url(const struct fakeproxy_instance *in, const char *actor)
{
    return texts_of(in, actor)->url;
}

const char *fakeproxy_tls_url(const struct fakeproxy_instance *in, const char *actor)
{
    return texts_of(in, actor)->tls_url;
}

const char *fakeproxy_address(const struct fakeproxy_instance *in, const char *actor)
{
    return texts_of(in, actor)->address;
}

int fakeproxy_credentials(const struct fakeproxy_instance *in, const char *actor, const char **user,
                          const char **password)
{
    const struct client_keys *keys = &in->scenario->client.keys;
    int i = scenario_actor(in->scenario, actor);
    struct user u = { 0 };
    if (i >= 0 && !in->scenario->actors[i].is_proxy)
        u = keys->origin_credentials;
    else if (i >= 0 && keys->credential_count > 0)
        u = keys->credentials[0];
    *user = u.name;
    *password = u.password;
    return u.name ? 0 : -1;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_event(void *arg, const struct fp_event *e)
{
    struct fakeproxy_instance *in = arg;
    if (in->waiters)
        api_wait_see(in, e);
    if (e->kind != EVENT_end)
        return;
    in->ended = true;
    api_wait_end(in);
}

struct starting {
    struct fakeproxy_instance *in;
    char *error;
};

static void start(void *arg)
{
    struct starting *s = arg;
    struct fakeproxy_instance *in = s->in;
    struct instance_options options = { .journal_octets = JOURNAL_OCTETS };
    in->core = instance_start(&in->owner->loop, in->scenario, &options, &s->error);
    if (!in->core)
        return;
    in->scope = instance_scope(in->core);
    journal_listen(instance_journal(in->core), on_event, in);
    fill_texts(in);
    in->next = in->owner->instances;
    in->owner->instances = in;
}

static void stop(void *arg)
{
    struct fakeproxy_instance *in = arg, **link = &in->owner->instances;
    while (*link != in)
        link = &(*link)->next;
    *link = in->next;
    instance_stop(in->core);
    in->core = NULL;
    api_wait_end(in);
}

static void release(struct fakeproxy_instance *in)
{
    for (size_t i = 0; i < in->scenario->actor_count; i++) {
        free(in->texts[i].url);
        free(in->texts[i].tls_url);
        free(in->texts[i].address);
    }
    free(in->texts);
    scenario_set_free(&in->set);
    free(in);
}

void fakeproxy_stop(struct fakeproxy_instance *in)
{
    if (!in)
        return;
    api_call(in->owner, stop, in);
    api_wait_for_none(in->owner, &in->waiting);
    release(in);
}

static struct fakeproxy_instance *start_set(struct fakeproxy *fp, struct scenario_set set,
                                            char **error)
{
    struct fakeproxy_instance *in = calloc(1, sizeof(*in));
    if (!in)
        abort();
    in->owner = fp;
    in->set = set;
    in->scenario = set.scenarios[0];
    in->texts = calloc(in->scenario->actor_count, sizeof(in->texts[0]));
    if (!in->texts)
        abort();
    struct starting s = { .in = in };
    api_call(fp, start, &s);
    if (in->core)
        return in;
    if (error && asprintf(error, "fakeproxy: %s\n", s.error ? s.error : "out of memory") < 0)
        abort();
    free(s.error);
    release(in);
    return NULL;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* A name without a variant is enough where there is only one to play. */
static void complain_of_variants(struct complaints *complaints, const char *name,
                                 const struct scenario_set *set)
{
    struct complaint_place place = { .file = name };
    struct buf names = { 0 };
    for (size_t i = 0; i < set->count; i++)
        buf_printf(&names, "%s\"%s@%s\"", i ? ", " : "", name, set->scenarios[i]->variant);
    complaints_add(complaints, &place, NULL, "the scenario has variants, expected one of %.*s",
                   (int)names.len, names.at);
    buf_free(&names);
}

static struct fakeproxy_instance *start_one(struct fakeproxy *fp, const char *name,
                                            const char *text, char **error)
{
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    int result = text ? catalogue_load_text(name, text, strlen(text), &set, complaints)
                      : catalogue_load(name, &set, complaints);
    if (result == 0 && set.count > 1) {
        complain_of_variants(complaints, name, &set);
        scenario_set_free(&set);
        result = -1;
    }
    api_tell_complaints(complaints, error);
    return result < 0 ? NULL : start_set(fp, set, error);
}

struct fakeproxy_instance *fakeproxy_start(struct fakeproxy *fp, const char *scenario, char **error)
{
    return start_one(fp, scenario, NULL, error);
}

struct fakeproxy_instance *fakeproxy_start_text(struct fakeproxy *fp, const char *name,
                                                const char *text, char **error)
{
    return start_one(fp, name, text, error);
}

/* ---- journal --------------------------------------------------------------------------------- */

struct snapshot {
    struct fakeproxy_instance *in;
    struct buf lines;
};

static void write_lines(void *arg)
{
    struct snapshot *s = arg;
    const struct journal *j = instance_journal(s->in->core);
    for (const struct fp_event *e = journal_first(j); e; e = journal_next(j, e))
        journal_json(&s->lines, e, false);
    buf_char(&s->lines, '\0');
}

char *fakeproxy_journal(struct fakeproxy_instance *in)
{
    struct snapshot s = { .in = in };
    api_call(in->owner, write_lines, &s);
    return s.lines.at;
}

static void end(void *arg)
{
    struct fakeproxy_instance *in = arg;
    if (!in->ended)
        instance_end(in->core, "done");
}

void fakeproxy_end(struct fakeproxy_instance *in)
{
    api_call(in->owner, end, in);
}

/* ---- certificates ---------------------------------------------------------------------------- */

struct certificate {
    struct fakeproxy *fp;
    const char *pem;
};

static void make_pem(void *arg)
{
    struct certificate *c = arg;
    c->pem = certs_ca_pem(c->fp->loop.certs);
}

const char *fakeproxy_ca_pem(struct fakeproxy *fp)
{
    struct certificate c = { .fp = fp };
    api_call(fp, make_pem, &c);
    return c.pem;
}

int fakeproxy_write_ca(struct fakeproxy *fp, const char *path)
{
    const char *pem = fakeproxy_ca_pem(fp);
    if (!pem) {
        errno = ENOMEM; /* the only reason that OpenSSL has */
        return -1;
    }
    FILE *f = fopen(path, "we");
    if (!f)
        return -1;
    int error = fputs(pem, f) < 0 ? errno : 0;
    if (fclose(f) != 0 && error == 0)
        error = errno;
    errno = error;
    return error ? -1 : 0;
}
