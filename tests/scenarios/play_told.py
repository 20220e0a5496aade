"""What clients make of the answers that other dialogues prove octet by octet.

A row: a scenario, its wire as another dialogue plays it, what the client says of its step (or of
each of them), and what is said of the client then.
"""

from time import sleep

import play_answers as answers
import play_transport as transport
import play_tunnel as tunnels
from dialogue import plays

WHOLE = {"status": 200, "body": "whole"}
PART = {"status": 200, "body": "part"}
FOREIGN = {"status": 200, "body": "foreign"}
BROKEN = {"ends": "error", "kind": "incomplete"}
OTHER = {"ends": "error", "kind": "other"}
RESET = {"ends": "error", "kind": "reset"}
LATE = {"ends": "error", "kind": "timeout-total", "took": 20}


def told(scenario, wire, *outcomes, passes="", fails="", misses="", variants=()):
    """Names of checks stand in one text, with blanks between them."""

    def play_it(play):
        for step in range(len(outcomes)):
            play.step(step + 1)
        wire(play)
        play.passes(*passes.split())
        play.misses(*misses.split())
        play.fails(*fails.split())
        for step, outcome in enumerate(outcomes):
            fields = {k: int(play.variant) if v == "variant" else v for k, v in outcome.items()}
            play.outcome(step + 1, **fields)

    play_it.__name__ = wire.__name__ + "_told"
    plays(scenario, *variants)(play_it)


def one_way_or_the_other(scenario, wire, right, wrong, must="", should="", house=""):
    """One outcome decides all of these checks."""
    told(scenario, wire, right, passes=must + " " + should)
    told(scenario, wire, wrong, fails=must + " " + house, misses=should)


SHOWN = {"status": "variant", "body": "whole"}

for row in (
    ("framing/gzip-truncated", answers.half_gzip, BROKEN, PART, "", "not-partial"),
    ("framing/headers-endless", answers.endless_headers, BROKEN, dict(WHOLE, took=20),
     "refused stops"),
    ("gateway/origin-error-passed-through", answers.origin_error, dict(SHOWN, body_of="site"),
     {"status": 502, "body": "whole"}, "passed", "page"),
    ("https-proxy/untrusted-cert", answers.untrusted_proxy,
     {"ends": "error", "kind": "tls-proxy"}, WHOLE, "refused", "names-proxy"),
    ("retry-after/date-server-clock-ahead", answers.clock_ahead, OTHER, LATE, "in-time"),
    ("slow/trickle-body", answers.trickle_body, BROKEN, dict(PART, took=20), "in-time incomplete",
     "", "truth"),
    ("slow/trickle-connect-response", answers.trickle_connect, OTHER, dict(WHOLE, took=20),
     "in-time refused"),
    ("slow/write-timeout", answers.write_timeout, OTHER, dict(WHOLE, took=20), "in-time refused"),
    ("tls/no-close-notify-length-short", tunnels.truncated, BROKEN, PART, "incomplete", "", "truth"),
    ("tls/plaintext-after-200", tunnels.plaintext, {"ends": "error", "kind": "tls-origin"},
     {"status": 502, "body": "foreign"}, "not-delivered", "names-tls"),
    ("transport/close-delimited-fin", transport.close_delimited_fin, WHOLE, BROKEN, "complete"),
    ("transport/close-delimited-rst", transport.close_delimited_rst, BROKEN, PART, "incomplete", "",
     "truth"),
    ("transport/early-413-then-close", transport.early_413, {"status": 413, "body": "whole"}, RESET,
     "", "delivered"),
    ("transport/empty-reply", transport.empty_reply, OTHER, {"status": 200, "body": "empty"},
     "refused"),
    ("transport/fin-between-chunks", transport.fin_between_chunks, BROKEN, PART, "incomplete", "",
     "truth"),
    ("transport/fin-mid-headers", transport.fin_mid_headers, BROKEN, {"status": 200, "body": "empty"},
     "incomplete"),
    ("transport/no-splice-on-retry", transport.no_splice, WHOLE, FOREIGN, "no-splice"),
    ("transport/post-rst-after-delivery", transport.post_rst, RESET, WHOLE, "", "reported"),
    ("transport/rst-mid-body-length", transport.rst_mid_body, BROKEN, PART, "incomplete",
     "names-reset", "truth"),
    ("transport/stall-mid-body", transport.stall_mid_body, dict(BROKEN, took=1.2), PART,
     "incomplete", "in-time", "truth"),
    ("tunnel/1xx-before-2xx", tunnels.interim, WHOLE, OTHER, "used"),
    ("tunnel/2xx-201-204-299", tunnels.unusual_2xx, WHOLE, OTHER, "used"),
    ("tunnel/2xx-content-length-ignored", tunnels.content_length, WHOLE, OTHER, "used"),
    ("tunnel/2xx-dribbled", tunnels.dribbled, WHOLE, OTHER, "used"),
    ("tunnel/2xx-early-server-bytes", tunnels.early_server_bytes, {"status": 200, "bytes": 14},
     {"status": 200, "bytes": 0}, "banner"),
    ("tunnel/502-504-status-exposed", tunnels.gateway_status,
     {"ends": "error", "status": "variant", "kind": "proxy-connect"},
     {"status": 200, "body": "foreign", "body_of": "deny"}, "not-hidden no-success",
     "status-exposed", "truth"),
    ("tunnel/407-error-text", tunnels.credentials_wanted,
     {"ends": "error", "kind": "proxy-auth", "error": "407 from proxy after CONNECT"},
     dict(WHOLE, error="ok"), "not-hidden", "text named"),
    ("tunnel/garbage-response", tunnels.garbage, OTHER, WHOLE, "refused"),
):
    one_way_or_the_other(*row)


