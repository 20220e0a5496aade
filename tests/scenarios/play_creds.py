"""Where credentials may go."""

from asking import OWN, PA, asked, delivered, inside, refused, refuses_locally
from credentials import ORIGIN, basic
from dialogue import equal, plays, tunnel

# ---- two locks -----------------------------------------------------------------------------------


@plays("auth/401-and-407-abs")
def two_keys(play):
    play.passes("proxy-key", "origin-key", "succeeds", "few")
    play.step()
    c = play.dial()
    equal(asked(play, c).get("Proxy-Authenticate"), 'Basic realm="same"', "the proxy's challenge")
    equal(asked(play, c, 401, headers=PA).get("WWW-Authenticate"), 'Basic realm="same"', "the site's")
    c.get(headers=PA + OWN)
    c.answer(200)
    delivered(play)


@plays("auth/401-and-407-abs")
def keys_mixed_up(play):
    play.fails("proxy-key", "origin-key", "succeeds", "few", "own-credentials")
    play.step()
    c = play.dial()
    asked(play, c)
    c.get(headers=basic("u9", "p9"))
    c.answer(407)
    for _ in 1, 2, 3:
        c.get(headers=PA + basic(field=ORIGIN))
        c.answer(401)
    play.outcome(status=401, body="whole")


@plays("auth/401-and-407-tun")
def each_at_its_hop(play):
    play.passes("connect", "connect-clean", "inside", "inside-clean")
    c = play.dial()
    c.connect()
    c.answer(407)
    c.connect(headers=PA)
    c.head(200)
    inside(play, c, status=401)
    c.inside(headers=OWN)
    c.answer(200)


@plays("auth/401-and-407-tun")
def both_at_both_hops(play):
    play.fails("connect-clean", "inside-clean")
    c = play.dial()
    c.connect(headers=PA + OWN)
    c.head(200)
    inside(play, c, headers=PA + OWN)


@plays("auth/401-and-407-tun")
def none_at_all(play):
    play.fails("connect", "inside")
    c = play.dial()
    c.connect()
    c.answer(407)


@plays("auth/authorization-instead")
def stays_authorization(play):
    play.mistakes("authorization-instead")  # which the case makes
    play.passes("stays", "not-for-proxy", "not-hidden", "named")
    play.step()
    c = play.dial()
    c.get(headers=basic(field=ORIGIN))
    c.answer(407)
    refused(play)


@plays("auth/authorization-instead")
def becomes_another_field(play):
    play.fails("stays", "not-for-proxy")
    play.step()
    c = play.dial()
    c.get(headers=PA)
    c.answer(200)
    play.outcome(ends="error", kind="proxy-auth")


@plays("auth/authorization-instead")
def hides_the_407(play):
    play.fails("not-hidden")
    play.misses("named")
    play.step()
    c = play.dial()
    c.get(headers=basic(field=ORIGIN))
    c.answer(407)
    play.outcome(status=200, body="empty")


# ---- another proxy, another user -----------------------------------------------------------------


@plays("auth/proxy-switch-drops-creds")
def drops(play):
    play.passes("dropped")
    c, b = play.dial(), play.dial("b")
    for peer, path, headers in (c, "/1", PA), (b, "/2", ""):
        peer.get(path, headers=headers)
        peer.answer(200)


@plays("auth/proxy-switch-drops-creds")
def carries_over(play):
    play.fails("dropped")
    c, b = play.dial(), play.dial("b")
    for peer, path in (c, "/1"), (b, "/2"):
        peer.get(path, headers=PA)
        peer.answer(200)


@plays("auth/proxy-switch-new-creds")
def new_tunnel(play):
    play.passes("own-tunnel", "not-in-old")
    for path, headers in ("/1", PA), ("/2", basic("u2", "p2")):
        c = play.dial()
        c.connect(headers=headers)
        c.head(200)
        inside(play, c, path)


@plays("auth/proxy-switch-new-creds")
def old_tunnel(play):
    play.fails("own-tunnel", "not-in-old")
    c = tunnel(play, headers=PA)
    for path in "/1", "/2":
        c.inside(path)
        c.answer(200)


@plays("creds/pa-not-in-tunnel")
def not_inside(play):
    play.passes("not-inside", "succeeds")
    c = tunnel(play, headers=PA)
    for step in 1, 2:
        play.step(step)
        c.inside("/%d" % step)
        c.answer(200)
        delivered(play, step)


