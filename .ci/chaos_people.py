"""Clients of a gateway in chaos: patient ones, rude ones and broken ones. Whatever they are given must be right."""

import gzip
import http.client
import json
import socket
import threading
import time
import urllib.parse

import published
from transport import PACKET, reset_on_close

PATIENCE = 30
DOCUMENTS = ("/api/v1/status", "/api/v1/channels", "/api/v1/bouquets", "/api/v1/now", "/api/v1/epg", "/api/v1/streams",
             "/api/v1/tuners", "/api/v1/config", "/healthz", "/readyz")
PLAYLISTS = ("/playlist.m3u", "/files/playlist.m3u", "/playlist.m3u?client=kodi", "/playlist.m3u?client=tvheadend",
             "/playlist.m3u?mode=direct", "/playlist.m3u?mode=redirect")
GUIDES = ("/xmltv.xml", "/xmltv.xml.gz", "/xmltv.xml?days=1", "/files/xmltv.xml")
# Answers that are no fault of the program: there is nothing yet, it is busy, the receiver is away, not in this way.
EXPECTED = {200, 202, 302, 400, 404, 405, 408, 409, 429, 503}
NONSENSE = (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /playlist.m3u\r\n\r\n", b"\r\n" * 50, b"GET " + b"/" * 20000,
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"POST /api/v1/refresh HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
            b"GET /%00%ff/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n")


class Problems:
    """What went wrong, told once for each kind."""

    def __init__(self):
        self.lock = threading.Lock()
        self.found = {}

    def add(self, kind, text):
        with self.lock:
            count, first = self.found.get(kind, (0, text))
            self.found[kind] = (count + 1, first)
            if not count:
                print(f"  PROBLEM {kind}: {text}", flush=True)


class Person(threading.Thread):
    """Does one thing after another until `over`."""

    def __init__(self, gateway, chance, problems, over, slugs):
        super().__init__(daemon=True)
        self.host, self.chance, self.problems, self.over, self.slugs = gateway.base[7:], chance, problems, over, slugs
        self.done = {}
        self.failures = 0
        self.start()

    def run(self):
        habits = ((self.takes_playlist, 4), (self.takes_guide, 2), (self.takes_document, 6), (self.takes_logo, 4),
                  (self.takes_metrics, 1), (self.wishes_refresh, 1), (self.watches, 6), (self.says_half, 3), (self.reads_slowly, 1),
                  (self.talks_nonsense, 2), (self.crowds, 1))
        actions, weights = zip(*habits)
        while not self.over.is_set():
            action = self.chance.choices(actions, weights)[0]
            self.done[action.__name__] = self.done.get(action.__name__, 0) + 1
            try:
                action()
            except (OSError, http.client.HTTPException):
                # Refused, reset, cut short: while the program takes other settings that may be.
                self.failures += 1
            except Exception as error:
                self.problems.add(action.__name__, f"{type(error).__name__}: {error}")
            self.over.wait(self.chance.uniform(0, 0.3))

    def ask(self, path, method="GET", **headers):
        """Status and body. What does not come to its end raises."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status not in EXPECTED:
            self.problems.add("status", f"{method} {path}: {answer.status} {body[:200]!r}")
        return answer.status, body

    def takes_playlist(self):
        status, body = self.ask(self.chance.choice(PLAYLISTS))
        if status == 200 and not published.channels(body):
            raise ValueError("an empty playlist")

    def takes_guide(self):
        path = self.chance.choice(GUIDES)
        packed = self.chance.random() < 0.5
        status, body = self.ask(path, **({"Accept_Encoding": "gzip"} if packed else {}))
        if status == 200:
            guide = published.guide(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
            if not guide:
                raise ValueError(f"{path}: a guide without channels")

    def takes_document(self):
        path = self.chance.choice(DOCUMENTS)
        status, body = self.ask(path, self.chance.choice(("GET", "GET", "GET", "HEAD")))
        if body:
            json.loads(body)

    def takes_logo(self):
        status, body = self.ask(f"/picon/{self.chance.choice(self.slugs)}.png")
        if status == 200 and not body.startswith(b"\x89PNG"):
            raise ValueError(f"no picture: {body[:20]!r}")

    def takes_metrics(self):
        status, body = self.ask("/metrics")
        if status == 200 and b"\nxg2g_channels " not in body:
            raise ValueError("metrics without channels")

    def wishes_refresh(self):
        self.ask("/api/v1/refresh", "POST")

    def watches(self):
        """Opens a stream, reads some of it or a lot, and leaves in order or not."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        end = time.monotonic() + self.chance.choice((0.05, 0.5, 2, 6))
        try:
            connection.request("GET", f"/stream/{self.chance.choice(self.slugs)}.ts")
            if self.chance.random() < 0.2:
                return
            socket_ = connection.sock
            answer = connection.getresponse()
            if answer.status != 200:
                if answer.status not in EXPECTED or answer.read():
                    self.problems.add("stream refusal", f"{answer.status}, or a body")
                return
            rest = b""
            while time.monotonic() < end and not self.over.is_set():
                data = answer.read1(65536)
                if not data:
                    return
                data = rest + data
                whole = len(data) - len(data) % PACKET
                if any(data[at] != 0x47 for at in range(0, whole, PACKET)):
                    raise ValueError("a stream out of step")
                rest = data[whole:]
            if self.chance.random() < 0.3:
                reset_on_close(socket_)
        finally:
            connection.close()

    def knock(self, data=b""):
        knocker = socket.create_connection(self.host.split(":"), timeout=PATIENCE)
        knocker.sendall(data)
        return knocker

    def says_half(self):
        whole = f"GET {self.chance.choice(PLAYLISTS)} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n".encode()
        with self.knock(whole[:self.chance.randrange(len(whole))]) as knocker:
            self.over.wait(self.chance.choice((0, 0.2, 3, 12)))
            if self.chance.random() < 0.5:
                reset_on_close(knocker)

    def reads_slowly(self):
        with self.knock(b"GET /xmltv.xml HTTP/1.1\r\nHost: localhost\r\n\r\n") as knocker:
            end = time.monotonic() + self.chance.choice((1, 5, 10))
            while time.monotonic() < end and knocker.recv(512) and not self.over.is_set():
                time.sleep(0.05)

    def talks_nonsense(self):
        with self.knock(self.chance.choice(NONSENSE)) as knocker:
            knocker.settimeout(12)
            said = knocker.recv(4096)
            if said and not said.startswith(b"HTTP/1."):
                raise ValueError(f"it says {said[:40]!r}")

    def crowds(self):
        """Many connections of which nothing comes."""
        crowd = []
        try:
            for _ in range(40):
                crowd.append(self.knock())
            self.over.wait(1)
        finally:
            for knocker in crowd:
                knocker.close()


class Watch(threading.Thread):
    """Asks all the time whether the program is there; the longest time it was not."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.address = urllib.parse.urlsplit(gateway.base)
        self.longest, self.is_over = 0.0, False
        self.start()

    def run(self):
        since = time.monotonic()
        while not self.is_over:
            connection = http.client.HTTPConnection(self.address.netloc, timeout=5)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    self.longest = max(self.longest, time.monotonic() - since)
                    since = time.monotonic()
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            self.longest = max(self.longest, time.monotonic() - since)
            time.sleep(0.2)
