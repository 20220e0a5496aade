"""Digest (RFC 7616), answered rightly and with the usual mistakes."""

import hashlib

from asking import asked, delivered, inside, refused
from credentials import basic, digest, parameters
from dialogue import check, equal, pattern, plays


def url(play, path="/"):
    return "http://%s%s" % (play.host(), path)


def challenge_of(play, c, path="/", **options):
    """A request without credentials, and the challenge that it gets."""
    return asked(play, c, target=path, **options).get("Proxy-Authenticate")


def answer(play, c, challenge, path="/", status=200, **options):
    """The request with Digest credentials."""
    uri = options.pop("uri", url(play, path))
    c.get(path, headers=digest(challenge, uri, **options))
    return c.answer(status)


def once(play, status=200, **options):
    """One challenge, one answer to it."""
    play.step()
    c = play.dial()
    challenge = challenge_of(play, c)
    answer(play, c, challenge, status=status, **options)
    if status == 200:
        delivered(play)
    else:
        refused(play)
    return challenge


@plays("digest/md5-auth")
def md5(play):
    play.passes("right", "qop-token", "qop-nc", "cnonce", "opaque", "succeeds")
    challenge = once(play)
    equal(challenge, 'Digest realm="r@p", nonce="n1", qop="auth", opaque="o/+=", algorithm=MD5',
          "the challenge")
    e = play.event("request", auth="ok")
    equal((e["scheme"], e["user"], e["nonce"], e["nc"], e["qop"], e["algorithm"], e["uri_matches"]),
          ("digest", "u1", "n1", "00000001", "auth", "MD5", True), "what the journal says of it")


@plays("digest/md5-auth")
def md5_quotes_everything(play):
    play.fails("qop-token")
    play.misses("opaque")
    once(play, qop='"auth"', nc=1, opaque=None)


@plays("digest/md5-auth")
def md5_counts_from_two(play):
    play.fails("qop-nc")
    once(play, nc=2)


@plays("digest/md5-auth")
def md5_wrongly_computed(play):
    play.fails("right", "cnonce", "succeeds")
    once(play, 407, cnonce=None, response='"%s"' % hashlib.md5(b"").hexdigest())


@plays("digest/sha256")
def sha256(play):
    play.passes("right", "graceful")
    once(play)


@plays("digest/sha256")
def sha256_unknown(play):
    """A client without the capability would not be asked for `right`."""
    play.fails("right")
    play.passes("graceful")
    play.step()
    challenge_of(play, play.dial())
    refused(play)


@plays("digest/sha256")
def sha256_by_md5(play):
    play.fails("right")
    play.misses("graceful")
    play.step()
    c = play.dial()
    as_md5 = challenge_of(play, c).replace("SHA-256", "MD5")
    answer(play, c, as_md5, status=407, algorithm="SHA-256")
    equal(play.event("request", auth="wrong")["why"], "the response was computed with MD5", "why")
    refused(play)


@plays("digest/unknown-algorithm-skipped")
def skips(play):
    play.passes("second-used", "first-ignored")
    play.step()
    c = play.dial()
    lines = asked(play, c).all("Proxy-Authenticate")
    equal([parameters(v)["algorithm"] for v in lines], ["FOO-9", "MD5"], "the algorithms")
    answer(play, c, lines[1])
    delivered(play)


@plays("digest/unknown-algorithm-skipped")
def does_not_skip(play):
    play.misses("second-used", "first-ignored")
    play.step()
    c = play.dial()
    lines = asked(play, c).all("Proxy-Authenticate")
    answer(play, c, lines[0].replace("FOO-9", "MD5"), status=407, algorithm="FOO-9")
    refused(play)


# ---- uri -----------------------------------------------------------------------------------------


@plays("digest/uri-is-absolute-form")
def absolute_uri(play):
    play.passes("same", "never-else")
    c = play.dial()
    answer(play, c, challenge_of(play, c, "/a?b=c"), "/a?b=c")


@plays("digest/uri-is-absolute-form")
def path_as_uri(play):
    play.fails("same", "never-else")
    c = play.dial()
    answer(play, c, challenge_of(play, c, "/a?b=c"), "/a?b=c", 407, uri="/a?b=c")
    equal(play.event("request", auth="wrong")["why"], "uri is not the request-target", "why")


def connect(play, uri, method, status):
    c = play.dial()
    c.connect()
    challenge = c.answer(407).get("Proxy-Authenticate")
    c.connect(headers=digest(challenge, uri, method=method))
    if status == 407:
        c.answer(407)
        return
    c.head(200)
    inside(play, c)


@plays("digest/uri-is-authority-on-connect")
def authority(play):
    play.passes("right")
    connect(play, play.host() + ":443", "CONNECT", 200)


@plays("digest/uri-is-authority-on-connect")
def for_the_request_inside(play):
    play.fails("right")
    connect(play, "/", "GET", 407)


@plays("digest/uri-is-authority-on-connect")
def for_get(play):
    play.fails("right")
    connect(play, play.host() + ":443", "GET", 407)
    equal(play.event("request", auth="wrong")["why"], "the response was computed for the method GET",
          "why")


# ---- nonces --------------------------------------------------------------------------------------


def three(play, *counts):
    """Three requests with one nonce and those counts."""
    c = play.dial()
    challenge = None
    for step, nc in enumerate(counts, 1):
        play.step(step)
        path = "/%d" % step
        challenge = challenge or challenge_of(play, c, path)
        replay = nc in counts[: step - 1]
        answer(play, c, challenge, path, 407 if replay else 200, nc=nc)
        if replay:
            refused(play, step)
        else:
            delivered(play, step)


@plays("digest/nc-increments")
def counts(play):
    play.passes("no-replay", "counts", "succeeds")
    three(play, 1, 2, 3)


