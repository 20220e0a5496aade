"""5xx and their relatives, from the proxy or the path behind it: scenarios/gateway."""

from time import sleep

from asking import answered, begun, delivered
from dialogue import at_least, equal, pattern, plays


def errors(play, status, *pauses):
    """So many requests that get this status; each but the first comes after a pause."""
    c = play.begin()
    for pause in 0, *pauses:
        sleep(pause)
        c.get()
        equal(c.answer(status).get("Retry-After"), None, "Retry-After")
    play.completed("error", len(pauses) + 1)
    return c


@plays("gateway/503-persistent-deadline")
def for_ever(play):
    play.passes("in-time", "status-exposed")
    errors(play, 503, 0.1, 0.2, 0.4, 0.8)  # there is no end of them
    play.outcome(status=503, body="whole")
    play.never("accept", at="origin")


@plays("gateway/503-persistent-deadline")
def without_a_clock(play):
    play.fails("in-time")
    play.misses("status-exposed")
    errors(play, 503, 1, 1, 1, 0.6)
    play.outcome(ends="error", kind="timeout-total")


@plays("gateway/504-before-client-timeout")
def after_a_second(play):
    play.passes("named")
    c = begun(play, 504)
    at_least(1, c.sent, c.arrived, "the 504 came")
    play.completed("error")
    play.outcome(status=504, body="whole")


@plays("gateway/504-before-client-timeout")
def own_timeout_instead(play):
    play.fails("named")
    c = play.begin()
    c.get()
    c.silence(0.5)
    c.close()
    play.left("error", "wait")
    play.outcome(ends="error", kind="timeout-read")


@plays("gateway/client-timeout-before-504")
def client_first(play):
    play.passes("not-early", "in-time", "own-timeout")
    c = play.begin()
    c.get()
    c.silence(1)
    play.outcome(ends="error", kind="timeout-read")
    c.close()
    play.closed("fin", by="client")
    play.left("late", "wait")


@plays("gateway/client-timeout-before-504")
def gateway_first(play):
    play.passes("not-early")
    play.misses("in-time", "own-timeout")
    c = begun(play, 504)
    at_least(5, c.sent, c.arrived, "the 504 came")
    play.completed("late")
    sleep(0.2)
    play.outcome(status=504, body="whole")


@plays("gateway/client-timeout-before-504")
def too_soon(play):
    play.misses("not-early")
    play.passes("own-timeout", "in-time")
    c = play.begin()
    c.get()
    c.silence(0.5)
    c.close()
    play.outcome(ends="error", kind="timeout-read")


@plays("gateway/no-nested-amplification")
def as_configured(play):
    play.passes("bounded")
    errors(play, 503, 0.1, 0.2)
    play.outcome(status=503, body="whole")


@plays("gateway/no-nested-amplification")
def multiplied(play):
    play.fails("bounded")
    errors(play, 503, *[0] * 8)
    play.outcome(status=503, body="whole")


def post(play, c, status):
    c.request("POST", "/", body=pattern(1024))
    c.answer(status)


@plays("gateway/post-not-retried")
def posted_once(play):
    play.passes("once", "status-exposed")
    play.step()
    post(play, play.dial(), 502)
    play.outcome(status=502, body="whole")
    equal(play.event("body", rule="error")["bytes"], 1024, "octets that the proxy took")
    play.completed("error")
    play.never("accept", at="origin")


@plays("gateway/post-not-retried")
def posted_twice(play):
    play.misses("once", "status-exposed")
    c = play.begin()
    post(play, c, 502)
    post(play, c, 200)
    delivered(play)
    play.count(1, "request", at="origin", method="POST")


@plays("gateway/unknown-5xx")
def unknown(play):
    play.passes("as-500", "status-exposed")
    begun(play, int(play.variant))
    play.completed("error")
    play.outcome(status=int(play.variant), body="whole")
    play.never("accept", at="origin")


@plays("gateway/unknown-5xx")
def unknown_is_well(play):
    play.fails("as-500", "status-exposed")
    begun(play, int(play.variant))
    delivered(play)


