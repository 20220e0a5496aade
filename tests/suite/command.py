"""A command-line client for the tests of `command` profiles.

command.py each URL OUT [MAPPED]    one request, to the proxy at NAME:PORT:ADDRESS if that is told; status on standard error as "HTTP STATUS"; exit 0, or 7. URL …/mute-N: none, exit N
command.py refused URL OUT          one request; a status that is not 200 is told as that of a CONNECT in a JSON line; exit 56 then
command.py folded URL OUT HEADERS   one request; writes a header block with a folded line
command.py together GAP (URL OUT)…  all on one connection, GAP seconds between starts; a JSON line each on standard error
command.py early GAP (URL OUT)…     the same, without any gap the first time
"""

import http.client
import json
import os
import sys
import time
from urllib.parse import urlsplit


def get(connection, url, out):
    connection.request("GET", url)
    response = connection.getresponse()
    with open(out, "wb") as f:
        f.write(response.read())
    return response.status


mode, proxy, *rest = sys.argv[1:]
if mode == "each" and len(rest) > 2:
    _, port, address = rest.pop().split(":")
    proxy = f"//{address}:{port}"
connection = http.client.HTTPConnection(urlsplit(proxy).netloc, timeout=5)
try:
    if mode == "each":
        if "/mute-" in rest[0]:
            os._exit(int(rest[0].rpartition("-")[2]))
        sys.stderr.write("asking\n")
        status = get(connection, *rest)
        sys.stderr.write(f"HTTP {status}\n")
    elif mode == "folded":
        status = get(connection, *rest[:2])
        with open(rest[2], "wb") as f:
            f.write(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\tc\r\nX-B: d\r\n\r\n")
        sys.stderr.write(f"HTTP {status}\n")
    elif mode == "refused":
        status = get(connection, *rest)
        exit = 0 if status == 200 else 56
        sys.stderr.write(json.dumps({"code": 0 if exit else status, "exit": exit, "connect": status if exit else 0}) + "\n")
        sys.stderr.flush()
        os._exit(exit)
    else:
        gap = float(rest.pop(0) or 0)  # none, where there is one step
        start = time.monotonic()
        for i in range(0, len(rest), 2):
            if mode == "early" and i and not os.path.exists("early"):
                open("early", "w").close()
                gap = 0
            time.sleep(max(0, start + gap * i / 2 - time.monotonic()))
            status = get(connection, rest[i], rest[i + 1])
            sys.stderr.write(json.dumps({"code": status, "exit": 0}) + "\n")
            sys.stderr.flush()
except OSError as e:
    sys.stderr.write(f"failed: {e}\n")
    sys.exit(7)
os._exit(0)
