"""CPU time in states in which nothing should happen, with peers that are no help.

Every state is tried with every peer. A level-triggered event loop that keeps a descriptor armed
whose event it does not take spins: this is where that shows.
"""

import contextlib
import select
import socket
import struct
import time

import report
from servers import Failed, Fakeproxy
from size import HOST, dial, get, read_answer

SECONDS = 3
LIMIT_PERCENT = 1.0

# State: what the peer sends to bring it about (scenarios/states.json has the rules). Where an
# answer comes first, it is read; `connect` opens a tunnel first.
STATES = {
    "nothing sent": b"",
    "half a head": b"GET http://origin.test/ HTTP/1.1\r\nHost: ",
    "keep-alive": get("/"),
    "wait for a time": get("/wait"),
    "wait for an event": get("/wait-event"),
    "stall": get("/stall"),
    "stall, not reading": get("/stall-blind"),
    "half-closed by us": get("/half-close"),
    "paced answer": get("/pace"),
    "answer not read": get("/big"),
    "request body awaited": get("/upload").replace(b"\r\n\r\n",
                                                   b"\r\nContent-Length: 1000000000\r\n\r\n"),
    "origin stalls": get("/origin-stall"),
    "tunnel idle": f"CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}:80\r\n\r\n".encode(),
    "tunnel not read": (f"CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}:80\r\n\r\n"
                        f"GET /bytes/1000000000 HTTP/1.1\r\nHost: {HOST}\r\n\r\n").encode(),
    "tunnel stalled": f"CONNECT stall.test:80 HTTP/1.1\r\nHost: stall.test:80\r\n\r\n".encode(),
}
ANSWERED = {"keep-alive"}


def dead(sock):
    """Neither reads nor writes again."""
    del sock


def half_closed(sock):
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


def gone(sock):
    """Resets the connection."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def chatty(sock):
    """Fills what buffers there are, then sends an octet every 50 ms (in measure())."""
    sock.setblocking(False)
    with contextlib.suppress(OSError):
        sent = 0
        while sent < 1 << 20:
            sent += sock.send(b"c" * 65536)


PEERS = {"dead": dead, "half-closed": half_closed, "reset": gone, "chatty": chatty}


def enter(server, state):
    sock = dial(server)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.sendall(STATES[state])
    if state in ANSWERED:
        read_answer(sock)
    return sock


def hold(socks, seconds):
    """Lets that time pass; `socks` send an octet every 50 ms if they can."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(0.05, left))
        if not socks:
            continue
        for sock in select.select([], socks, [], 0)[1]:
            with contextlib.suppress(OSError):
                sock.send(b"c")


def measure(peer):
    """CPU use in percent by state, each in a fakeproxy of its own, all side by side."""
    with contextlib.ExitStack() as stack:
        servers = {state: stack.enter_context(Fakeproxy("states")) for state in STATES}
        socks = {state: enter(server, state) for state, server in servers.items()}
        for sock in socks.values():
            stack.callback(sock.close)
        time.sleep(0.5)
        for sock in socks.values():
            PEERS[peer](sock)
        hold([], 0.5)
        chatting = list(socks.values()) if peer == "chatty" else []
        before = {state: server.run_ns() for state, server in servers.items()}
        began = time.monotonic_ns()
        hold(chatting, SECONDS)
        took = time.monotonic_ns() - began
        for state, server in servers.items():
            if server.child.poll() is not None:
                raise Failed(f"fakeproxy ended in state '{state}' with a {peer} peer: "
                             f"{server.output()}")
        return {state: (server.run_ns() - before[state]) * 100 / took
                for state, server in servers.items()}


def cpu(_rounds, _seconds):
    """CPU use while nothing should happen."""
    use = {peer: measure(peer) for peer in PEERS}
    worst = max((percent, state, peer) for peer, row in use.items()
                for state, percent in row.items())
    line, holds = report.bound(worst[0], LIMIT_PERCENT, False, "%")
    rows = [[state] + [f"{use[peer][state]:.2f} %" for peer in PEERS] for state in STATES]
    return (f"The most is {line} ({worst[1]}, {worst[2]} peer). CPU time over {SECONDS} s:\n\n"
            + report.table(["state", *PEERS], rows), holds)
