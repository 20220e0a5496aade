#!/usr/bin/env python3
"""Null clients: drivers that do not do what they are asked, in one way each, and must not pass anything.

    null_client.py always-200|always-error|hangs|exits|floods|past-the-proxy

Whoever can remove the file $NULL_CLIENT_HONEST carries out one request as it should be, so that the contract check at the
beginning of a run sees nothing wrong; all else is as the mode says. Standard library only.
"""

import base64
import contextlib
import hashlib
import json
import os
import socket
import sys
import time
from urllib.parse import urlsplit

BODY = b"ok"
FLOOD = 2000  # connections for one request


def say(**reply):
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def described(body):
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(), "head": base64.b64encode(body[:4096]).decode()}


def ask(address, target, host):
    """One GET on a connection of its own: status and body."""
    with socket.create_connection(address, timeout=5) as s, s.makefile("rb") as answer:
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        status = int(answer.readline().split()[1])
        length = 0
        for line in iter(answer.readline, b"\r\n"):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, answer.read(length)


def address_of(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port or 80


def through_proxy(session, url):
    return ask(address_of(session["proxy"]["url"]), url, urlsplit(url).netloc)


def directly(url):
    parts = urlsplit(url)
    return ask(address_of(url), parts.path or "/", parts.netloc)


def flood(session, url):
    for _ in range(FLOOD):
        with contextlib.suppress(OSError, ValueError, IndexError):
            through_proxy(session, url)
    return 200, BODY


def act(mode, session, request):
    """The reply that this kind of client gives."""
    if mode == "always-200":
        return {"status": 200, "body": described(BODY)}
    if mode == "always-error":
        return {"error": "something went wrong", "kind": "other"}
    if mode == "hangs":
        time.sleep(3600)
    if mode == "exits":
        os._exit(0)
    if mode == "floods":
        outcome = flood(session, request["url"])
    if mode == "past-the-proxy":
        outcome = directly(request["url"])
    return {"status": outcome[0], "body": described(outcome[1])}


def is_honest():
    try:
        os.unlink(os.environ["NULL_CLIENT_HONEST"])
        return True
    except (KeyError, FileNotFoundError):
        return False


def answer(mode, session, request):
    try:
        if is_honest():
            status, body = through_proxy(session, request["url"])
            return {"status": status, "body": described(body)}
        return act(mode, session, request)
    except (OSError, ValueError, IndexError, TypeError, KeyError) as e:
        return {"error": type(e).__name__, "kind": "other"}


def main():
    mode = sys.argv[1]
    sessions = {}
    for line in sys.stdin:
        op = json.loads(line)
        verb = op.get("do")
        if verb == "hello":
            say(client="null " + mode, version="1", runtime="python", capabilities=[])
        elif verb in ("open", "change"):
            sessions[op["session"]] = op
            say(session=op["session"])
        elif verb == "request":
            say(id=op["id"], **answer(mode, sessions.get(op["session"], {}), op))
        elif verb == "close":
            say(closed=op["session"])
        else:
            say(unsupported=verb)


if __name__ == "__main__":
    main()
