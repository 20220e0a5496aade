"""More of slowness: answers that take long, limits that should end the wait: scenarios/slow."""

import socket
import time

from dialogue import at_least, check, equal, pattern, plays, tunnel

PA = "Proxy-Authorization: Basic dTE6cDE=\r\n"


def three_legs(play):
    """Challenge, tunnel, answer; when the first began."""
    play.step()
    c = play.dial()
    c.connect()
    began = c.sent
    equal(c.answer(407).get("Proxy-Authenticate"), 'Basic realm="fakeproxy"', "the challenge")
    at_least(1.1, c.sent, c.arrived, "the challenge came")
    c.connect(headers=PA)
    c.head(200)
    at_least(1.1, c.sent, c.arrived, "the tunnel opened")
    c.secure(play.host())
    c.inside("/")
    return c, began


@plays("slow/auth-legs-share-deadline", "enough")
def enough_for_all(play):
    play.passes("enough")
    c, began = three_legs(play)
    c.answer(200)
    at_least(3.3, began, c.arrived, "the answer came")
    play.outcome(status=200, body="whole")
    for rule in "ask", "answer":
        play.completed(rule)


@plays("slow/auth-legs-share-deadline", "enough")
def enough_for_one(play):
    play.fails("enough")
    three_legs(play)
    play.outcome(ends="error", kind="timeout-total")


@plays("slow/auth-legs-share-deadline", "short")
def one_clock(play):
    play.passes("short")
    c, began = three_legs(play)
    time.sleep(max(0, began + 1.5 - time.monotonic()))
    c.close()
    play.left("answer", "wait")
    play.outcome(ends="error", kind="timeout-total")


@plays("slow/auth-legs-share-deadline", "short")
def a_clock_for_each_leg(play):
    play.fails("short")
    c, began = three_legs(play)
    c.answer(200)
    time.sleep(max(0, 3.1 - (c.arrived - began)))  # or it ended there, of a limit for each
    play.outcome(status=200, body="whole")


def download(play):
    play.step()
    c = play.dial()
    c.get("/bytes/10485760")
    began = c.sent
    equal(c.head(200).get("Content-Length"), "10485760", "the length")
    equal(c.need(40000), pattern(40000), "the first octets")
    at_least(0.3, began, c.arrived, "40,000 octets came")
    play.tell("cancel", 1)
    return c


@plays("slow/cancel-closes-connection")
def cancelled(play):
    play.passes("returns", "closes")
    c = download(play)
    play.outcome(ends="error", kind="cancelled")
    c.abort()  # a FIN would leave room for half of an answer
    play.event("close", at="proxy", by="client")
    play.left("slow", "forward")


@plays("slow/cancel-closes-connection")
def goes_on(play):
    play.misses("closes", "returns")
    c = download(play)
    until = time.monotonic() + 2.2
    while time.monotonic() < until:
        c.more()
        c.got = b""
    play.outcome(ends="error", kind="cancelled")
    c.close()
    play.event("close", at="proxy", by="client")


@plays("slow/first-byte-1500ms-ok")
def waits(play):
    play.passes("succeeds", "once")
    play.step()
    c = play.dial()
    c.get()
    c.answer(200)
    at_least(1.5, c.sent, c.arrived, "the answer came")
    play.completed("late")
    play.outcome(status=200, body="whole")


@plays("slow/first-byte-1500ms-ok")
def hedges(play):
    play.fails("once")
    play.passes("succeeds")
    play.step()
    c, d = play.dial(), play.dial()
    c.get()
    c.silence(0.5)
    d.get()
    c.answer(200)
    play.completed("late")
    play.outcome(status=200, body="whole")


@plays("slow/first-byte-1500ms-ok")
def gives_up(play):
    play.fails("succeeds")
    play.passes("once")
    play.step()
    c = play.dial()
    c.get()
    c.silence(1)
    c.close()
    play.left("late", "wait")
    play.outcome(ends="error", kind="timeout-read")


def post(c):
    c.request("POST", "/", body=pattern(1024))