# ---- 408 -----------------------------------------------------------------------------------------


def too_late(play):
    """The head of an upload, and the 408 that comes before any of its body."""
    c = play.dial()
    c.request("PUT", "/", headers="Content-Length: 1024\r\n")
    equal(c.answer(408).get("Connection"), "close", "Connection")
    return c


@plays("gateway/408-response")
def repeated_elsewhere(play):
    play.passes("no-reuse")
    play.does("repeated")
    c = too_late(play)
    said = c.arrived
    c.eof()
    at_least(0.9, said, c.arrived, "the close came")
    play.completed("late")
    play.closed("fin", rule="late")
    d = play.dial()
    d.request("PUT", "/", body=pattern(1024))
    d.answer(200)


@plays("gateway/408-response")
def given_up(play):
    play.passes("no-reuse")
    play.does_not("repeated")
    too_late(play).eof()
    play.completed("late")
    play.never("body", rule="late", whole=True)


@plays("gateway/408-response")
def repeated_there(play):
    play.fails("no-reuse")
    c = too_late(play)
    c.send(pattern(1024))
    c.request("PUT", "/", body=pattern(1024))  # nothing answers it
    play.event("request", connection=1, ignored=True)
    c.eof()


# ---- odd errors ----------------------------------------------------------------------------------


@plays("gateway/unknown-4xx")
def refusal(play):
    play.passes("as-400", "status-exposed", "once")
    begun(play, int(play.variant))
    play.completed("deny")
    play.outcome(status=int(play.variant), body="whole")
    play.never("accept", at="origin")


@plays("gateway/unknown-4xx")
def hopeful(play):
    play.fails("as-400", "status-exposed")
    play.misses("once")
    begun(play, int(play.variant), 2)
    delivered(play)


def beyond(play):
    c = play.begin()
    c.get()
    equal(c.answer(777, "ok").line, "HTTP/1.1 777 X", "the status line")
    play.completed("odd")


@plays("gateway/status-6xx-9xx")
def as_an_error(play):
    play.passes("as-5xx", "not-success")
    beyond(play)
    play.outcome(status=777, body="whole")


@plays("gateway/status-6xx-9xx")
def as_success(play):
    play.misses("as-5xx")
    play.fails("not-success")
    beyond(play)
    delivered(play)


def broken_page(play):
    c = play.begin()
    c.get()
    equal(c.head(502).get("Content-Length"), "100", "the length")
    c.expect(pattern(10))
    c.eof()
    play.completed("error")
    play.closed("fin", rule="error")


@plays("gateway/truncated-error-body")
def a_502_all_the_same(play):
    play.passes("repeats", "recovers", "incomplete")
    broken_page(play)
    sleep(0.1)
    answered(play, play.dial())


@plays("gateway/truncated-error-body")
def a_whole_page(play):
    play.fails("incomplete", "truth")
    play.misses("repeats", "recovers")
    broken_page(play)
    play.outcome(status=502, body="part")


@plays("gateway/truncated-error-body")
def an_incomplete_page(play):
    play.passes("incomplete")
    play.misses("repeats", "recovers")
    broken_page(play)
    play.outcome(ends="error", status=502, kind="incomplete", body="part")


def eight(play, pause):
    play.reports("pauses", True)
    peers = [play.dial() for _ in range(8)]
    for nth, c in enumerate(peers):
        play.step()
        c.get("/%d" % (nth + 1))
    for c in peers:
        c.answer(503)
    play.completed("error", 8)
    for nth, c in enumerate(peers):
        sleep(pause)
        c.get("/%d" % (nth + 1))
    for c in peers:
        c.answer(200)
        delivered(play)


@plays("gateway/backoff-jitter")
def spread_out(play):
    play.reports("spread", True)
    eight(play, 0.02)


@plays("gateway/backoff-jitter")
def in_step(play):
    eight(play, 0)
    began = [play.event("request", nth, at="proxy")["began"] for nth in (9, 16)]
    play.reports("spread", began[1] - began[0] >= 0.019)
