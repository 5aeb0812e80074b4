#!/usr/bin/env python3
"""Asks a running demo for everything a client asks for, and checks each answer's form."""

import argparse
import gzip
import http.client
import json
import re
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import published

# A channel id every XMLTV reader accepts.
CHANNEL_ID = re.compile(r"^[-A-Za-z0-9]+(\.[-A-Za-z0-9]+)+$")
NUMBER = re.compile(r"^[1-9]\d*(\.\d+)?$")
TS_PACKET = 188
STREAM_SECONDS = 2
STREAM_MIN_BYTES_PER_SECOND = 1_000_000 // 8


class Checks:
    """Counts what held and prints what did not."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, message):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"  {message}")
        return good


class Client:
    """One request a connection, no header but those asked for."""

    def __init__(self, base):
        self.base = base
        self.host = urllib.parse.urlsplit(base).netloc

    def open(self, path, method="GET", **headers):
        """The connection and the answer whose body is still to be read."""
        url = urllib.parse.urlsplit(urllib.parse.urljoin(self.base, path))
        connection = http.client.HTTPConnection(url.netloc, timeout=20)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        target = url.path + (f"?{url.query}" if url.query else "")
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection, connection.getresponse()

    def ask(self, path, method="GET", **headers):
        """Status, headers and body."""
        connection, answer = self.open(path, method, **headers)
        try:
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def check_files(checks, client):
    """Playlist and guide with all their ways to be asked for; both bodies."""
    bodies = {}
    for path, kind in (("/playlist.m3u", "mpegurl"), ("/xmltv.xml", "xml")):
        status, headers, body = client.ask(path)
        bodies[path] = body
        checks.check(status == 200, f"{path}: {status}")
        checks.check(kind in headers.get("Content-Type", ""), f"{path}: type {headers.get('Content-Type')!r}")
        for name in ("ETag", "Last-Modified"):
            checks.check(headers.get(name), f"{path}: no {name}")
        head_status, head, nothing = client.ask(path, "HEAD")
        checks.check(head_status == 200 and not nothing, f"HEAD {path}: {head_status}, {len(nothing)} bytes")
        checks.check(head.get("Last-Modified") == headers.get("Last-Modified"), f"HEAD {path}: another Last-Modified")
        status, _, nothing = client.ask(path, If_None_Match=headers.get("ETag", ""))
        checks.check(status == 304 and not nothing, f"{path} with If-None-Match: {status}")
        status, _, nothing = client.ask(path, If_Modified_Since=headers.get("Last-Modified", ""))
        checks.check(status == 304 and not nothing, f"{path} with If-Modified-Since: {status}")
        status, headers, packed = client.ask(path, Accept_Encoding="gzip")
        if headers.get("Content-Encoding") == "gzip":
            packed = gzip.decompress(packed)
        else:
            checks.check(path != "/xmltv.xml", f"{path}: not compressed for a client that takes gzip")
        checks.check(status == 200 and packed == body, f"{path} with gzip: {status}, another body")
        alias = "/files" + path
        checks.check(client.ask(alias)[2] == body, f"{alias}: not the same as {path}")
        status, headers, _ = client.ask(path, "DELETE")
        checks.check(status == 405 and headers.get("Allow"), f"DELETE {path}: {status}, Allow {headers.get('Allow')!r}")
    status, headers, packed = client.ask("/xmltv.xml.gz")
    checks.check(status == 200 and headers.get("Content-Encoding") is None, f"/xmltv.xml.gz: {status}, {headers.get('Content-Encoding')!r}")
    checks.check(headers.get("Content-Type") == "application/gzip", f"/xmltv.xml.gz: type {headers.get('Content-Type')!r}")
    checks.check(packed[:2] == b"\x1f\x8b" and gzip.decompress(packed) == bodies["/xmltv.xml"], "/xmltv.xml.gz: not the guide")
    return bodies["/playlist.m3u"], bodies["/xmltv.xml"]


def check_channels(checks, client, channels, guide, least, most_missing):
    """Every channel is whole, unique, and in the guide; every logo is a picture."""
    checks.check(len(channels) >= least, f"only {len(channels)} channels")
    for field in ("id", "number", "url"):
        values = [getattr(channel, field) for channel in channels]
        checks.check(len(set(values)) == len(values), f"two channels share a {field}")
    missing = []
    for channel in channels:
        checks.check(CHANNEL_ID.match(channel.id), f"{channel}: id {channel.id!r}")
        checks.check(NUMBER.match(channel.number), f"{channel}: number {channel.number!r}")
        checks.check(channel.name and not set(channel.name) & set(",\"'"), f"{channel}: name")
        checks.check(channel.groups, f"{channel}: no group")
        checks.check(channel.id in guide, f"{channel}: not in the guide")
        checks.check(channel.url.startswith(f"{client.base}/stream/") and channel.url.endswith(".ts"), f"{channel}: URL {channel.url}")
        if checks.check(channel.logo.startswith(f"{client.base}/picon/"), f"{channel}: logo {channel.logo!r}"):
            status, headers, body = client.ask(channel.logo)
            picture = headers.get("Content-Type") == "image/png" and body.startswith(b"\x89PNG\r\n")
            if status == 404:
                missing.append(channel)
            else:
                checks.check(status == 200 and picture, f"{channel.logo}: {status} {headers.get('Content-Type')}")
    checks.check(len(missing) <= most_missing, f"no logo for {', '.join(map(str, missing))}")
    checks.check({channel.kind for channel in channels} == {"tv", "radio"}, "not both TV and radio")


def check_api(checks, client, channel):
    """The JSON answers are JSON and not empty; probes and strangers are answered as such."""
    for name in ("status", "channels", "bouquets", f"epg?channel={channel.slug}", "now", "streams"):
        path = f"/api/v1/{name}"
        status, headers, body = client.ask(path)
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        checks.check(status == 200 and found, f"{path}: {status}, {body[:60]!r}")
        checks.check("application/json" in headers.get("Content-Type", ""), f"{path}: type {headers.get('Content-Type')!r}")
    for path, expected in (("/healthz", 200), ("/readyz", 200), ("/no-such-page", 404)):
        status, _, _ = client.ask(path)
        checks.check(status == expected, f"{path}: {status}")


def check_stream(checks, client, channel, out):
    """HEAD without a tuner; GET is a transport stream at a player's pace, from us, or by redirect from the receiver."""
    status, headers, _ = client.ask(channel.url, "HEAD")
    checks.check(status == 200 and headers.get("Content-Type", "").lower() == "video/mp2t",
                 f"HEAD {channel.url}: {status} {headers.get('Content-Type')}")
    redirected = f"{channel.url}?mode=redirect"
    status, headers, body = client.ask(redirected)
    place = headers.get("Location", "")
    checks.check(status == 302 and place.startswith("http://") and not place.startswith(client.base) and not body,
                 f"{redirected}: {status}, Location {place!r}")
    started = time.monotonic()
    connection, answer = client.open(channel.url, Range="bytes=0-")
    first, data = None, bytearray()
    try:
        if not checks.check(answer.status == 200, f"{channel.url}: {answer.status} {answer.headers.get('X-HDHomeRun-Error')}"):
            return
        checks.check(answer.headers.get("Content-Type") == "video/mp2t", f"{channel.url}: type {answer.headers.get('Content-Type')!r}")
        for name in ("Content-Length", "Transfer-Encoding", "Content-Encoding", "Content-Range"):
            checks.check(answer.headers.get(name) is None, f"{channel.url}: {name}: {answer.headers.get(name)}")
        while time.monotonic() - started < STREAM_SECONDS:
            block = answer.read1(65536)
            if not block:
                break
            first = first or time.monotonic() - started
            data += block
    finally:
        connection.close()
    taken = time.monotonic() - started
    checks.check(taken >= STREAM_SECONDS, f"{channel.url}: ended after {taken:.1f} s")
    checks.check(first is not None and first <= 1, f"{channel.url}: first packet after {first} s")
    checks.check(len(data) >= STREAM_SECONDS * STREAM_MIN_BYTES_PER_SECOND, f"{channel.url}: {len(data)} bytes in {taken:.1f} s")
    packets = len(data) // TS_PACKET
    checks.check(packets and all(data[at * TS_PACKET] == 0x47 for at in range(packets)), f"{channel.url}: not a transport stream")
    sample = out / "demo.ts"
    sample.write_bytes(data)
    probe = subprocess.run(["ffprobe", "-v", "error", "-f", "mpegts", "-show_entries", "stream=codec_type,codec_name", "-of", "json", str(sample)],
                           capture_output=True, text=True, timeout=30)
    streams = json.loads(probe.stdout or "{}").get("streams", [])
    checks.check(streams, f"{channel.url}: ffprobe finds nothing to play: {probe.stderr.strip()[:200]}")
    print(f"{channel} streams {[stream.get('codec_name', stream.get('codec_type')) for stream in streams]}, {len(data) / taken / 125000:.1f} Mbit/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="where the demo answers, such as http://127.0.0.1:8080")
    parser.add_argument("--out", type=Path, default=Path("target/ci"), help="directory for what was received")
    parser.add_argument("--min-channels", type=int, default=1, help="fewer in the playlist is a failure")
    parser.add_argument("--missing-logos", type=int, default=0, help="as many logos may be 404")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    checks, client = Checks(), Client(arguments.base.rstrip("/"))
    playlist, xmltv = check_files(checks, client)
    (arguments.out / "playlist.m3u").write_bytes(playlist)
    checks.check(playlist.startswith(b"#EXTM3U") and b"\r" not in playlist, "the playlist does not start with #EXTM3U, or has CR")
    checks.check(xmltv.startswith(b"<?xml"), "the guide does not start with <?xml")
    channels, guide = published.channels(playlist), published.guide(xmltv)
    check_channels(checks, client, channels, guide, arguments.min_channels, arguments.missing_logos)
    with_events = [channel for channel in channels if guide.get(channel.id)]
    if checks.check(with_events, "no channel has events"):
        check_api(checks, client, with_events[0])
    unknown = "/stream/1-0-1-DEAD-1-1-C00000-0-0-0.ts"
    status, headers, body = client.ask(unknown)
    error = headers.get("X-HDHomeRun-Error")
    checks.check(status == 404 and error == "801 Unknown Channel" and not body, f"{unknown}: {status}, {error!r}, {body[:60]!r}")
    for kind in ("tv", "radio"):
        for channel in [channel for channel in channels if channel.kind == kind][:1]:
            check_stream(checks, client, channel, arguments.out)
    print(f"{len(channels)} channels, {sum(map(len, guide.values()))} events")
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
