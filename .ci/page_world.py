"""What the page is shown of: a gateway, and a simulated receiver as a process of its own."""

import json
import os
import re
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from browser import Failure, until
from kodi_app import end, free_port

START = 60


class Process:
    """A program and what it says, in a file."""

    def __init__(self, command, log, settings=None):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XG2G_")}
        self.log = log
        # What an earlier one said stays, what this one says comes behind.
        self.begin = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as out:
            self.process = subprocess.Popen([str(word) for word in command], env=environment | (settings or {}),
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def said(self, pattern):
        """All that `pattern` finds in what it said."""
        return re.findall(pattern, self.log.read_bytes()[self.begin:].decode(errors="replace"))

    def says(self, pattern):
        def look():
            found = self.said(pattern)
            if not found and self.process.poll() is not None:
                raise Failure(f"{self.log.name}: it ended with {self.process.returncode}")
            return found
        return until(f"{self.log.name}: {pattern}", look, START)[-1]

    def end(self):
        end(self.process)


class Gateway:
    """The program on a port that stays the same, with directories of its own: in its demo, or in front of a receiver that
    is started with `receiver` as further arguments."""

    def __init__(self, program, out, name, receiver=None, settings=None):
        self.program, self.out, self.name = program, out, name
        self.directory = tempfile.TemporaryDirectory(prefix="page-")
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.settings = {"XG2G_LISTEN": f"127.0.0.1:{self.port}", **(settings or {})}
        self.receiver = self.process = None
        for log in out.glob(f"page-{name}*.log"):
            log.unlink()
        try:
            if receiver is not None:
                self.receiver = Process([program, "receiver", *receiver], out / f"page-{name}-receiver.log")
                url, stream, relay = self.receiver.says(r"answers at (\S+), its stream port is (\d+), its relay port (\d+)")
                self.settings |= {
                    "XG2G_RECEIVER_SOURCE": "openwebif", "XG2G_OWI_BASE": url, "XG2G_STREAM_PORT": stream,
                    "XG2G_STREAM_RELAY_PORT": relay, "XG2G_DATA": f"{self.directory.name}/data",
                    "XG2G_STATE": f"{self.directory.name}/state",
                }
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        command = [self.program] if self.receiver else [self.program, "--demo"]
        self.process = Process(command, self.out / f"page-{self.name}.log", self.settings)
        until(f"the gateway {self.name} is ready", self.is_ready, START)

    def is_ready(self):
        if self.process.process.poll() is not None:
            raise Failure(f"the gateway {self.name} ended, see page-{self.name}.log")
        try:
            # Channels and guide, and the pass that brought them has ended.
            return self.fetch("/readyz") is not None and not self.api("/api/v1/status")["refresh"]["running"]
        except OSError:
            return False

    def stop(self):
        self.process.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in (self.process, self.receiver):
            if process:
                process.end()
        self.directory.cleanup()

    def fetch(self, path, headers=None):
        """The body; OSError if there is no good answer."""
        request = urllib.request.Request(self.base + path, headers=headers or {})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def api(self, path):
        return json.loads(self.fetch(path))

    def post(self, path):
        """Asks for a change; OSError if it is refused."""
        with urllib.request.urlopen(urllib.request.Request(self.base + path, method="POST"), timeout=20) as answer:
            return answer.read()

    def value(self, key):
        """A key of the configuration in force."""
        return next(one["value"] for one in self.api("/api/v1/config")["keys"] if one["key"] == key)

    def channels(self, bouquet=None):
        """How many channels the playlist has, or that of one bouquet."""
        return self.fetch(f"/playlist/{bouquet}.m3u" if bouquet else "/playlist.m3u").count(b"#EXTINF")
