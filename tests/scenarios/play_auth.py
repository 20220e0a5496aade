"""407: a client that does it right, and others that do not."""

from asking import LONG, PA, WRONG, asked, delivered, inside, refused
from dialogue import check, equal, opened, pattern, plays, tunnel

# ---- the flow ------------------------------------------------------------------------------------


@plays("auth/basic-after-challenge")
def asked_then_right(play):
    play.passes("succeeds", "right-once", "asked-once")
    play.does_not("preemptive")
    c = play.begin()
    equal(asked(play, c).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    c.get(headers=PA)
    check(c.answer(200).body.startswith(b"origin 200"), "the answer is not the origin's")
    delivered(play)


@plays("auth/basic-after-challenge")
def unasked(play):
    play.passes("succeeds", "right-once", "asked-once")
    play.does("preemptive")
    c = play.begin()
    c.get(headers=PA)
    c.answer(200)
    delivered(play)


@plays("auth/basic-after-challenge")
def gives_up(play):
    play.fails("succeeds", "right-once", "asked-once")
    c = play.begin()
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
    c = play.begin()
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
    c = play.begin()
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
    c = play.begin()
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
    c = play.begin()
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
    c = play.begin()
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
    c = play.begin()
    c.get()
    equal(c.answer(407, pattern(2048)).get("Content-Type"), "text/html", "Content-Type")
    refused(play)


@plays("auth/no-creds-reported")
def shows_the_page_as_the_answer(play):
    play.fails("not-hidden")
    play.misses("status-exposed")
    play.step()
    asked(play, play.dial())
    delivered(play)


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
    play.passes("bounded", "not-stale")
    play.does("recovers")
    c = until_the_third(play)
    c.get("/3", headers=PA)
    c.answer(200)
    delivered(play, 3)


@plays("auth/407-mid-keepalive")
def answers_too_often(play):
    play.fails("bounded", "not-stale", "truth")
    play.does_not("recovers")
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
    c = play.begin()
    for _ in 1, 2, 3:
        asked(play, c)
    refused(play)


@plays("auth/407-missing-challenge")
def no_challenge(play):
    play.passes("few", "soon", "status-exposed")
    play.does("tries-basic")
    c = play.begin()
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
    c = play.begin()
    for _ in range(4):
        asked(play, c)
    play.outcome(ends="error", kind="protocol")


@plays("auth/407-missing-challenge")
def no_challenge_takes_long(play):
    play.fails("soon")
    play.step()
    asked(play, play.dial())
    refused(play, took=8)


# ---- CONNECT -------------------------------------------------------------------------------------


@plays("auth/connect-407-then-ok")
def connect_then_ok(play):
    play.passes("succeeds", "on-connect", "not-inside", "body-discarded")
    c = play.begin()
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
    c = play.begin()
    c.connect()
    c.answer(407)
    c.connect(headers=PA)
    c.head(200)
    inside(play, c, headers=PA)
    delivered(play)


@plays("auth/connect-407-then-ok")
def page_taken_for_the_tunnel(play):
    play.fails("body-discarded", "succeeds", "truth")
    c = play.begin()
    c.connect()
    c.answer(407)
    c.connect(headers=PA)
    c.head(200)
    play.outcome(status=200, body="foreign")


@plays("auth/connect-407-then-ok")
def header_lost_on_connect(play):
    play.fails("on-connect", "succeeds")
    c = play.begin()
    c.connect()
    c.answer(407)
    refused(play)


@plays("auth/connect-407-close-large-body")
def close_after_a_megabyte(play):
    play.passes("no-reuse", "new-connection", "succeeds")
    c = play.begin()
    c.connect()
    equal(c.answer(407, pattern(1 << 20)).get("Connection"), "close", "Connection")
    c.eof()
    c.close()
    again = opened(play, headers=PA)
    inside(play, again)
    delivered(play)
    play.event("sent", rule="ask", whole=True)


@plays("auth/connect-407-close-large-body")
def goes_on_after_close(play):
    play.fails("no-reuse", "new-connection", "succeeds")
    c = play.begin()
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
    c = opened(play, headers=PA)
    equal(inside(play, c, status=407).get("Proxy-Authenticate"), 'Basic realm="p"', "the challenge")
    play.completed("fish")
    play.outcome(status=407, body="whole")


@plays("auth/407-inside-tunnel")
def takes_the_bait(play):
    play.fails("nothing-given", "few")
    play.misses("plain-answer")
    play.step()
    c = opened(play, headers=PA)
    inside(play, c, status=407)
    for _ in 1, 2:
        c.inside(headers=PA)
        c.answer(407)
    refused(play)