told("tunnel/407-error-text", tunnels.credentials_wanted,
     {"ends": "error", "kind": "proxy-auth", "error": "CONNECT was answered with 407: Proxy Authentication Required"},
     passes="text named not-hidden")


# ---- more than one outcome, or another wire ------------------------------------------------------


def interim_read(play, outcome, verdict):
    verdict(play, "delivered" if play.variant == "three" else "many")
    play.step()
    answers.many_interim(play)
    play.outcome(**outcome)


@plays("framing/1xx-many")
def interim_skipped(play):
    interim_read(play, WHOLE, type(play).passes)


@plays("framing/1xx-many", "three")
def interim_final(play):
    interim_read(play, BROKEN, type(play).fails)


@plays("framing/1xx-many", "many")
def interim_too_many(play):
    interim_read(play, BROKEN, type(play).misses)


def status_told(play):
    play.passes("harmless")
    play.step()
    answers.proxy_status(play)
    play.outcome(status=answers.DETAIL[play.variant][0], body="whole")


def status_lost(play):
    play.fails("harmless")
    play.step()
    answers.proxy_status(play)
    play.outcome(**OTHER)


plays("gateway/proxy-status-detail")(status_told)
plays("gateway/proxy-status-detail")(status_lost)


def not_found_twice(play):
    play.misses("not-repeated")
    play.step()
    c = play.dial()
    for _ in 1, 2:
        c.get()
        c.answer(404)
    play.outcome(status=404, body="whole", body_of="site")


plays("gateway/origin-error-passed-through", "404")(not_found_twice)


def repeated(status, rule, pause, *outcome, times=1, **verdicts):
    """GETs on one connection; the first `times` get that status, each other 200."""

    def play_it(play):
        play.passes(*verdicts.get("passes", "").split())
        play.misses(*verdicts.get("misses", "").split())
        play.fails(*verdicts.get("fails", "").split())
        play.step()
        c = play.dial()
        for nth in range(times + 1):
            if nth:
                sleep(pause)
            c.get()
            c.answer(200 if nth == times else status)
        play.completed(rule)
        for o in outcome:
            play.outcome(**o)

    return play_it


