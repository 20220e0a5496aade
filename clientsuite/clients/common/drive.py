"""The driver contract for Python libraries: what every driver would repeat.

A driver is a class with the library's own part (open, change, request, close) and a table of its
errors; serve() is the rest: JSON Lines on standard input and output, sessions, deadlines, bodies
made and hashed, errors given their kind. Each request runs in a thread of its own, or, where
`request` is a coroutine, as a task that `cancel` ends, so that the loop always reads on.

Standard output belongs to the contract: whatever else prints goes to standard error.
"""

import asyncio
import base64
import hashlib
import inspect
import json
import os
import platform
import sys
import threading
from urllib.parse import quote, urlsplit

HEAD = 4096  # octets of a body that a reply carries

# What `open` may ask for beyond proxy, ca_file, verify, retry and deadlines, with the value that asks for nothing.
OPTIONS = {
    "redirects": False, "cookies": False, "cache": False, "pool": None, "rotate": None, "hosts": None,
    "without_proxy": None, "schemes": None, "origin_credentials": None,
}

CAPABILITY_OF = {"pool": "proxy-pool", "rotate": "rotation", "hosts": "host-map", "without_proxy": "without-proxy",
                 "origin_credentials": "origin-credentials"}


class Unsupported(Exception):
    """The library has no such thing."""


class Proxy:
    """The proxy of a session. `url` is as the user would write it, without the credentials that stand apart."""

    def __init__(self, keys):
        self.url = keys["url"]
        self.username, self.password = keys.get("username"), keys.get("password")
        self.by = keys.get("by", "documented")
        if self.by == "callback":
            raise Unsupported("credential-callback")

    @property
    def has_credentials(self):
        return self.username is not None

    def url_with_credentials(self):
        if not self.has_credentials:
            return self.url
        user, password = quote(self.username, safe=""), quote(self.password or "", safe="")
        return self.url.replace("://", f"://{user}:{password}@", 1)

    def basic(self):
        pair = f"{self.username}:{self.password or ''}".encode()
        return "Basic " + base64.b64encode(pair).decode()


class Keys:
    """What `open` said, with every key there."""

    def __init__(self, said, supported):
        self.said = said
        for name, nothing in OPTIONS.items():
            value = said.get(name)
            if value is None or value == nothing or value == []:
                value = nothing
            elif name == "schemes" and "basic" in value and "schemes" not in supported:
                value = None  # one that knows only Basic uses no other
            elif CAPABILITY_OF.get(name, name) not in supported:
                raise Unsupported(CAPABILITY_OF.get(name, name))
            setattr(self, name, value)
        self.proxy = Proxy(said["proxy"]) if said.get("proxy") else None
        self.ca_file = said.get("ca_file")
        self.verify = said.get("verify", True)
        self.retry = said.get("retry", "off")
        if isinstance(self.retry, dict) and "retry" not in supported:
            raise Unsupported("retry")
        self.deadlines = said.get("deadlines") or {}
        if self.origin_credentials:
            self.origin_credentials = (self.origin_credentials["username"], self.origin_credentials.get("password") or "")
        if self.hosts:
            self.hosts = {name: addresses.split(",") for name, addresses in self.hosts.items()}

    @property
    def policy(self):
        """The retry policy, or None where it is "off" or the library's own."""
        return self.retry if isinstance(self.retry, dict) else None


class Request:
    """One request. Deadlines are in seconds, None where there is none."""

    def __init__(self, said, keys):
        self.id, self.method, self.url = said["id"], said.get("method", "GET"), said["url"]
        self.headers = [tuple(line) for line in said.get("headers") or []]
        if keys.proxy and keys.proxy.by == "header" and keys.proxy.has_credentials:
            self.headers.append(("Proxy-Authorization", keys.proxy.basic()))
        self.body, self.stream = None, False
        if said.get("body") is not None:
            self.body, self.stream = octets_of(said["body"]), said["body"].get("stream", False)
        self.expect_continue = said.get("expect_continue", False)
        self.read_stream = said.get("read") == "stream"
        deadlines = {**keys.deadlines, **(said.get("deadlines") or {})}
        for name in ("connect", "read", "total"):
            ms = deadlines.get(name + "_ms")
            setattr(self, name, ms / 1000 if ms is not None else None)

    def header_dict(self):
        """For libraries that take one value a name: several are joined as RFC 9110 section 5.3 allows."""
        joined = {}
        for name, value in self.headers:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    def chunks(self):
        """The body piece by piece; it can be read once, which a library can tell: it is a generator."""
        for i in range(0, len(self.body), 16384):
            yield self.body[i:i + 16384]


