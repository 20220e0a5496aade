"""What the tests of clientsuite share: a run in a folder of its own, its results, what it left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT = os.path.join(HERE, "client.py")

PLAIN = {
    "fakeproxy": 1, "id": "test/plain", "title": "Two plain requests", "layer": "transport",
    "client": {"deadlines": {"total": "1s"}, "watch": "100ms",
               "steps": [{"url": "http://{origin}/1"}, {"url": "http://{origin}/2"}]},
    "expect": {"answered": {"level": "must*", "says": "gets both answers", "outcome": {"status": 200, "body": "whole"}}},
}
FAULT = {
    "fakeproxy": 1, "id": "test/reset", "title": "A reset instead of an answer", "layer": "transport",
    "proxy": {"rules": [{"name": "cut", "on": "request", "fault": True, "do": ["reset"]}]},
    "client": {"deadlines": {"total": "1s"}, "watch": "100ms", "steps": [{"url": "http://{origin}/a"}]},
    "expect": {"error": {"level": "must*", "says": "reports an error", "outcome": {"ends": "error"}}},
}


class Run:
    """One run of clientsuite in a folder of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.environment = {**os.environ, "TMPDIR": folder, "FAKEPROXY_SCENARIOS": os.path.join(folder, "mine")}
        os.makedirs(os.path.join(folder, "mine"))

    def scenario(self, scenario):
        with open(os.path.join(self.folder, "mine", scenario["id"].replace("/", "-") + ".json"), "w") as f:
            json.dump(scenario, f)

    def profile(self, *arguments, **more):
        path = os.path.join(self.folder, "profile.json")
        profile = {"clientsuite": 1, "name": "test", "capabilities": ["absolute-form", "deadlines"],
                   "driver": [sys.executable, "-B", CLIENT, *arguments], **more}
        with open(path, "w") as f:
            json.dump(profile, f)
        return path

    def start(self, *arguments):
        return subprocess.Popen([self.program, *arguments], cwd=self.folder, env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments, timeout=100):
        done = subprocess.run([self.program, *arguments], cwd=self.folder, env=self.environment, timeout=timeout,
                              capture_output=True, text=True)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        return self

    def play(self, *driver, only="test/*", more=(), **profile):
        """Runs the client in that mode over the scenarios of the test."""
        path = self.profile(*driver, **profile)
        self.run("run", "--client", path, "--only", only, "--report", "json:results", *more)
        return self.results()

    def results(self):
        with open(os.path.join(self.folder, "results")) as f:
            self.lines = [json.loads(line) for line in f]
        return self.lines

    def cases(self):
        return {line["id"]: line for line in self.lines if line["type"] == "case"}

    def checks(self, case):
        return {check["id"]: check for check in self.cases()[case]["checks"]}

    def client(self):
        return next(line for line in self.lines if line["type"] == "client")

    def summary(self):
        return next(line for line in self.lines if line["type"] == "summary")

    def left(self):
        """Folders of its own, and processes that have this folder in their environment."""
        files = [name for name in os.listdir(self.folder) if name.startswith("clientsuite-")]
        return files + processes_of(self.folder)


def processes_of(folder):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/environ", "rb") as f:
                if f"TMPDIR={folder}".encode() in f.read().split(b"\0"):
                    found.append(int(pid))
    return found


@contextlib.contextmanager
def a_run(program):
    with tempfile.TemporaryDirectory(prefix="suite-") as folder:
        run = Run(program, folder)
        try:
            yield run
        finally:
            for pid in processes_of(folder):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)


def wait_for(condition, seconds=30):
    """Polls until it holds; what is waited for comes from another process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
