#!/usr/bin/env python3
"""The gateway behind nginx, with the very texts of docs/SCALING.md but for addresses and files."""

import argparse
import gzip
import http.client
import json
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import published
from chaos_world import clean_environment
from demo import Checks
from kodi_app import Clock, Failure, end, free_port
from transport import PACKET

NAME = "https://tv.example.org"
# What a browser with our page asks for a WebSocket.
UPGRADE = {
    "Host": "tv.example.org", "Origin": NAME, "Connection": "Upgrade", "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
# An address that is nobody's (RFC 5737): somebody outside.
OUTSIDE = {"X-Forwarded-For": "203.0.113.9"}
TOKEN = "not-a-secret-of-anybody"


def block(page, language):
    """The first text of a language in a page."""
    return re.search(rf"^```{language}\n(.*?)^```", page, re.M | re.S)[1]


class Site:
    """nginx and a gateway behind it."""

    def __init__(self, arguments, directory, clock):
        self.processes, self.directory, self.out = [], directory, arguments.out
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        page = (Path(__file__).parent.parent / "docs/SCALING.md").read_text()
        front, behind = free_port(), free_port()
        self.base, self.behind = f"https://127.0.0.1:{front}", f"http://127.0.0.1:{behind}"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tv.example.org",
                        "-keyout", directory / "tv.example.org.key", "-out", directory / "tv.example.org.pem"], check=True, capture_output=True)
        server = replaced(block(page, "nginx"), {"listen 443": f"listen 127.0.0.1:{front}", "/etc/ssl": str(directory),
                                                 "192.168.1.20:8080": f"127.0.0.1:{behind}"})
        config = directory / "nginx.conf"
        config.write_text(f"daemon off; pid {directory}/nginx.pid; events {{}} http {{ access_log off;\n{server}\n}}\n")
        settings = directory / "xg2g.toml"
        settings.write_text(replaced(block(page, "toml"), {"192.168.1.5": "127.0.0.1"}) + f'listen = "127.0.0.1:{behind}"\n[auth]\ntoken = "{TOKEN}"\n')
        try:
            self.start_all(arguments, config, settings, clock)
        except BaseException:
            self.close()
            raise

    def start_all(self, arguments, config, settings, clock):
        self.start("nginx", ["nginx", "-e", "stderr", "-p", self.directory, "-c", config])
        self.start("gateway", [arguments.program, "--demo", "--config", settings])
        clock.wait("nginx and the gateway", 30, self.is_ready)

    def is_ready(self):
        if any(process.poll() is not None for process in self.processes):
            raise Failure("nginx or the gateway ended")
        return self.ask("/readyz")[0] == 200

    def start(self, name, command):
        with open(self.out / f"nginx-{name}.log", "wb") as out:
            self.processes.append(subprocess.Popen(command, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out))

    def open(self, path, method="GET", headers=None, base=None):
        request = urllib.request.Request((base or self.base) + path, method=method, headers={"Host": "tv.example.org"} | (headers or {}))
        return urllib.request.urlopen(request, timeout=15, **({} if base else {"context": self.context}))

    def ask(self, path, method="GET", headers=None, base=None):
        """Status, headers and body; 0 if there is no answer."""
        try:
            with self.open(path, method, headers, base) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read()
        except OSError:
            return 0, {}, b""

    def close(self):
        for process in self.processes:
            end(process)


def replaced(text, changes):
    for old, new in changes.items():
        if old not in text:
            raise Failure(f"docs/SCALING.md does not say {old!r} any more")
        text = text.replace(old, new)
    return text


