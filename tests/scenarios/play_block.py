"""Blocks, limits, pools, and a cache: whom to ask again."""

from asking import OWN, PA, answered, asked, begun, delivered, refused
from credentials import basic
from dialogue import check, equal, pattern, plays

# ---- 403 -----------------------------------------------------------------------------------------


@plays("block/403-not-retried")
def believes_the_block(play):
    play.passes("once", "status-exposed", "not-hidden")
    begun(play, 403)
    play.completed("block")
    play.outcome(status=403, body="whole")


@plays("block/403-not-retried")
def asks_three_times(play):
    play.fails("once")
    play.misses("status-exposed")
    begun(play, 403, 3)
    play.outcome(ends="error", kind="other")


@plays("block/403-not-retried")
def hides_the_block(play):
    play.fails("not-hidden", "truth")
    play.misses("status-exposed")
    begun(play, 403)
    play.outcome(status=200, body="foreign")


@plays("block/403-then-slow-down-useless")
def does_not_wait(play):
    play.passes("no-wait")
    begun(play, 403)
    play.outcome(status=403, body="whole")


@plays("block/403-then-slow-down-useless")
def waits_at_the_wall(play):
    play.misses("no-wait")
    c = begun(play, 403)
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


@plays("block/403-proxy-vs-origin")
def tells_who_it_was(play):
    c = play.begin()
    c.get()
    head = c.answer(403)
    told = "fp; error=http_request_denied" if play.variant == "proxy" else None
    equal(head.get("Proxy-Status"), told, "Proxy-Status")
    check(head.body.decode().startswith(play.variant + " 403"), "whose answer?", head.body)
    fields = [["Proxy-Status", told]] if told else []
    play.outcome(status=403, body="whole", hop=play.variant, header=fields)
    if told:
        play.reports("field", holds=True)
    play.reports("tells-" + play.variant, holds=True)


@plays("block/403-proxy-vs-origin")
def tells_nothing(play):
    begun(play, 403)
    play.outcome(status=403, body="whole", header=[["Date", "now"]])
    if play.variant == "proxy":
        play.reports("field", holds=False)
    play.reports("tells-" + play.variant, holds=False)


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
    answered(play, play.dial())


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
    begun(play, 502, 3)
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
    play.passes("bounded", "not-hidden", "status-exposed")
    all_ways(play, 3)
    play.outcome(status=503, body="whole")


@plays("rotation/target-down-everywhere")
def does_not_stop(play):
    play.fails("bounded", "not-hidden")
    play.misses("status-exposed")
    all_ways(play, 4)
    play.outcome(status=200, body="empty")


@plays("rotation/target-down-everywhere")
def says_it_in_words(play):
    play.passes("bounded", "not-hidden", "status-exposed")
    all_ways(play, 3)
    play.outcome(ends="error", kind="other", error="too many 503 error responses")


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


def unavailable(play):
    c = play.begin()
    c.get()
    equal(c.answer(503).get("Retry-After"), "1", "Retry-After")
    play.completed("first-a")
    return c


@plays("rotation/503-not-rotated-first")
def waits_for_the_exit(play):
    play.passes("not-early")
    play.reports("stays", holds=True)
    c = unavailable(play)
    c.silence(1)
    answered(play, c)


@plays("rotation/503-not-rotated-first")
def changes_the_exit(play):
    play.passes("not-early")
    play.reports("stays", holds=False)
    unavailable(play)
    b = play.dial("b")
    answered(play, b)


@plays("rotation/503-not-rotated-first")
def does_not_wait_at_all(play):
    play.fails("not-early")
    c = unavailable(play)
    answered(play, c)


def all_dead(play, requests):
    play.step()
    for nth in range(requests):
        c = play.dial("b" if nth % 2 else "proxy")
        c.get()
        c.reset()


@plays("rotation/pool-exhausted")
def counts_its_attempts(play):
    play.passes("bounded", "not-hidden", "named")
    all_dead(play, 3)
    play.completed("dead", 2)
    play.outcome(ends="error", kind="reset")


@plays("rotation/pool-exhausted")
def goes_round_and_round(play):
    play.fails("bounded", "not-hidden")
    play.misses("named")
    all_dead(play, 4)
    play.outcome(status=200, body="empty")


def repeated(play, first, second):
    c = play.dial()
    for fields, status in (first, 503), (second, 200):
        c.get(headers=fields)
        c.answer(status)
    play.completed("error")


@plays("rotation/headers-stable-on-retry")
def looks_the_same(play):
    play.reports("same", holds=True)
    repeated(play, "User-Agent: a\r\nAccept: b\r\n", "User-Agent: a\r\nAccept: b\r\n")


@plays("rotation/headers-stable-on-retry")
def another_order(play):
    play.reports("same", holds=False)
    repeated(play, "User-Agent: a\r\nAccept: b\r\n", "Accept: b\r\nUser-Agent: a\r\n")


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
    answered(play, play.dial(), 2)


@plays("cache/incomplete-not-served-as-complete")
def serves_the_half(play):
    play.fails("not-served", "asks-again")
    half(play)
    play.outcome(2, status=200, body="part")


@plays("cache/429-not-stored")
def asks_after_the_limit(play):
    play.passes("asks-again")
    limited(play)
    answered(play, play.dial(), 2)


def limited(play):
    play.step(1)
    c = play.dial()
    c.get()
    equal(c.answer(429).get("Cache-Control"), "max-age=60", "Cache-Control")
    play.outcome(1, status=429, body="whole")
    play.step(2)


@plays("cache/429-not-stored")
def serves_the_limit(play):
    play.fails("asks-again", "truth")
    limited(play)
    play.outcome(2, status=429, body="foreign")
