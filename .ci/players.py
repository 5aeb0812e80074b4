#!/usr/bin/env python3
"""Acceptance with real players: they start, go on when the stream from the receiver does not, and cost one tuner.

Starts a gateway and a simulated receiver of its own with a relay between them that stalls, cuts and counts streams.
Needs Debian's ffmpeg, mpv, vlc-bin, vlc-plugin-base and what kodi.py needs; installs nothing.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import published
from demo import Checks, Client
from desktop import Mpv, Vlc
from kodi_app import Clock, Failure
from transport import Reader
from upstream import Gateway, path_on_receiver
from zaps import check_kodi

DECODED_SECONDS = 10
STALL_SECONDS = 5
# Looks, half a second apart, at which a player is further: more than it may have in its buffers.
STEPS = 10
STEADY_READERS = 5
CUTS = 50
VISITORS, VISITS_EACH = 4, 25
# Bytes of a new upstream after which it may be cut again: some pictures are through.
CARRIED = 60_000


def run(command, bound):
    """What a tool says on its output and on its error output, and how it ended."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=bound)
        return done.stdout, done.stderr.strip(), done.returncode
    except subprocess.TimeoutExpired:
        return "", f"not done within {bound} s", -1


def probe(checks, url, kinds):
    """ffprobe finds these kinds of streams and has nothing to complain about."""
    started = time.monotonic()
    out, complaint, code = run(["ffprobe", "-v", "warning", "-show_entries", "stream=codec_type", "-of", "json", url], 30)
    found = [stream["codec_type"] for stream in json.loads(out or "{}").get("streams", [])]
    checks.check(code == 0 and sorted(found) == kinds, f"ffprobe {url}: {code}, finds {found}")
    checks.check(not complaint, f"ffprobe {url}: {complaint[:400]}")
    return time.monotonic() - started


def decode(checks, url):
    """ffmpeg decodes without a complaint."""
    command = ["ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", url, "-t", str(DECODED_SECONDS), "-f", "null", "-"]
    _, complaint, code = run(command, 60)
    checks.check(code == 0 and not complaint, f"ffmpeg {url}: {code}, {complaint[:400]}")