for scenario, status, wait in ("retry-after/delta-1", 429, 1), ("retry-after/on-503", 503, 2):
    plays(scenario)(repeated(status, "limit", wait, WHOLE, passes="waits prompt recovers"))
    plays(scenario)(repeated(status, "limit", wait + 2.1, OTHER, passes="waits", misses="prompt recovers"))

# A second is the pause of some clients that know no Retry-After: this case tells.
plays("retry-after/on-503")(repeated(503, "limit", 1, WHOLE, passes="prompt recovers", fails="waits"))

for scenario, status in (
    ("retry-after/http-date-imf", 429),
    ("retry-after/http-date-rfc850", 429),
    ("retry-after/http-date-asctime", 429),
    ("retry-after/on-503-date", 503),
):
    plays(scenario)(repeated(status, "limit", 3, WHOLE, passes="parsed exact prompt"))
    plays(scenario)(repeated(status, "limit", 5.1, WHOLE, passes="parsed exact", misses="prompt"))



def attempts(play, count):
    play.step()
    c = play.dial()
    for _ in range(count):
        c.get()
        c.answer(502)


def three_502(play):
    play.passes("bounded", "not-hidden", "status-exposed", "page")
    attempts(play, 3)
    play.outcome(status=502, body="whole", body_of="error")


def nine_502(play):
    play.fails("bounded")
    play.misses("status-exposed", "page")
    attempts(play, 9)
    play.outcome(**OTHER)


def hidden_502(play):
    play.fails("not-hidden")
    play.misses("status-exposed", "page")
    attempts(play, 1)
    play.outcome(**WHOLE)


plays("gateway/502-persistent")(three_502)
plays("gateway/502-persistent")(nine_502)
plays("gateway/502-persistent")(hidden_502)


def together(play, pause, outcome):
    peers = [play.dial() for _ in range(8)]
    for nth, c in enumerate(peers):
        play.step()
        c.get("/%d" % nth)
    for c in peers:
        c.answer(429)
    sleep(pause)
    for nth, c in enumerate(peers):
        c.get("/%d" % nth)
        c.answer(200)
        play.outcome(**outcome)


def together_on_time(play):
    play.passes("nobody-early", "recovers")
    together(play, 1, WHOLE)


def together_in_vain(play):
    play.passes("nobody-early")
    play.misses("recovers")
    together(play, 1, OTHER)


plays("retry-after/jitter-never-early")(together_on_time)
plays("retry-after/jitter-never-early")(together_in_vain)


def cooled_down(play):
    """Four within a second: whoever is refused waits as long as it is told."""
    play.passes("nobody-early", "recovers")
    peers = [play.dial() for _ in range(5)]
    for nth, c in enumerate(peers):
        play.step(1 if nth < 4 else "late")
        c.get("/%d" % nth)
    refused = []
    for c in peers:
        head = c.head()
        c.need(int(head.get("Content-Length")))
        refused += [c] if head.status == 429 else []
    sleep(1.1)
    for c in refused:
        c.get("/%d" % peers.index(c))
        c.answer(200)
    for nth in range(5):
        play.outcome(1 if nth < 4 else "late", **WHOLE)


def never_comes_back(play):
    play.misses("recovers")
    play.passes("nobody-early")
    for nth in range(5):
        play.step(1 if nth < 4 else "late")
        c = play.dial()
        c.get("/%d" % nth)
        c.head()
    for nth in range(5):
        play.outcome(1 if nth < 4 else "late", status=429, body="whole")


plays("retry-after/parallel-shared-cooldown")(cooled_down)
plays("retry-after/parallel-shared-cooldown")(never_comes_back)


# ---- connections ---------------------------------------------------------------------------------


def first_and(play, wire, *outcomes):
    play.step(1)
    play.step(2)
    wire(play)
    for nth, outcome in enumerate(outcomes):
        play.outcome(nth + 1, **outcome)


