"""How requests reach the proxy, or do not: scenarios/routing and the ports of https proxies."""

import socket
import ssl

from dialogue import check, equal, plays, tunnel


def second(play):
    """The other request of that case, as it should be."""
    play.step(2)
    c = play.dial()
    c.get("/d", host=play.host() + ":8080")
    c.answer(200)
    play.outcome(2, status=200, body="whole")


@plays("routing/absolute-form")
def whole_uri(play):
    play.passes("target", "host", "port")
    play.step()
    c = play.dial()
    c.get("/a?b=c")
    c.answer(200)
    play.outcome(status=200, body="whole")
    second(play)
    equal(play.event("request", at="proxy")["form"], "absolute", "the form")


@plays("routing/absolute-form")
def without_its_port(play):
    play.fails("port")
    play.step()
    c = play.dial()
    c.get("/a?b=c")
    c.answer(200)
    play.outcome(status=200, body="whole")
    play.step(2)
    c.get("/d")
    c.answer(200)
    play.outcome(2, status=200, body="whole")


@plays("routing/absolute-form")
def path_only(play):
    play.fails("target", "form")
    play.step()
    c = play.dial()
    c.send("GET /a?b=c HTTP/1.1\r\nHost: %s\r\n\r\n" % play.host())
    c.head(400)
    play.outcome(ends="error", status=400, kind="protocol")
    second(play)


@plays("routing/absolute-form")
def with_its_fragment(play):
    play.fails("target")
    play.step()
    c = play.dial()
    c.get("/a?b=c#frag")
    c.head()
    play.outcome(status=200, body="whole")
    second(play)


@plays("routing/absolute-form")
def two_hosts(play):
    play.fails("host", "form")
    play.step()
    c = play.dial()
    c.get("/a?b=c", headers="Host: %s\r\n" % play.host())
    c.head(400)
    play.outcome(ends="error", status=400, kind="protocol")
    second(play)


@plays("routing/no-local-dns")
def name_sent(play):
    play.passes("succeeds")
    play.step(1)
    c = play.dial()
    c.get()
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    play.step(2)
    c = tunnel(play)
    c.inside("/")
    c.answer(200)
    play.outcome(2, status=200, body="whole")


@plays("routing/no-local-dns")
def name_resolved(play):
    play.fails("succeeds")
    try:
        socket.getaddrinfo(play.host(), 80)
    except socket.gaierror:
        pass
    else:
        check(False, "the name is known here")
    name_half(play)


def name_half(play):
    """The first through the proxy, the second by a resolver that knows no such name."""
    play.step(1)
    c = play.dial()
    c.get()
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    play.step(2)
    d = play.dial()
    d.connect()
    d.head(200)
    play.outcome(2, ends="error", kind="other", error="no such host")


def dead(play):
    try:
        play.dial()
    except ConnectionRefusedError:
        return
    check(False, "somebody listens")


def site(play):
    return "%s:%d" % play.address("origin")


@plays("routing/no-direct-fallback-refused")
def fails(play):
    play.passes("no-bypass", "refused", "named")
    play.untried()
    for nth in 1, 2:
        play.step(nth)
        dead(play)
        play.outcome(nth, ends="error", kind="proxy-unreachable")


@plays("routing/no-direct-fallback-refused")
def goes_round(play):
    play.fails("no-bypass", "refused")
    play.misses("named")
    for nth in 1, 2:
        play.step(nth)
        dead(play)
        c = play.dial("origin")
        if nth == 2:
            c.secure("127.0.0.1")
        c.send("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % site(play))
        c.answer(200)
        equal(play.event("request", nth, at="origin").get("via"), "direct", "the way")
        play.outcome(nth, status=200, body="whole")


@plays("routing/env-variables")
def through_the_proxy(play):
    play.reports("plain", True)
    play.reports("tunnels", True)
    host, port = play.address("origin")
    play.step(1)
    c = play.dial()
    c.get(host=site(play))
    c.answer(200)
    play.outcome(1, status=200, body="whole")
    play.step(2)
    c = play.dial()
    c.connect(host, port)
    c.head(200)
    c.secure(host)
    c.send("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % site(play))
    c.answer(200)
    play.outcome(2, status=200, body="whole")


@plays("routing/env-variables")
def none_read(play):
    play.passes("truth")
    for nth in 1, 2:
        play.step(nth)
        c = play.dial("origin")
        if nth == 2:
            c.secure("127.0.0.1")
        c.send("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % site(play))
        c.answer(200)
        play.outcome(nth, status=200, body="whole")
    play.never("request", at="proxy")


@plays("routing/multi-address-proxy")
def second_address(play):
    play.passes("succeeds", "soon")
    play.step()
    port = play.address()[1]
    for address in "::1", "127.0.0.1":
        try:
            with socket.create_connection((address, port), timeout=3):
                break
        except OSError:
            pass
    equal(address, "127.0.0.1", "the address that answers")
    c = play.dial()
    c.get()
    c.answer(200)
    play.outcome(status=200, body="whole")


@plays("routing/multi-address-proxy")
def second_address_later(play):
    play.misses("soon")
    play.passes("succeeds")
    play.step()
    c = play.dial()
    c.get()
    c.answer(200)
    play.outcome(status=200, body="whole", took=4)


@plays("routing/multi-address-proxy")
def first_address_only(play):
    play.misses("succeeds")
    play.step()
    play.dial().abort()  # the second was tried, and not used
    play.event("accept", at="proxy")
    play.outcome(ends="error", kind="proxy-unreachable")


# ---- a proxy that does not speak TLS -------------------------------------------------------------


@plays("https-proxy/speaks-plaintext")
def not_tls(play):
    play.passes("never-clear", "refused")
    play.step()
    c = play.dial()
    try:
        c.secure("127.0.0.1")
    except (ssl.SSLError, OSError):
        pass
    else:
        check(False, "it speaks TLS")
    equal(play.event("bytes", at="proxy")["looks"], "tls", "what came")
    play.outcome(ends="error", kind="tls-proxy")


@plays("https-proxy/speaks-plaintext")
def in_clear_without_them(play):
    play.passes("never-clear")
    play.fails("refused")
    play.step()
    c = play.dial()
    c.get(headers="Proxy-Authorization: Basic Og==\r\n")  # ":", nobody's
    c.answer(407)
    play.outcome(status=407, body="whole")


@plays("https-proxy/speaks-plaintext")
def in_clear(play):
    play.fails("never-clear", "refused")
    play.step()
    c = play.dial()
    c.get(headers="Proxy-Authorization: Basic dTE6czNjcjN0\r\n")  # u1:s3cr3t
    c.answer(407)
    play.outcome(status=407, body="whole")
