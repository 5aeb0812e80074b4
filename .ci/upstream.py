"""A gateway and its simulated receiver as processes of their own, and a relay between them that makes streams fail."""

import json
import os
import re
import select
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import published
from kodi_app import Failure, end, free_port
from transport import reset_on_close

STARTED = re.compile(r"answers at (\S+), its stream port is (\d+)")
# How often a relayed connection looks whether it is to fail.
GLANCE = 0.05
# A cut leaves a packet torn: this much of the last block does not come.
TORN = 100


class Passed:
    """One connection through the relay, for the record."""

    def __init__(self, path):
        self.path = path
        self.opened = time.monotonic()
        self.closed = None
        self.bytes = 0
        # To be cut: orderly (False) or abruptly (True).
        self.cut = None


class Relay:
    """Passes the receiver's stream port on; counts, stalls and cuts on command."""

    def __init__(self, port):
        self.target = port
        self.record = []
        self.is_stalled = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        with near:
            near.settimeout(10)
            try:
                request = near.recv(4096)
            except OSError:
                return
            passed = Passed(request.partition(b" ")[2].partition(b" ")[0].decode("latin-1"))
            self.record.append(passed)
            try:
                with socket.create_connection(("127.0.0.1", self.target), timeout=10) as far:
                    far.sendall(request)
                    self.carry(near, far, passed)
            except OSError:
                pass
            finally:
                passed.closed = time.monotonic()

    def carry(self, near, far, passed):
        while True:
            sources = [near] if self.is_stalled else [near, far]
            readable, _, _ = select.select(sources, [], [], GLANCE)
            if near in readable and not near.recv(4096):
                return
            block = far.recv(65536) if far in readable else b""
            if far in readable and not block:
                return
            if passed.cut is not None:
                near.sendall(block[:-TORN])
                if passed.cut:
                    reset_on_close(near)
                return
            near.sendall(block)
            passed.bytes += len(block)

    def open(self):
        """The connections that are open now."""
        return [passed for passed in list(self.record) if passed.closed is None]

    def cut(self, abruptly=False):
        """Ends all connections; how many."""
        cut = self.open()
        for passed in cut:
            passed.cut = abruptly
        return len(cut)

    def close(self):
        self.listener.close()
        self.cut()


class Gateway:
    """A running xg2g, its simulated receiver and the relay between them. All settings but the addresses are the defaults."""

    def __init__(self, clock, program, out):
        self.processes = []
        self.relay = None
        self.directory = tempfile.TemporaryDirectory(prefix="players-")
        # Bound but not listened on: the port of a stream relay that is off.
        self.off = socket.socket()
        try:
            self.off.bind(("127.0.0.1", 0))
            receiver = self.start(out / "players-receiver.log", [program, "receiver"], subprocess.PIPE)
            line = receiver.stdout.readline()
            found = STARTED.search(line)
            if not found:
                raise Failure(f"the receiver says {line!r}")
            self.relay = Relay(int(found[2]))
            port = free_port()
            self.base = f"http://127.0.0.1:{port}"
            self.start(out / "players-gateway.log", [program], subprocess.DEVNULL, {
                "XG2G_OWI_BASE": found[1],
                "XG2G_STREAM_PORT": str(self.relay.port),
                "XG2G_STREAM_RELAY_PORT": str(self.off.getsockname()[1]),
                "XG2G_LISTEN": f"127.0.0.1:{port}",
                "XG2G_DATA": str(Path(self.directory.name) / "data"),
                "XG2G_STATE": str(Path(self.directory.name) / "state"),
            })
            clock.wait("the gateway's outputs", 60, self.is_ready)
        except BaseException:
            self.close()
            raise

    def start(self, log, command, output, settings=None):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XG2G_")}
        with open(log, "wb") as out:
            process = subprocess.Popen(command, env=environment | (settings or {}), stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=out, text=True)
        self.processes.append(process)
        return process

    def is_ready(self):
        if any(process.poll() is not None for process in self.processes):
            raise Failure("the gateway or its receiver ended, see players-*.log")
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=2):
                return True
        except OSError:
            return False

    def streams(self):
        """What it says it receives."""
        return json.loads(published.fetch(f"{self.base}/api/v1/streams"))["streams"]

    def close(self):
        for process in reversed(self.processes):
            end(process)
        if self.relay:
            self.relay.close()
        self.off.close()
        self.directory.cleanup()


def path_on_receiver(channel):
    """What the gateway asks the receiver's stream port for."""
    return "/" + channel.slug.replace("-", ":") + ":"
