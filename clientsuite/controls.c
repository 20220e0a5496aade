/*
 * The controls, as scenarios. They are written with ' for ", to be readable in C. What is asked of
 * an answer is played by the origin: at the proxy the rule would take the CONNECT of a client that
 * opens a tunnel for http targets too.
 */
#include "controls.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

struct control {
    const char *capability;
    const char *says;
    const char *parts; /* actors and client */
    const char *kind;  /* of the one check */
};

#define ONE_GET    "'client': { 'steps': [ { 'url': 'http://{origin}/' } ] }"
#define ANSWERED   "'outcome': { 'status': 200, 'body': 'whole' }"
#define GATE(gate) "'proxy': { 'auth': { 'users': { 'u1': 'p1' }, " gate " } }, "
#define WITH_CREDENTIALS                                                                           \
    "'client': { 'credentials': ['u1', 'p1'], 'steps': [ { 'url': 'http://{origin}/' } ] }"

static const struct control controls[] = {
    { "absolute-form", "sends a plain request in absolute-form", ONE_GET,
      "'count': { 'event': 'request', 'form': 'absolute' }, 'min': 1" },
    { "https", "gets an answer through a tunnel",
      "'client': { 'steps': [ { 'url': 'https://{origin}/' } ] }", ANSWERED },
    { "https-proxy", "gets an answer through a proxy that speaks TLS",
      "'proxy': { 'tls': {} }, " ONE_GET, ANSWERED },
    { "keep-alive", "makes two requests on one connection",
      "'client': { 'steps': [ { 'url': 'http://{origin}/1' }, { 'url': 'http://{origin}/2' } ] }",
      "'count': { 'event': 'accept' }, 'exactly': 1, " ANSWERED },
    { "retry", "repeats a request that was answered 503",
      "'origin': { 'rules': [ { 'on': 'request', 'times': 1, 'do': [ { 'respond': { 'status': 503 "
      "} "
      "} ] } ] }, 'client': { 'retry': { 'attempts': 3, 'base': '100ms' }, 'steps': [ { 'url': "
      "'http://{origin}/' } ] }",
      ANSWERED },
    { "redirects", "follows a redirect",
      "'client': { 'redirects': true, 'steps': [ { 'url': 'http://{origin}/redirect?to=/there' } ] "
      "}",
      "'count': { 'event': 'request', 'at': 'origin', 'path': '/there' }, 'min': 1, 'outcome': { "
      "'status': 200 }" },
    { "cookies", "sends a cookie back",
      "'origin': { 'rules': [ { 'on': 'request', 'times': 1, 'do': [ { 'respond': { 'headers': "
      "[['Set-Cookie', 'a=b; Path=/']] } } ] } ] }, 'client': { 'cookies': true, 'steps': [ { "
      "'url': 'http://{origin}/1' }, { 'url': 'http://{origin}/2' } ] }",
      "'count': { 'event': 'request', 'at': 'origin', 'header': { 'cookie': '*a=b*' } }, 'min': "
      "1" },
    { "digest", "answers a Digest challenge of the proxy",
      GATE("'scheme': 'digest', 'realm': 'p', 'algorithm': 'MD5', 'qop': 'auth'") WITH_CREDENTIALS,
      ANSWERED },
    { "digest-sha-256", "answers a Digest challenge with SHA-256",
      GATE("'scheme': 'digest', 'realm': 'p', 'algorithm': 'SHA-256', 'qop': 'auth'")
          WITH_CREDENTIALS,
      ANSWERED },
    { "ntlm", "goes through with NTLM", GATE("'scheme': 'ntlm'") WITH_CREDENTIALS, ANSWERED },
    { "origin-credentials", "answers a challenge of the origin",
      "'origin': { 'auth': { 'scheme': 'basic', 'realm': 'o', 'users': { 'u9': 'p9' } } }, "
      "'client': { 'origin_credentials': ['u9', 'p9'], 'steps': [ { 'url': 'http://{origin}/' } ] "
      "}",
      "'outcome': { 'status': 200 }" },
    { "credential-callback", "asks the callback again when the first pair is refused",
      GATE("'scheme': 'basic', 'realm': 'p'") "'client': { 'credentials': [['u1', 'wrong'], ['u1', "
                                              "'p1']], 'credentials_by': 'callback', 'steps': [ { "
                                              "'url': 'http://{origin}/' } ] }",
      ANSWERED },
    { "deadlines", "gives up at its total limit",
      "'origin': { 'rules': [ { 'on': 'request', 'fault': true, 'do': ['stall'] } ] }, 'client': { "
      "'deadlines': { 'total': '1s' }, 'steps': [ { 'url': 'http://{origin}/' } ] }",
      "'outcome': { 'ends': 'error', 'took': { 'max': '2.5s' } }" },
    { "read-deadline", "gives up when nothing comes for its read limit",
      "'origin': { 'rules': [ { 'on': 'request', 'fault': true, 'do': [ { 'respond': { 'body': { "
      "'size': 1000 }, 'cut': { 'after_body_bytes': 500, 'with': 'stall' } } } ] } ] }, 'client': "
      "{ 'deadlines': { 'read': '1s', 'total': '8s' }, 'steps': [ { 'url': 'http://{origin}/' } ] "
      "}",
      "'outcome': { 'ends': 'error', 'took': { 'max': '4s' } }" },
    { "total-deadline", "gives up at its total limit while octets still come",
      "'origin': { 'rules': [ { 'on': 'request', 'fault': 'send', 'do': [ { 'send': 'HTTP/1.1 200 "
      "OK\\r\\nContent-Length: 1000\\r\\n\\r\\n' }, { 'send': { 'octets': 'x', 'times': 'forever', "
      "'pace': { 'bytes': 1, 'every': '100ms' } } } ] } ] }, 'client': { 'deadlines': { 'read': "
      "'1s', 'total': '2s' }, 'steps': [ { 'url': 'http://{origin}/' } ] }",
      "'outcome': { 'ends': 'error', 'took': { 'max': '4s' } }" },
    { "streaming", "sends a body that can be produced only once",
      "'client': { 'steps': [ { 'method': 'POST', 'url': 'http://{origin}/', 'body': { 'size': "
      "100000, 'stream': true } } ] }",
      "'count': { 'event': 'body', 'at': 'origin', 'bytes': 100000 }, 'min': 1" },
    { "expect-continue", "asks for 100 (Continue)",
      "'client': { 'steps': [ { 'method': 'POST', 'url': 'http://{origin}/', 'body': { 'size': "
      "100000 }, 'expect_continue': true } ] }",
      "'count': { 'event': 'request', 'at': ['proxy', 'origin'], 'header': { 'expect': "
      "['100-continue', '100-Continue'] } }, 'min': 1" },
    { "parallel", "has three requests out at once",
      "'origin': { 'rules': [ { 'name': 'all', 'on': 'request', 'do': [ { 'wait': { 'event': "
      "'request', 'at': 'origin', 'rule': 'all', 'nth': 3 } }, { 'respond': {} } ] } ] }, "
      "'client': { 'steps': [ { "
      "'url': 'http://{origin}/{n}', 'copies': 3 } ] }",
      "'outcome': { 'status': 200 }" },
    { "cancel", "ends a request that is cancelled",
      "'origin': { 'rules': [ { 'on': 'request', 'fault': true, 'do': ['stall'] } ] }, 'client': { "
      "'steps': [ { 'url': 'http://{origin}/', 'cancel': { 'event': 'request', 'at': 'origin', "
      "'plus': '100ms' } } "
      "] }",
      "'outcome': { 'ends': 'error', 'took': { 'max': '5s' } }" },
    { "switch-proxy", "uses another proxy from the second request on",
      "'proxies': { 'b': {} }, 'client': { 'steps': [ { 'url': 'http://{origin}/1' }, { 'url': "
      "'http://{origin}/2', 'change': { 'proxy': 'b' } } ] }",
      "'count': { 'event': 'request', 'at': 'b' }, 'min': 1, " ANSWERED },
    { "environment", "takes its proxy from the environment",
      "'client': { 'proxy': null, 'environment': { 'http_proxy': 'http://{proxy.addr}', "
      "'HTTP_PROXY': 'http://{proxy.addr}' }, 'steps': [ { 'url': 'http://{origin}/' } ] }",
      "'count': { 'event': 'request' }, 'min': 1" },
    { "proxy-pool", "gets an answer through one of two proxies",
      "'proxies': { 'b': {} }, 'client': { 'pool': ['proxy', 'b'], 'steps': [ { 'url': "
      "'http://{origin}/' } ] }",
      ANSWERED },
    { "rotation", "takes another proxy when one is blocked",
      "'proxy': { 'rules': [ { 'on': 'request', 'when': { 'state': 'start' }, 'do': [ { 'set': 'x' "
      "}, { 'respond': { 'status': 403 } } ] } ] }, 'proxies': { 'b': { 'rules': [ { 'on': "
      "'request', 'when': { 'state': 'start' }, 'do': [ { 'set': 'x' }, { 'respond': { 'status': "
      "403 } } ] } ] } }, 'client': { 'pool': ['proxy', 'b'], 'rotate': 'on-block', 'steps': [ { "
      "'url': 'http://{origin}/' } ] }",
      ANSWERED },
    { "retry-cap", "waits no longer than its cap between two tries",
      "'origin': { 'rules': [ { 'on': 'request', 'times': 3, 'do': [ { 'respond': { 'status': 503 "
      "} } ] } ] }, 'client': { 'retry': { 'attempts': 4, 'base': '500ms', 'cap': '500ms' }, "
      "'steps': [ { 'url': 'http://{origin}/' } ] }",
      "'gap': { 'of': { 'event': 'request', 'at': 'origin' } }, 'max': '1.5s', " ANSWERED },
    { "cache", "answers from its cache",
      "'origin': { 'rules': [ { 'on': 'request', 'do': [ { 'respond': { 'headers': "
      "[['Cache-Control', 'max-age=60']] } } ] } ] }, 'client': { 'cache': true, 'steps': [ { "
      "'url': 'http://{origin}/' }, { 'url': 'http://{origin}/' } ] }",
      "'count': { 'event': 'request', 'at': 'origin' }, 'exactly': 1, 'outcome': { 'status': 200 "
      "}" },
    { "host-map", "finds the proxy at the address it is given for its name",
      "'client': { 'proxy': { 'url': 'http://gateway.invalid:{proxy.port}' }, 'hosts': { "
      "'gateway.invalid': ['127.0.0.1'] }, 'steps': [ { 'url': 'http://{origin}/' } ] }",
      ANSWERED },
    { "resume", "asks for the rest of a body that was cut",
      "'origin': { 'rules': [ { 'on': 'request', 'times': 1, 'fault': true, 'do': [ { 'forward': { "
      "'cut': { 'after_body_bytes': 500000, 'with': 'close' } } } ] } ] }, 'client': { 'retry': { "
      "'attempts': 3, 'base': '100ms' }, 'steps': [ { 'url': 'http://{origin}/bytes/1000000', "
      "'read': 'stream' } ] }",
      "'count': { 'event': 'request', 'at': 'origin', 'header': { 'range': true } }, 'min': 1" },
    { "early-data", "sends a request in early data",
      "'origin': { 'tls': { 'tickets': 2, 'early_data': true } }, 'client': { 'steps': [ { 'url': "
      "'https://{origin}/1', 'headers': [['Connection', 'close']] }, { 'url': "
      "'https://{origin}/2', 'headers': [['Connection', 'close']] } ] }",
      "'count': { 'event': 'hello', 'at': 'origin', 'early_data': true }, 'min': 1" },
    { "raw-tunnel", "opens a tunnel to any port",
      "'client': { 'steps': [ { 'raw': { 'connect': '{origin}:22' } } ] }",
      "'count': { 'event': 'request', 'method': 'CONNECT', 'target': '*:22' }, 'min': 1" },
    { CONTROL_BYPASS, "is seen when it goes past the proxy, as it is told to",
      "'client': { 'proxy': null, 'steps': [ { 'url': 'http://{origin.addr}/' } ] }",
      "'count': { 'event': 'request', 'at': 'origin', 'via': 'direct' }, 'min': 1, 'outcome': { "
      "'status': 200 }" },
};
enum { CONTROLS = sizeof(controls) / sizeof(controls[0]) };

