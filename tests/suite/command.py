"""A command-line client for the tests of `command` profiles.

command.py each URL OUT             one request; status on standard error as "HTTP STATUS"; exit 0, or 7
command.py together GAP (URL OUT)…  all on one connection, GAP seconds between starts; a JSON line each on standard error
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
connection = http.client.HTTPConnection(urlsplit(proxy).netloc, timeout=5)
try:
    if mode == "each":
        sys.stderr.write("asking\n")
        status = get(connection, *rest)
        sys.stderr.write(f"HTTP {status}\n")
    else:
        gap = float(rest.pop(0) or 0)  # none, where there is one step
        start = time.monotonic()
        for i in range(0, len(rest), 2):
            time.sleep(max(0, start + gap * i / 2 - time.monotonic()))
            status = get(connection, rest[i], rest[i + 1])
            sys.stderr.write(json.dumps({"code": status, "exit": 0}) + "\n")
            sys.stderr.flush()
except OSError as e:
    sys.stderr.write(f"failed: {e}\n")
    sys.exit(7)
os._exit(0)
