"""A simulated receiver that changes, and the program in front of it."""

import http.client
import json
import re
import signal
import subprocess
import threading
import time
import zlib
from pathlib import Path

import published

PATIENCE = 30


class Dead(Exception):
    """The program does not do what it must."""


def until(what, true, patience=PATIENCE):
    """Waits until something is true; gives it."""
    end = time.monotonic() + patience
    while not (value := true()):
        if time.monotonic() > end:
            raise Dead(f"not within {patience} s: {what}")
        time.sleep(0.002)
    return value


class Child:
    """A process and what it says, in a file."""

    def __init__(self, command, log, **options):
        self.log = Path(log)
        with self.log.open("wb") as out:
            self.child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                          stdout=out, stderr=subprocess.STDOUT, **options)
        self.pid = self.child.pid

    def said(self):
        return self.log.read_text(errors="replace")

    def hears(self, pattern):
        """What `pattern` finds in what was said."""
        def find():
            if self.child.poll() is not None and not re.search(pattern, self.said()):
                raise Dead(f"it ended with {self.child.returncode}: {self.said()[-600:]}")
            return re.search(pattern, self.said())
        return until(pattern, find)[1]

    def kill(self):
        self.child.kill()
        self.child.wait()

    def stop(self):
        """Asks it to end; its status."""
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Dead(f"it does not stop: {self.said()[-600:]}") from None


class Receiver:
    """The simulated receiver: always at the same port, with as many services as wanted."""

    def __init__(self, program, log):
        self.program, self.log = program, log
        self.child, self.port = None, 0

    def become(self, services):
        """Has so many services from now on, or is away (0)."""
        if self.child:
            self.child.kill()
            self.child = None
        if services:
            self.child = Child([self.program, "receiver", "--port", self.port, "--services", services, "--bouquets", 3,
                                "--events", 30], self.log)
            self.port = self.child.hears(r"answers at http://127\.0\.0\.1:(\d+)")


class Gateway(Child):
    """The program."""

    def __init__(self, program, receiver, data, state, log, wrapped=(), **more):
        settings = {
            "receiver.source": "openwebif", "receiver.url": f"http://127.0.0.1:{receiver.port}",
            "receiver.retries": 0, "receiver.timeout": "5s", "server.public_url": "http://gateway",
            "channels.guard": 100, "guide.days": 1, "files.data": data, "files.state": state, **more,
        }
        command = [*wrapped, program, "--listen", "127.0.0.1:0", "--config", "/dev/null"]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        super().__init__(command, log)

    def listens(self):
        self.port = int(self.hears(r"listening on 127\.0\.0\.1:(\d+)"))

    def ask(self, path, method="GET"):
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers={"Accept-Encoding": "identity"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def status(self):
        return json.loads(self.ask("/api/v1/status")[1])

    def is_ready(self):
        return self.ask("/readyz")[0] == 200

    def passes(self):
        return self.status()["refresh"]["passes"]

    def refresh(self):
        """A whole pass that begins now; the status after it."""
        until("no pass runs", lambda: not self.status()["refresh"]["running"])
        before = self.passes()
        code, body = self.ask("/api/v1/refresh", "POST")
        if code not in (202, 409):
            raise Dead(f"a refresh: {code} {body!r}")
        until("the pass ends", lambda: self.passes() > before and not self.status()["refresh"]["running"])
        return self.status()

    def playlist(self):
        code, body = self.ask("/playlist.m3u")
        if code != 200:
            raise Dead(f"the playlist: {code} {body[:200]!r}")
        return body

    def outputs(self):
        """Playlist and guide, once they agree: between the two publications of a pass the guide is that of the channels
        before."""
        def agreed():
            playlist = self.playlist()
            code, packed = self.ask("/xmltv.xml.gz")
            if code != 200:
                raise Dead(f"the guide: {code} {packed[:200]!r}")
            guide = published.guide(zlib.decompress(packed, 31))
            ids = {channel.id for channel in published.channels(playlist)}
            return ids and ids == set(guide) and playlist
        return until("playlist and guide agree", agreed)
