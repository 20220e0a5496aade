"""Dialogues with a playing scenario, in raw octets.

    @plays("transport/idle-reset")
    def idle_reset(play):
        c = play.dial()
        c.get("/1")
        c.answer(200)
        c.reset()
        play.completed("first")

A test drives the client's side of a row by hand and asserts what the wire brought (octets, end,
lower bounds of time) and what the journal says of it. A Play is one run of the program with one
scenario (and variant) on ports of the kernel's choice; the journal comes through a pipe, so every
wait is for an event, never for a guessed time. A Peer is one connection; it knows EOF from
ECONNRESET, and inside TLS a close_notify from its absence.
"""

import json
import os
import select
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time

PATIENCE = 20  # s; ends a test that would hang, decides no verdict
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

table = {}  # id -> [(function, variants)], in the order of the files


def plays(scenario, *variants):
    """Marks a function that plays that scenario, with those variants: none named means each.

    Several functions may play one scenario: a client that does it right, and others that do
    something wrong.
    """

    def keep(function):
        table.setdefault(scenario, []).append((function, variants))
        return function

    return keep


def path_of(scenario):
    return os.path.join(ROOT, "scenarios", scenario + ".json")


def variants_of(scenario):
    with open(path_of(scenario), encoding="utf-8") as f:
        return list(json.load(f).get("variants", {None: None}))


class Failure(AssertionError):
    pass


def check(ok, *what):
    if not ok:
        raise Failure(" ".join(str(w) for w in what))


def equal(is_, wanted, what):
    check(is_ == wanted, what, "is", repr(is_)[:600], "and not", repr(wanted)[:600])