def check_ffmpeg(checks, gateway, tv, radio):
    """Both kinds of channels, through the gateway and at the receiver's own port."""
    for channel, kinds in ((tv[0], ["audio", "video"]), (radio[0], ["audio"])):
        taken = probe(checks, channel.url, kinds)
        print(f"ffprobe knows {channel} after {taken:.1f} s")
    threads = [threading.Thread(target=decode, args=(checks, channel.url)) for channel in (tv[0], radio[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"ffmpeg decoded {DECODED_SECONDS} s of {tv[0]} and of {radio[0]}")
    redirected = f"{tv[0].url}?mode=redirect"
    status, headers, _ = Client(gateway.base).ask(redirected)
    expected = f"http://127.0.0.1:{gateway.relay.port}{path_on_receiver(tv[0])}"
    checks.check(status == 302 and headers.get("Location") == expected, f"{redirected}: {status} {headers.get('Location')}")
    taken = probe(checks, redirected, ["audio", "video"])
    print(f"and by redirect from the receiver after {taken:.1f} s")


def play_on(checks, clock, players, what):
    """Whether the time of each player goes on, step by step: a jump is none."""
    begin, steps, last = clock.now(), dict.fromkeys(players, 0), {}

    def move():
        for player in players:
            if not player.is_running():
                raise Failure(f"{player.name} ended with {player.process.returncode}")
            now = player.progress()
            steps[player] += None not in (now, last.get(player)) and now != last[player]
            last[player] = now
        return min(steps.values()) >= STEPS

    try:
        clock.wait("playing", 30, move, 0.5)
        print(f"mpv and VLC {what}: play for {STEPS} steps after {clock.now() - begin:.1f} s")
    except Failure as failure:
        checks.check(False, f"{what}: {failure}; {[(player.name, steps[player], last.get(player)) for player in players]}")
    else:
        checks.check(True, what)


def check_desktop(checks, clock, gateway, tv, out):
    """VLC and mpv on one channel: they share an upstream that stalls and is cut."""
    relay, channel = gateway.relay, tv[1]
    before = len(relay.record)
    with ExitStack() as stack:
        players = []
        for kind in (Mpv, Vlc):
            player = kind(channel.url, out / f"players-{kind.name.lower()}.log")
            stack.callback(player.close)
            players.append(player)
        started = time.monotonic()
        play_on(checks, clock, players, "begin")
        checks.check(len(relay.record) == before + 1, f"two players of one channel: {len(relay.record) - before} upstreams")
        relay.is_stalled = True
        time.sleep(STALL_SECONDS)
        relay.is_stalled = False
        play_on(checks, clock, players, f"after a stall of {STALL_SECONDS} s")
        for abruptly in (False, True):
            checks.check(relay.cut(abruptly) == 1, "nothing to cut")
            play_on(checks, clock, players, "after a reset" if abruptly else "after a cut")
        taken = time.monotonic() - started
        seats = [reader for stream in gateway.streams() for reader in stream["readers"]]
        # Younger seats would be of players that asked again.
        checks.check(len(seats) == 2 and min(seat["seconds"] for seat in seats) > taken - 5,
                     f"the players' connections after {taken:.0f} s: {seats}")
        checks.check(len(relay.open()) == 1, f"{len(relay.open())} upstreams in the end")
        print(f"mpv and VLC kept their connections for {taken:.0f} s over {len(relay.record) - before} upstreams")


class Visitors(threading.Thread):
    """Joins and leaves a stream many times, and checks each beginning."""

    def __init__(self, url, seed):
        super().__init__(daemon=True)
        self.url = url
        self.chance = random.Random(seed)
        self.problems, self.visits = [], 0
        self.start()

    def run(self):
        for _ in range(VISITS_EACH):
            reader = Reader(self.url)
            came = reader.gets(3, 20)
            time.sleep(self.chance.uniform(0, 0.8))
            failure = reader.leave()
            self.visits += 1
            if failure or not came:
                self.problems.append(failure or "nothing came within 20 s")
            elif not reader.seen.begins_well():
                self.problems.append(f"it begins with {[packet[:12].hex() for packet in reader.seen.begin]}")
            self.problems += reader.seen.gaps


def check_continuity(checks, gateway, tv):
    """Readers that stay see no gap and no end while others come and go and the upstream is cut again and again."""
    relay, channel = gateway.relay, tv[2]
    steady = [Reader(channel.url) for _ in range(STEADY_READERS)]
    for number, reader in enumerate(steady):
        checks.check(reader.gets(100, 15), f"reader {number} does not begin: {reader.failure}")
    visitors = [Visitors(channel.url, seed) for seed in range(VISITORS)]
    started, slowest = time.monotonic(), 0.0
    upstreams = len(relay.record)
    for number in range(CUTS):
        upstream = wait_for_upstream(relay, len(relay.record))
        if not checks.check(upstream, f"no upstream within 15 s after cut {number}"):
            break
        counts = [reader.seen.content for reader in steady]
        cut = time.monotonic()
        known = len(relay.record)
        relay.cut(abruptly=number % 2 == 1)
        if not checks.check(wait_for_upstream(relay, known + 1), f"no upstream within 15 s after cut {number}"):
            break
        good = [reader.gets(count + 200, 15) for reader, count in zip(steady, counts)]
        if not checks.check(all(good), f"cut {number}: {good.count(False)} readers get nothing more"):
            break
        slowest = max(slowest, time.monotonic() - cut)
    for thread in visitors:
        thread.join(60)
    visits = sum(thread.visits for thread in visitors)
    taken = time.monotonic() - started
    tunes = len(relay.record) - upstreams
    for number, reader in enumerate(steady):
        failure = reader.leave()
        checks.check(not failure, f"reader {number}: {failure}")
        gaps = reader.seen.gaps
        checks.check(not gaps, f"reader {number}: {len(gaps)} gaps, first {gaps[:2]}")
    problems = [problem for thread in visitors for problem in thread.problems]
    checks.check(visits == VISITORS * VISITS_EACH, f"only {visits} visits")
    checks.check(not problems, f"visitors: {len(problems)} problems, first {problems[:2]}")
    first = steady[0].seen
    print(f"{STEADY_READERS} readers over {taken:.0f} s, {visits} visits, {tunes} new upstreams for {CUTS} cuts, the slowest after {slowest:.1f} s")
    print(f"the first reader had {first.packets} packets, {first.content} without stuffing, {first.announced} that announce a break, "
          f"{len(first.gaps)} gaps; {sum(len(reader.seen.gaps) for reader in steady)} gaps in all, {len(problems)} problems of visitors")


def wait_for_upstream(relay, known, bound=15):
    """The one open upstream once the relay has seen that many and this one brings something; None after the bound."""
    end = time.monotonic() + bound
    while time.monotonic() < end:
        upstreams = relay.open()
        if len(relay.record) >= known and len(upstreams) == 1 and upstreams[0].bytes >= CARRIED:
            return upstreams[0]
        time.sleep(0.02)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", required=True, help="the xg2g to test")
    parser.add_argument("--out", type=Path, default=Path("target/ci"), help="directory for logs")
    parser.add_argument("--limit", type=int, default=330, help="seconds for everything")
    parser.add_argument("--only", choices=("ffmpeg", "desktop", "continuity", "kodi"), action="append", help="not all checks")
    arguments = parser.parse_args()
    # So that `timeout` ends all players too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    checks, clock = Checks(), Clock(arguments.limit)
    try:
        gateway = Gateway(clock, arguments.program, out)
    except (Failure, OSError) as failure:
        print(f"players: {failure}", file=sys.stderr)
        return 1
    try:
        channels = published.channels(published.fetch(f"{gateway.base}/playlist.m3u"))
        tv, radio = ([channel for channel in channels if channel.kind == kind] for kind in ("tv", "radio"))
        every = {
            "ffmpeg": lambda: check_ffmpeg(checks, gateway, tv, radio),
            "desktop": lambda: check_desktop(checks, clock, gateway, tv, out),
            "continuity": lambda: check_continuity(checks, gateway, tv),
            "kodi": lambda: check_kodi(checks, clock, gateway, tv, out),
        }
        for name in arguments.only or every:
            begin = clock.now()
            try:
                every[name]()
            except (Failure, OSError, ValueError, subprocess.SubprocessError) as error:
                checks.check(False, f"{name}: {error}")
            print(f"{name}: {clock.now() - begin:.0f} s")
    finally:
        gateway.close()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