@plays("slow/no-duplicate-on-slow-response")
def one_post(play):
    play.passes("once", "one-request")
    play.step()
    c = play.dial()
    post(c)
    c.answer(200)
    at_least(3, c.sent, c.arrived, "the answer came")
    play.completed("late")
    play.outcome(status=200, body="whole")


@plays("slow/no-duplicate-on-slow-response")
def two_posts(play):
    play.fails("once", "one-request")
    play.step()
    c, d = play.dial(), play.dial()
    post(c)
    c.silence(0.5)
    post(d)
    d.answer(200)
    c.answer(200)
    play.completed("late")
    play.outcome(status=200, body="whole")


@plays("slow/no-duplicate-on-slow-response")
def gives_up_and_posts_again(play):
    play.fails("once", "one-request")
    play.step()
    c, d = play.dial(), play.dial()
    post(c)
    c.silence(1)
    c.close()
    post(d)
    d.answer(200)
    play.left("late", "wait")
    play.event("request", 2, at="origin")
    play.outcome(status=200, body="whole")


def reset_each_time(play, times):
    play.step()
    for nth in range(times):
        c = play.dial()
        c.get()
        c.reset()
        at_least(0.4, c.sent, c.arrived, "the reset came")
        play.completed("cut", nth + 1)
        play.closed("reset", connection=nth + 1)


@plays("slow/retry-total-deadline")
def within_the_limit(play):
    play.passes("in-time")
    reset_each_time(play, 3)
    play.outcome(ends="error", kind="timeout-total")


@plays("slow/retry-total-deadline")
def attempts_add_up(play):
    play.fails("in-time")
    reset_each_time(play, 9)
    play.outcome(ends="error", kind="reset")


@plays("slow/timeout-class")
def three_kinds(play):
    play.reports("distinct", True)
    play.step(1)
    with socket.socket() as s:
        s.settimeout(0.5)
        try:
            s.connect(play.address())
        except TimeoutError:
            pass
        else:
            check(False, "somebody accepted")
    play.outcome(1, ends="error", kind="timeout-connect")
    play.step(2, session="silent")
    c = play.dial("silent")
    c.get()
    c.silence(1)
    play.outcome(2, ends="error", kind="timeout-read", session="silent")
    play.step(3, session="half")
    d = play.dial("half")
    d.get()
    equal(d.head(200).get("Content-Length"), "1000", "the length")
    d.expect(pattern(500))
    d.silence(1)
    play.outcome(3, ends="error", kind="timeout-total", session="half")
    play.event("stall", rule="silent")
    play.event("stall", rule="half")
    play.never("accept", at="proxy")


def trickle(play, octets, seconds):
    play.step()
    c = play.dial()
    c.get()
    while c.sent + seconds > time.monotonic():
        c.need(1)
    at_least(0.2 * (octets - 1), c.sent, c.arrived, "so many octets came")
    c.close()
    play.left("trickle", "send")


@plays("slow/trickle-headers")
def ended_by_the_total(play):
    play.passes("in-time", "refused")
    trickle(play, 5, 1)
    play.outcome(ends="error", kind="timeout-total")


@plays("slow/trickle-headers")
def never_ended(play):
    play.fails("in-time")
    trickle(play, 24, 5)
    play.outcome(ends="error", kind="other")


@plays("slow/which-timeout-covers-connect")
def that_for_connecting(play):
    play.mistakes("left-before-answer")
    play.reports("limit", True)
    play.step()
    c = play.dial()
    c.connect()
    c.silence(1)
    c.close()
    play.outcome(ends="error", kind="timeout-connect")
    play.left("late", "wait")


@plays("slow/which-timeout-covers-connect")
def that_for_reading(play):
    play.reports("limit", True)
    play.step()
    c = play.dial()
    c.connect()
    c.head(200)
    at_least(2, c.sent, c.arrived, "the tunnel opened")
    c.secure(play.host())
    c.inside("/")
    c.answer(200)
    play.outcome(status=200, body="whole")


@plays("slow/trickle-headers")
def half_a_head_will_do(play):
    play.fails("refused")
    play.passes("in-time")
    trickle(play, 5, 1)
    play.outcome(status=200, body="empty")
