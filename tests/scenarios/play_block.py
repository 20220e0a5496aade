"""Blocks, limits, pools, and a cache: whom to ask again."""

from asking import OWN, PA, asked, delivered, refused
from credentials import basic
from dialogue import check, equal, pattern, plays

# ---- 403 -----------------------------------------------------------------------------------------


@plays("block/403-not-retried")
def believes_the_block(play):
    play.passes("once", "status-exposed")
    play.step()
    c = play.dial()
    c.get()
    c.answer(403)
    play.completed("block")
    play.outcome(status=403, body="whole")


@plays("block/403-not-retried")
def asks_three_times(play):
    play.fails("once", "status-exposed")
    play.step()
    c = play.dial()
    for _ in 1, 2, 3:
        c.get()
        c.answer(403)
    play.outcome(ends="error", kind="other")


@plays("block/403-then-slow-down-useless")
def does_not_wait(play):
    play.passes("no-wait")
    play.step()
    c = play.dial()
    c.get()
    c.answer(403)
    play.outcome(status=403, body="whole")


@plays("block/403-then-slow-down-useless")
def waits_at_the_wall(play):
    play.misses("no-wait")
    play.step()
    c = play.dial()
    c.get()
    c.answer(403)
    c.silence(1.6)
    c.get()
    c.answer(403)
    play.outcome(status=403, body="whole")


@plays("block/403-with-creds")
def with_both_once(play):
    play.passes("once")
    c = play.dial()
    c.get(headers=PA)
    c.answer(401)
    c.get(headers=PA + OWN)
    c.answer(403)
    play.completed("block")


@plays("block/403-with-creds")
def with_both_again(play):
    play.misses("once")
    c = play.dial()
    for _ in 1, 2:
        c.get(headers=PA + OWN)
        c.answer(403)


def blocked_with_challenges(play):
    c = play.dial()
    c.get()
    head = c.answer(403)
    equal((head.get("Proxy-Authenticate"), head.get("WWW-Authenticate")),
          ('Basic realm="p"', 'Basic realm="o"'), "the challenges")
    play.completed("block")
    return c


@plays("block/403-no-extra-credentials")
def no_challenge(play):
    play.passes("no-proxy-creds")
    play.reports("origin-creds", holds=False)
    blocked_with_challenges(play)


@plays("block/403-no-extra-credentials")
def takes_it_for_a_challenge(play):
    play.fails("no-proxy-creds")
    play.reports("origin-creds", holds=True)
    blocked_with_challenges(play).get(headers=PA + OWN)
    play.event("request", 2)


# ---- limits and pools ----------------------------------------------------------------------------


@plays("rotation/429-per-ip")
def takes_the_other_exit(play):
    play.passes("kept")
    play.does("rotates")
    c, b = play.dial("b"), play.dial()
    c.get()
    equal(c.answer(429).get("Retry-After"), "30", "Retry-After")
    play.completed("first-b")
    b.get()
    b.answer(200)


@plays("rotation/429-per-ip")
def comes_back_early(play):
    play.fails("kept")
    play.does_not("rotates")
    c = play.dial()
    for _ in 1, 2:
        c.get()
        c.answer(429)
    play.completed("again-a")


def limited_twice(play):
    peers = play.dial(), play.dial("b")
    for peer in peers:
        peer.get()
        equal(peer.answer(429).get("Retry-After"), "1", "Retry-After")
    return peers


@plays("rotation/429-per-account")
def waits_for_both(play):
    play.passes("nobody-early")
    c, _ = limited_twice(play)
    c.silence(1)
    c.get()
    c.answer(200)


@plays("rotation/429-per-account")
def comes_and_goes(play):
    play.fails("nobody-early")
    c, _ = limited_twice(play)
    c.get()
    c.answer(200)


def on_all_three(play, times):
    play.step()
    for actor in "proxy", "b", "c":
        c = play.dial(actor)
        asked(play, c)
        for _ in range(times):
            c.get(headers=basic(password="wrong"))
            c.answer(407)


@plays("rotation/407-does-not-burn-pool")
def tries_each_once(play):
    play.passes("once", "once-b", "once-c", "not-hidden", "named", "soon")
    on_all_three(play, 1)
    refused(play)


@plays("rotation/407-does-not-burn-pool")
def tries_each_twice(play):
    play.misses("once", "once-b", "once-c", "named")
    on_all_three(play, 2)
    play.outcome(ends="error", kind="other")