@plays("creds/pa-not-in-tunnel")
def inside_too(play):
    play.fails("not-inside", "succeeds")
    c = tunnel(play, headers=PA)
    for step in 1, 2:
        play.step(step)
        c.inside("/%d" % step, headers=PA)
        c.answer(200)
        play.outcome(step, ends="error", kind="other")


def three_hosts(play, count):
    for step, origin in enumerate(("origin", "o2", "o3"), 1):
        play.step(step)
        c = play.dial()
        c.connect(play.host(origin), headers=PA if step <= count else "")
        if step > count:
            c.answer(407)
            refused(play, step)
            continue
        c.head(200)
        c.secure(play.host(origin))
        c.inside("/")
        c.answer(200)
        delivered(play, step)


@plays("creds/pa-on-every-connect")
def on_every_connect(play):
    play.passes("succeeds")
    three_hosts(play, 3)


@plays("creds/pa-on-every-connect")
def on_the_first_connect(play):
    play.fails("succeeds")
    three_hosts(play, 1)
    play.count(2, "request", method="CONNECT", auth="missing")


# ---- the wrong hop asks --------------------------------------------------------------------------


@plays("creds/proxy-creds-not-for-401")
def kept_from_the_site(play):
    play.passes("not-given", "status-exposed")
    play.step()
    c = play.dial()
    c.get()
    equal(c.answer(401).get("WWW-Authenticate"), 'Basic realm="p"', "the challenge")
    play.outcome(status=401, body="whole")


@plays("creds/proxy-creds-not-for-401")
def given_to_the_site(play):
    play.fails("not-given", "status-exposed", "own-credentials")
    play.step()
    c = play.dial()
    for headers in "", basic(field=ORIGIN):
        c.get(headers=headers)
        c.answer(401)
    play.outcome(ends="error", kind="other")


@plays("creds/proxy-creds-not-for-401")
def nothing_in_it(play):
    play.passes("not-given", "status-exposed")
    play.step()
    c = play.dial()
    c.get(headers=basic("", "", field=ORIGIN))
    c.answer(401)
    play.outcome(status=401, body="whole")


@plays("creds/origin-creds-not-for-407")
def kept_from_the_proxy(play):
    play.passes("not-given", "not-hidden", "status-exposed")
    c = play.dial()
    for step in 1, 2:
        play.step(step)
        c.get() if step == 1 else c.connect()
        c.answer(407)
        refused(play, step)


@plays("creds/origin-creds-not-for-407")
def given_to_the_proxy(play):
    play.fails("not-given", "not-hidden")
    play.misses("status-exposed")
    c = play.dial()
    for step in 1, 2:
        play.step(step)
        c.get(headers=basic("u9", "p9")) if step == 1 else c.connect(headers=basic("u9", "p9"))
        c.answer(407)
        delivered(play, step)


# ---- redirects -----------------------------------------------------------------------------------


def redirected(play, secure, to, headers=""):
    """The redirect, through a tunnel or plain. Gives the connection."""
    path = "/redirect?to=" + to
    play.step()
    if secure:
        c = tunnel(play, headers=PA)
        c.inside(path, headers=headers)
    else:
        c = play.dial()
        c.get(path, headers=PA)
    equal(c.answer(302).get("Location"), to, "Location")
    return c


