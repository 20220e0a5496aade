/*
 * The environment of COMMAND. A client is configured as the scenario's `client` says, as far as
 * variables can say it: proxy, credentials, exclusions, further variables.
 */
#include "play_environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uri.h"

extern char **environ; /* environ(7) */

static const char *const proxy_names[] = { "HTTP_PROXY",  "http_proxy", "HTTPS_PROXY",
                                           "https_proxy", "ALL_PROXY",  "all_proxy" };
/* Hosts that go past the proxy. An inherited `*` would make every run void. */
static const char *const past_names[] = { "NO_PROXY", "no_proxy" };

const char *const play_environment_ca_names[] = {
    "SSL_CERT_FILE",                      /* OpenSSL and what is made with it, Go, Ruby, rustls */
    "CURL_CA_BUNDLE",                     /* curl */
    "REQUESTS_CA_BUNDLE",                 /* Python requests */
    "NODE_EXTRA_CA_CERTS",                /* Node.js */
    "GIT_SSL_CAINFO",                     /* git */
    "AWS_CA_BUNDLE",                      /* the AWS command line and SDKs */
    "PIP_CERT",                           /* pip */
    "CARGO_HTTP_CAINFO",                  /* cargo */
    "DENO_CERT",                          /* Deno */
    "PERL_LWP_SSL_CA_FILE",               /* Perl LWP */
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",   /* gRPC core: C++, Python, Ruby, PHP */
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", /* gcloud */
    NULL,
};

/* ---- the proxy ------------------------------------------------------------------------------- */

/* A header or a callback is for programs to use: no variable can say so. */
bool play_environment_has_credentials(const struct instance *in)
{
    const struct client_keys *k = &instance_scenario(in)->client.keys;
    const char *by = k->credentials_by;
    return k->proxy != PROXY_URL && k->credential_count > 0 && k->credentials[0].name &&
           (!by || (strcmp(by, "header") != 0 && strcmp(by, "callback") != 0));
}

static char *text_of(const struct instance *in, const struct text *t)
{
    struct buf b = { 0 };
    text_expand(t, instance_scope(in), &b);
    buf_char(&b, '\0');
    return b.at;
}

char *play_environment_proxy(const struct instance *in)
{
    const struct scenario *s = instance_scenario(in);
    const struct client_keys *k = &s->client.keys;
    struct buf url = { 0 };
    if (k->proxy == PROXY_NONE)
        return NULL;
    if (k->proxy == PROXY_URL)
        return text_of(in, &k->proxy_url);
    buf_string(&url, s->actors[k->proxy].tls.on ? "https://" : "http://");
    if (play_environment_has_credentials(in)) {
        uri_encode(&url, k->credentials[0].name);
        buf_char(&url, ':');
        uri_encode(&url, k->credentials[0].password);
        buf_char(&url, '@');
    }
    buf_string(&url, instance_address(in, (size_t)k->proxy));
    buf_char(&url, '\0');
    return url.at;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void set_address(struct environment *e, const char *name, const char *scheme,
                        const struct instance *in, size_t actor)
{
    struct buf url = { 0 };
    buf_printf(&url, "%s://%s", scheme, instance_address(in, actor));
    buf_char(&url, '\0');
    environment_set(e, name, url.at);
    buf_free(&url);
}

/* `client.environment` and `client.without_proxy`: they have the last word. */
static void set_as_written(struct environment *e, const struct instance *in)
{
    const struct client_keys *k = &instance_scenario(in)->client.keys;
    struct buf past = { 0 };
    for (size_t i = 0; i < k->without_proxy_count; i++) {
        buf_string(&past, i ? "," : "");
        text_expand(&k->without_proxy[i], instance_scope(in), &past);
    }
    if (past.len > 0) {
        buf_char(&past, '\0');
        for (size_t i = 0; i < sizeof(past_names) / sizeof(past_names[0]); i++)
            environment_set(e, past_names[i], past.at);
    }
    buf_free(&past);
    for (size_t i = 0; i < k->environment_count; i++) {
        char *name = text_of(in, &k->environment[i].name);
        char *value = text_of(in, &k->environment[i].text);
        environment_set(e, name, value);
        free(name);
        free(value);
    }
}

void play_environment_fill(struct environment *e, const struct instance *in, const char *ca_file,
                           const char *ready)
{
    const struct scenario *s = instance_scenario(in);
    char *proxy = play_environment_proxy(in);
    environment_copy(e, environ);
    for (size_t i = 0; i < sizeof(proxy_names) / sizeof(proxy_names[0]); i++)
        environment_set(e, proxy_names[i], proxy);
    for (size_t i = 0; i < sizeof(past_names) / sizeof(past_names[0]); i++)
        environment_set(e, past_names[i], NULL);
    environment_set(e, "NODE_USE_ENV_PROXY", "1");
    for (size_t i = 0; play_environment_ca_names[i]; i++)
        environment_set(e, play_environment_ca_names[i], ca_file);
    set_address(e, "FAKEPROXY_PROXY", s->actors[SCENARIO_PROXY].tls.on ? "https" : "http", in,
                SCENARIO_PROXY);
    set_address(e, "FAKEPROXY_ORIGIN", "http", in, SCENARIO_ORIGIN);
    set_address(e, "FAKEPROXY_ORIGIN_TLS", "https", in, SCENARIO_ORIGIN);
    environment_set(e, "FAKEPROXY_READY", ready);
    set_as_written(e, in);
    free(proxy);
}