@plays("rotation/407-does-not-burn-pool")
def calls_it_success(play):
    play.fails("not-hidden", "soon")
    play.misses("named")
    on_all_three(play, 1)
    play.outcome(status=200, body="empty", took=6)


def first_blocked(play):
    """The first exit that is asked is the blocked one."""
    play.step()
    c = play.dial("b")
    c.get()
    c.answer(403)
    play.completed("first-b")
    return c


@plays("rotation/403-rotates")
def rotates(play):
    play.passes("rotates", "not-again")
    first_blocked(play)
    c = play.dial()
    c.get()
    c.answer(200)
    delivered(play)


@plays("rotation/403-rotates")
def stays_blocked(play):
    play.misses("rotates", "not-again")
    c = first_blocked(play)
    c.get()
    c.answer(403)
    play.outcome(status=403, body="whole")


def around_the_dead(play, tries, got):
    for nth in range(tries):
        try:
            play.dial().reset()
        except ConnectionResetError:
            pass  # it was quicker than our accept
        play.completed("dead", nth + 1)
    b = play.dial("b")
    for step in range(1, 7):
        play.step(step)
        if step > got:
            play.outcome(step, ends="error", kind="proxy-unreachable")
            continue
        b.get("/%d" % step)
        b.answer(200)
        delivered(play, step)


@plays("rotation/dead-proxy-cooldown")
def leaves_it_alone(play):
    play.does("skipped")
    play.passes("succeeds")
    around_the_dead(play, 1, 6)


@plays("rotation/dead-proxy-cooldown")
def tries_it_each_time(play):
    play.does_not("skipped")
    play.misses("succeeds")
    around_the_dead(play, 6, 3)


@plays("rotation/persistent-5xx-escalates")
def escalates(play):
    play.does("escalates")
    play.step()
    b = play.dial("b")
    for _ in 1, 2:
        b.get()
        b.answer(502)
    c = play.dial()
    c.get()
    c.answer(200)
    play.completed("first-b")
    play.completed("again-b")
    delivered(play)


@plays("rotation/persistent-5xx-escalates")
def stays(play):
    play.does_not("escalates")
    play.step()
    c = play.dial()
    for _ in 1, 2, 3:
        c.get()
        c.answer(502)
    play.outcome(status=502, body="whole")


def all_ways(play, requests):
    play.step()
    peers = [play.dial(), play.dial("b")]
    for nth in range(requests):
        peers[nth % 2].get()
        check(peers[nth % 2].answer(503).body.startswith(b"origin 503"), "not the site's answer")
    play.completed("down", requests)


@plays("rotation/target-down-everywhere")
def stops(play):
    play.passes("bounded", "status-exposed")
    all_ways(play, 3)
    play.outcome(status=503, body="whole")


@plays("rotation/target-down-everywhere")
def does_not_stop(play):
    play.fails("bounded", "status-exposed")
    all_ways(play, 4)
    play.outcome(ends="error", kind="other")


def at_each(play, headers_a, headers_b, status=200):
    for step, (actor, headers) in enumerate((("proxy", headers_a), ("b", headers_b)) * 2, 1):
        play.step(step)
        c = play.dial(actor)
        c.get("/%d" % step, headers=headers)
        c.answer(status)
        if status == 200:
            delivered(play, step)
        else:
            refused(play, step)


@plays("rotation/creds-per-proxy")
def each_its_own(play):
    play.passes("a-only", "b-only", "succeeds")
    at_each(play, basic("ua", "pa"), basic("ub", "pb"))


@plays("rotation/creds-per-proxy")
def each_the_others(play):
    play.fails("a-only", "b-only", "succeeds")
    at_each(play, basic("ub", "pb"), basic("ua", "pa"), 407)


# ---- a cache -------------------------------------------------------------------------------------


def half(play):
    play.step(1)
    c = play.dial()
    c.get()
    head = c.head(200)
    equal((head.get("Content-Length"), head.get("Cache-Control")), ("1000", "max-age=60"), "fields")
    c.expect(pattern(500))
    c.eof()
    play.closed("fin", connection=1)
    play.outcome(1, ends="error", kind="incomplete")
    play.step(2)


@plays("cache/incomplete-not-served-as-complete")
def asks_again(play):
    play.passes("not-served", "asks-again")
    half(play)
    c = play.dial()
    c.get()
    c.answer(200)
    delivered(play, 2)


@plays("cache/incomplete-not-served-as-complete")
def serves_the_half(play):
    play.fails("not-served", "asks-again")
    half(play)
    play.outcome(2, status=200, body="part")