for scenario, wire, also in (
    ("transport/idle-reset", transport.idle_reset, "few-connections"),
    ("transport/idle-fin-then-get", transport.idle_fin, "once"),
    ("transport/reuse-race-get", transport.reuse_race, "once"),
    ("transport/rst-after-complete", transport.rst_after_complete, ""),
):
    told(scenario, wire, WHOLE, WHOLE, passes="recovers " + also)
    told(scenario, wire, WHOLE if also else RESET, RESET, passes=also,
         misses="recovers" if also else "recovers delivered")


def connections(count, path="/2"):
    def more(play, wire):
        wire(play)
        for _ in range(count):
            c = play.dial()
            c.get(path)
            c.answer(200)

    return more


def many_connections(play):
    play.fails("few-connections")
    first_and(play, lambda p: connections(3)(p, transport.idle_reset), WHOLE, WHOLE)


def answered_twice(play):
    play.fails("once")
    play.step(1)
    play.step(2)
    c = play.dial()
    c.get("/1")
    c.answer(200)
    c.eof()
    connections(2)(play, lambda p: None)
    for step in 1, 2:
        play.outcome(step, **WHOLE)


def raced_twice(play):
    play.fails("once")
    first_and(play, lambda p: connections(1)(p, transport.reuse_race), WHOLE, WHOLE)


plays("transport/idle-reset")(many_connections)
plays("transport/idle-fin-then-get")(answered_twice)
plays("transport/reuse-race-get")(raced_twice)
def pool_recovers(play):
    play.passes("recovers")
    play.step("again")
    transport.stale_pool(play)
    play.outcome("again", **WHOLE)


def pool_is_lost(play):
    play.misses("recovers")
    play.step("again")
    transport.stale_pool(play)
    play.outcome("again", **RESET)


plays("transport/stale-pool-several")(pool_recovers)
plays("transport/stale-pool-several")(pool_is_lost)


def noise_of_408(play):
    play.fails("not-mixed")
    play.misses("recovers")
    first_and(play, transport.unsolicited_408, WHOLE, {"status": 408, "body": "empty"})


def silence_of_408(play):
    play.passes("not-mixed", "recovers")

    def wire(p):
        transport.unsolicited_408(p)
        connections(1)(p, lambda q: None)

    first_and(play, wire, WHOLE, WHOLE)


plays("transport/unsolicited-408-on-idle")(noise_of_408)
plays("transport/unsolicited-408-on-idle")(silence_of_408)


def closed_unread(play):
    play.passes("first", "not-mixed", "closes", "recovers")
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.answer(200, "ok")
    play.outcome(1, **WHOLE)
    c.close()
    play.event("close", at="proxy", by="client", connection=1)
    play.step(2)
    d = play.dial()
    d.get("/2")
    d.answer(200)
    play.outcome(2, **WHOLE)


def evil_answer(play):
    play.fails("not-mixed")
    play.misses("first", "closes", "recovers")
    first_and(play, transport.extra_response, BROKEN, FOREIGN)


plays("transport/extra-response-after-body")(closed_unread)
plays("transport/extra-response-after-body")(evil_answer)


def half_kept(play):
    play.fails("closes")
    play.passes("incomplete")
    play.step()
    c = transport.half(play, "cut")
    c.eof()
    play.outcome(**BROKEN)


def half_taken(play):
    play.fails("closes", "incomplete", "truth")
    play.step()
    c = transport.half(play, "cut")
    c.eof()
    play.outcome(**PART)


plays("transport/fin-mid-body-length")(half_kept)
plays("transport/fin-mid-body-length")(half_taken)
told("transport/fin-mid-body-length", transport.fin_mid_body, BROKEN, passes="incomplete closes")


def stalled_and_kept(play):
    play.fails("closes")
    play.passes("incomplete", "in-time")
    play.step()
    transport.half(play, "half").silence(1)
    play.outcome(**BROKEN)


plays("transport/stall-mid-body")(stalled_and_kept)


def refused_each_time(count, soon=True):
    """Connections that end before anything is said on them."""

    def play_it(play):
        play.step()
        for _ in range(count):
            play.dial().eof()
        (play.passes if count <= 3 else play.fails)("few")
        play.outcome(**(OTHER if soon else dict(WHOLE, took=20)))

    return play_it