def octets(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def pattern(count, first=0):
    """The octets of a body {"size": N}."""
    return bytes((first + i) % 251 for i in range(count))


# ---- the program ---------------------------------------------------------------------------------


class Play:
    """One scenario, or one variant of it, played until the `with` block ends."""

    def __init__(self, program, scenario, variant=None):
        self.scenario, self.variant = scenario, variant
        self.events, self.rest = [], b""
        self.code, self.at_end, self.failed = 0, [], []
        self.diagnosis, self.wrong = [], []
        self.told, self.judged = {}, {}  # check -> verdict: wanted, given
        self.hurried = set()  # checks that this client was to miss by its haste
        self.said, self.log = [], ""  # what the client says of itself: events, and its log
        self.regrade = os.path.join(os.path.dirname(program), "tests", "regrade")
        self.peers = []  # open until the play is over, unless the test ends them
        self.folder = tempfile.TemporaryDirectory(prefix="scenario-")
        self.ca = os.path.join(self.folder.name, "ca.pem")
        self.report = os.path.join(self.folder.name, "report.json")
        name = path_of(scenario) + ("@" + variant if variant else "")
        ready, ready_end = os.pipe()
        self.started = time.monotonic()
        self.child = subprocess.Popen(
            [program, "--scenario", name, "--listen", "127.0.0.1:0", "--ready", "fd:%d" % ready_end,
             "--journal", "-", "--ca-file", self.ca, "--report", "json:" + self.report, "--quiet"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=[ready_end])
        os.close(ready_end)
        with os.fdopen(ready) as f:
            line = f.readline()
        if not line:
            raise Failure("the program did not start: " + self.child.communicate()[1].decode())
        self.ready = json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            out, err = self.child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            out, err = self.child.communicate()
        self.take(out)
        report = self.verdicts()
        if kind is None and self.said:
            report = self.judged_again()
        self.folder.cleanup()
        if kind is not None:
            print("".join(json.dumps(e) + "\n" for e in self.events), end="")
            print(err.decode(errors="replace"), end="")
            return
        failed = {c["id"]: c["sentence"] for c in report if c["verdict"] == "fail"}
        check(sorted(failed) == sorted(self.failed), "wanted to fail", self.failed, "but found", failed)
        verdicts = self.judged = {c["id"]: c["verdict"] for c in report}
        for name, wanted in self.told.items():
            equal(verdicts.get(name), wanted, "the verdict on " + name)
        if self.told:
            weak = [name for name, verdict in verdicts.items() if verdict == "weak"]
            equal(weak, [name for name in weak if name in self.told], "what is weak")
        if not self.said:
            equal(self.child.returncode, 1 if failed else self.code, "the exit code")
        self.diagnosed(report)
        equal(err, b"", "standard error")
        for count, event, fields in self.at_end:
            found = [e for e in self.events if fits(e, event, fields)]
            check(len(found) == count, count, event, fields, "wanted, found", found)

    def verdicts(self):
        if not os.path.exists(self.report) or not os.path.getsize(self.report):
            return []
        with open(self.report) as f:
            r = json.load(f)["scenarios"][0]
        self.diagnosis = r["diagnosis"]
        return worded(r["checks"])

    def diagnosed(self, report):
        """What diagnosis found: with a client that misses nothing, only what the test says."""
        found = [f["code"] for f in self.diagnosis if f["mistake"]]
        for code in self.wrong:
            check(code in found, "no finding", code, "but", found)
        if all(c["verdict"] not in ("fail", "weak") for c in report):
            equal(sorted(found), sorted(self.wrong), "what diagnosis found of a good client")

    def mistakes(self, *codes):
        """This client does something wrong: diagnosis says so."""
        self.wrong = codes

    def fails(self, *checks):
        """This client does something wrong: these checks say so, house checks among them."""
        self.failed = checks

    def passes(self, *checks):
        """This client does what these checks ask for; nothing else may be weak either."""
        self.told.update(dict.fromkeys(checks, "pass"))

    def misses(self, *checks):
        """This client does not do what these SHOULDs ask for."""
        self.told.update(dict.fromkeys(checks, "weak"))

    def does(self, *checks):
        """A MAY that this client does."""
        self.told.update(dict.fromkeys(checks, "does"))

    def does_not(self, *checks):
        self.told.update(dict.fromkeys(checks, "does not"))

    def reports(self, name, holds):
        """An INFO, and whether it was seen."""
        self.told[name] = "seen" if holds else "not seen"

    def untested(self, *checks):
        """This client was not put to the test."""
        self.told.update(dict.fromkeys(checks, "not-exercised"))

    # -- what a client says of itself: then all of the case is judged, as clientsuite would

    def step(self, step=1, **fields):
        self.tell("step", step, **fields)

    def outcome(self, step=1, ends="answer", **fields):
        """What the client made of the step: `status` and `body`, or `ends="error"` and `kind`.
        `took`: it says so that many seconds after the step began, and the case ends later."""
        self.tell("outcome", step, ends=ends, **fields)

    def tell(self, event, step, **fields):
        now = time.monotonic()
        began = [e["t"] for e in self.said if e["step"] == str(step)]
        if "took" in fields:
            now = began[0] + fields["took"]
        if event == "outcome" and began:
            fields["took"] = now - began[0]
        self.said.append({"t": now, "wall": time.time(), "at": "client", "event": event,
                          "step": str(step), "session": fields.pop("session", "default"), **fields})

    def judged_again(self):
        for e in self.events:
            if e["event"] == "end":
                e["t"] = max(e["t"], self.said[-1]["t"] + 0.3)
        journal = os.path.join(self.folder.name, "journal")
        with open(journal, "w") as f:
            for e in sorted(self.events + self.said, key=lambda e: e["t"]):
                f.write(json.dumps(e) + "\n")
        values = ["%s=%s" % (k[: -len("_host")], v) for k, v in self.ready.items()
                  if k.endswith("_host")]
        run = subprocess.run([self.regrade, path_of(self.scenario), self.variant or "", journal,
                              self.log, *values], capture_output=True, text=True, check=False)
        equal((run.returncode, run.stderr), (0, ""), "how regrade ended")
        return worded([json.loads(line) for line in run.stdout.splitlines()])

    def hurries(self, check, gap, least):
        """Misses a pause of that length, unless this machine was too slow to hurry."""
        self.hurried.add(check)
        (self.misses if gap < least - 0.02 else self.passes)(check)

    # -- addresses

    def address(self, actor="proxy"):
        host, _, port = self.ready[actor].rpartition("/")[2].rpartition(":")
        return host.strip("[]"), int(port)

    def host(self, origin="origin"):
        return self.ready[origin + "_host"]

    def dial(self, actor="proxy", **options):
        self.peers.append(Peer(self, self.address(actor), **options))
        return self.peers[-1]

    def begin(self, actor="proxy"):
        """The step begins, and with it a connection."""
        self.step()
        return self.dial(actor)

    # -- the journal

    def take(self, data):
        self.rest += data
        lines = self.rest.split(b"\n")
        self.rest = lines.pop()
        self.events += [json.loads(line) for line in lines]

    def read_on(self, until):
        out = self.child.stdout
        if not select.select([out], [], [], max(0, until - time.monotonic()))[0]:
            return False
        data = os.read(out.fileno(), 65536)
        check(data, "the program ended early")
        self.take(data)
        return True

    def event(self, event, nth=1, **fields):
        """The nth such event, waited for."""
        until = time.monotonic() + PATIENCE
        while True:
            found = [e for e in self.events if fits(e, event, fields)]
            if len(found) >= nth:
                return found[nth - 1]
            check(self.read_on(until), "no event", event, nth, fields)

    def count(self, count, event, **fields):
        """The whole journal holds so many such events; looked at when the play is over."""
        self.at_end.append((count, event, fields))

    def never(self, event, **fields):
        self.count(0, event, **fields)

    def untried(self):
        """Nothing will reach a listener, and the program says so when it ends."""
        self.code = 4

    def completed(self, rule, nth=1):
        """The rule's list was played to its end."""
        e = self.event("rule", nth, rule=rule)
        equal(e["completed"], True, "completed, of the list of " + rule)
        return e

    def left(self, rule, action):
        """The client made the rule's list end early, at that action."""
        e = self.event("rule", rule=rule)
        equal((e["completed"], e.get("action")), (False, action), "how the list of %s ended" % rule)

    def closed(self, how, by="us", **fields):
        """The connection ended so, and exactly where the scenario says if it was we."""
        e = self.event("close", how=how, by=by, **fields)
        check(e["why"], "an end without a cause", e)
        if by == "us":
            check(e.get("exact", True), "an inexact end", e)
        return e


def worded(checks):
    """A MAY and an INFO tell by their verdict what was seen."""
    for c in checks:
        if c["verdict"] == "info":
            words = ("does not", "does") if c["level"] == "may" else ("not seen", "seen")
            c["verdict"] = words[c["holds"]]
    return checks


def fits(event, name, fields):
    if event["event"] != name:
        return False
    for key, wanted in fields.items():
        value = event.get(key)
        if not (wanted(value) if callable(wanted) else value == wanted):
            return False
    return True


# ---- the client's side ---------------------------------------------------------------------------


class Head:
    def __init__(self, data):
        lines = data.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.status = int(lines[0].split(" ")[1])
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        check(len(values) < 2, "several lines of", name, values)
        return values[0] if values else None


class Peer:
    """One connection as the client has it. `name`: speak TLS to the listener itself."""

    def __init__(self, play, address, name=None):
        self.play, self.got = play, b""
        self.sent = self.arrived = time.monotonic()  # just before the last send; last arrival
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if name:
            self.secure(name)

    def secure(self, name, **options):
        """TLS from here on, verified against the CA of the play and that name."""
        equal(self.got, b"", "octets ahead of the handshake")
        context = ssl.create_default_context(cafile=self.play.ca)
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # Python 3.10 and 3.11 set it over OpenSSL 3
        for key, value in options.items():
            setattr(context, key, value)
        self.socket = context.wrap_socket(self.socket, server_hostname=name,
                                          suppress_ragged_eofs=False)

    def refused(self, name, wanted):
        """The handshake must fail because of the certificate, with that in its reason."""
        try:
            self.secure(name)
        except ssl.SSLCertVerificationError as e:
            check(wanted in e.verify_message, "refused for another reason:", e.verify_message)
        else:
            raise Failure("the certificate was accepted for " + name)

    # -- saying

    def send(self, text):
        self.sent = time.monotonic()
        self.socket.sendall(octets(text))

    def request(self, method, target, body=None, headers="", host=None):
        host = host or self.play.host()
        if not target.startswith("http"):
            target = "http://%s%s" % (host, target)
        if body is not None:
            headers += "Content-Length: %d\r\n" % len(body)
        head = "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (method, target, host, headers)
        self.send(octets(head) + (body or b""))

    def get(self, target="/", **options):
        self.request("GET", target, **options)

    def connect(self, host=None, port=443, headers=""):
        authority = "%s:%d" % (host or self.play.host(), port)
        self.send("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (authority, authority, headers))

    def inside(self, target="/", method="GET", headers=""):
        """A request in origin-form, as it travels inside a tunnel."""
        self.send("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (method, target, self.play.host(), headers))

    def close(self):
        self.socket.close()

    def abort(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # -- hearing

    def more(self):
        try:
            data = self.socket.recv(65536)
        finally:
            self.arrived = time.monotonic()
        self.got += data
        return data

    def need(self, count):
        while len(self.got) < count:
            try:
                data = self.more()
            except ConnectionResetError:
                raise Failure("reset after %r, %d octets wanted" % (self.got, count)) from None
            check(data, "EOF after", self.got, "with", count, "octets wanted")
        data, self.got = self.got[:count], self.got[count:]
        return data

    def expect(self, text):
        """Exactly these octets come."""
        wanted = octets(text)
        equal(self.need(len(wanted)), wanted, "what came")

    def head(self, status=None):
        while b"\r\n\r\n" not in self.got:
            check(self.more(), "EOF inside a header block:", self.got)
        head = Head(self.need(self.got.index(b"\r\n\r\n") + 4))
        if status is not None:
            equal(head.status, status, "the status")
        return head

    def answer(self, status, body=None):
        """A whole answer framed by its length, or without a body."""
        head = self.head(status)
        got = self.need(int(head.get("Content-Length") or 0))
        if body is not None:
            equal(got, octets(body), "the body")
        head.body = got
        return head

    def end(self):
        """Nothing more comes; how the wire ended."""
        try:
            while self.more():
                pass
            end = "eof"
        except ConnectionResetError:
            end = "reset"
        except ssl.SSLError as e:  # before Python 3.11.4 it is no SSLEOFError
            if not isinstance(e, ssl.SSLEOFError) and e.reason != "UNEXPECTED_EOF_WHILE_READING":
                raise
            end = "truncated"
        equal(self.got, b"", "octets before the end")
        return end

    def eof(self):
        equal(self.end(), "eof", "the end")

    def reset(self):
        equal(self.end(), "reset", "the end")

    def truncated(self):
        """TCP ends with FIN, TLS without close_notify."""
        equal(self.end(), "truncated", "the end")

    def silence(self, seconds):
        """Nothing comes for so long, and the connection stays open."""
        equal(self.got, b"", "octets before the silence")
        ready = select.select([self.socket], [], [], seconds)[0]
        check(not ready, "no silence:", ready and self.socket.recv(1000))


def opened(play, actor="proxy", **options):
    """A connection with a tunnel to the origin."""
    c = play.dial(actor)
    c.connect(**options)
    c.head(200)
    return c


def tunnel(play, actor="proxy", **options):
    """The same, TLS inside."""
    c = opened(play, actor, **options)
    c.secure(play.host())
    return c


def at_least(seconds, from_, to, what):
    """A lower bound of time, hard: noise only makes things later."""
    check(to - from_ >= seconds, what, "after", to - from_, "s and not after", seconds)