def into_the_tunnel(play, connect, headers):
    o2 = play.host("o2")
    redirected(play, False, "https://%s/" % o2)
    c = play.dial()
    c.connect(o2, headers=connect)
    if not connect:
        c.answer(407)
        refused(play)
        return
    c.head(200)
    c.secure(o2)
    c.send("GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (o2, headers))
    c.answer(200)
    delivered(play)


@plays("creds/redirect-http-to-https")
def moves_to_connect(play):
    play.passes("on-connect", "not-inside", "succeeds")
    into_the_tunnel(play, PA, "")


@plays("creds/redirect-http-to-https")
def follows_inside(play):
    play.fails("not-inside")
    into_the_tunnel(play, PA, PA)


@plays("creds/redirect-http-to-https")
def forgets_connect(play):
    play.fails("on-connect", "succeeds")
    into_the_tunnel(play, "", "")


@plays("creds/redirect-http-to-https")
def stays_outside(play):
    play.untested("on-connect", "not-inside", "succeeds")
    redirected(play, False, "https://%s/" % play.host("o2"))
    play.outcome(status=302, body="whole")


def out_of_the_tunnel(play, headers, inside_headers=""):
    o2 = play.host("o2")
    redirected(play, True, "http://%s/" % o2, inside_headers)
    c = play.dial()
    c.get("http://%s/" % o2, host=o2, headers=headers)
    if headers:
        c.answer(200)
        delivered(play)
    else:
        c.answer(407)
        play.outcome(status=407, body="whole")


@plays("creds/redirect-https-to-http")
def still_there(play):
    play.passes("still-there", "succeeds", "not-inside")
    out_of_the_tunnel(play, PA)


@plays("creds/redirect-https-to-http")
def tunnels_there_too(play):
    play.passes("still-there", "succeeds", "not-inside")
    o2 = play.host("o2")
    redirected(play, True, "http://%s/" % o2)
    c = play.dial()
    c.connect(o2, 80, headers=PA)
    c.head(200)
    c.send("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % o2)
    c.answer(200)
    delivered(play)


@plays("creds/redirect-https-to-http")
def stripped(play):
    play.misses("still-there", "succeeds")
    out_of_the_tunnel(play, "")


@plays("creds/redirect-https-to-http")
def told_inside(play):
    play.fails("not-inside")
    out_of_the_tunnel(play, PA, PA)


def past_the_proxy(play, headers):
    host, port = play.address("o2")
    redirected(play, False, "http://%s:%d/" % (host, port))
    c = play.dial("o2")
    c.send("GET / HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n" % (host, port, headers))
    c.answer(200)
    delivered(play)


@plays("creds/redirect-to-direct")
def removed(play):
    play.passes("removed")
    past_the_proxy(play, "")


@plays("creds/redirect-to-direct")
def not_removed(play):
    play.fails("removed")
    past_the_proxy(play, PA)


@plays("creds/redirect-to-direct")
def through_the_proxy_again(play):
    """A client that knows no exclusions was not put to the test."""
    play.untested("removed")
    host, port = play.address("o2")
    c = redirected(play, False, "http://%s:%d/" % (host, port))
    c.get("http://%s:%d/" % (host, port), host="%s:%d" % (host, port), headers=PA)
    c.answer(200)
    delivered(play)


def to_another_host(play, headers):
    o2 = play.host("o2")
    c = redirected(play, False, "http://%s/" % o2)
    c.get("http://%s/" % o2, host=o2, headers=headers)
    c.answer(200 if headers else 407)
    if headers:
        delivered(play)
    else:
        play.outcome(status=407, body="whole")


@plays("creds/redirect-http-to-http")
def same_proxy_same_key(play):
    play.passes("still-there", "succeeds")
    to_another_host(play, PA)


@plays("creds/redirect-http-to-http")
def dropped_with_the_host(play):
    play.misses("still-there", "succeeds")
    to_another_host(play, "")


def tunnel_to_tunnel(play, told="", host=None):
    o2 = play.host("o2")
    redirected(play, True, "https://%s/" % o2)
    c = play.dial()
    c.connect(host or o2, headers=PA)
    c.head(200)
    c.secure(o2)
    c.send("GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (o2, told))
    c.answer(200)
    delivered(play)


@plays("creds/redirect-https-to-https")
def on_both_connects(play):
    play.passes("not-inside", "on-both")
    tunnel_to_tunnel(play)


@plays("creds/redirect-https-to-https")
def inside_the_second(play):
    play.fails("not-inside")
    tunnel_to_tunnel(play, PA)


@plays("creds/redirect-https-to-https")
def forgets_the_second(play):
    play.fails("on-both")
    o2 = play.host("o2")
    redirected(play, True, "https://%s/" % o2)
    c = play.dial()
    c.connect(o2)
    c.answer(407)
    refused(play)


def lured(play):
    play.step()
    c = play.dial()
    c.get("/start", headers=PA)
    equal(c.answer(302).get("Location"), "http://evil:pw@%s/" % play.host("o2"), "Location")
    play.completed("lure")
    return c


@plays("creds/redirect-userinfo-location")
def refuses_the_lure(play):
    play.passes("clean-target", "not-for-proxy", "refused")
    lured(play)
    play.outcome(ends="error", kind="redirects")


@plays("creds/redirect-userinfo-location")
def follows_without(play):
    play.passes("clean-target", "not-for-proxy")
    play.misses("refused")
    c, o2 = lured(play), play.host("o2")
    c.get("http://%s/" % o2, host=o2, headers=PA)
    c.answer(200)
    delivered(play)


@plays("creds/redirect-userinfo-location")
def follows_with(play):
    play.fails("clean-target")
    c, o2 = lured(play), play.host("o2")
    c.get("http://evil:pw@%s/" % o2, host=o2, headers=PA)
    c.head()
    play.outcome(ends="error", kind="other")


@plays("creds/redirect-userinfo-location")
def tells_the_proxy(play):
    play.fails("not-for-proxy")
    play.misses("refused")
    c, o2 = lured(play), play.host("o2")
    c.get("http://%s/" % o2, host=o2, headers=basic("evil", "pw"))
    c.answer(407)
    play.outcome(status=407, body="whole")


def each_on_its_own(play, all_three):
    for step in 1, 2, 3:
        play.step(step)
        c = play.dial()
        headers = PA if all_three or step == 1 else ""
        c.get("/%d" % step, headers=headers)
        c.answer(200 if headers else 407)
        if headers:
            c.eof()
            delivered(play, step)
        else:
            refused(play, step)


@plays("creds/pa-after-reconnect")
def keeps_the_key(play):
    play.passes("succeeds")
    play.reports("at-once", holds=True)
    each_on_its_own(play, True)


@plays("creds/pa-after-reconnect")
def forgets_the_key(play):
    play.fails("succeeds")
    play.reports("at-once", holds=False)
    each_on_its_own(play, False)


# ---- errors and logs -----------------------------------------------------------------------------

@plays("creds/bad-url-error-redacts")
def redacted_url(play):
    play.passes("redacted", "refused")
    refuses_locally(play, "invalid proxy URL http://***@127.0.0.1:99999")


@plays("creds/bad-url-error-redacts")
def quoted_url(play):
    play.fails("redacted")
    refuses_locally(play, "invalid proxy URL http://u1:S3c/ret@127.0.0.1:99999")


@plays("creds/bad-url-error-redacts")
def bad_url_accepted(play):
    play.fails("refused")
    play.step()
    c = play.dial()
    c.get()
    c.answer(200)
    delivered(play)


def failing(play, **outcome):
    """One of five ways to fail."""
    play.step()
    if play.variant == "refused":
        play.untried()
    else:
        c = play.dial()
        c.connect(headers=basic(password="S3cret!x"))
        if play.variant == "reset":
            c.reset()
        elif play.variant != "timeout":
            c.answer(int(play.variant))
    play.outcome(ends="error", **outcome)


@plays("creds/error-redacts-password")
def redacted(play):
    play.passes("redacted")
    play.log = "trying http://u1:***@127.0.0.1"
    failing(play, kind="other", error="the proxy failed")


@plays("creds/error-redacts-password")
def shown_in_the_error(play):
    play.fails("redacted")
    failing(play, kind="other", error="http://u1:S3cret%21x@127.0.0.1 failed")


@plays("creds/error-redacts-password")
def shown_in_the_log(play):
    play.fails("redacted")
    play.log = "> " + basic(password="S3cret!x")
    failing(play, kind="other", error="the proxy failed")


# ---- redirects, whoever is asked -----------------------------------------------------------------

SECRETS = "Authorization: Bearer s3cr3t\r\nCookie: sid=s3cr3t\r\n"


def to_another_site(play, headers):
    o2 = play.host("o2")
    play.step()
    c = play.dial()
    c.get("/redirect?to=http://%s/" % o2, headers=SECRETS)
    c.answer(302)
    c.get("http://%s/" % o2, host=o2, headers=headers)
    c.answer(200)
    delivered(play)


@plays("creds/redirect-authorization-cross-origin")
def left_behind(play):
    play.passes("authorization", "cookie")
    to_another_site(play, "")


@plays("creds/redirect-authorization-cross-origin")
def taken_along(play):
    play.misses("authorization", "cookie")
    to_another_site(play, SECRETS)


def around(play, requests):
    play.step()
    c = play.dial()
    for i in range(requests):
        c.get("/" + "ab"[i % 2])
        equal(c.answer(302).get("Location"), "http://%s/%s" % (play.host(), "ba"[i % 2]), "Location")


@plays("creds/redirect-loop")
def has_enough(play):
    play.passes("stopped", "named", "not-hidden")
    around(play, 21)
    play.outcome(ends="error", kind="redirects", error="more than 20 redirects")


@plays("creds/redirect-loop")
def never_has_enough(play):
    play.misses("stopped", "named")
    around(play, 51)
    play.outcome(ends="error", kind="timeout-total", error="timeout")


@plays("creds/redirect-loop")
def makes_up_an_end(play):
    play.misses("named")
    play.fails("not-hidden", "truth")
    around(play, 2)
    play.outcome(status=200, body="foreign")
