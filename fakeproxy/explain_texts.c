/*
 * The texts of `fakeproxy explain`, one table. The layers: 4xx is a decision about this request (by
 * the proxy or by the target), 5xx a failure behind a request that was right, and below HTTP no
 * status ever comes.
 */
#include "explain_texts.h"

const struct explained explain_texts[] = {
    /* ---- 4xx --------------------------------------------------------------------------------- */
    { .names = "407 proxy-authentication proxy-authorization",
      .phrases = "proxy authentication required|proxy-authorization|proxyauthentication|"
                 "err_proxy_auth*|proxy auth|cache access denied",
      .title = "407 Proxy Authentication Required",
      .layer = "client: the proxy refuses, the target has seen nothing of the request",
      .means = "The proxy wants to know who asks. 407 is the proxy's twin of the target's 401. Its "
               "Proxy-Authenticate says which scheme it takes, and the client is to repeat the "
               "request with Proxy-Authorization.",
      .to_do = "Check user and password, and put them into the proxy's URL, "
               "http://USER:PASSWORD@PROXY:PORT (most clients make the field of it), or send "
               "Proxy-Authorization yourself: both are worth the same.\n"
               "Percent-encode special characters there: @ %40, : %3A, / %2F, ? %3F, # %23, % "
               "%25.\n"
               "Look for the usual mistakes: credentials in the target's URL instead of the "
               "proxy's; Authorization instead of Proxy-Authorization; the field on plain requests "
               "but not on CONNECT; the field lost after a redirect.\n"
               "Isolate it with one explicit request: curl -v --proxy http://PROXY:PORT "
               "--proxy-user USER:PASSWORD http://a.example/\n"
               "Play one of the scenarios below against your client: the end of the play says "
               "which of the mistakes it makes.",
      .not_to_do = "Do not repeat it unchanged: a 407 never fixes itself, and repeating may lock "
                   "the account.\n"
                   "Do not change the exit address: the account is asked for, not the address.",
      .scenarios = "auth/no-creds-reported auth/basic-after-challenge auth/*no-blind-retry "
                   "auth/creds-on-target-url auth/authorization-instead auth/url-creds* "
                   "tunnel/407-error-text auth/* creds/* digest/*",
      .see = "tunnel 401" },
    { .names = "401",
      .phrases = "401 unauthorized|unauthorized",
      .title = "401 Unauthorized",
      .layer = "client: the target refuses; the proxy let the request pass",
      .means = "The target, not the proxy, wants credentials: WWW-Authenticate says which. They "
               "travel in Authorization, which is no business of the proxy's.",
      .to_do = "Give the target's credentials as the target's: they are others than the proxy's.",
      .not_to_do = "Do not send the proxy's password: the target would get to know it.",
      .scenarios = "auth/401-and-407* creds/proxy-creds-not-for-401 auth/*",
      .see = "407" },
    { .names = "403 blocked",
      .phrases = "forbidden|access denied|blocked by",
      .title = "403 Forbidden",
      .layer = "client: a rule of the target's (or of the proxy's, if it answers a CONNECT)",
      .means = "The target has understood the request and refuses it: a block. It is a wall, where "
               "429 is a speed limit. If 403s come in clusters on one exit address, its address or "
               "the client's fingerprint is the reason.",
      .to_do = "Change the identity: a cleaner exit address, other headers, another TLS "
               "fingerprint, a new session without old cookies.\n"
               "As the answer to a CONNECT it is the proxy's own rule: look whether this target or "
               "port is allowed at all.",
      .not_to_do = "Do not back off and retry: the same request from the same address is refused "
                   "again.\n"
                   "Do not authenticate again: it is not about who you are.",
      .scenarios = "rotation/403-rotates tunnel/403-not-retried block/*",
      .see = "429 rotation" },
    { .names = "404 410",
      .phrases = "404 not found|not found",
      .title = "404 Not Found",
      .layer = "client: the target's decision about this request",
      .means = "The target does not have it. Through a proxy it may also be a disguised block.",
      .to_do = "Ask for it directly: the same answer there means that the URL is wrong.",
      .not_to_do = "Do not retry it unchanged.",
      .scenarios = "routing/diagnose-proxy-vs-target",
      .see = "4xx" },
    { .names = "408 request-timeout",
      .phrases = "408 request timeout|request timeout|request time-out",
      .title = "408 Request Timeout",
      .layer = "transport: a connection that was too quiet for the other side",
      .means = "The server, or the proxy, ended the connection because no whole request came in "
               "time. Often it stands unasked on an idle connection of the pool, and the next "
               "request takes it for its answer.",
      .to_do = "Repeat the request on a fresh connection.\n"
               "Keep idle connections for a shorter time than the other side does, and do not read "
               "as an answer what came before the request.",
      .not_to_do = "Do not reuse the connection.",
      .scenarios = "transport/unsolicited-408-on-idle gateway/408*",
      .see = "econnreset" },
    { .names = "429 rate-limit too-many-requests",
      .phrases = "too many requests|rate limit|ratelimit|throttl",
      .title = "429 Too Many Requests",
      .layer = "client: a rate limit, of the target's or of the proxy's",
      .means = "The request was acceptable, but there were too many of them within the window. It "
               "passes: 403 is a wall, 429 a speed limit.",
      .to_do = "Slow down, and wait as long as Retry-After says: seconds or a date. To retry "
               "exactly then is the fastest that is safe.\n"
               "Without Retry-After: back off, doubling the pause, with some chance in it (never "
               "below what was asked for).\n"
               "Let parallel requests wait together: one that goes on breaks the limit for all.\n"
               "Change the exit address only if the limit counts addresses; a limit that counts "
               "accounts moves along.",
      .not_to_do = "Do not retry at once, and do not come a moment too early.",
      .scenarios = "retry-after/delta-1 retry-after/http-date-imf retry-after/garbage "
                   "retry-after/parallel-shared-cooldown rotation/429* retry-after/*",
      .see = "retry-after 403" },
    { .names = "4xx",
      .phrases = "client error",
      .title = "4xx: a decision about this request",
      .layer = "client: what was asked for, by whom, how often; 407 and some 403 are the proxy's",
      .means = "Everything below 500 is an answer: somebody read the request and decided. An "
               "unknown 4xx is treated like 400.",
      .to_do = "First look whether the proxy asks for credentials (407), then whether the target "
               "blocks (403) or throttles (429).\n"
               "Look who answers: the proxy, if it is the answer to a CONNECT; else compare with "
               "the same request without the proxy.",
      .not_to_do = "Do not retry it unchanged: only 408 and 429 get better by waiting.",
      .scenarios = "routing/diagnose-proxy-vs-target gateway/421-via-tunnel "
                   "transport/early-413-then-close",
      .see = "407 403 429" },
    /* ---- 5xx --------------------------------------------------------------------------------- */
    { .names = "500",
      .phrases = "internal server error",
      .title = "500 Internal Server Error",
      .layer = "gateway: a server behind the proxy, mostly the target itself",
      .means =
          "The target failed. A proxy passes a target's own error on as it is: a 500 is rarely "
          "the proxy's.",
      .to_do = "Ask directly: if it is the same there, the target is broken.\n"
               "Retry with back-off what may be repeated.",
      .not_to_do = "Do not change the exit address for it.",
      .scenarios = "gateway/origin-error-passed-through gateway/*",
      .see = "5xx proxy-or-target" },
    { .names = "502 bad-gateway",
      .phrases = "bad gateway",
      .title = "502 Bad Gateway",
      .layer = "gateway: the proxy got nothing it could use from the next hop",
      .means = "The request was fine. The proxy asked on, and got an invalid answer, or a broken "
               "connection. Usually it passes; if it stays, a hop on the way is broken.",
      .to_do = "Back off and retry, a few times, with growing pauses.\n"
               "If it persists: try the same request without the proxy. Works directly: the proxy "
               "hop, or this exit. Fails both ways: the target.\n"
               "Only if one exit keeps producing it, change the exit.",
      .not_to_do = "Do not retry without pauses, nor for ever.",
      .scenarios = "gateway/502-persistent gateway/502-then-200 tunnel/502-504-status-exposed "
                   "gateway/proxy-status-detail routing/diagnose-proxy-vs-target",
      .see = "503 504 proxy-or-target" },
    { .names = "503 service-unavailable",
      .phrases = "service unavailable|service temporarily unavailable",
      .title = "503 Service Unavailable",
      .layer = "gateway: overload or maintenance, for everyone",
      .means =
          "The server, or the proxy, can't take it at the moment. It often says in Retry-After "
          "when it can.",
      .to_do = "Wait as long as Retry-After says, then retry; without it, back off with growing "
               "pauses.",
      .not_to_do = "Do not change the exit address first: it is the same for everyone.",
      .scenarios = "retry-after/on-503 retry-after/on-503-date tunnel/503-retry-after gateway/503*",
      .see = "retry-after 502" },
    { .names = "504 gateway-timeout",
      .phrases = "gateway timeout|gateway time-out",
      .title = "504 Gateway Timeout",
      .layer = "gateway: the proxy waited for the next hop, and nothing came in time",
      .means = "The proxy reached out, and got no answer within its own limit: the target is slow, "
               "or not reachable from there.",
      .to_do = "First find out how long the target takes, and whether it can be reached directly.\n"
               "Give the client a longer timeout than the gateway has: else it leaves before the "
               "504 comes, and sees a timeout of its own instead.\n"
               "Then retry with back-off.",
      .not_to_do = "Do not lower the client's timeout to fail faster: the reason is lost.",
      .scenarios = "gateway/504-then-200 slow/first-byte-timeout tunnel/502-504-status-exposed",
      .see = "timeout 502" },
    { .names = "5xx",
      .phrases = "server error",
      .title = "5xx: the request was right, and something behind failed",
      .layer = "gateway: the proxy, the target, or a hop between them; the code says which",
      .means = "Usually it passes. 502 and 504 are said by the proxy about the next hop, 503 by "
               "whoever is overloaded, and 500 by the target. An unknown 5xx is treated like 500.",
      .to_do = "Back off and retry what may be repeated; honour Retry-After.\n"
               "Compare with the same request without the proxy.\n"
               "Change the exit only if one of them keeps producing it: if the target is down, no "
               "rotation helps.",
      .not_to_do = "Do not let several layers retry each other's retries: the attempts multiply.",
      .scenarios = "gateway/502-persistent gateway/unknown-5xx gateway/* "
                   "routing/diagnose-proxy-vs-target",
      .see = "502 503 504 proxy-or-target" },
    { .names = "400 bad-request",
      .phrases = "bad request",
      .title = "400 Bad Request",
      .layer = "client: the request was not understood",
      .means =
          "What came was no request for a proxy: a path instead of a whole URL, TLS instead of "
          "HTTP, a URL with user:password@ in it, or broken HTTP.",
      .to_do = "Look whether the address is configured as a proxy, not asked like a target.\n"
               "Look whether the proxy's URL says http:// where the proxy speaks plain HTTP.",
      .not_to_do = "Do not retry it unchanged.",
      .scenarios = "routing/absolute-form https-proxy/* framing/te-overrides-cl",
      .see = "4xx wrong-version-number" },
    { .names = "3xx redirect 301 302 303 307 308",
      .phrases = "too many redirects|redirect",
      .title = "3xx: go elsewhere",
      .layer = "client: the target's wish, unless it answers a CONNECT",
      .means = "Through a redirect a client keeps its proxy, and so the proxy's credentials, which "
               "go to every request; those of the target do not go to another host. The answer to "
               "a CONNECT is not the target's, and is never followed.",
      .to_do = "Configure the proxy's credentials at the proxy, not as a field of one request: it "
               "would be lost, or shown to the target.",
      .not_to_do = "Do not follow the Location of an answer to CONNECT.",
      .scenarios = "tunnel/3xx-not-followed creds/redirect*",
      .see = "407 tunnel" },
    /* ---- below HTTP -------------------------------------------------------------------------- */
    { .names = "tunnel connect tunnel-connection-failed err_tunnel_connection_failed",
      .phrases = "tunnel connection failed|connect tunnel failed|from proxy after connect|"
                 "proxy connect aborted|proxy tunneling failed|tunneling socket could not|"
                 "unable to tunnel through proxy|when http tunneling|proxy tunnel request|"
                 "err_tunnel_connection_failed|tunnel failed|proxyconnect|proxy response (*) !==",
      .title = "Tunnel connection failed: the proxy did not grant the CONNECT",
      .layer = "the status inside the message tells: 407 client, 403 a rule, 502 to 504 gateway, "
               "none transport",
      .means =
          "For https the client asks the proxy with CONNECT for a tunnel. Only a 2xx opens it; "
          "after that the proxy copies octets blindly. If the target can't be reached, or you "
          "are not authenticated, the proxy answers with an error instead, and it never comes "
          "from the target.",
      .to_do = "Read the status in the message, and explain that: 407 means credentials, 403 that "
               "the proxy blocks this target or port, 502 to 504 that it could not reach it.\n"
               "No status at all (\"aborted\", \"reset\"): the connection broke; retry on a fresh "
               "one.\n"
               "Check the credentials, then whether the target can be reached, then whether a "
               "sticky session's exit is gone.",
      .not_to_do = "Do not take the proxy's answer for the target's, and do not send anything of "
                   "the request in clear text instead.",
      .scenarios = "tunnel/502-504-status-exposed tunnel/407-error-text tunnel/403-not-retried "
                   "tunnel/rst-before-response tunnel/fin-before-response tunnel/garbage-response "
                   "tunnel/*",
      .see = "407 502 econnreset" },
    { .names = "ECONNRESET reset err_connection_reset",
      .phrases = "econnreset|connection reset|connectionreseterror|errno 104|forcibly closed|"
                 "recv failure|send failure|err_connection_reset|connection was reset",
      .title = "ECONNRESET: connection reset by peer",
      .layer = "transport: below HTTP, no status ever comes",
      .means =
          "The other side sent RST: the connection is gone at once. Frequent reasons: a pooled "
          "connection that the proxy dropped while it was idle, which shows on the next "
          "write; a timeout on the server's side; a break in the middle of a transfer.",
      .to_do = "Retry on a fresh connection, once at once for a pooled one, then with back-off: "
               "only what may be repeated (GET, not POST), unless nothing was sent.\n"
               "If it happens again and again, keep idle connections for a shorter time.",
      .not_to_do = "Do not use another old connection of the pool for the retry: all may be dead.\n"
                   "Do not take a body that was cut for a whole one.",
      .scenarios =
          "transport/idle-reset transport/stale-pool-several transport/rst-mid-body-length "
          "tunnel/rst-before-response transport/reuse-race-get transport/*rst* "
          "transport/*reset*",
      .see = "socket-hang-up epipe" },
    { .names = "socket-hang-up empty-reply und_err_socket err_empty_response",
      .phrases = "socket hang up|empty reply|other side closed|remote end closed|"
                 "remotedisconnected|connection aborted|unexpected end of file|server disconnected|"
                 "und_err_socket|err_empty_response|closed without response|"
                 "connection closed before|err_connection_closed",
      .title = "Socket hang up: the connection ended before an answer",
      .layer = "transport: below HTTP, no status ever comes",
      .means = "The other side sent FIN where an answer should have begun: an idle connection that "
               "was closed, a proxy that accepts and drops, a CONNECT that was not answered.",
      .to_do = "Retry on a fresh connection what may be repeated, with back-off.\n"
               "If it is always so: look whether the proxy wants TLS, or another port.",
      .not_to_do = "Do not take it for an empty answer.",
      .scenarios = "transport/empty-reply transport/idle-fin-then-get tunnel/fin-before-response "
                   "transport/accept-then-close",
      .see = "econnreset" },
    { .names = "EPIPE",
      .phrases = "epipe|broken pipe|errno 32",
      .title = "EPIPE: written into a connection that has ended",
      .layer = "transport: below HTTP",
      .means = "The other side had ended the connection before the write. While uploading, its "
               "answer (413, 407) may lie unread in front of it.",
      .to_do = "Read what has come before giving up; then retry on a fresh connection.",
      .not_to_do = "Do not throw the early answer away.",
      .scenarios = "transport/early-413-then-close transport/idle-fin-then-get "
                   "auth/407-while-uploading",
      .see = "econnreset" },
    { .names = "ECONNREFUSED refused err_proxy_connection_failed",
      .phrases = "econnrefused|connection refused|errno 111|couldn't connect|could not connect|"
                 "failed to connect|err_proxy_connection_failed|cannot connect to proxy|"
                 "unable to connect to proxy|actively refused",
      .title = "ECONNREFUSED: nobody listens there",
      .layer = "transport: the proxy itself is not reached",
      .means = "At the proxy's address and port nothing accepts connections: it is down, or the "
               "port is another one. The target has nothing to do with it: a proxy that can't "
               "reach the target answers 502 instead.",
      .to_do = "Check host and port of the proxy; go on with another proxy of the pool, and leave "
               "this one alone for a while.",
      .not_to_do = "Do not fall back to a direct connection: it shows your own address.",
      .scenarios = "routing/proxy-refused-class routing/proxy-refused-retry "
                   "rotation/dead-proxy-cooldown routing/no-direct*",
      .see = "proxy-or-target" },
    { .names = "timeout ETIMEDOUT ESOCKETTIMEDOUT",
      .phrases = "etimedout|timed out|timeouterror|deadline exceeded|readtimeout|connecttimeout|"
                 "und_err_headers_timeout|und_err_body_timeout|und_err_connect_timeout|errno 110|"
                 "timeout",
      .title = "Timeout: the client gave up waiting",
      .layer = "transport, or gateway: look which wait it was",
      .means = "Connecting: the proxy's SYN is not answered, or the CONNECT is not. First octet: "
               "target or proxy are slow. In the middle: the transfer stalled.",
      .to_do = "Find out which timeout it was, and how long the target takes without the proxy.\n"
               "Give the whole request a limit, too: one that only counts silence never ends while "
               "an octet trickles in now and then.\n"
               "Then retry on a fresh connection what may be repeated.",
      .not_to_do = "Do not set it below the gateway's: its 504 would tell more.",
      .scenarios = "slow/first-byte-timeout transport/stall-mid-body tunnel/stall-no-response "
                   "transport/syn-blackhole slow/*",
      .see = "504 408" },
    { .names = "certificate CERTIFICATE_VERIFY_FAILED tls-verify",
      .phrases = "certificate verify failed|certificate_verify_failed|certificate problem|x509|"
                 "self signed certificate|self-signed certificate|unknown authority|"
                 "unable to verify|unable_to_verify|unable to get local issuer|pkix path|"
                 "self_signed_cert|altname|certificate signed by|cert_authority_invalid|"
                 "hostname mismatch|sslcertverification|not trusted",
      .title = "Certificate verify failed",
      .layer = "client, or whoever sits in between: TLS ended before HTTP began",
      .means = "The certificate was not issued by an authority that the client trusts, or not for "
               "this name, or it is too old. A proxy that opens TLS (interception) shows its own "
               "certificate. With fakeproxy: its authority is a new one at each start.",
      .to_do = "Give the client the right authority: fakeproxy --ca-file FILE, then curl --cacert, "
               "SSL_CERT_FILE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS.\n"
               "Look whose name the certificate has: the target's, or the proxy's.",
      .not_to_do = "Do not turn verification off, and do not retry without it.",
      .scenarios = "tls/self-signed tls/wrong-host https-proxy/untrusted-cert "
                   "https-proxy/cert-for-target-name tls/proxy-mitm tls/ip-target",
      .see = "wrong-version-number" },
    { .names = "wrong-version-number EPROTO",
      .phrases = "wrong version number|first record does not look|http response to https|"
                 "wrong_version_number|eproto|record layer failure|packet length too long|"
                 "unsupported or unrecognized ssl|ssl_error_rx|not a tls",
      .title = "Wrong version number: TLS met something else",
      .layer = "client: two different protocols on one connection",
      .means = "The client began TLS with something that speaks plain HTTP: mostly the proxy's URL "
               "says https:// where it should say http://. Or it began TLS although the proxy had "
               "refused the CONNECT.",
      .to_do = "Write http:// in the proxy's URL, also in HTTPS_PROXY: that variable says which "
               "targets go through the proxy, not how to talk to it.\n"
               "Look at the answer to the CONNECT.",
      .not_to_do = "Do not lower the TLS version: it is not about versions.",
      .scenarios = "tls/plaintext-after-200 tunnel/no-plaintext-downgrade",
      .see = "tunnel 400" },
    { .names = "incomplete short-body IncompleteRead",
      .phrases = "incompleteread|incomplete read|transfer closed|unexpected eof|premature|"
                 "bytes remaining|terminated|chunkedencodingerror|content-length mismatch|"
                 "err_content_length_mismatch|err_incomplete_chunked|invalidchunk",
      .title = "Incomplete body: the connection ended in the middle",
      .layer = "transport: a status came, but not all of what was promised",
      .means =
          "Content-Length, the last chunk or the close_notify of TLS say when a body is whole. "
          "It was not. Some clients do not notice, and give the part as the whole.",
      .to_do = "Retry on a fresh connection what may be repeated, or go on with Range if an ETag "
               "says that it is still the same.\n"
               "Make sure that your client notices: compare the length.",
      .not_to_do = "Do not use the part, and do not join two answers without If-Range.",
      .scenarios = "transport/fin-mid-body-length transport/rst-mid-body-length "
                   "transport/fin-between-chunks tls/no-close-notify-length-short "
                   "framing/gzip-truncated transport/no-splice-on-retry",
      .see = "econnreset" },
    { .names = "dns ENOTFOUND EAI_AGAIN",
      .phrases = "enotfound|eai_again|could not resolve|getaddrinfo|name or service not known|"
                 "no such host|name resolution|unable to resolve|nodename nor servname",
      .title = "Name not resolved",
      .layer = "client: before any connection",
      .means = "Through a proxy the client looks up the proxy's name only; the proxy looks up the "
               "target's. If the target's name is the one that fails, the client does not use the "
               "proxy. If part of your password stands in the name, a character in the proxy's URL "
               "is not percent-encoded.",
      .to_do = "Look which name it is.\n"
               "Percent-encode @ : / ? # % in the user and password of the proxy's URL.",
      .not_to_do = "Do not add the target to /etc/hosts: then it goes past the proxy.",
      .scenarios = "auth/url-creds-raw-at routing/no-local-dns routing/*",
      .see = "proxy-url proxy-or-target" },
    { .names = "proxy-url",
      .phrases = "unsupported proxy syntax|error parsing proxy url|bad port number|invalid port|"
                 "failed to parse: http|proxy url|invalid proxy|port number was not|"
                 "net/url: invalid userinfo|invalid url escape",
      .title = "The proxy's URL is not understood",
      .layer = "client: before any connection",
      .means = "The proxy's URL is http://USER:PASSWORD@HOST:PORT. A raw @ / ? # in the password "
               "ends the part that it stands in: the rest is taken for a host, a port or a path.",
      .to_do = "Percent-encode it: @ %40, : %3A, / %2F, ? %3F, # %23, % %25, space %20.\n"
               "Or give user and password apart from the URL (curl --proxy-user).\n"
               "Quote the URL in the shell.",
      .not_to_do = "Do not encode what is given outside of a URL: it is taken as it stands.",
      .scenarios = "auth/url-creds-raw* auth/url-creds* auth/option-creds-not-decoded auth/*",
      .see = "407 dns" },
    { .names = "malformed bad-status-line",
      .phrases = "badstatusline|malformed http|does not match the http|parse error|"
                 "invalid http|bad status line|weird server reply|received http/0.9",
      .title = "Malformed answer: octets that are no HTTP",
      .layer = "transport: something answers, and it is no HTTP",
      .means = "The proxy, or something in its place, sent what is no status line: another "
               "protocol on that port, or the rest of an earlier answer on a reused connection.",
      .to_do = "Check the port and the scheme of the proxy's URL; then retry on a fresh "
               "connection.",
      .not_to_do = "Do not guess a status from it, and do not reuse the connection.",
      .scenarios = "tunnel/garbage-response transport/extra-response-after-body "
                   "framing/te-overrides-cl",
      .see = "wrong-version-number" },
    /* ---- how to ------------------------------------------------------------------------------ */
    { .names = "retry-after backoff back-off",
      .phrases = "retry-after|back off|backoff",
      .title = "Retry-After and back-off",
      .layer = "client: how it waits",
      .means = "Retry-After says how long to wait, most often with 429 and 503. It has two forms: "
               "seconds (Retry-After: 120), or a date in GMT (Retry-After: Fri, 31 Dec 1999 "
               "23:59:59 GMT).",
      .to_do = "Read both forms; wait at least that long, and retry then.\n"
               "Only where it is missing, or no such value: exponential back-off with jitter.\n"
               "Where the wait is longer than you can bear, give up and say so.",
      .not_to_do = "Do not cut the wait at a limit of your own, and do not let jitter make it "
                   "shorter.",
      .scenarios = "retry-after/delta-1 retry-after/http-date-imf retry-after/http-date-rfc850 "
                   "retry-after/garbage retry-after/jitter-never-early retry-after/*",
      .see = "429 503" },
    { .names = "proxy-or-target layers diagnose",
      .phrases = "proxy or target|proxyerror",
      .title = "Is it the proxy or the target?",
      .layer = "that is the question: client (4xx), gateway (5xx), transport (no status)",
      .means = "Find the layer first: it decides the fix. 407 is the proxy's, 403 and 429 are "
               "decisions about the request, 5xx come from a hop behind, and a thrown error "
               "without a status is below HTTP.",
      .to_do = "Make the same request without the proxy. Fails through the proxy and works "
               "directly: the proxy hop. Fails both ways: the target.\n"
               "fakeproxy prints the origin's own address: ask it directly, and the end of the "
               "play says what the comparison shows.",
      .not_to_do = "Do not answer every failure with retry, retry, retry: it wastes the pool.",
      .scenarios = "routing/diagnose-proxy-vs-target tunnel/502-504-status-exposed "
                   "gateway/origin-error-passed-through",
      .see = "4xx 5xx econnreset" },
    { .names = "rotation sticky session exit",
      .phrases = "sticky session|exit ip|ip rotation",
      .title = "Rotating exits, or keeping one",
      .layer = "client: which address the target sees",
      .means = "A 403, and a 429 that counts addresses, are about the exit's reputation: another "
               "exit helps. A login, or anything of several steps, breaks when the address "
               "changes in between: it wants a sticky session.",
      .to_do = "Match the two to the error: rotate for 403 and per-address 429; stay for a login.\n"
               "A new session means: a new connection or tunnel, and none of the old cookies.",
      .not_to_do =
          "Do not rotate for 407 (credentials), for 503 (everyone's) or when the target is "
          "down.",
      .scenarios = "rotation/403-rotates rotation/*",
      .see = "403 429" },
};

const unsigned explain_text_count = sizeof(explain_texts) / sizeof(explain_texts[0]);