def few_and_soon(play):
    refused_each_time(1)(play)
    play.passes("few", "soon", "refused")


def many_and_late(play):
    refused_each_time(4, False)(play)
    play.fails("few", "soon", "refused")


plays("transport/accept-then-close")(few_and_soon)
plays("transport/accept-then-close")(many_and_late)


def connects(play, count, end):
    play.step()
    for _ in range(count):
        c = play.dial()
        c.connect()
        getattr(c, end)()


for scenario, end in ("tunnel/fin-before-response", "eof"), ("tunnel/rst-before-response", "reset"):

    def few(play, end=end):
        play.passes("few-connections", "soon", "refused")
        connects(play, 1, end)
        play.outcome(ends="error", kind="proxy-connect")

    def lots(play, end=end):
        play.fails("few-connections", "soon", "refused")
        if end == "reset":
            play.misses("names-reset")
        connects(play, 4, end)
        play.outcome(**dict(WHOLE, took=20))

    plays(scenario)(few)
    plays(scenario)(lots)


def named_reset(play):
    play.passes("names-reset")
    connects(play, 1, "reset")
    play.outcome(**RESET)


plays("tunnel/rst-before-response")(named_reset)


def speaks_tls_to_it(play):
    play.fails("no-tls")
    play.passes("refused")
    play.step()
    c = play.dial()
    c.connect()
    c.expect("<html>\r\n<h1>400 Bad request</h1>\r\n")
    c.send(b"\x16\x03\x01\x00\x05hello")
    play.event("bytes", 2, at="proxy")
    play.outcome(**OTHER)


plays("tunnel/garbage-response")(speaks_tls_to_it)
told("tunnel/garbage-response", tunnels.garbage, OTHER, passes="no-tls refused")


def sleeps_before_tls(play):
    play.fails("at-once")
    play.passes("used")
    play.step()
    c = play.dial()
    c.connect()
    c.head(200)
    sleep(2.2)
    c.secure(play.host())
    c.inside("/")
    c.answer(200)
    play.outcome(**WHOLE)


plays("tunnel/2xx-content-length-ignored")(sleeps_before_tls)
told("tunnel/2xx-content-length-ignored", tunnels.content_length, WHOLE, passes="used at-once")


def connected_once(play, code, **outcome):
    play.step()
    c = play.dial()
    c.connect()
    c.answer(code)
    play.outcome(**outcome)


def not_allowed(play):
    play.passes("once", "not-hidden", "status-exposed")
    connected_once(play, 403, ends="error", status=403, kind="proxy-connect")


def hidden(play):
    play.fails("not-hidden", "truth")
    play.misses("status-exposed")
    play.passes("once")
    connected_once(play, 403, status=200, body="foreign")


plays("tunnel/403-not-retried")(not_allowed)
plays("tunnel/403-not-retried")(hidden)


def stays(play):
    play.passes("not-followed", "not-the-site", "status-exposed")
    connected_once(play, 302, ends="error", status=302, kind="proxy-connect", body_of="deny")


def shows_it(play):
    play.fails("not-the-site")
    play.misses("status-exposed")
    play.passes("not-followed")
    connected_once(play, 302, status=302, body="foreign", body_of="deny")


plays("tunnel/3xx-not-followed")(stays)
plays("tunnel/3xx-not-followed")(shows_it)


def tunnel_later(play, pause, **outcome):
    play.step()
    c = play.dial()
    c.connect()
    c.answer(503)
    sleep(pause)
    c.connect()
    c.head(200)
    play.outcome(**outcome)


def tunnel_on_time(play):
    play.passes("waits", "recovers")
    tunnel_later(play, 1, **WHOLE)


def tunnel_in_vain(play):
    play.passes("waits")
    play.misses("recovers")
    tunnel_later(play, 1, **OTHER)


plays("tunnel/503-retry-after")(tunnel_on_time)
plays("tunnel/503-retry-after")(tunnel_in_vain)
