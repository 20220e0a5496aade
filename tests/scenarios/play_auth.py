"""407 and the challenge parser: a client that does it right, and others that do not."""

import base64
import time

from credentials import ORIGIN, basic, digest, ntlm
from dialogue import check, equal, octets, pattern, plays, tunnel

PA = basic()
WRONG = basic(password="wrong")
LONG = 30  # more than any client may ask


def inside(play, c, path="/", headers="", status=200):
    """A request inside a tunnel that is just open."""
    c.secure(play.host())
    c.inside(path, headers=headers)
    return c.answer(status)


def asked(play, c, status=407, **options):
    """A request without credentials, and the challenge that it gets."""
    c.get(**options)
    return c.answer(status)


def delivered(play, step=1, **fields):
    play.outcome(step, **{"status": 200, "body": "whole", **fields})


def refused(play, step=1, **fields):
    """The caller learns of the 407."""
    play.outcome(step, ends="error", status=407, kind="proxy-auth", **fields)


# ---- the flow ------------------------------------------------------------------------------------


@plays("auth/basic-after-challenge")
def asked_then_right(play):
    play.passes("succeeds", "right-once", "asked-once")
    play.does_not("preemptive")
    play.step()
    c = play.dial()
    equal(asked(play, c).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    c.get(headers=PA)
    check(c.answer(200).body.startswith(b"origin 200"), "the answer is not the origin's")
    delivered(play)


@plays("auth/basic-after-challenge")
def unasked(play):
    play.passes("succeeds", "right-once", "asked-once")
    play.does("preemptive")
    play.step()
    c = play.dial()
    c.get(headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/basic-after-challenge")
def gives_up(play):
    play.fails("succeeds", "right-once", "asked-once")
    play.step()
    c = play.dial()
    for _ in 1, 2:
        asked(play, c)
    refused(play)


@plays("auth/preemptive-basic")
def with_the_first_request(play):
    play.does("preemptive")
    c = play.dial()
    if play.variant == "plain":
        c.get(headers=PA)
        c.answer(200)
    else:
        c.connect(headers=PA)
        c.head(200)
        inside(play, c)


@plays("auth/preemptive-basic")
def without_credentials(play):
    play.does_not("preemptive")
    if play.variant == "plain":
        c = play.dial()
        c.get()
        c.answer(200)
    else:
        tunnel(play)


@plays("auth/wrong-password-stops")
def wrong_password(play):
    play.passes("stops", "bounded", "soon", "not-hidden", "status-exposed")
    play.step()
    c = play.dial()
    asked(play, c)
    c.get(headers=WRONG)
    c.answer(407)
    play.completed("deny", 2)
    refused(play)
    play.never("accept", at="origin")


@plays("auth/wrong-password-stops")
def wrong_password_for_ever(play):
    play.fails("bounded", "soon", "storm")
    play.misses("stops", "status-exposed")
    play.step()
    c = play.dial()
    for _ in range(LONG):
        c.get(headers=WRONG)
        c.answer(407)
    play.outcome(ends="error", kind="redirects", took=13)


@plays("auth/wrong-password-stops")
def wrong_password_hidden(play):
    play.fails("not-hidden")
    play.misses("status-exposed")
    play.step()
    asked(play, play.dial())
    play.outcome(status=200, body="empty")


@plays("auth/407-loop-keepalive")
def loop_gives_up(play):
    play.passes("bounded", "soon", "few", "not-hidden", "named")
    play.step()
    c = play.dial()
    for nth, headers in (1, ""), (2, WRONG):
        c.connect(headers=headers)
        head = c.answer(407, "")
        equal((head.get("Content-Length"), head.get("Connection")), ("0", None), "it stays open")
        play.completed("deny", nth)
    refused(play)


@plays("auth/407-loop-keepalive")
def loop_for_ever(play):
    play.fails("bounded", "storm")
    play.misses("few", "named")
    play.step()
    c = play.dial()
    for _ in range(LONG):
        c.connect(headers=WRONG)
        c.answer(407)
    play.outcome(ends="error", kind="timeout-total")


@plays("auth/407-no-blind-retry")
def no_blind_retry(play):
    play.passes("once", "not-hidden", "status-exposed")
    play.step()
    equal(asked(play, play.dial()).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    play.completed("deny")
    refused(play)


@plays("auth/407-loop-keepalive")
def loop_takes_long(play):
    play.fails("soon", "not-hidden")
    play.misses("named")
    play.step()
    c = play.dial()
    c.connect(headers=WRONG)
    c.answer(407)
    play.outcome(status=200, body="empty", took=13)


@plays("auth/407-loop-close")
def loop_close_gives_up(play):
    play.passes("bounded", "soon", "few")
    play.step()
    for headers in "", WRONG:
        c = play.dial()
        c.connect(headers=headers)
        c.answer(407)
        c.eof()
    refused(play)


@plays("auth/407-loop-close")
def loop_close_for_ever(play):
    play.fails("bounded", "soon", "storm")
    play.misses("few")
    play.step()
    for _ in range(LONG):
        c = play.dial()
        c.connect(headers=WRONG)
        c.answer(407)
        c.eof()
    play.outcome(ends="error", kind="timeout-total", took=13)


@plays("auth/no-creds-reported")
def reports_it(play):
    play.passes("once", "not-hidden", "status-exposed")
    play.step()
    c = play.dial()
    c.get()
    equal(c.answer(407, pattern(2048)).get("Content-Type"), "text/html", "Content-Type")
    refused(play)


@plays("auth/no-creds-reported")
def shows_the_page_as_the_answer(play):
    play.fails("not-hidden")
    play.misses("status-exposed")
    play.step()
    asked(play, play.dial())
    play.outcome(status=200, body="whole")


def until_the_third(play):
    """Two requests that are let in, and the third, that is challenged again."""
    c = play.dial()
    for step in 1, 2, 3:
        play.step(step)
        c.get("/%d" % step, headers=PA)
        c.answer(407 if step == 3 else 200)
        if step < 3:
            delivered(play, step)
    play.completed("again")
    return c


@plays("auth/407-mid-keepalive")
def answers_again(play):
    play.passes("recovers", "bounded", "not-stale")
    c = until_the_third(play)
    c.get("/3", headers=PA)
    c.answer(200)
    delivered(play, 3)


@plays("auth/407-mid-keepalive")
def answers_too_often(play):
    play.fails("bounded", "not-stale", "truth")
    play.misses("recovers")
    c = until_the_third(play)
    for _ in 1, 2, 3:
        c.get("/3", headers=PA)
        c.answer(200)
    delivered(play, 3, body="foreign")


@plays("auth/407-no-blind-retry")
def hides_it(play):
    play.fails("not-hidden")
    play.misses("status-exposed")
    play.step()
    asked(play, play.dial())
    play.outcome(status=200, body="empty")


@plays("auth/407-no-blind-retry")
def blind_retry(play):
    play.fails("once")
    play.step()
    c = play.dial()
    for _ in 1, 2, 3:
        asked(play, c)
    refused(play)


@plays("auth/407-missing-challenge")
def no_challenge(play):
    play.passes("few", "soon", "status-exposed")
    play.does("tries-basic")
    play.step()
    c = play.dial()
    for headers in "", PA:
        c.get(headers=headers)
        head = c.answer(407)
        equal((head.get("Proxy-Authenticate"), head.get("WWW-Authenticate")), (None, None), "asked")
    refused(play)


@plays("auth/407-missing-challenge")
def no_challenge_for_ever(play):
    play.fails("few")
    play.misses("status-exposed")
    play.does_not("tries-basic")
    play.step()
    c = play.dial()
    for _ in range(4):
        asked(play, c)
    play.outcome(ends="error", kind="protocol")


@plays("auth/407-missing-challenge")
def no_challenge_takes_long(play):
    play.fails("soon")
    play.step()
    asked(play, play.dial())
    refused(play, took=8)


# ---- pages of a 407 ------------------------------------------------------------------------------


@plays("auth/407-keepalive-body-drained")
def drained(play):
    play.passes("drained", "exact")
    play.does_not("new-connection")
    play.step()
    c = play.dial()
    began = time.monotonic()
    asked(play, c)
    check(c.arrived - began >= 0.15, "four pieces came at once")
    c.get(headers=PA)
    c.answer(200)
    delivered(play)
    play.completed("ask")


@plays("auth/407-keepalive-body-drained")
def drained_elsewhere(play):
    play.passes("exact")
    play.untested("drained")
    play.does("new-connection")
    play.step()
    c = play.dial()
    c.get()
    c.head(407)
    again = play.dial()
    again.get(headers=PA)
    again.answer(200)
    delivered(play)
    c.need(65536)


@plays("auth/407-keepalive-body-drained")
def not_drained(play):
    play.fails("drained", "exact", "truth")
    play.step()
    c = play.dial()
    c.get()
    c.head(407)
    c.get(headers=PA)  # the page is still coming
    equal(c.need(65536), pattern(65536), "the rest of the page")
    c.answer(200)
    play.outcome(status=200, body="foreign")


@plays("auth/407-chunked-body")
def chunked(play):
    play.passes("succeeds", "no-leftovers")
    c = play.dial()
    for step in 1, 2:
        play.step(step)
        c.get() if step == 1 else c.connect()
        equal(c.head(407).get("Transfer-Encoding"), "chunked", "Transfer-Encoding")
        c.expect('5;sig="x y"\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n')
        play.completed("ask", step)
        if step == 1:
            c.get(headers=PA)
            c.answer(200)
        else:
            c.connect(headers=PA)
            c.head(200)
            inside(play, c)
        delivered(play, step)


@plays("auth/407-chunked-body")
def chunked_not_understood(play):
    play.fails("succeeds", "no-leftovers", "truth")
    play.step(1)
    c = play.dial()
    c.get()
    c.head(407)
    play.outcome(1, status=200, body="foreign")
    play.step(2)
    play.outcome(2, ends="error", kind="protocol")


@plays("auth/407-close-delimited-body")
def close_delimited(play):
    play.passes("succeeds", "new-connection")
    play.step()
    c = play.dial()
    c.get()
    head = c.head(407)
    equal((head.get("Content-Length"), head.get("Transfer-Encoding")), (None, None), "the framing")
    c.expect(pattern(300))
    c.eof()
    play.closed("fin", connection=1)
    again = play.dial()
    again.get(headers=PA)
    again.answer(200)
    delivered(play)


@plays("auth/407-close-delimited-body")
def close_delimited_gives_up(play):
    play.fails("succeeds", "new-connection")
    play.step()
    c = play.dial()
    c.get()
    c.head(407)
    c.need(300)
    c.eof()
    play.outcome(ends="error", kind="closed-early")


@plays("auth/407-to-head")
def to_head(play):
    play.passes("no-wait", "succeeds")
    play.step()
    c = play.dial()
    c.request("HEAD", "/")
    equal(c.head(407).get("Content-Length"), "1234", "the length that is announced")
    c.silence(0.2)
    c.request("HEAD", "/", headers=PA)
    c.head(200)
    play.outcome(status=200, body="empty")


@plays("auth/407-to-head")
def to_head_waits(play):
    play.fails("no-wait", "succeeds")
    play.step()
    c = play.dial()
    c.request("HEAD", "/")
    c.head(407)
    c.silence(2.1)  # for the body
    c.request("HEAD", "/", headers=PA)
    c.head(200)
    play.outcome(ends="error", kind="timeout-read")


# ---- CONNECT -------------------------------------------------------------------------------------


@plays("auth/connect-407-then-ok")
def connect_then_ok(play):
    play.passes("succeeds", "on-connect", "not-inside", "body-discarded")
    play.step()
    c = play.dial()
    c.connect()
    c.answer(407, pattern(33))
    play.completed("ask")
    c.connect(headers=PA)
    c.head(200)
    inside(play, c)
    delivered(play)


@plays("auth/connect-407-then-ok")
def connect_then_ok_and_told(play):
    play.fails("not-inside")
    play.step()
    c = play.dial()
    c.connect()
    c.answer(407)
    c.connect(headers=PA)
    c.head(200)
    inside(play, c, headers=PA)
    delivered(play)


@plays("auth/connect-407-then-ok")
def page_taken_for_the_tunnel(play):
    play.fails("body-discarded", "succeeds", "truth")
    play.step()
    c = play.dial()
    c.connect()
    c.answer(407)
    c.connect(headers=PA)
    c.head(200)
    play.outcome(status=200, body="foreign")


@plays("auth/connect-407-then-ok")
def header_lost_on_connect(play):
    play.fails("on-connect", "succeeds")
    play.step()
    c = play.dial()
    c.connect()
    c.answer(407)
    refused(play)


@plays("auth/connect-407-close-large-body")
def close_after_a_megabyte(play):
    play.passes("no-reuse", "new-connection", "succeeds")
    play.step()
    c = play.dial()
    c.connect()
    equal(c.answer(407, pattern(1 << 20)).get("Connection"), "close", "Connection")
    c.eof()
    c.close()
    again = play.dial()
    again.connect(headers=PA)
    again.head(200)
    inside(play, again)
    delivered(play)
    play.event("sent", rule="ask", whole=True)


@plays("auth/connect-407-close-large-body")
def goes_on_after_close(play):
    play.fails("no-reuse", "new-connection", "succeeds")
    play.step()
    c = play.dial()
    c.connect()
    c.answer(407)
    c.connect(headers=PA)
    c.eof()
    play.event("request", ignored=True)
    play.outcome(ends="error", kind="closed-early")


@plays("auth/407-inside-tunnel")
def fished(play):
    play.passes("nothing-given", "few", "plain-answer")
    play.step()
    c = play.dial()
    c.connect(headers=PA)
    c.head(200)
    equal(inside(play, c, status=407).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    play.completed("fish")
    play.outcome(status=407, body="whole")


@plays("auth/407-inside-tunnel")
def takes_the_bait(play):
    play.fails("nothing-given", "few")
    play.misses("plain-answer")
    play.step()
    c = play.dial()
    c.connect(headers=PA)
    c.head(200)
    inside(play, c, status=407)
    for _ in 1, 2:
        c.inside(headers=PA)
        c.answer(407)
    refused(play)


# ---- bodies --------------------------------------------------------------------------------------


def challenged_post(play, size, again):
    """A POST without credentials, its 407, and a repeat with that body."""
    play.step()
    c = play.dial()
    c.request("POST", "/", body=pattern(size))
    c.answer(407)
    play.completed("ask")
    c.request("POST", "/", body=again, headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/407-post-body-replayed")
def replayed(play):
    play.passes("same-body", "one-post", "succeeds")
    challenged_post(play, 10240, pattern(10240))
    equal(play.event("body", rule="ask")["bytes"], 10240, "octets read before the challenge")


@plays("auth/407-post-body-replayed")
def replayed_empty(play):
    play.fails("same-body")
    challenged_post(play, 10240, b"")


@plays("auth/407-post-body-replayed")
def posted_twice(play):
    play.fails("same-body", "one-post", "succeeds")
    play.step()
    c = play.dial()
    for _ in 1, 2:
        c.request("POST", "/", body=pattern(10240), headers=PA)
        c.answer(200)
    c.request("POST", "/", body=pattern(10240))
    c.answer(407)
    refused(play)


@plays("auth/407-post-stream-not-replayable")
def kept_the_stream(play):
    play.passes("never-short", "never-empty", "whole-or-error")
    challenged_post(play, 262144, pattern(262144))


@plays("auth/407-post-stream-not-replayable")
def says_that_it_can_not(play):
    play.passes("never-short", "never-empty", "whole-or-error")
    play.step()
    c = play.dial()
    c.request("POST", "/", body=pattern(262144))
    c.answer(407)
    play.outcome(ends="error", status=407, kind="other")


@plays("auth/407-post-stream-not-replayable")
def sends_an_empty_one(play):
    play.fails("never-empty", "whole-or-error")
    challenged_post(play, 262144, b"")


@plays("auth/407-post-stream-not-replayable")
def sends_what_is_left(play):
    play.fails("never-short", "never-empty", "whole-or-error")
    challenged_post(play, 262144, pattern(1000))


def start_upload(play):
    """Eight megabytes are announced; the 407 comes after the first 16 KiB."""
    play.step()
    c = play.dial()
    c.send("POST http://%s/ HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" %
           (play.host(), play.host(), 8 << 20))
    c.send(pattern(16384))
    equal(c.answer(407).get("Connection"), "close", "Connection")
    return c


@plays("auth/407-while-uploading")
def stops_and_repeats(play):
    play.passes("stops", "succeeds", "not-hidden")
    c = start_upload(play)
    c.close()
    again = play.dial()
    again.request("POST", "/", body=pattern(8 << 20), headers=PA)
    again.answer(200)
    delivered(play)
    check(play.event("body", rule="early")["bytes"] <= 16384, "octets nobody sent")


@plays("auth/407-while-uploading")
def sends_it_all(play):
    play.fails("not-hidden")
    play.misses("stops", "succeeds")
    c = start_upload(play)
    c.send(pattern((8 << 20) - 16384, 16384))
    c.eof()
    play.event("body", rule="early", bytes=8 << 20)
    play.outcome(ends="error", kind="reset")


# ---- the parser ----------------------------------------------------------------------------------

CHALLENGES = {
    "auth/challenge-case-insensitive": ['bAsIc ReAlM="p"'],
    "auth/challenge-many-lines": ["Negotiate", "NTLM", 'Basic realm="p"'],
    "auth/challenge-quoted-comma": [r'Basic realm="a, \"b\", Digest nonce=1"'],
    "auth/challenge-unknown-first-same-line":
        [r'Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"'],
    "auth/only-unsupported-scheme": ['Hawk ts="1", tsm="x"'],
    "auth/digest-only-no-basic-leak": ['Digest realm="p", nonce="n1", qop="auth", algorithm=SHA-256'],
    "auth/basic-charset-utf8": ['Basic realm="foo", charset="UTF-8"'],
}


def challenged(play, then=None, status=407):
    """A request without credentials, its challenge, and what the client sends then, if anything."""
    play.step()
    c = play.dial()
    head = asked(play, c)
    equal(head.all("Proxy-Authenticate"), CHALLENGES[play.scenario], "the challenge")
    if play.scenario == "auth/challenge-case-insensitive":
        check("pRoXy-AuThEnTiCaTe" in [name for name, _ in head.fields], "another name", head.fields)
    if then is not None:
        c.get(headers=then)
        c.answer(status)
    if status == 200:
        delivered(play)
    else:
        refused(play, header=[["Proxy-Authenticate", v] for v in CHALLENGES[play.scenario]])


@plays("auth/challenge-case-insensitive")
def any_case(play):
    play.passes("basic-used", "succeeds")
    challenged(play, PA.replace("Basic", "bAsIc"), 200)


@plays("auth/challenge-case-insensitive")
def one_case(play):
    play.fails("basic-used", "succeeds")
    challenged(play)


@plays("auth/challenge-many-lines")
def third_line(play):
    play.passes("basic-used", "succeeds")
    challenged(play, PA, 200)


@plays("auth/challenge-many-lines")
def first_line(play):
    play.misses("basic-used", "succeeds")
    challenged(play)


@plays("auth/challenge-quoted-comma")
def one_challenge(play):
    play.passes("not-digest", "basic")
    challenged(play, PA, 200)


@plays("auth/challenge-quoted-comma")
def two_challenges(play):
    play.fails("not-digest", "basic")
    answer = digest('Digest realm="a", nonce="1", qop="auth"', "http://%s/" % play.host())
    challenged(play, answer)


@plays("auth/challenge-unknown-first-same-line")
def second_challenge(play):
    play.passes("basic-used", "nothing-else")
    challenged(play, PA, 200)


@plays("auth/challenge-unknown-first-same-line")
def mixed_challenges(play):
    play.fails("nothing-else")
    play.misses("basic-used")
    challenged(play, basic('Login to "apps"'))


@plays("auth/only-unsupported-scheme")
def unknown_scheme(play):
    play.passes("no-password", "once", "status-exposed", "scheme-named")
    challenged(play)


@plays("auth/only-unsupported-scheme")
def volunteers_a_password(play):
    play.fails("no-password")
    play.misses("once", "scheme-named", "status-exposed")
    play.step()
    c = play.dial()
    asked(play, c)
    c.get(headers=PA)
    c.answer(407)
    play.outcome(ends="error", kind="other")


@plays("auth/digest-only-no-basic-leak")
def keeps_the_password(play):
    play.passes("no-password")
    challenged(play)


@plays("auth/digest-only-no-basic-leak")
def shows_the_password(play):
    play.fails("no-password")
    challenged(play, PA)


@plays("auth/strongest-scheme")
def takes_digest(play):
    play.passes("digest")
    play.does_not("basic")
    play.step()
    c = play.dial()
    lines = asked(play, c).all("Proxy-Authenticate")
    equal(lines, ['Basic realm="p"',
                  'Digest realm="p", nonce="n1", qop="auth", algorithm=SHA-256'], "the challenges")
    c.get(headers=digest(lines[1], "http://%s/" % play.host()))
    c.answer(200)
    delivered(play)


@plays("auth/strongest-scheme")
def takes_basic(play):
    play.misses("digest")
    play.does("basic")
    play.step()
    c = play.dial()
    asked(play, c)
    c.get(headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/basic-charset-utf8")
def utf_8(play):
    play.passes("utf-8")
    equal(basic("test", "123£"), "Proxy-Authorization: Basic dGVzdDoxMjPCow==\r\n", "the RFC's")
    challenged(play, basic("test", "123£"), 200)


@plays("auth/basic-charset-utf8")
def latin_1(play):
    play.misses("utf-8")
    challenged(play, basic("test", "123£", "latin-1"))