@plays("digest/nc-increments")
def stands_still(play):
    play.fails("no-replay", "counts", "succeeds")
    three(play, 1, 1, 1)


@plays("digest/nextnonce")
def uses_the_next(play):
    play.passes("used")
    c = play.dial()
    challenge = challenge_of(play, c, "/1")
    head = answer(play, c, challenge, "/1")
    equal(head.get("Proxy-Authentication-Info"), 'nextnonce="n2"', "the next nonce")
    play.completed("next")
    answer(play, c, challenge.replace("n1", "n2"), "/2")


@plays("digest/nextnonce")
def goes_on_with_the_old(play):
    play.misses("used")
    c = play.dial()
    challenge = challenge_of(play, c, "/1")
    for nc in 1, 2:
        head = answer(play, c, challenge, "/%d" % nc, nc=nc)
    equal(head.get("Proxy-Authentication-Info"), None, "the next nonce")


def runs_out(play):
    """Two requests; the nonce is used up with the first."""
    c = play.dial()
    play.step(1)
    challenge = challenge_of(play, c, "/1")
    answer(play, c, challenge, "/1")
    delivered(play, 1)
    play.step(2)
    head = answer(play, c, challenge, "/2", 407, nc=2)
    again = parameters(head.get("Proxy-Authenticate"))
    equal((again["stale"], again["nonce"]), ("true", "n2"), "the challenge")
    return c, head.get("Proxy-Authenticate")


@plays("digest/stale-true")
def repeats(play):
    play.passes("repeats", "recovers", "no-error")
    c, challenge = runs_out(play)
    answer(play, c, challenge, "/2")
    delivered(play, 2)


@plays("digest/stale-true")
def asks_the_caller(play):
    play.fails("no-error")
    play.misses("repeats", "recovers")
    runs_out(play)
    refused(play, 2)


def loop(play, requests):
    play.step()
    c = play.dial()
    challenge, nonces = challenge_of(play, c), set()
    for _ in range(requests - 1):
        nonces.add(parameters(challenge)["nonce"])
        challenge = answer(play, c, challenge, status=407).get("Proxy-Authenticate")
        equal(parameters(challenge).get("stale"), "true", "stale")
    equal(len(nonces), requests - 1, "fresh nonces")


@plays("digest/stale-loop")
def one_more_chance(play):
    play.passes("bounded", "soon", "not-hidden")
    loop(play, 3)
    refused(play)


@plays("digest/stale-loop")
def chance_after_chance(play):
    play.fails("bounded", "soon")
    loop(play, 6)
    refused(play, took=6)


def wrong_password(play, times):
    play.step()
    c = play.dial()
    challenge = challenge_of(play, c)
    for _ in range(times):
        head = answer(play, c, challenge, status=407, password="wrong")
        again = head.get("Proxy-Authenticate")
        equal(parameters(again).get("stale"), None, "stale")
        check(parameters(again)["nonce"] != parameters(challenge)["nonce"], "the nonce is the same")
        challenge = again
    equal(play.event("request", auth="wrong")["user"], "u1", "the user")


@plays("digest/stale-absent-after-creds")
def believes_it(play):
    play.passes("once", "not-hidden", "status-exposed")
    wrong_password(play, 1)
    refused(play)


@plays("digest/stale-absent-after-creds")
def tries_again(play):
    play.fails("once")
    play.misses("status-exposed")
    wrong_password(play, 2)
    play.outcome(ends="error", kind="other")


@plays("digest/stale-absent-after-creds")
@plays("digest/stale-loop")
def calls_it_success(play):
    play.fails("not-hidden")
    play.step()
    c = play.dial()
    answer(play, c, challenge_of(play, c), status=407, password="wrong")
    play.outcome(status=200, body="empty")


# ---- qop, downgrade ------------------------------------------------------------------------------


def auth_int(play, qop):
    body = pattern(1024)
    for step, method, path, content in (1, "GET", "/1", b""), (2, "POST", "/2", body):
        c = play.dial()
        play.step(step)
        c.request(method, path, body=content or None)
        challenge = c.answer(407).get("Proxy-Authenticate")
        equal(parameters(challenge)["qop"], "auth-int", "what is offered")
        if qop:
            headers = digest(challenge, url(play, path), method=method, content=content, qop=qop)
            c.request(method, path, body=content or None, headers=headers)
            c.answer(200 if qop == "auth-int" else 407)
        if qop == "auth-int":
            delivered(play, step)
        elif qop:
            play.outcome(step, ends="error", kind="other")
        else:
            refused(play, step)


@plays("digest/qop-auth-int-only")
def protects_the_body(play):
    play.passes("not-auth", "graceful")
    play.does("auth-int")
    auth_int(play, "auth-int")


@plays("digest/qop-auth-int-only")
def gives_up(play):
    play.passes("not-auth", "graceful")
    play.does_not("auth-int")
    auth_int(play, None)


@plays("digest/qop-auth-int-only")
def answers_auth_all_the_same(play):
    play.fails("not-auth")
    play.misses("graceful")
    auth_int(play, "auth")
    equal(play.event("request", auth="malformed")["why"], "qop is none that the challenge offers",
          "why")


def downgrade(play):
    c = play.dial()
    head = answer(play, c, challenge_of(play, c), status=407)
    equal(head.all("Proxy-Authenticate"), ['Basic realm="p"'], "the challenge")
    play.completed("down")
    return c


@plays("digest/downgrade-to-basic")
def keeps_to_digest(play):
    play.reports("downgrades", holds=False)
    downgrade(play)


@plays("digest/downgrade-to-basic")
def downgrades(play):
    play.reports("downgrades", holds=True)
    c = downgrade(play)
    c.get(headers=basic())
    c.answer(407)
