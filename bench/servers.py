"""Servers under measurement: started on a free loopback port, ended by their process id.

Each is a context manager. What one needs (configuration, logs) lies in a temporary folder that is
removed with it. A child also dies with us: the kernel is asked to send it SIGTERM then.
"""

import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PROGRAM = os.path.join(ROOT, "build", "release", "fakeproxy")
ORIGIN_OCTETS = 1024

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Failed(Exception):
    """A measurement could not be carried out."""


def free_port():
    """A free port below the ephemeral range: a client in a connect loop on an ephemeral port may
    be given that very port as its own and so connect to itself."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """A child process listening on `port`."""

    name = "server"

    def __init__(self):
        self.port = free_port()
        self.dir = None
        self.child = None

    def command(self):
        raise NotImplementedError

    def popen_arguments(self):
        return {}

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="fakeproxy-bench-")
        try:
            os.chmod(self.dir, 0o777)  # squid and nginx give up root
            with open(os.path.join(self.dir, "output"), "wb") as output:
                self.child = subprocess.Popen(
                    self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                    cwd=self.dir, preexec_fn=_die_with_parent, **self.popen_arguments())
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.child:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def output(self):
        with open(os.path.join(self.dir, "output"), errors="replace") as file:
            return file.read()[-2000:]

    def wait_ready(self):
        """Until it accepts connections: poll, for these servers have no way to tell."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise Failed(f"{self.name} ended with {self.child.returncode}: {self.output()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failed(f"{self.name} does not listen after 30 s: {self.output()}")

    # ---- what it costs ----

    def processes(self):
        """Its process ids, children of children included."""
        found, todo = [], [self.child.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    todo += map(int, file.read().split())
        return found

    def cpu_seconds(self):
        """User and system time of all its processes so far (in ticks of 10 ms)."""
        ticks = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def run_ns(self):
        """Time on a CPU of all its processes so far, exact, in ns."""
        total = 0
        for pid in self.processes():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
        return total

    def rss_kib(self):
        """Resident memory, KiB."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/status") as file:
                for line in file:
                    if line.startswith("VmRSS:"):
                        total += int(line.split()[1])
        return total


class Configured(Server):
    """A server with a configuration file in peers/, in which @WORD@ is filled in."""

    template = None

    def words(self):
        return {"PORT": str(self.port), "DIR": self.dir, "USER": ""}

    def write_config(self):
        with open(os.path.join(HERE, "peers", self.template)) as file:
            text = file.read()
        for word, value in self.words().items():
            text = text.replace(f"@{word}@", value)
        path = os.path.join(self.dir, self.template.removesuffix(".in"))
        with open(path, "w") as file:
            file.write(text)
        return path


def find_program(name):
    """Debian keeps servers where a user's PATH may not lead."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Failed(f"{name} is not installed; ./dev setup bench installs it")
    return path


class Nginx(Configured):
    name = "nginx"

    def __init__(self, template):
        super().__init__()
        self.template = template

    def words(self):
        # The worker of a master run by root is another user unless told otherwise.
        user = "user root;" if os.geteuid() == 0 else ""
        return super().words() | {"USER": user, "BODY": "x" * ORIGIN_OCTETS}

    def command(self):
        return [find_program("nginx"), "-p", self.dir, "-c", self.write_config()]


class Squid(Configured):
    name = "squid"
    template = "squid.conf.in"

    def words(self):
        user = "cache_effective_user proxy" if os.geteuid() == 0 else ""
        return super().words() | {"USER": user}

    def command(self):
        return [find_program("squid"), "-N", "-f", self.write_config()]


class Mitmproxy(Server):
    name = "mitmproxy"

    def command(self):
        return [find_program("mitmdump"), "--quiet", "--listen-host", "127.0.0.1",
                "--listen-port", str(self.port), "--set", f"confdir={self.dir}",
                "--set", "flow_detail=0"]


class Fakeproxy(Server):
    """fakeproxy playing bench/scenarios/NAME.json."""

    name = "fakeproxy"

    def __init__(self, scenario, *options, journal=False):
        super().__init__()
        self.scenario = os.path.join(HERE, "scenarios", scenario + ".json")
        self.options = list(options)
        self.journal = journal
        self.ready = None
        self.ready_pipe = None

    def journal_path(self):
        return os.path.join(self.dir, "journal.jsonl")

    def command(self):
        if not os.access(PROGRAM, os.X_OK):
            raise Failed("build/release/fakeproxy is not built; ./dev build builds it")
        self.ready_pipe = os.pipe()
        journal = ["--journal", self.journal_path()] if self.journal else []
        return [PROGRAM, "--scenario", self.scenario, "--listen", f"127.0.0.1:{self.port}",
                "--ready", f"fd:{self.ready_pipe[1]}", "--quiet", *journal, *self.options]

    def popen_arguments(self):
        return {"pass_fds": (self.ready_pipe[1],)}

    def wait_ready(self):
        os.close(self.ready_pipe[1])
        with os.fdopen(self.ready_pipe[0]) as pipe:
            line = pipe.readline()
        if not line.strip():
            raise Failed(f"fakeproxy did not start: {self.output()}")
        self.ready = json.loads(line)
