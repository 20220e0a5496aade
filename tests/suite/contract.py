#!/usr/bin/env python3
"""Does a client keep the driver contract? Plays small scenarios with a real fakeproxy and asks the client to act.

    contract.py [--fakeproxy PROGRAM] [--verbose] FOLDER…

A FOLDER is a client's: it holds profile.json (build/clients/requests, clientsuite/clients/curl). For each variant: hello,
an unknown verb, then a control for each capability the profile claims, and what every client must do: a proxied GET, POST,
credentials for a 407, errors that are told as errors (a reset, a refused proxy, a stalled answer, a truncated body). What
the library does well or badly under faults is not judged here, only that its driver tells of it in the contract's words.

Exit status: 0 all kept, 1 not. Standard library only.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import quote

PATIENCE = 30  # s for an answer: a JVM on a busy machine takes its time
KINDS = {"proxy-unreachable", "proxy-auth", "proxy-connect", "proxy-protocol", "tls-proxy", "tls-origin", "reset",
         "closed-early", "incomplete", "timeout-connect", "timeout-read", "timeout-total", "protocol", "redirects",
         "rate-limited", "cancelled", "config", "other"}
HTTP, HTTPS = "http://origin-1.invalid", "https://origin-1.invalid"
U1 = {"scheme": "basic", "realm": "p", "users": {"u1": "s3:c@t/"}}


class Broken(Exception):
    """The contract is not kept."""


def expect(holds, what):
    if not holds:
        raise Broken(what)


# ---- fakeproxy ------------------------------------------------------------------------------------


class Play:
    """A scenario being played. `proxy` and `origin` say how, as a scenario file does."""

    def __init__(self, program, folder, **actors):
        self.folder = tempfile.mkdtemp(dir=folder)
        scenario = {"fakeproxy": 1, "id": "contract/case", "title": "contract", "layer": "client", **actors}
        for name, text in (("case.json", json.dumps(scenario)), ("journal", "")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        self.ca_file, self.journal_file = (os.path.join(self.folder, n) for n in ("ca.pem", "journal"))
        ready, write = os.pipe()
        self.process = subprocess.Popen(
            [program, "--scenario", os.path.join(self.folder, "case.json"), "--listen", "127.0.0.1:0", "--quiet",
             "--ready", f"fd:{write}", "--ca-file", self.ca_file, "--journal", self.journal_file],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.close(write)
        with os.fdopen(ready) as f:
            line = f.readline()
        if not line:
            raise Broken("fakeproxy: " + self.process.stderr.read().decode())
        self.proxy = json.loads(line)["proxy"]
        self.origin = json.loads(line)["origin"]

    def journal(self, **fields):
        """All of it; so the play ends here."""
        self.end()
        return self.so_far(**fields)

    def so_far(self, **fields):
        with open(self.journal_file, encoding="utf-8") as f:
            events = [json.loads(line) for line in f if line.endswith("\n")]
        return [e for e in events if all(e.get(k) == v for k, v in fields.items())]

    def wait_for(self, count=1, **fields):
        end = time.monotonic() + PATIENCE
        while len(self.so_far(**fields)) < count:
            expect(time.monotonic() < end, f"the proxy never saw {fields}")
            time.sleep(0.01)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate()


# ---- driver ---------------------------------------------------------------------------------------


class Driver:
    """A driver's process. Each line it prints must be a JSON object."""

    def __init__(self, folder, argv, environment):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(argv, cwd=folder, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(b"")

    def say(self, **operation):
        self.process.stdin.write(json.dumps(operation).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self):
        try:
            line = self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise Broken("no reply") from None
        expect(line, "it ended; " + self.errors())
        try:
            reply = json.loads(line)
        except ValueError:
            raise Broken(f"not JSON: {line[:200]}") from None
        expect(isinstance(reply, dict), f"not an object: {line[:200]}")
        return reply

    def ask(self, **operation):
        self.say(**operation)
        return self.hear()

    def errors(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def end(self):
        """End of file on standard input ends it."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            raise Broken("end of file did not end it") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Client:
    """A client of either sort; open() begins a session."""

    def __init__(self, folder, profile, variant):
        self.folder, self.variant = folder, {**{k: profile.get(k) for k in ("driver", "command")}, **variant}
        capabilities = variant.get("capabilities", profile.get("capabilities", []))
        self.capabilities = set(capabilities) | set(variant.get("adds", []))
        unset = {"NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
        self.environment = {k: v for k, v in os.environ.items() if k.upper() not in unset}
        self.environment.update(profile.get("environment", {}), **variant.get("environment", {}))
        self.driver, self.session = None, 0

    def start(self, **environment):
        argv = self.variant["driver"] + self.variant.get("arguments", [])
        self.driver = Driver(self.folder, argv, {**self.environment, **environment})
        return self.driver.ask(do="hello", driver=1)

    def open(self, play, proxy=(), **keys):
        """`proxy`: what is known of it beside its URL; None: no word of a proxy."""
        self.session += 1
        keys["proxy"] = None if proxy is None else {"url": play.proxy, **dict(proxy)}
        return Session(self, play, {"ca_file": play.ca_file, "retry": "off", "redirects": False,
                                    "deadlines": {"total_ms": 10000}, **keys})

    def end(self):
        if self.driver:
            self.driver.end()
            self.driver = None


class Session:
    """A session of a driver, or what a command is run with again and again."""

    def __init__(self, client, play, keys):
        self.client, self.play, self.keys, self.id = client, play, keys, client.session
        if client.driver:
            reply = client.driver.ask(do="open", session=self.id, **keys)
            expect(reply == {"session": self.id}, f"open was answered {reply}")

    def get(self, url, **more):
        self.client.session += 1
        id = self.client.session
        if not self.client.driver:
            return run_command(self.client, self.play, self.keys, {"url": url, **more})
        reply = self.client.driver.ask(do="request", session=self.id, id=id, **{"method": "GET", "url": url, **more})
        expect(reply.get("id") == id, f"request {id} was answered {reply}")
        return judge(reply)

    def close(self):
        if self.client.driver:
            reply = self.client.driver.ask(do="close", session=self.id)
            expect(reply == {"closed": self.id}, f"close was answered {reply}")


def judge(reply):
    """Has an answer or an error, with all that belongs to it?"""
    if "unsupported" in reply:
        return reply
    expect("status" in reply or "error" in reply, f"neither status nor error: {reply}")
    expect("error" not in reply or reply.get("kind") in KINDS, f"no kind of the contract: {reply}")
    if "status" in reply and "error" not in reply:
        body = reply.get("body", {})
        expect(re.fullmatch("[0-9a-f]{64}", body.get("sha256", "")), f"no hash of the body: {reply}")
        head = base64.b64decode(body.get("head", ""))
        expect(len(head) == min(4096, body["bytes"]), f"head has {len(head)} octets of {body['bytes']}")
        expect(len(head) != body["bytes"] or hashlib.sha256(head).hexdigest() == body["sha256"], "hash and head differ")
    return reply


# ---- commands -------------------------------------------------------------------------------------


def expand(words, values):
    """A template of argv, as the profile has it; values are lists."""
    out = []
    for word in words:
        if isinstance(word, str):
            out.append(fill(word, values, 0))
        elif isinstance(word, list):
            names = [n for w in word if isinstance(w, str) for n in re.findall(r"(?<!\{)\{([a-z_]+)\}", w)]
            times = 0 if any(not values.get(n) for n in names) else max([len(values[n]) for n in names] or [1])
            for nth in range(times):
                out += [fill(w, values, nth) for w in word]
        else:
            out += expand(word.get("then" if values.get(word["if"]) else "else", []), values)
    return out


def fill(text, values, nth):
    def value(match):
        of = values.get(match[1]) or [""]
        return of[nth if len(of) > 1 else 0]
    return re.sub(r"\{\{|\{([a-z_]+)\}", lambda m: "{" if m[0] == "{{" else value(m), text)


def run_command(client, play, keys, step):
    with tempfile.TemporaryDirectory(dir=play.folder) as folder:
        values = {k: v if isinstance(v, list) else [v] for k, v in values_of(play, keys, step, folder).items()
                  if v is not None and v is not False}
        values = {k: [x if isinstance(x, str) else "yes" for x in v] for k, v in values.items()}
        command = client.variant["command"]
        argv = expand(command["argv"], values) + expand(command.get("step", []), values)
        done = subprocess.run(argv, cwd=client.folder, env={**client.environment, **keys.get("environment", {})},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
        output = values["output_file"][0]
        body = b""
        if os.path.exists(output):
            with open(output, "rb") as f:
                body = f.read()
        exits = command.get("exits", {"0": "answer"})
        meaning = exits.get(str(done.returncode), exits.get("*", "other"))
        reply = {"id": 0, "argv": argv, "stderr": done.stderr.decode(errors="replace"), "exit": done.returncode}
        told_lines = (done.stdout + done.stderr).decode(errors="replace").splitlines() if "tells" in command else []
        for line in (line for line in told_lines if line.startswith("{")):
            told, names = json.loads(line), command["tells"]
            if told.get(names["status"]):
                reply["status"] = int(told[names["status"]])
        if "status" in command:
            found = re.findall(command["status"], reply["stderr"], re.MULTILINE)
            if found:
                reply["status"] = int(found[-1])
        if meaning == "answer" and "status" not in reply:  # it says all is well, and has no answer to show
            meaning = "other"
        if meaning != "answer":
            reply.update(error=f"exit status {done.returncode}", kind=meaning)
        reply["body"] = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(),
                         "head": base64.b64encode(body[:4096]).decode()}
        return judge(reply)


def values_of(play, keys, step, folder):
    proxy, deadlines = keys.get("proxy"), keys.get("deadlines", {})
    policy = keys["retry"] if isinstance(keys["retry"], dict) else None
    method = step.get("method", "GET")
    values = {"url": step["url"], "method": method, "output_file": os.path.join(folder, "out"),
              "headers_file": os.path.join(folder, "headers"), "ca": keys["ca_file"], "redirects": keys["redirects"],
              "cookies": keys.get("cookies"), "insecure": not keys.get("verify", True), "get": method == "GET",
              "head": method == "HEAD", "no_proxy": proxy is None, "header": [f"{n}: {v}" for n, v in step.get("headers", [])],
              "retry_policy": policy is not None, "retry_off": keys["retry"] == "off",
              "retry_default": keys["retry"] == "default", "expect_continue": step.get("expect_continue"), "step": "1"}
    if proxy:
        values["proxy"] = values["proxy_with_credentials"] = proxy["url"]
    if proxy and "username" in proxy:
        values["user"], values["password"] = proxy["username"], proxy["password"]
        pair = ":".join(quote(proxy[k], safe="") for k in ("username", "password"))
        values["proxy_with_credentials"] = proxy["url"].replace("://", f"://{pair}@")
    if "origin_credentials" in keys:
        values["origin_user"], values["origin_password"] = (keys["origin_credentials"][k] for k in ("username", "password"))
    for name, ms in (("timeout", "total_ms"), ("connect_timeout", "connect_ms"), ("read_timeout", "read_ms")):
        values[name] = f"{deadlines[ms] / 1000:g}" if ms in deadlines else None
    if policy:
        values.update(attempts=str(policy["attempts"]), retries=str(policy["attempts"] - 1),
                      base=str(policy.get("base_ms", 100) / 1000))
    if "body" in step:
        values["body_file"] = os.path.join(folder, "body")
        with open(values["body_file"], "wb") as f:
            f.write(octets(step["body"]["size"]) if "size" in step["body"] else base64.b64decode(step["body"]["base64"]))
    return values


def octets(count):
    return (bytes(range(251)) * (count // 251 + 1))[:count]


# ---- the controls ---------------------------------------------------------------------------------

CONTROLS = []  # (name, capability or None, function)


def control(name, capability=None):
    def add(function):
        CONTROLS.append((name, capability, function))
        return function
    return add


def hash_of(data):
    return hashlib.sha256(data).hexdigest()


def is_whole(reply, data):
    expect(reply.get("status") == 200 and "error" not in reply, f"no answer 200: {reply}")
    expect(reply["body"]["sha256"] == hash_of(data), f"another body: {reply}")


@control("get")
def check_get(client, play):
    play = play()
    s = client.open(play)
    is_whole(s.get(HTTP + "/bytes/70000", headers=[["X-A", "b"]]), octets(70000))
    seen = play.journal(event="request", path="/bytes/70000", at="origin")
    expect(seen and seen[0]["via"] != "direct", "it did not come through the proxy")
    expect(["x-a", "b"] in [[n.lower(), v] for n, v in seen[0]["header"]], "the header field was lost")
    s.close()


@control("post")
def check_post(client, play):
    play = play()
    reply = client.open(play).get(HTTP + "/post", method="POST", body={"size": 65536})
    if not client.driver and "body_file" not in json.dumps(client.variant["command"]):
        return "it sends no body"
    expect(reply.get("status") == 200, f"{reply}")
    play.wait_for(event="body", at="origin", bytes=65536, sha256=hash_of(octets(65536)))
    return None


@control("head")
def check_head(client, play):
    if not client.driver and "{method}" not in json.dumps(client.variant["command"]):
        return "it sends no HEAD"
    play = play()
    reply = client.open(play).get(HTTP + "/bytes/100", method="HEAD")
    expect(reply.get("status") == 200 and "error" not in reply and reply["body"]["bytes"] == 0, f"{reply}")
    expect(play.journal(event="request", at="origin", method="HEAD"), "no HEAD at the origin")
    return None


@control("put, several field lines")
def check_put(client, play):
    if not client.driver and "{method}" not in json.dumps(client.variant["command"]):
        return "it sends no PUT"
    play = play(origin={"rules": [{"on": "request", "do": [{"read": "all"}, {"respond": {"status": 201, "headers": [["X-B", "1"], ["X-C", "2"]]}}]}]})
    data = base64.b64encode(b"some octets").decode()
    reply = client.open(play).get(HTTP + "/put", method="PUT", body={"base64": data}, headers=[["X-A", "1"], ["X-B", "2"]])
    expect(reply.get("status") == 201 and "error" not in reply, f"{reply}")
    names = {n.lower(): v for n, v in reply["headers"]} if client.driver else {"x-b": "1", "x-c": "2"}
    expect(names.get("x-b") == "1" and names.get("x-c") == "2", f"field lines of the answer: {names}")
    expect(play.journal(event="body", at="origin", sha256=hash_of(b"some octets")), "the body did not arrive")
    seen = [[n.lower(), v] for n, v in play.so_far(event="request", at="origin", method="PUT")[0]["header"]]
    expect(["x-a", "1"] in seen and ["x-b", "2"] in seen, f"field lines of the request: {seen}")
    return None


@control("unsupported")
def check_unsupported(client, play):
    """What is not claimed is refused by name, so that the case is not applicable."""
    if not client.driver:
        return "not by a single call"
    asked = {"cache": {"cache": True}, "proxy-pool": {"pool": [{"url": "http://127.0.0.1:1"}]}, "rotation": {"rotate": "each"},
             "redirects": {"redirects": True}, "cookies": {"cookies": True}, "host-map": {"hosts": {"a.invalid": "127.0.0.1"}},
             "retry": {"retry": {"attempts": 2, "base_ms": 10}}, "origin-credentials": {"origin_credentials": {"username": "u", "password": "p"}}}
    here = play()
    for capability in sorted(set(asked) - client.capabilities):
        reply = client.driver.ask(do="open", session=f"no-{capability}", proxy={"url": here.proxy}, **asked[capability])
        expect("unsupported" in reply, f"{capability} is not claimed, and open was answered {reply}")
    return None


@control("404")
def check_status(client, play):
    reply = client.open(play(origin={"rules": [{"on": "request", "do": [{"respond": {"status": 404, "body": "gone"}}]}]})).get(HTTP + "/")
    expect(reply.get("status") == 404, f"{reply}")
    if client.driver:
        expect("error" not in reply and reply["body"]["bytes"] == 4, f"{reply}")


@control("407 basic")
def check_basic(client, play):
    play = play(proxy={"auth": U1})
    reply = client.open(play, {"username": "u1", "password": "s3:c@t/", "by": "documented"}).get(HTTP + "/")
    expect(reply.get("status") == 200, f"{reply}")
    expect(play.journal(event="request", at="proxy", auth="ok"), "never the right credentials")


@control("407 told")
def check_407(client, play):
    reply = client.open(play(proxy={"auth": U1})).get(HTTP + "/")
    expect(reply.get("status") == 407 or reply.get("kind") in ("proxy-auth", "proxy-connect"), f"{reply}")


@control("reset")
def check_reset(client, play):
    reply = client.open(play(proxy={"rules": [{"on": "request", "do": ["reset"]}]})).get(HTTP + "/")
    expect("error" in reply, f"{reply}")


@control("refused")
def check_refused(client, play):
    reply = client.open(play(proxy={"listen": "refused"})).get(HTTP + "/")
    expect("error" in reply, f"{reply}")


@control("cut")
def check_cut(client, play):
    rules = [{"on": "request", "do": [{"respond": {"body": {"size": 1000}, "cut": {"after_body_bytes": 500, "with": "close"}}}]}]
    reply = client.open(play(origin={"rules": rules})).get(HTTP + "/")
    return "told" if "error" in reply else f"hidden: status {reply.get('status')}, {reply['body']['bytes']} octets"


@control("absolute-form", "absolute-form")
def check_absolute(client, play):
    play = play()
    client.open(play).get(HTTP + "/x")
    expect(play.journal(event="request", at="proxy", form="absolute", path="/x"), "no absolute-form at the proxy")


@control("keep-alive", "keep-alive")
def check_keep_alive(client, play):
    play = play()
    s = client.open(play)
    if not client.driver:
        return "not by a single call"
    s.get(HTTP + "/1")
    s.get(HTTP + "/2")
    expect(len(play.journal(event="accept", at="proxy")) == 1, "two connections for two requests")
    return None


@control("sessions apart", "keep-alive")
def check_sessions(client, play):
    if not client.driver:
        return "not by a single call"
    play = play()
    client.open(play).get(HTTP + "/1")
    client.open(play).get(HTTP + "/2")
    expect(len(play.journal(event="accept", at="proxy")) == 2, "two sessions shared a connection")
    return None


@control("https", "https")
def check_https(client, play):
    play = play()
    is_whole(client.open(play).get(HTTPS + "/bytes/70000"), octets(70000))
    expect(play.journal(event="request", at="proxy", method="CONNECT"), "no CONNECT at the proxy")


@control("https 407 basic", "https")
def check_https_basic(client, play):
    reply = client.open(play(proxy={"auth": U1}), {"username": "u1", "password": "s3:c@t/"}).get(HTTPS + "/")
    expect(reply.get("status") == 200, f"{reply}")


@control("https 407 told", "https")
def check_https_407(client, play):
    reply = client.open(play(proxy={"auth": U1})).get(HTTPS + "/")
    expect(reply.get("status") == 407 or "error" in reply, f"{reply}")
    return reply.get("kind") or f"status {reply.get('status')}"


@control("untrusted", "https")
def check_untrusted(client, play):
    reply = client.open(play(origin={"tls": {"certificate": "untrusted"}})).get(HTTPS + "/")
    expect("error" in reply, f"{reply}")
    return reply["kind"]


@control("verify off", "https")
def check_unverified(client, play):
    reply = client.open(play(origin={"tls": {"certificate": "untrusted"}}), verify=False).get(HTTPS + "/")
    expect(reply.get("status") == 200, f"{reply}")


@control("https-proxy", "https-proxy")
def check_https_proxy(client, play):
    play = play(proxy={"tls": {}})
    for url in (HTTP + "/1", HTTPS + "/2"):
        reply = client.open(play).get(url)
        expect(reply.get("status") == 200, f"{url}: {reply}")


@control("a body that stands still", "read-deadline")
def check_read_deadline(client, play):
    answer = {"respond": {"body": {"size": 1000}, "cut": {"after_body_bytes": 500, "with": "stall"}}}
    s = client.open(play(origin={"rules": [{"on": "request", "do": [answer]}]}), deadlines={"total_ms": 8000, "read_ms": 1000})
    began = time.monotonic()
    reply = s.get(HTTP + "/")
    expect("error" in reply, f"{reply}")
    expect(time.monotonic() - began < 5, f"{time.monotonic() - began:.1f} s until the error")
    return reply["kind"]


@control("a body that trickles", "total-deadline")
def check_total_deadline(client, play):
    octets_now_and_then = {"octets": "x", "times": "forever", "pace": {"bytes": 1, "every": "100ms"}}
    do = [{"send": "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}, {"send": octets_now_and_then}]
    s = client.open(play(origin={"rules": [{"on": "request", "do": do}]}), deadlines={"total_ms": 2000, "read_ms": 1000})
    reply = s.get(HTTP + "/")
    expect("error" in reply, f"{reply}")
    return reply["kind"]


@control("timeout", "deadlines")
def check_timeout(client, play):
    play = play(proxy={"rules": [{"on": "request", "do": ["stall"]}]})
    s = client.open(play, deadlines={"total_ms": 1500, "connect_ms": 1000, "read_ms": 1000})
    reply = s.get(HTTP + "/")  # no answer at all is noticed there
    expect("error" in reply, f"{reply}")
    return reply["kind"]


@control("redirects", "redirects")
def check_redirects(client, play):
    play = play()
    reply = client.open(play, redirects=True).get(f"{HTTP}/redirect?to={HTTP}/bytes/10&status=302")
    is_whole(reply, octets(10))


@control("redirects off")
def check_no_redirects(client, play):
    play = play()
    reply = client.open(play).get(f"{HTTP}/redirect?to={HTTP}/bytes/10&status=302")
    if play.journal(event="request", path="/bytes/10"):
        expect("redirects" in client.capabilities and not client.driver, f"it followed: {reply}")
        return "it follows all the same"
    expect(reply.get("status") == 302, f"{reply}")
    return None


COOKIES = {"rules": [{"on": "request", "do": [{"respond": {"headers": [["Set-Cookie", "a=1; Path=/"]]}}]}]}


@control("cookies", "cookies")
def check_cookies(client, play):
    if not client.driver:
        return "not by a single call"
    for cookies in (True, False):
        here = play(origin=COOKIES)
        s = client.open(here, cookies=cookies)
        s.get(HTTP + "/1")
        s.get(HTTP + "/2")
        with_cookie = [e for e in here.journal(event="request", at="origin") if "cookie" in str(e["header"]).lower()]
        expect(len(with_cookie) == cookies, f"cookies {cookies}: {len(with_cookie)} requests with one")
    return None


@control("retry", "retry")
def check_retry(client, play):
    rules = [{"on": "request", "times": 2, "do": [{"respond": {"status": 503}}]}]
    here = play(origin={"rules": rules})
    reply = client.open(here, retry={"attempts": 3, "base_ms": 100}).get(HTTP + "/")
    expect(reply.get("status") == 200, f"{reply}")
    here = play(origin={"rules": [{"on": "request", "do": [{"respond": {"status": 503}}]}]})
    reply = client.open(here, retry={"attempts": 3, "base_ms": 100}).get(HTTP + "/")
    seen = len(here.journal(event="request", at="origin"))
    expect(seen == 3, f"{seen} requests where 3 were allowed: {reply}")
    return f"at the end: {'status ' + str(reply.get('status')) if 'error' not in reply else reply['kind']}"


@control("retry off")
def check_retry_off(client, play):
    play = play(origin={"rules": [{"on": "request", "do": [{"respond": {"status": 503}}]}]})
    client.open(play).get(HTTP + "/")
    seen = len(play.journal(event="request", at="origin"))
    expect(seen == 1, f"{seen} requests")


@control("parallel", "parallel")
def check_parallel(client, play):
    if not client.driver:
        return "not by a single call"
    rules = [{"name": "all", "on": "request", "do": [{"wait": {"event": "request", "at": "origin", "rule": "all", "nth": 3}}, "forward"]}]
    s = client.open(play(origin={"rules": rules}))
    for n in (1, 2, 3):
        client.driver.say(do="request", session=s.id, id=f"p{n}", method="GET", url=f"{HTTP}/{n}", parallel=True)
    replies = [client.driver.hear() for _ in range(3)]
    expect({r.get("id") for r in replies} == {"p1", "p2", "p3"}, f"{replies}")
    expect(all(judge(r).get("status") == 200 for r in replies), f"{replies}")
    return None


@control("cancel", "cancel")
def check_cancel(client, play):
    play = play(origin={"rules": [{"on": "request", "do": ["stall"]}]})
    s = client.open(play)
    client.driver.say(do="request", session=s.id, id=900, method="GET", url=HTTP + "/")
    play.wait_for(event="request", at="origin")
    client.driver.say(do="cancel", session=s.id, id=900)
    replies = [client.driver.hear(), client.driver.hear()]
    expect({"cancelled": 900} in replies, f"{replies}")
    expect(any(r.get("id") == 900 and r.get("kind") == "cancelled" for r in replies), f"{replies}")
    play.wait_for(event="close", by="client", at="proxy")


@control("switch-proxy", "switch-proxy")
def check_switch(client, play):
    a, b = play(), play()
    s = client.open(a)
    s.get(HTTP + "/1")
    reply = client.driver.ask(do="change", session=s.id, proxy={"url": b.proxy})
    expect(reply == {"session": s.id}, f"{reply}")
    s.get(HTTP + "/2")
    expect(b.journal(event="request", at="proxy"), "the second request did not go to the second proxy")


@control("digest", "digest")
def check_digest(client, play):
    gate = {"scheme": "digest", "realm": "p", "users": {"u1": "p1"}}
    play = play(proxy={"auth": gate})
    reply = client.open(play, {"username": "u1", "password": "p1"}).get(HTTP + "/")
    expect(reply.get("status") == 200, f"{reply}")


@control("digest-sha-256", "digest-sha-256")
def check_sha(client, play):
    gate = {"scheme": "digest", "realm": "p", "users": {"u1": "p1"}, "algorithm": "SHA-256"}
    reply = client.open(play(proxy={"auth": gate}), {"username": "u1", "password": "p1"}).get(HTTP + "/")
    expect(reply.get("status") == 200, f"{reply}")


@control("ntlm", "ntlm")
def check_ntlm(client, play):
    gate = {"scheme": "ntlm", "realm": "p", "users": {"u1": "p1"}}
    reply = client.open(play(proxy={"auth": gate}), {"username": "u1", "password": "p1"}).get(HTTP + "/")
    expect(reply.get("status") == 200, f"{reply}")


@control("origin-credentials", "origin-credentials")
def check_origin(client, play):
    gate = {"scheme": "basic", "realm": "o", "users": {"u9": "p9"}}
    reply = client.open(play(origin={"auth": gate}), origin_credentials={"username": "u9", "password": "p9"}).get(HTTP + "/")
    expect(reply.get("status") == 200, f"{reply}")


@control("streaming", "streaming")
def check_streaming(client, play):
    play = play()
    reply = client.open(play).get(HTTP + "/", method="POST", body={"size": 100000, "stream": True}, read="stream")
    expect(reply.get("status") == 200, f"{reply}")
    play.wait_for(event="body", at="origin", bytes=100000, sha256=hash_of(octets(100000)))


@control("expect-continue", "expect-continue")
def check_expect(client, play):
    play = play()
    reply = client.open(play).get(HTTP + "/", method="POST", body={"size": 1 << 20}, expect_continue=True)
    expect(reply.get("status") == 200, f"{reply}")
    expect([e for e in play.journal(event="request", at="proxy") if "100-continue" in str(e["header"]).lower()],
           "no Expect field")


@control("host-map", "host-map")
def check_hosts(client, play):
    play = play()
    url = play.proxy.replace("127.0.0.1", "gateway.invalid")
    reply = client.open(play, {"url": url}, hosts={"gateway.invalid": "127.0.0.1"}).get(HTTP + "/") if client.driver else {"status": 200}
    expect(reply.get("status") == 200, f"{reply}")


@control("raw-tunnel", "raw-tunnel")
def check_raw(client, play):
    play = play(origin={"rules": [{"on": "accept", "do": [{"send": "220 hello\r\n"}, "close"]}]})
    s = client.open(play)
    reply = client.driver.ask(do="request", session=s.id, id=901, raw={"connect": "origin-1.invalid:22"})
    expect(reply.get("body", {}).get("sha256") == hash_of(b"220 hello\r\n"), f"{reply}")


@control("environment", "environment")
def check_environment(client, play):
    play = play()
    variables = {"http_proxy": play.proxy, "HTTP_PROXY": play.proxy, "https_proxy": play.proxy, "HTTPS_PROXY": play.proxy}
    was = client.environment
    if client.driver:
        client.end()
        client.start(**variables)
    else:
        client.environment = {**was, **variables}
    try:
        reply = client.open(play, None).get(HTTP + "/env")
        expect(reply.get("status") == 200, f"{reply}")
        expect(play.journal(event="accept", at="proxy"), "the proxy of the environment was not used")
    finally:
        client.environment = was
        if client.driver:
            client.end()
            client.start()


@control("credential-callback", "credential-callback")
def check_callback(client, play):
    play = play(proxy={"auth": U1})
    reply = client.open(play, {"by": "callback",
                               "credentials": [["u1", "no"], ["u1", "s3:c@t/"]]}).get(HTTP + "/")
    expect(reply.get("status") == 200, f"{reply}")


# ---- running --------------------------------------------------------------------------------------


def check_contract(client):
    """hello and an unknown verb; the profile's claims are the driver's."""
    hello = client.start()
    expect(hello.get("kinds"), "hello has no table of native errors")
    for key in ("client", "version", "runtime"):
        expect(isinstance(hello.get(key), str), f"hello has no {key}: {hello}")
    claimed = set(hello.get("capabilities", []))
    expect(claimed == client.capabilities, f"the driver and its profile differ: {sorted(claimed ^ client.capabilities)}")
    wrong = set(hello.get("kinds", {}).values()) - KINDS
    expect(not wrong, f"the driver's table has kinds that are not the contract's: {wrong}")
    verb = f"x-{os.getpid():x}"
    reply = client.driver.ask(do=verb)
    expect(reply == {"unsupported": verb}, f"an unknown verb was answered {reply}")
    return f"{hello['client']} {hello['version']}, {hello['runtime']}"


def check_variant(arguments, folder, profile, name, variant):
    client, failures, about = Client(folder, profile, variant), 0, "command"
    label = f"{profile['name']}@{name}"
    plays = []
    with tempfile.TemporaryDirectory() as scratch:
        def play(**actors):
            plays.append(Play(os.path.abspath(arguments.fakeproxy), scratch, **actors))
            return plays[-1]
        try:
            if client.variant.get("driver"):
                about = check_contract(client)
        except (Broken, OSError, ValueError) as e:
            print(f"{label}: NOT KEPT: hello: {e}")
            return 1
        print(f"{label}: {about}", flush=True)
        done = 0
        for control_name, capability, function in CONTROLS:
            if arguments.only and arguments.only != control_name or capability and capability not in client.capabilities:
                continue
            try:
                note = function(client, play)
                done += 1
                if note and arguments.verbose and note != "not by a single call":
                    print(f"  {control_name}: {note}")
            except (Broken, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as e:
                failures += 1
                name = "" if isinstance(e, Broken) else type(e).__name__ + " "
                print(f"  NOT KEPT: {control_name}: {name}{e}"[:arguments.width], flush=True)
                if client.driver:
                    with contextlib.suppress(Broken, OSError):
                        client.end()
                    client.start()
            finally:
                for p in plays:
                    p.end()
                plays.clear()
        try:
            client.end()
        except Broken as e:
            failures += 1
            print(f"  NOT KEPT: {e}")
        print(f"  {done} kept, {failures} not")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fakeproxy", default="build/release/fakeproxy")
    parser.add_argument("--only", help="one control by its name")
    parser.add_argument("--variant", help="one variant by its name")
    parser.add_argument("--width", type=int, default=600, help="where a message is cut")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()
    failures = 0
    for folder in arguments.folders:
        with open(os.path.join(folder, "profile.json"), encoding="utf-8") as f:
            profile = json.load(f)
        for name, variant in profile.get("variants", {"default": {}}).items():
            if not arguments.variant or arguments.variant == name:
                failures += check_variant(arguments, folder, profile, name, variant)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
