"""Start-up time, memory, and CPU time of states in which nothing should happen."""

import os
import resource
import socket
import ssl
import statistics
import subprocess
import tempfile
import time

import report
from load import wrk
from servers import HERE, PROGRAM, Failed, Fakeproxy, free_port

HOST = "origin.test"


# ---- a client of our own --------------------------------------------------------------------------

def dial(server):
    sock = socket.create_connection(("127.0.0.1", server.port), 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def get(path):
    return f"GET http://{HOST}{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def read_answer(sock):
    """Reads one answer with a Content-Length; its status and the octets of its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n")[1:]:
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    got = len(body)
    while got < length:
        got += len(_some(sock))
    return int(head.split()[1]), got


def _some(sock):
    data = sock.recv(65536)
    if not data:
        raise Failed("the proxy closed a connection in the middle of an answer")
    return data


def settled_rss(server):
    """Its resident memory once it no longer changes: what closes late is closed by then."""
    last = server.rss_kib()
    for _ in range(50):
        time.sleep(0.2)
        now = server.rss_kib()
        if now == last:
            break
        last = now
    return last


def fill_journal(server):
    """Requests until memory stops growing: the journal is a ring, and full from then on, so that
    what is measured after it is what connections take, not events."""
    last = 0
    for _ in range(20):
        wrk(server, f"http://{HOST}/", 1)
        now = settled_rss(server)
        if now - last < 64:
            return
        last = now


def raise_fd_limit(need):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < need:
        raise Failed(f"this needs {need} open files, the hard limit (ulimit -Hn) is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# ---- start ----------------------------------------------------------------------------------------

def start_once():
    """Milliseconds from spawning the program to the first connection it takes, and to the first
    answer on it."""
    port = free_port()
    scenario = os.path.join(HERE, "scenarios", "canned-429.json")
    began = time.monotonic()
    child = subprocess.Popen([PROGRAM, "--scenario", scenario, "--listen", f"127.0.0.1:{port}",
                              "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while True:
            sock = socket.socket()
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                break
            sock.close()
            if child.poll() is not None or time.monotonic() > began + 10:
                raise Failed("fakeproxy did not start within 10 s")
        accepted = time.monotonic()
        with sock:
            sock.sendall(get("/"))
            read_answer(sock)
        return (accepted - began) * 1000, (time.monotonic() - began) * 1000
    finally:
        child.terminate()
        child.wait()


def start(rounds, _seconds):
    """From exec to the first connection accepted."""
    runs = [start_once() for _ in range(rounds * 4)]
    accepted = statistics.median(run[0] for run in runs)
    answered = statistics.median(run[1] for run in runs)
    line, holds = report.bound(accepted, 10, False, "ms")
    return (f"{line} Median of {len(runs)} starts, the slowest "
            f"{max(run[0] for run in runs):.1f} ms; first answer after {answered:.1f} ms. "
            "The client connects in a tight loop on another core."), holds


# ---- memory ---------------------------------------------------------------------------------------

def idle(_rounds, _seconds):
    """Memory with one scenario loaded and nothing to do."""
    with Fakeproxy("canned-429") as server:
        rss = settled_rss(server) / 1024
    line, holds = report.bound(rss, 10, False, "MiB")
    return f"{line} Resident memory, libraries and all.", holds


def connections(_rounds, _seconds, count=10000):
    """Memory of idle keep-alive connections, before and after a burst on all of them."""
    raise_fd_limit(count + 100)
    body = b"b" * 16384
    post = (f"POST http://{HOST}/burst HTTP/1.1\r\nHost: {HOST}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    with Fakeproxy("connections") as server:
        fill_journal(server)
        empty = settled_rss(server)
        socks = []
        try:
            for _ in range(count):
                sock = dial(server)
                socks.append(sock)
                sock.sendall(get("/"))
                read_answer(sock)
            waiting = settled_rss(server)
            for sock in socks:
                sock.sendall(post)
            for sock in socks:
                if read_answer(sock) != (200, len(body)):
                    raise Failed("the burst was not answered as the scenario says")
            after = settled_rss(server)
        finally:
            for sock in socks:
                sock.close()
    each, each_after = (waiting - empty) / count, (after - empty) / count
    line, holds = report.bound(each, 2, False, "KiB each")
    line_after, holds_after = report.bound(each_after, 5, False, "KiB each")
    return (f"{count:,} connections, each after one answer: {line}\n"
            f"After 16 KiB up and 16 KiB down on all at once: {line_after}",
            holds and holds_after)


def tunnels(_rounds, _seconds, count=1000, octets=200000):
    """Memory of idle TLS tunnels through which something went; both ends are this process."""
    raise_fd_limit(6 * count)
    with tempfile.TemporaryDirectory() as folder:
        return tunnels_with_ca(os.path.join(folder, "ca.pem"), count, octets)


def tunnels_with_ca(ca_file, count, octets):
    with Fakeproxy("forward", "--ca-file", ca_file) as server:
        fill_journal(server)
        context = ssl.create_default_context(cafile=ca_file)
        first = open_tunnel(server, context, octets)
        empty = settled_rss(server)
        socks = []
        try:
            for _ in range(count):
                socks.append(open_tunnel(server, context, octets))
            full = settled_rss(server)
        finally:
            for sock in socks + [first]:
                sock.close()
    line, holds = report.bound((full - empty) / count, 40, False, "KiB each")
    return (f"{count:,} tunnels, {octets // 1000} kB down through each, then idle: {line} That is "
            "the client's and the origin's connection and the TLS session, together."), holds


def open_tunnel(server, context, octets):
    sock = dial(server)
    sock.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        octet = sock.recv(1)
        if not octet:
            raise Failed("the proxy closed instead of answering CONNECT")
        head += octet
    if head.split()[1] != b"200":
        raise Failed(f"CONNECT was answered with {head!r}")
    secure = context.wrap_socket(sock, server_hostname=HOST)
    secure.sendall(f"GET /bytes/{octets} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    if read_answer(secure) != (200, octets):
        raise Failed("the tunnel did not bring the whole body")
    return secure


def events_per_request():
    """How many events one canned exchange is: counted in a journal file."""
    with Fakeproxy("canned-429", journal=True) as server, dial(server) as sock:
        def lines_after(requests):
            for _ in range(requests):
                sock.sendall(get("/"))
                read_answer(sock)
            last, deadline = -1, time.monotonic() + 5
            while time.monotonic() < deadline:  # the file is written behind the answers
                with open(server.journal_path(), "rb") as file:
                    now = sum(1 for _ in file)
                if now == last and now:
                    return now
                last = now
                time.sleep(0.3)
            raise Failed("the journal file does not come to rest")
        first = lines_after(1)
        return (lines_after(100) - first) / 100


def events(_rounds, _seconds, wanted=10_000_000):
    """Growth of memory over ten million events."""
    each = events_per_request()
    with Fakeproxy("canned-429") as server:
        fill_journal(server)
        before, seen = settled_rss(server), 0
        while seen < wanted:
            seen += int(wrk(server, f"http://{HOST}/", 5)["requests"] * each)
        grown = settled_rss(server) - before
    line, holds = report.bound(grown, 64, False, "KiB")
    return f"{seen:,} events ({each:g} for each request) after the journal's ring was full: {line}", holds