def look(site, checks, clock):
    status, headers, body = site.ask("/playlist.m3u")
    channels = published.channels(body)
    checks.check(status == 200 and all(channel.url.startswith(f"{NAME}/stream/") and channel.logo.startswith(f"{NAME}/picon/")
                                       for channel in channels), f"playlist: {status}, {channels[:1]}")
    checks.check(site.ask("/playlist.m3u", headers={"If-None-Match": headers["ETag"]})[0] == 304, "no 304 for what is known")
    plain = site.ask("/xmltv.xml")[2]
    status, headers, packed = site.ask("/xmltv.xml", headers={"Accept-Encoding": "gzip"})
    checks.check(headers.get("Content-Encoding") == "gzip" and gzip.decompress(packed) == plain and published.guide(plain),
                 f"the guide through nginx: {status}, {headers.get('Content-Encoding')}, {len(packed)} of {len(plain)} bytes")
    path = channels[0].url.removeprefix(NAME)
    checks.check(site.ask(path, "HEAD")[0] == 200, "HEAD of a stream")
    began, first, data = time.monotonic(), None, b""
    with site.open(path) as answer:
        while time.monotonic() < began + 3:
            data += answer.read1(65536)
            first = first or time.monotonic() - began
    whole = len(data) // PACKET
    checks.check(first < 2 and len(data) > 300_000 and all(data[at * PACKET] == 0x47 for at in range(whole)),
                 f"a stream: first packet after {first:.1f} s, {len(data)} bytes in 3 s")
    print(f"{len(channels)} channels, a guide of {len(packed)} bytes, first packet of a stream after {first:.2f} s")

    def has_left():
        streams = json.loads(site.ask("/api/v1/streams")[2])["streams"]
        return not any(stream["readers"] for stream in streams)

    clock.wait("the gateway learns that the player left", 5, has_left)
    with site.open("/api/v1/events", headers={"Accept": "text/event-stream"}) as events:
        checks.check(any(b'"type":"hello"' in events.readline() for _ in range(3)), "live events as an event stream")
    socket = http.client.HTTPSConnection(site.base[8:], timeout=15, context=site.context)
    socket.request("GET", "/api/v1/events", headers=UPGRADE)
    checks.check(socket.getresponse().status == 101, "live events by WebSocket")
    socket.close()
    status, headers, body = site.ask("/stream/1-0-1-DEAD-1-1-C00000-0-0-0.ts")
    checks.check(status == 404 and headers["X-HDHomeRun-Error"] == "801 Unknown Channel" and not body, f"an unknown channel: {status} {body[:80]!r}")
    status, _, body = site.ask("/playlist.m3u", headers=OUTSIDE)
    checks.check(status == 403 and b"E012" in body, f"from outside: {status} {body[:80]!r}")
    checks.check(site.ask("/playlist.m3u", headers=OUTSIDE | {"Authorization": f"Bearer {TOKEN}"})[0] == 200, "from outside with the token")
    # nginx hears this one from an address that is no proxy's, whatever it says of itself.
    forger = http.client.HTTPSConnection(site.base[8:], timeout=15, source_address=("127.0.0.2", 0), context=site.context)
    forger.request("GET", "/playlist.m3u", headers=OUTSIDE)
    checks.check(forger.getresponse().status == 200, "the address that a client claims is believed")
    forger.close()
    checks.check(site.ask("/api/v1/refresh", "POST")[0] == 401, "POST without the token")
    status, _, body = site.ask("/api/v1/refresh", "POST", {"Authorization": f"Bearer {TOKEN}"})
    checks.check(status in (202, 409), f"POST with the token: {status} {body[:80]!r}")


def look_untrusted(site, checks):
    """A gateway that was not told of nginx lets nobody in through it."""
    port = free_port()
    site.start("untrusted", [site.processes[1].args[0], "--demo", "--listen", f"127.0.0.1:{port}"])
    base, bound = f"http://127.0.0.1:{port}", time.monotonic() + 20
    while site.ask("/healthz", base=base)[0] != 200 and time.monotonic() < bound:
        time.sleep(0.1)
    status, _, body = site.ask("/playlist.m3u", headers={"X-Forwarded-For": "127.0.0.1"}, base=base)
    checks.check(status == 403 and b"E012" in body, f"through a proxy nobody knows: {status} {body[:80]!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", required=True, help="the xg2g to test")
    parser.add_argument("--out", type=Path, default=Path("target/ci"), help="directory for logs")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    checks, clock = Checks(), Clock(90)
    with tempfile.TemporaryDirectory(prefix="nginx-") as directory:
        # Its workers are nobody's.
        Path(directory).chmod(0o755)
        site = None
        try:
            site = Site(arguments, Path(directory), clock)
            look(site, checks, clock)
            look_untrusted(site, checks)
        except (Failure, OSError, ValueError) as error:
            checks.check(False, f"{type(error).__name__}: {error}; see {arguments.out}/nginx-*.log")
        finally:
            if site:
                site.close()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
