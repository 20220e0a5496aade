"""What clients do behind an answer, and what travels there."""

import play_answers as answers
import play_tunnel as tunnels
from dialogue import plays
from play_told import BROKEN, FOREIGN, OTHER, PART, WHOLE, told

# ---- what travels behind -------------------------------------------------------------------------


def expecting(play, step=1):
    play.step(step)
    c = play.dial()
    c.send("POST http://a.test/1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1048576\r\n"
           "Expect: 100-continue\r\n\r\n")
    return c


def body_kept(play):
    play.passes("body-kept", "not-mixed")
    c = expecting(play)
    c.answer(403)
    play.outcome(1, status=403, body="whole")
    c.close()
    play.step(2)
    d = play.dial()
    d.get("/2")
    d.answer(200)
    play.outcome(2, **WHOLE)


def body_sent(play):
    play.misses("body-kept")
    play.fails("not-mixed", "truth")
    c = expecting(play)
    c.answer(403)
    play.outcome(1, status=403, body="whole")
    play.step(2)
    c.send(bytes(1048576))
    c.get("/2")
    c.answer(200)
    play.outcome(2, **FOREIGN)


plays("framing/expect-final-instead")(body_kept)
plays("framing/expect-final-instead")(body_sent)


def waits_for_ever(play):
    play.misses("goes-on")
    c = play.dial()
    c.send("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 65536\r\n"
           "Expect: 100-continue\r\n\r\n")
    c.silence(5.2)


plays("framing/expect-no-100")(waits_for_ever)
told("framing/te-overrides-cl", answers.te_and_cl, BROKEN, WHOLE, passes="not-by-length suspicious")
told("framing/te-overrides-cl", answers.te_and_cl, PART, WHOLE, fails="not-by-length truth",
     misses="suspicious")


def trailers(play, cookie, header):
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.head(200)
    while not c.got.endswith(b"Path=/\r\n\r\n"):
        c.more()
    c.got = b""
    play.outcome(1, status=200, body="whole", header=header)
    play.step(2)
    c.get("/2", headers=cookie)
    c.answer(200)
    play.outcome(2, **WHOLE)


def kept_apart(play):
    play.passes("not-merged", "no-cookie")
    trailers(play, "", [["content-length", "11"]])


def merged(play):
    play.fails("not-merged", "no-cookie")
    trailers(play, "Cookie: t=1\r\n", [["x-t", "1"]])


plays("framing/trailer-not-merged")(kept_apart)
plays("framing/trailer-not-merged")(merged)


def last_of_its_connection(play):
    play.step(1)
    c = play.dial()
    c.get("/1")
    c.answer(200)
    play.outcome(1, **WHOLE)
    play.step(2)
    return c


def close_honoured(play):
    play.passes("no-reuse", "closes", "recovers")
    last_of_its_connection(play).close()
    d = play.dial()
    d.get("/2")
    d.answer(200)
    play.outcome(2, **WHOLE)


def close_not_honoured(play):
    play.fails("closes")
    play.misses("recovers")
    play.passes("no-reuse")
    last_of_its_connection(play).silence(2.2)
    play.outcome(2, **OTHER)


plays("transport/connection-close-honoured")(close_honoured)
plays("transport/connection-close-honoured")(close_not_honoured)


def second_tunnel(play, headers, **outcome):
    play.step(1)
    pa = "Proxy-Authorization: Basic dTE6cDE=\r\n"
    c = play.dial()
    c.connect()
    c.answer(407)
    c.connect(headers=pa)
    c.head(200)
    c.secure(play.host())
    c.inside("/1")
    c.answer(200)
    play.outcome(1, **WHOLE)
    c.truncated()
    play.step(2)
    d = play.dial()
    d.connect(headers=headers)
    d.head(200 if headers else 407)
    if headers:
        d.secure(play.host())
        d.inside("/2")
        d.answer(200)
    play.outcome(2, **outcome)


def remembers(play):
    play.passes("recovers", "authenticates")
    second_tunnel(play, "Proxy-Authorization: Basic dTE6cDE=\r\n", **WHOLE)


def forgets(play):
    play.misses("recovers", "authenticates")
    second_tunnel(play, "", ends="error", status=407, kind="proxy-auth")


plays("transport/dead-tunnel-on-idle")(remembers)
plays("transport/dead-tunnel-on-idle")(forgets)


def never_stops(play):
    play.misses("stops")
    play.passes("delivered")
    play.step()
    c = play.dial()
    c.send("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 16777216\r\n\r\n")
    c.send(bytes(65536))
    c.answer(413)
    c.send(bytes(16777216 - 65536))
    play.outcome(status=413, body="whole")
    play.event("body", at="proxy", whole=True)


plays("transport/early-413-then-close")(never_stops)


def two_calls(play, close, **outcome):
    play.step(1)
    c = play.dial()
    c.get("/1")
    play.event("request", at="proxy", path="/1")
    play.outcome(1, ends="error", kind="timeout-read")
    play.step(2)
    if close:
        c.close()
    d = play.dial()
    d.get("/2")
    d.answer(200)
    play.outcome(2, **outcome)


def own_answer(play):
    play.passes("own-answer", "closes")
    play.mistakes("left-before-answer")
    two_calls(play, True, status=200, body="whole", body_of="two")


def late_answer(play):
    play.fails("own-answer")
    play.misses("closes")
    two_calls(play, False, status=200, body="whole", body_of="one")


plays("transport/late-response-not-mixed")(own_answer)
plays("transport/late-response-not-mixed")(late_answer)


def posted_again(play):
    play.misses("once", "reported")
    play.step()
    c = play.dial()
    c.request("POST", "/", body=bytes(1024))
    c.reset()
    c = play.dial()
    c.request("POST", "/", body=bytes(1024))
    c.answer(200)
    play.outcome(**WHOLE)


plays("transport/post-rst-after-delivery")(posted_again)


def goes_clear(play):
    play.fails("never-clear", "refused")
    play.step()
    tunnels.no_tunnel(play)
    c = play.dial()
    c.get("/", headers="Cookie: s3cr3t-word\r\n")
    c.answer(200)
    play.outcome(**WHOLE)


def stays_out(play):
    play.passes("never-clear", "refused")
    play.step()
    c = play.dial()
    c.connect()
    try:
        c.more()
    except ConnectionResetError:
        pass
    play.outcome(**OTHER)


plays("tunnel/no-plaintext-downgrade")(goes_clear)
plays("tunnel/no-plaintext-downgrade")(stays_out)