def octets_of(body):
    if "size" in body:
        return (bytes(range(251)) * (body["size"] // 251 + 1))[:body["size"]]
    return base64.b64decode(body["base64"])


class Answer:
    """What the caller of the library gets to see, as far as it came."""

    def __init__(self):
        self.status, self.extra = None, {}
        self.bytes, self.hash, self.head = 0, hashlib.sha256(), b""

    def begin(self, status, headers):
        self.status = status
        self.extra["headers"] = [[text_of(n), text_of(v)] for n, v in headers]

    def feed(self, octets):
        self.bytes += len(octets)
        self.hash.update(octets)
        if len(self.head) < HEAD:
            self.head += octets[:HEAD - len(self.head)]

    def reply(self, id):
        reply = {"id": id, **self.extra}
        if self.status is not None:
            reply["status"] = self.status
            reply["body"] = {"bytes": self.bytes, "sha256": self.hash.hexdigest(),
                             "head": base64.b64encode(self.head).decode()}
        return reply


def text_of(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def kind_of(error, table):
    """The first row of the table that fits the error or one that it was caused by; so the order of rows decides.

    A row is (class, kind) or (class, text, kind), where the text must stand in the error's words.
    """
    causes = causes_of(error)
    for row in table:
        for cause in causes:
            if isinstance(cause, row[0]) and (len(row) == 2 or row[1] in str(cause)):
                return row[-1]
    return "other"


def causes_of(error):
    found, seen = [], set()
    waiting = [error]
    while waiting:
        e = waiting.pop(0)
        if not isinstance(e, BaseException) or id(e) in seen:
            continue
        seen.add(id(e))
        found.append(e)
        waiting += [getattr(e, "reason", None), getattr(e, "os_error", None), e.__cause__, e.__context__, *e.args]
    return found


class _Loop:
    """An event loop in a thread, for libraries with coroutines; made when the first one is met."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def start(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)


class _Driver:
    def __init__(self, client, version, capabilities, session_class, kinds):
        self.hello = {"client": client, "version": version, "capabilities": capabilities,
                      "runtime": f"python {platform.python_version()}",
                      "kinds": {": ".join([row[0].__name__, *row[1:-1]]): row[-1] for row in kinds}}
        self.session_class, self.kinds = session_class, kinds
        self.supported = set(capabilities) | set(getattr(session_class, "takes", ()))
        self.sessions, self.running = {}, {}
        self.is_async = inspect.iscoroutinefunction(session_class.request)
        self.loop = _Loop() if self.is_async else None
        self.lock = threading.Lock()
        self.out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def say(self, reply):
        with self.lock:
            self.out.write(json.dumps(reply) + "\n")
            self.out.flush()

    def call(self, function, *arguments):
        result = function(*arguments)
        return self.loop.start(result).result() if inspect.iscoroutine(result) else result

    def do(self, said):
        verb = said.get("do")
        handler = getattr(self, "do_" + str(verb).replace("-", "_"), None)
        if handler is None or (verb == "cancel" and not self.is_async):
            return self.say({"unsupported": verb})
        try:
            return handler(said)
        except Unsupported as e:
            return self.say({"unsupported": str(e)})

    def do_hello(self, _):
        self.say(self.hello)

    def do_open(self, said):
        keys = Keys(said, self.supported)
        session = self.session_class()
        session.keys = keys
        try:
            self.call(session.open, keys)
        except Unsupported:
            raise
        except Exception as e:  # a setting the library refuses
            return self.say({"session": said["session"], "error": words(e), "kind": "config"})
        self.sessions[said["session"]] = session
        return self.say({"session": said["session"]})

    def do_change(self, said):
        session = self.sessions[said["session"]]
        if not hasattr(session, "change"):
            raise Unsupported("switch-proxy")
        changed = {k: v for k, v in said.items() if k not in ("do", "session")}
        pair = {k: changed.pop(k) for k in ("username", "password", "by") if k in changed}
        if pair:  # other credentials for the same proxy
            changed["proxy"] = {**session.keys.said["proxy"], **pair}
        keys = Keys({**session.keys.said, **changed}, self.supported)
        self.call(session.change, keys)
        session.keys = keys
        self.say({"session": said["session"]})

    def do_close(self, said):
        session = self.sessions.pop(said["session"], None)
        if session and hasattr(session, "close"):
            self.call(session.close)
        self.say({"closed": said["session"]})

    def do_request(self, said):
        session = self.sessions[said["session"]]
        request, answer = Request(said, session.keys), Answer()
        if self.is_async:
            task = self.running[request.id] = self.loop.start(session.request(request, answer))
            task.add_done_callback(lambda done: self.finish(request, answer, done.result))
        else:
            threading.Thread(target=self.finish, daemon=True, args=(
                request, answer, lambda: session.request(request, answer))).start()

    def do_cancel(self, said):
        task = self.running.get(said["id"])
        if task:
            task.cancel()
        self.say({"cancelled": said["id"]})

    def finish(self, request, answer, result):
        try:
            result()
            reply = answer.reply(request.id)
        except Unsupported as e:
            reply = {"id": request.id, "unsupported": str(e)}
        except BaseException as e:  # pylint: disable=broad-except; CancelledError is no Exception
            is_cancelled = type(e).__name__ == "CancelledError"
            reply = {**answer.reply(request.id), "error": words(e),
                     "kind": "cancelled" if is_cancelled else kind_of(e, self.kinds)}
        self.running.pop(request.id, None)
        self.say(reply)


def words(error):
    return str(error) or type(error).__name__


def proxy_host_and_port(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def serve(client, version, capabilities, session_class, kinds):
    """Does what standard input says until it ends."""
    driver = _Driver(client, version, capabilities, session_class, kinds)
    for line in sys.stdin:
        driver.do(json.loads(line))
    os._exit(0)  # end of file means: finish, whatever is under way