static char *text_of(const struct control *c)
{
    struct buf b = { 0 };
    bool is_house = strcmp(c->capability, CONTROL_BYPASS) == 0; /* no client claims it */
    buf_printf(&b,
               "{ 'fakeproxy': 1, 'id': 'control/%s', 'title': '%s', 'layer': 'client', 'needs': "
               "[%s%s%s], %s, 'expect': { 'control': { 'level': 'must*', 'says': '%s', %s } } }",
               c->capability, c->says, is_house ? "" : "'", is_house ? "" : c->capability,
               is_house ? "" : "'", c->parts, c->says, c->kind);
    buf_char(&b, '\0');
    for (char *at = b.at; *at; at++)
        *at = (char)(*at == '\'' ? '"' : *at);
    return b.at;
}

struct plan *controls_plan(void)
{
    char *texts[CONTROLS + 1] = { NULL };
    struct complaints *complaints = complaints_new();
    for (size_t i = 0; i < CONTROLS; i++)
        texts[i] = text_of(&controls[i]);
    struct plan *p = plan_of((const char *const *)texts, complaints);
    if (!p)
        complaints_print(complaints, stderr);
    assert(p); /* they are part of the program */
    complaints_free(complaints);
    for (size_t i = 0; i < CONTROLS; i++)
        free(texts[i]);
    return p;
}
