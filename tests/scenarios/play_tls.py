"""TLS inside a tunnel, from its beginning to its end: scenarios/tls."""

import errno
import os
import select
import shutil
import socket
import ssl
import subprocess

from dialogue import PATIENCE, check, equal, pattern, plays, tunnel


def handshake(play):
    """One that ends as it should: with the alert of a client that does not trust the site."""
    c = play.dial()
    c.connect()
    c.head(200)
    c.refused(play.host(), "self-signed certificate")


@plays("tls/cert-error-not-retried")
def tried_once(play):
    play.passes("once", "refused")
    play.step()
    handshake(play)
    play.event("hello", at="origin")
    play.outcome(ends="error", kind="tls-origin")
    play.never("request", at="origin")


@plays("tls/cert-error-not-retried")
def tried_three_times(play):
    play.misses("once")
    play.passes("refused")
    play.step()
    for nth in 1, 2, 3:
        handshake(play)
        play.event("hello", nth, at="origin")
    play.outcome(ends="error", kind="tls-origin")


@plays("tls/cert-error-not-retried")
def trusted(play):
    play.fails("refused")
    play.passes("once")
    play.step()
    c = play.dial()
    c.connect()
    c.head(200)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    c.socket = context.wrap_socket(c.socket, server_hostname=play.host())
    c.inside("/")
    c.answer(200)
    play.outcome(status=200, body="whole")


def last_answer(play):
    play.step()
    c = tunnel(play)
    c.inside("/", headers="Connection: close\r\n")
    c.answer(200)
    play.outcome(status=200, body="whole")
    return c


@plays("tls/client-sends-close-notify")
def says_goodbye(play):
    play.passes("says-goodbye")
    c = last_answer(play)
    c.socket = c.socket.unwrap()
    c.close()
    play.closed("fin", by="client", at="origin")


@plays("tls/client-sends-close-notify")
def just_leaves(play):
    play.fails("says-goodbye")
    c = last_answer(play)
    c.close()
    play.closed("fin", by="client", at="origin")


def cut_off(play, size):
    """A tunnel whose answer ends with TCP's FIN alone, behind so many octets."""
    play.step()
    c = tunnel(play)
    c.inside("/")
    head = c.head(200)
    c.expect(pattern(size))
    c.truncated()
    play.completed("abrupt")
    equal(play.closed("fin", at="origin", rule="abrupt").get("notify"), False, "close_notify")
    return head


@plays("tls/no-close-notify-close-delimited")
def no_end_in_sight(play):
    head = cut_off(play, 500)
    equal((head.get("Content-Length"), head.get("Transfer-Encoding")), (None, None), "the framing")
    play.passes("incomplete")
    play.outcome(ends="error", status=200, kind="incomplete", body="part")


@plays("tls/no-close-notify-close-delimited")
def taken_for_the_end(play):
    cut_off(play, 500)
    play.fails("incomplete", "truth")
    play.outcome(status=200, body="part")


@plays("tls/no-close-notify-length-complete")
def length_reached(play):
    equal(cut_off(play, 100).get("Content-Length"), "100", "the length")
    play.passes("complete")
    play.outcome(status=200, body="whole")


@plays("tls/no-close-notify-length-complete")
def too_strict(play):
    cut_off(play, 100)
    play.misses("complete")
    play.outcome(ends="error", kind="incomplete")


# ---- early data ----------------------------------------------------------------------------------


class Early:
    """`openssl s_client` through a tunnel: what sends early data."""

    def __init__(self, play):
        self.play, self.session = play, os.path.join(play.folder.name, "session")
        self.program = shutil.which("openssl")
        check(self.program, "no openssl program")

    def ask(self, method, path, early=False, resume=False, fields="Connection: close\r\n"):
        play = self.play
        request = "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (method, path, play.host(), fields)
        arguments = [self.program, "s_client", "-quiet", "-ign_eof", "-proxy", "%s:%d" % play.address(),
                     "-connect", play.host() + ":443", "-servername", play.host(), "-CAfile", play.ca,
                     "-tls1_3", "-sess_out", self.session]
        if resume:
            arguments += ["-sess_in", self.session]
        if early:
            file = os.path.join(play.folder.name, "early")
            with open(file, "w", encoding="ascii", newline="") as f:
                f.write(request)
            arguments += ["-early_data", file]
        child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        if not early:
            child.stdin.write(request.encode())
            child.stdin.flush()
        said = child.stdout.readline()
        while child.stdout.readline() not in (b"\r\n", b""):
            pass
        child.kill()
        child.communicate(timeout=PATIENCE)
        return int(said.split()[1])


def first_two(play):
    """A session, and a request in early data that the site does not take."""
    client = Early(play)
    play.step(1)
    equal(client.ask("GET", "/1"), 200, "the status")
    play.outcome(1, status=200, body="whole")
    play.step(2)
    equal(client.ask("GET", "/2", early=True, resume=True), 425, "the status")
    equal(play.event("hello", 2, at="origin").get("early_data"), True, "early data")
    play.completed("early")
    return client


def posted(play, client, early):
    play.step(3)
    client.ask("POST", "/3", early=early, resume=True, fields="Content-Length: 0\r\n")
    play.outcome(3, status=200, body="whole")


@plays("tls/early-data")
def later_without(play):
    play.passes("repeats", "without", "no-post")
    client = first_two(play)
    equal(client.ask("GET", "/2", resume=True), 200, "the status")
    play.outcome(2, status=200, body="whole")
    posted(play, client, False)


@plays("tls/early-data")
def again_too_early(play):
    play.fails("without", "no-post")
    play.passes("repeats")
    client = first_two(play)
    client.ask("GET", "/2", early=True, resume=True)
    play.outcome(2, status=200, body="whole")
    posted(play, client, True)


@plays("tls/early-data")
def shows_the_425(play):
    play.misses("repeats")
    play.passes("without", "no-post")
    client = first_two(play)
    play.outcome(2, status=425, body="whole")
    posted(play, client, False)


@plays("tls/early-data")
def never_early(play):
    play.untested("repeats", "without", "no-post")
    client = Early(play)
    for nth, method in enumerate(("GET", "GET")):
        play.step(nth + 1)
        equal(client.ask(method, "/%d" % (nth + 1)), 200, "the status")
        play.outcome(nth + 1, status=200, body="whole")
    posted(play, client, False)


def was_reset(c):
    """An RST came. ssl calls that an EOF, so the socket itself is asked."""
    poll = select.poll()
    poll.register(c.socket, 0)  # a FIN alone would not end this
    check(poll.poll(1000 * PATIENCE), "no RST")
    equal(c.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), errno.ECONNRESET, "the error")


def reset_inside(play):
    play.step()
    c = tunnel(play)
    c.inside("/")
    equal(c.head(200).get("Content-Length"), "1000", "the length")
    c.expect(pattern(500))
    was_reset(c)
    play.completed("cut")
    play.closed("reset", at="origin", rule="cut")
    play.closed("reset", at="proxy", acked=True)


@plays("tls/rst-mid-body")
def half_reported(play):
    play.passes("incomplete")
    reset_inside(play)
    play.outcome(ends="error", status=200, kind="incomplete", body="part")


@plays("tls/rst-mid-body")
def half_delivered(play):
    play.fails("incomplete", "truth")
    reset_inside(play)
    play.outcome(status=200, body="part")
