#!/usr/bin/env python3
"""A gateway in chaos: its receiver fails and dies, its settings change, its clock jumps, its clients are rude.

Afterwards everything has to be as it was. What happens is drawn from a seed, which every failure prints; what it does
with the time it is given differs from run to run. Where Debian's libfaketime is missing the clock does not jump.
"""

import argparse
import json
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import published
from chaos_people import Person, Problems, Watch
from chaos_settings import BASE, Changes, Settings
from chaos_world import FAULTS, STREAM_FAULTS, Gateway, Receiver
from demo import Checks
from kodi_app import Clock, Failure, free_port
from transport import Reader

PEOPLE = 6
# What may be more afterwards, in kB and in descriptors: 1.5 MB of caches, and the heap's gaps, which do not grow with time.
MORE_MEMORY, MORE_DESCRIPTORS = 8000, 4
LONGEST_SILENCE = 8
# Seconds within which all is well again.
RECOVERY = 120
# How far ahead of the beginning the guide is compared, in seconds: less than the guide reaches.
COMPARED = 6 * 86_400
JUMPS = ("+90", "-90", "+5h", "-5h", "+26h", "-3d", "+6d", "+40d", "+0", "@1970-01-01 00:00:20", "@2037-12-31 23:59:00")


class Chaos:
    """All that happens, one thing after another."""

    def __init__(self, arguments, directory):
        self.clock = Clock(arguments.seconds + 600)
        self.chance = random.Random(arguments.seed)
        self.out = arguments.out
        self.checks, self.problems = Checks(), Problems()
        self.story = open(self.out / "chaos-story.log", "w", buffering=1)
        self.counts = {}
        self.receiver = Receiver(arguments.program, self.out / "chaos-receiver.log")
        port = free_port()
        self.taken = socket.create_server(("127.0.0.1", 0))
        base = {name: dict(keys) for name, keys in BASE.items()}
        base["receiver"]["url"] = f'"http://127.0.0.1:{self.receiver.web.port}"'
        base["stream"] |= {"port": str(self.receiver.streams.port), "relay_port": str(self.taken.getsockname()[1])}
        base["server"] = {"listen": f'"127.0.0.1:{port}"'}
        settings = Settings(directory / "xg2g.toml", self.chance, base)
        settings.path.write_text(settings.text())
        self.settings = Changes(self, settings)
        self.gateway = Gateway(arguments.program, self.out, directory, settings.path, port)
        self.story.write(f"the gateway is {self.gateway.process.pid}\n")

    def close(self):
        self.gateway.close()
        self.receiver.close()
        self.taken.close()
        self.story.close()

    def tell(self, kind, text):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.story.write(f"{self.clock.now():7.2f} {kind}: {text}\n")

    def is_alive(self):
        code = self.gateway.process.poll()
        if code is not None:
            raise Failure(f"the gateway died with {code}; its log ends with {self.gateway.words()[-600:]}")

    def begin(self):
        """Waits for the outputs and takes note of everything."""
        self.clock.wait("the first outputs", 60, self.is_ready)
        self.before, self.begun = self.outputs(), time.time()
        self.settings.normal = self.gateway.values()
        for channel in self.watched():
            reader = Reader(channel.url)
            if not reader.gets(200, 15):
                raise Failure(f"before the chaos {channel} does not play: {reader.failure}")
            reader.leave()
        self.outputs()
        time.sleep(4)
        self.memory, self.descriptors = self.gateway.memory(), self.gateway.descriptors()
        if self.gateway.can_jump:
            self.gateway.set_clock("+2h")
            time.sleep(2)
            self.gateway.can_jump = self.gateway.now() > time.time() + 3600
            self.gateway.set_clock("+0")
        print(f"{len(self.before[0])} channels, {sum(map(len, self.before[1].values()))} events, {self.memory[0]} kB of memory, "
              f"{self.descriptors} descriptors; the clock {'jumps' if self.gateway.can_jump else 'does not jump: no libfaketime, or a static program'}")

    def outputs(self):
        """The channels, and the events by channel."""
        channels = published.channels(self.gateway.fetch("/playlist.m3u", timeout=30))
        return channels, published.guide(self.gateway.fetch("/xmltv.xml", timeout=30))

    def watched(self):
        """Some channels of both kinds."""
        tv, radio = ([channel for channel in self.before[0] if channel.kind == kind] for kind in ("tv", "radio"))
        return [tv[0], tv[2], radio[0]]

    def is_ready(self):
        self.is_alive()
        try:
            return self.gateway.fetch("/readyz")
        except OSError:
            return False

    def happen(self, seconds, slugs):
        """Chaos for so long."""
        over = threading.Event()
        watch = Watch(self.gateway)
        people = [Person(self.gateway, random.Random(self.chance.random()), self.problems, over, slugs) for _ in range(PEOPLE)]
        ways = ((self.receiver_fails, 6), (self.wire_fails, 4), (self.settings.happen, 3), (self.clock_jumps, 3))
        actions, weights = zip(*ways)
        end = self.clock.now() + seconds
        try:
            while self.clock.now() < end:
                self.chance.choices(actions, weights)[0]()
                self.is_alive()
                time.sleep(self.chance.uniform(0.1, 1.5))
        finally:
            over.set()
            for person in people:
                person.join(40)
                self.checks.check(not person.is_alive(), "a client hangs")
            watch.is_over = True
        done = sum(sum(person.done.values()) for person in people)
        failures = sum(person.failures for person in people)
        print(f"{done} deeds of {PEOPLE} clients, {failures} of them cut short; longest time without an answer {watch.longest:.1f} s")
        print(", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items())))
        self.checks.check(watch.longest <= LONGEST_SILENCE, f"no answer for {watch.longest:.1f} s")
        self.checks.check(failures < done / 2, "more than half of what the clients did was cut short")

    def receiver_fails(self):
        how = self.chance.choice(("kill", "fault", "stream fault", "stop", "few", "well"))
        after = self.chance.uniform(0.2, 5)
        if how == "stop":
            self.tell("receiver hangs", f"{after:.1f} s")
            self.receiver.process.send_signal(signal.SIGSTOP)
            time.sleep(after)
            self.receiver.process.send_signal(signal.SIGCONT)
            return
        options = {
            "fault": ["--fault", self.chance.choice(FAULTS)],
            "stream fault": ["--stream-fault", self.chance.choice(STREAM_FAULTS)],
            "few": ["--tuners", "1", "--delay", "150"],
        }.get(how, [])
        self.tell("receiver killed", f"away for {after:.1f} s, then {options}")
        self.receiver.kill()
        if how == "kill":
            time.sleep(after)
        self.receiver.start(*options)

    def wire_fails(self):
        wire = self.chance.choice((self.receiver.web, self.receiver.streams))
        wire.trouble = self.chance.choice((None, (self.chance.choice(wire.troubles), self.chance.randrange(60000))))
        self.tell("wire", f"{'web' if wire is self.receiver.web else 'streams'}: {wire.trouble}")

    def clock_jumps(self):
        if self.gateway.can_jump:
            jump = self.chance.choice(JUMPS)
            self.tell("clock", jump)
            self.gateway.set_clock(jump)
            time.sleep(self.chance.uniform(0, 4))

    def wait_for(self, what, ready, bound):
        """What `ready` gives once that is true; None and a problem if it does not become so."""
        end, last = time.monotonic() + bound, None
        while time.monotonic() < end:
            self.is_alive()
            try:
                if found := ready():
                    return found
            except (OSError, ValueError) as error:
                last = error
            time.sleep(0.1)
        self.problems.add("waiting", f"{what}, not within {bound} s; {last or ''}")
        raise Failure(what)

    def is_as_before(self):
        """Channels and what is to come are what they were before the chaos; else what differs."""
        now = time.time()
        channels, guide = self.outputs()
        if channels != self.before[0]:
            return f"{len(channels)} channels, not the same {len(self.before[0])}"
        for channel, before in self.before[1].items():
            was, is_ = ({event for event in events if now < event.start < self.begun + COMPARED}
                        for events in (before, guide.get(channel, [])))
            if was != is_:
                return f"{channel}: {len(was - is_)} events missing, {len(is_ - was)} new: {sorted(was ^ is_, key=lambda event: event.start)[:2]}"
        return None

    def recover(self):
        """Everything is well again; so must the gateway be."""
        self.tell("recovery", "begins")
        self.gateway.set_clock("+0")
        self.receiver.heal()
        self.settings.take_right()
        began, difference = self.clock.now(), "not ready"
        while self.clock.now() < began + RECOVERY:
            self.is_alive()
            try:
                self.gateway.fetch("/api/v1/refresh", "POST")
            except OSError:
                pass
            time.sleep(1)
            try:
                self.gateway.fetch("/readyz")
                difference = self.is_as_before()
            except (OSError, ValueError) as error:
                difference = str(error)
            if not difference:
                break
        self.checks.check(not difference, f"not as before within {RECOVERY} s: {difference}")
        print(f"as before after {self.clock.now() - began:.1f} s")

    def look(self):
        """Nothing was left behind."""
        for channel in self.watched():
            reader = Reader(channel.url)
            self.checks.check(reader.gets(200, 15), f"afterwards {channel} does not play: {reader.failure}")
            self.checks.check(not reader.seen.gaps, f"{channel}: gaps {reader.seen.gaps[:2]}")
            self.checks.check(not reader.leave(), f"{channel}: {reader.failure}")
        self.wait_for("streams go on without a reader", lambda: not json.loads(self.gateway.fetch("/api/v1/streams"))["streams"], 15)
        for _ in range(30):
            time.sleep(1)
            memory, descriptors = self.gateway.memory(), self.gateway.descriptors()
            if memory[0] <= self.memory[0] + MORE_MEMORY and descriptors <= self.descriptors + MORE_DESCRIPTORS:
                break
        print(f"afterwards {memory[0]} kB of memory, {memory[1]} of them heap, {descriptors} descriptors; "
              f"before {self.memory[0]}, {self.memory[1]} and {self.descriptors}")
        self.checks.check(memory[0] <= self.memory[0] + MORE_MEMORY, f"memory grew from {self.memory} to {memory} kB")
        self.checks.check(descriptors <= self.descriptors + MORE_DESCRIPTORS, f"descriptors grew from {self.descriptors} to {descriptors}")
        for path in self.gateway.data.glob("audit.log*"):
            for line in path.read_text().splitlines():
                json.loads(line)
        left = [str(path) for place in (self.gateway.data, self.gateway.state) for path in place.rglob("*tmp*")]
        self.checks.check(not left, f"left behind: {left}")
        self.is_alive()
        began = time.monotonic()
        self.gateway.process.terminate()
        try:
            code = self.gateway.process.wait(8)
        except subprocess.TimeoutExpired:
            code = None
        self.checks.check(code == 0, f"told to stop, it ends with {code}")
        print(f"stopped after {time.monotonic() - began:.1f} s")
        panics = [line for line in self.gateway.words().splitlines() if "panic" in line.lower()]
        self.checks.check(not panics, f"panics: {panics[:3]}")
        self.checks.check(not self.problems.found, f"what clients met: {self.problems.found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", required=True, help="the xg2g to test")
    parser.add_argument("--out", type=Path, default=Path("target/ci"), help="directory for logs")
    parser.add_argument("--seconds", type=int, default=180, help="how long chaos lasts")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="what chaos is drawn from")
    arguments = parser.parse_args()
    # So that `timeout` ends all processes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"seed {arguments.seed}, {arguments.seconds} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as directory:
        chaos = Chaos(arguments, Path(directory))
        try:
            chaos.begin()
            chaos.happen(arguments.seconds, [channel.slug for channel in chaos.before[0]])
            chaos.recover()
            chaos.look()
        except Exception as error:
            if not isinstance(error, Failure):
                traceback.print_exc()
            chaos.checks.check(False, f"{type(error).__name__}: {error}; problems: {chaos.problems.found}")
        finally:
            chaos.close()
    checks = chaos.checks
    print(f"{checks.passed} passed, {checks.failed} failed")
    if checks.failed:
        print(f"again: python3 .ci/chaos.py --program {arguments.program} --seconds {arguments.seconds} --seed {arguments.seed}; "
              f"what happened is in {arguments.out}/chaos-*.log")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
