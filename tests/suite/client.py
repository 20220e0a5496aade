"""A driver that keeps the contract, or breaks it as its first argument says.

good            a plain GET through the proxy, a connection each; answers all
die-hello die-open die-request die-quiet     ends at once when that comes (quiet: after its answer)
die-third-open   ends at once when it is to open a third session
hang-hello hang-request                      never answers it
slow             answers a request for /1 long after its deadline, as one that is stopped in a debugger
rubbish          prints what is no JSON in answer to a request
rubbish-hello    the same for hello
knows-all        answers the unknown verb as if it knew it
wrong-id         answers a request nobody made
deaf             never reads on after hello and probe
flood            prints 100 MB without a newline in answer to a request
flood-errors     writes 100 MB to its standard error, then goes on well
children         leaves children behind in groups and sessions of their own when it is told to close
unsupported      says that it supports no retry when it is told to open
refuses          does not take its settings when it is told to open
always-200       says 200 without a request
always-error     says error without a request
hostile          says errors that are not meant well
stops-hangs     stops the suite for a long while when a request for /a comes, and does not answer it; the next time it does
stops-once stops-3 stops-always   stops the suite for a while before it answers a request for /a, once, three times, or each time
direct           goes past the proxy where it can: to an address
environment     what $SUITE_TEST_MODE says, else good
storm            connects to the proxy as fast as it can, and never answers
"""

import base64
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

MODE = sys.argv[1] if len(sys.argv) > 1 else "good"
if MODE == "environment":
    MODE = os.environ.get("SUITE_TEST_MODE", "good")
HOSTILE = "<script>alert('1')</script> &amp; ]]> \"x\" | ` # \\ \x1b[2J \x07 \u202e evil \ufffe \uffff \x85 <!-- {{ "
sessions, cancelled, lock = {}, set(), threading.Lock()


def say(reply):
    with lock:
        print(json.dumps(reply), flush=True)


def get(proxy, said):
    url = urlsplit(said["url"])
    if MODE == "direct" and url.port:
        proxy = None
    connection = http.client.HTTPConnection(urlsplit(proxy).netloc if proxy else url.netloc, timeout=5)
    connection.request("GET", said["url"] if proxy else url.path)
    response = connection.getresponse()
    return response.status, response.read()


def tunnel(proxy, said):
    """All octets that come out of a tunnel for raw octets."""
    target, wanted = urlsplit(proxy), said["raw"]["connect"]
    with socket.create_connection((target.hostname, target.port), timeout=5) as peer:
        peer.sendall(f"CONNECT {wanted} HTTP/1.1\r\nHost: {wanted}\r\n\r\n".encode())
        head, _, octets = b"".join(iter(lambda: peer.recv(4096), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), octets


def answer(said):
    if said.get("url", "").startswith("https:"):
        return {"id": said["id"], "error": "no TLS here", "kind": "config"}
    try:
        status, body = (tunnel if "raw" in said else get)(sessions[said["session"]], said)
    except (OSError, http.client.HTTPException, ValueError) as e:
        return {"id": said["id"], "error": str(e) or "?", "kind": "other"}
    return {"id": said["id"], "status": status, "body": {
        "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(), "head": base64.b64encode(body[:4096]).decode()}}


def leave_children():
    for _ in range(3):
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        subprocess.Popen(["sleep", "600"], process_group=0)
        subprocess.Popen(["sh", "-c", "sleep 600 & sleep 600"])


def storm(proxy):
    target = urlsplit(proxy)
    while True:
        try:
            socket.create_connection((target.hostname, target.port)).close()
        except OSError:
            pass


def later(said):
    """In a thread of its own, so that the driver reads on; a cancellation is obeyed at once."""
    def work():
        reply = answer(said)
        if said["id"] not in cancelled:
            say(reply)
    threading.Thread(target=work, daemon=True).start()


def stops_again():
    """Each time leaves a mark, because each may be in another process."""
    with open("stopped", "a+b") as marks:
        times = marks.tell()
        marks.write(b".")
    return MODE == "stops-always" or times < (3 if MODE == "stops-3" else 1)


def request(said):
    if MODE == "good":
        return later(said)
    if MODE == "die-request":
        os._exit(3)
    if MODE == "hang-request":
        time.sleep(3600)
    if MODE.startswith("stops-") and said["url"].endswith("/a") and stops_again():
        os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(4.5 if MODE == "stops-hangs" else 1)
        os.kill(os.getppid(), signal.SIGCONT)
        if MODE == "stops-hangs":
            time.sleep(3600)
    if MODE == "slow" and said["url"].endswith("/1"):
        time.sleep(5.6)  # more than the 300 ms of its case and the 5 s of grace
    if MODE == "rubbish":
        print("Segmentation fault (not really)", flush=True)
    elif MODE == "wrong-id":
        say({"id": said["id"] + 1000, "status": 200})
    elif MODE == "flood":
        for _ in range(1600):
            sys.stdout.write("x" * 65536)
        sys.stdout.flush()
    elif MODE == "flood-errors":
        for _ in range(1600):
            sys.stderr.write("x" * 65536)
        say(answer(said))
    elif MODE == "always-200":
        say({"id": said["id"], "status": 200, "body": {"bytes": 2, "sha256": hashlib.sha256(b"ok").hexdigest()}})
    elif MODE == "always-error":
        say({"id": said["id"], "error": "no", "kind": "other"})
    elif MODE == "hostile" and said["url"].endswith("/a"):
        answer(said)
        say({"id": said["id"], "error": HOSTILE * 20, "kind": "other"})
    elif MODE == "storm" and said["url"].endswith("/1"):
        storm(sessions[said["session"]])
    else:
        say(answer(said))
    if MODE == "die-quiet":
        os._exit(3)


def do(said):
    verb = said["do"]
    if verb == "hello":
        if MODE == "die-hello":
            sys.stderr.write("cannot find my library\n")
            os._exit(3)
        if MODE == "hang-hello":
            time.sleep(3600)
        if MODE == "rubbish-hello":
            print("Welcome!", flush=True)
        say({"client": "test", "version": "1", "capabilities": []})
    elif verb == "open":
        if MODE == "die-open":
            os._exit(3)
        if MODE == "unsupported":
            return say({"unsupported": "retry"})
        if MODE == "refuses":
            return say({"session": said["session"], "error": "I do not like port numbers", "kind": "config"})
        if MODE == "die-third-open" and len(sessions) == 2:
            os._exit(3)
        if MODE == "children":
            leave_children()
        sessions[said["session"]] = said["proxy"] and said["proxy"]["url"]
        say({"session": said["session"]})
        if MODE == "deaf":
            time.sleep(3600)
    elif verb == "request":
        request(said)
    elif verb == "change":
        sessions[said["session"]] = said["proxy"]["url"]
        say({"session": said["session"]})
    elif verb == "cancel" and MODE == "good":
        cancelled.add(said["id"])
        say({"cancelled": said["id"]})
        say({"id": said["id"], "error": "cancelled", "kind": "cancelled"})
    elif verb == "close":
        say({"closed": said["session"]})
    else:
        say({"session": 1} if MODE == "knows-all" else {"unsupported": verb})


for line in sys.stdin:
    do(json.loads(line))
