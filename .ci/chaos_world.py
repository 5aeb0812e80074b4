"""What chaos happens to: a gateway whose clock can be set, its settings, and a receiver that fails in every way it can."""

import glob
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from email.utils import parsedate_to_datetime
from pathlib import Path

from kodi_app import end, free_port
from transport import reset_on_close

FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"
SERIES = re.compile(r"^(\w+(?:\{[^}]*\})?) (\S+)$", re.M)
# What the receiver's web interface and its stream port can be told to do, see src/receiver/demo.
FAULTS = ("refused", "hang", "slow-drip", "unauthorized", "error-500", "half-json", "cut-json", "html", "empty-list",
          "wrong-types", "result-false", "empty-body", "reset")
STREAM_FAULTS = ("reset", "unauthorized", "mute", "busy", "closed", "silence", "garbage", "scrambled", "misaligned=77",
                 "slow=2500", "drip=40", "stall=700", "cut=900", "pause=600,2500")
RECEIVER_PATIENCE = 20


class Wire:
    """Carries connections to a port of the receiver. In trouble it cuts, holds, slows or garbles what comes back."""

    def __init__(self, target, troubles):
        self.target, self.troubles = target, troubles
        # What is wrong with connections that begin now: a name and after how many bytes.
        self.trouble = None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near, self.trouble), daemon=True).start()

    def serve(self, near, trouble):
        kind, after = trouble or ("none", 0)
        with near:
            try:
                with socket.create_connection(("127.0.0.1", self.target), timeout=5) as far:
                    self.carry(near, far, kind, after)
            except OSError:
                # Whoever asked sees it as it is: the receiver is not there.
                reset_on_close(near)

    def carry(self, near, far, kind, after):
        passed = 0
        while True:
            held = kind == "hold" and passed >= after
            readable, _, _ = select.select([near] if held else [near, far], [], [], 30)
            if not readable:
                return
            if near in readable:
                block = near.recv(65536)
                if not block:
                    return
                far.sendall(block)
            if far in readable:
                block = far.recv(300 if kind == "slow" else 65536)
                if not block:
                    return
                if kind in ("cut", "reset") and passed + len(block) > after:
                    near.sendall(block[:max(0, after - passed)])
                    if kind == "reset":
                        reset_on_close(near)
                    return
                if kind == "garble" and passed:
                    at = after % len(block)
                    block = block[:at] + bytes([block[at] ^ 0xFF]) + block[at + 1:]
                near.sendall(block)
                passed += len(block)
                if kind == "slow":
                    time.sleep(0.01)

    def close(self):
        self.listener.close()


class Receiver:
    """The simulated receiver as a process that comes and goes, always on the same ports, behind two wires."""

    def __init__(self, program, log):
        self.program, self.log = program, log
        self.web_port, self.stream_port = free_port(), free_port()
        self.process = None
        # What a guide says cannot be told from what it should say, so it is not garbled.
        self.web = Wire(self.web_port, ("cut", "reset", "hold", "slow"))
        self.streams = Wire(self.stream_port, ("cut", "reset", "hold", "slow", "garble"))
        self.start()

    def start(self, *options):
        command = [self.program, "receiver", "--port", str(self.web_port), "--stream-port", str(self.stream_port), *options]
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, env=clean_environment(), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=out)
        if "refused" not in options:
            stop = time.monotonic() + RECEIVER_PATIENCE
            while not answers(self.web_port):
                if self.process.poll() is not None or time.monotonic() > stop:
                    raise OSError(f"the receiver does not start: {' '.join(options)}")
                time.sleep(0.02)

    def kill(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def heal(self):
        """As it was in the beginning."""
        self.web.trouble = self.streams.trouble = None
        self.kill()
        self.start()

    def close(self):
        if self.process:
            self.kill()
        self.web.close()
        self.streams.close()


class Gateway:
    """A running xg2g, its counters, and the clock it sees."""

    def __init__(self, program, out, directory, settings, port):
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self.log = out / "chaos-gateway.log"
        self.data, self.state = directory / "data", directory / "state"
        self.clock = directory / "clock"
        self.set_clock("+0")
        environment = clean_environment() | {"XG2G_DATA": str(self.data), "XG2G_STATE": str(self.state), "TZ": "UTC"}
        self.can_jump = bool(found := glob.glob(FAKETIME))
        if found:
            # Only the wall clock, only for the program itself.
            environment |= {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_CACHE_DURATION": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, "--config", str(settings)], env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def set_clock(self, setting):
        beside = self.clock.with_name("clock.new")
        beside.write_text(f"{setting}\n")
        beside.replace(self.clock)

    def fetch(self, path, method="GET", timeout=5):
        """The body; OSError if there is no good answer."""
        request = urllib.request.Request(f"{self.base}{path}", method=method)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.read()

    def values(self):
        """The settings in force."""
        return {setting["key"]: setting["value"] for setting in json.loads(self.fetch("/api/v1/config"))["keys"]}

    def now(self):
        """Its clock, in seconds since 1970."""
        with urllib.request.urlopen(f"{self.base}/healthz", timeout=5) as answer:
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()

    def metrics(self):
        return {name: float(value) for name, value in SERIES.findall(self.fetch("/metrics").decode())}

    def reloads(self):
        """Reloads that were taken, and that were refused."""
        metrics = self.metrics()
        return tuple(metrics[f'xg2g_config_reload_total{{status="{status}"}}'] for status in ("success", "failure"))

    def memory(self):
        """Its resident memory and of that the heap, in kB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1]) for name in ("VmRSS", "RssAnon"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def words(self):
        return self.log.read_text(errors="replace")

    def close(self):
        end(self.process)


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("XG2G_")}


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
