#!/usr/bin/env python3
"""Kills the program while it writes, breaks its disk, and looks at what is left.

    python3 .ci/crash.py --program target/release/xg2g [--rounds 300] [--commands 150] [--out DIRECTORY] [--seed N]

A round: the receiver has other channels than before, the program is started and killed (SIGKILL) at a random moment or
when a file is being written; every file must then be whole, old or new; started again it must serve at once. Then the
commands that write (token, backup, restore), and the disk in trouble (crash_disk.py; strace and user name spaces are
needed for most of it, what is not to be had is told).
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import crash_disk
from crash_files import Torn, keys, look
from crash_world import Child, Dead, Gateway, Receiver, until

# Services of the receivers: never the same in two rounds that follow each other.
WORLDS = (18, 24, 32)
# Seconds: the first is told, the second, which only a machine that is busy with something else comes near, is a failure.
FAST, SLOW = 1.0, 10.0


class Rounds:
    """The program, killed again and again in the same two directories."""

    def __init__(self, program, out, work, chance):
        self.program, self.out, self.work, self.chance = program, out, work, chance
        self.data, self.state = work / "data", work / "state"
        self.writes = (self.state / ".channels.gz.new", self.data / ".guide.deflate.new")
        self.receiver = Receiver(program, out / "receiver.log")
        self.count = Counter()
        self.beside = Counter()
        self.playlists = {}
        self.pass_took = 0.0
        self.slowest = self.slowest_ready = 0.0
        self.world = 0

    def start(self):
        gateway = Gateway(self.program, self.receiver, self.data, self.state, self.out / "gateway.log")
        self.count["starts"] += 1
        return gateway

    def calibrate(self):
        """What each receiver's playlist is, and how long a first pass takes."""
        for world in WORLDS:
            self.wipe()
            self.receiver.become(world)
            gateway = self.start()
            began = time.monotonic()
            gateway.listens()
            until("it is ready", gateway.is_ready)
            self.pass_took = max(self.pass_took, time.monotonic() - began)
            self.playlists[gateway.outputs()] = world
            gateway.kill()
        self.world = world

    def wipe(self):
        for directory in (self.data, self.state):
            shutil.rmtree(directory, ignore_errors=True)

    def look(self, worlds):
        """All files after a kill."""
        found, beside = look(self.data, self.state)
        self.count["kills"] += 1
        self.count["kills with a file half-written beside"] += bool(beside)
        self.beside.update(path.name for path in beside)
        self.count["torn ends of events.dat"] += found.get("events.dat", 0) > 0
        if (saved := found.get("channels.gz", worlds[0])) not in worlds:
            raise Torn(f"channels.gz has {saved} channels, neither of {worlds}")
        return found, beside

    def kill(self):
        """Starts and kills it."""
        gateway = self.start()
        longest = self.pass_took * 1.3
        end = time.monotonic() + longest
        if self.chance.random() < 0.4:
            time.sleep(self.chance.uniform(0, longest))
        else:
            # When one of them is being written, but not each time at its first byte.
            beside = self.chance.choice(self.writes)
            while not os.path.exists(beside) and time.monotonic() < end:
                pass
            time.sleep(self.chance.choice((0, 0.0005, 0.001, 0.002)))
        gateway.kill()
        if "panicked" in gateway.said():
            raise Dead(gateway.said()[-600:])

    def serve(self, found, beside, worlds, away):
        """Starts it on what is there: it must serve as if nothing had happened."""
        began = time.monotonic()
        gateway = self.start()
        try:
            gateway.listens()
            for path, identity in beside.items():
                try:
                    meta = path.stat()
                except FileNotFoundError:
                    continue
                # Else it is another one, which is being written.
                if (meta.st_ino, meta.st_mtime_ns) == identity:
                    raise Torn(f"{path} is still there")
            was_saved, had_guide = "channels.gz" in found, "guide.deflate" in found
            if was_saved:
                if self.playlists.get(gateway.playlist()) not in worlds:
                    raise Torn("the playlist is neither the old one nor the new one")
                took = time.monotonic() - began
                self.count["playlists at once"] += 1
                self.slowest = max(self.slowest, took)
                self.count["playlists after more than a second"] += took > FAST
                if took > SLOW:
                    raise Dead(f"the playlist took {took:.2f} s")
            if not away or (was_saved and had_guide):
                until("it is ready", gateway.is_ready, SLOW)
                if was_saved and had_guide:
                    self.count["ready at once"] += 1
                    self.slowest_ready = max(self.slowest_ready, time.monotonic() - began)
                gateway.outputs()
                self.count["served"] += 1
        finally:
            gateway.kill()
        if "panicked" in gateway.said():
            raise Dead(gateway.said()[-600:])

    def round(self, number):
        if number % 20 == 19:
            self.wipe()
            self.count["from nothing"] += 1
        before, self.world = self.world, self.chance.choice([world for world in WORLDS if world != self.world])
        worlds = (before, self.world)
        self.receiver.become(self.world)
        self.kill()
        found, beside = self.look(worlds)
        away = number % 4 == 3
        if away:
            self.receiver.become(0)
            self.count["with the receiver away"] += 1
        self.serve(found, beside, worlds, away)
        self.look(worlds)
        # What is saved now is what the next round may find.
        self.world = look(self.state)[0].get("channels.gz", self.world)


class Commands:
    """token, backup and restore, killed while they write."""

    def __init__(self, program, out, work, chance):
        self.program, self.out, self.chance = program, out, chance
        self.state = work / "commands"
        self.state.mkdir()
        self.config, self.file = self.state / "xg2g.toml", self.state / "backup"
        self.count = Counter()
        self.took = 1.0

    def settings(self, number):
        filling = "# filling\n" * 2000
        return f"[guide]\ndays = {1 + number % 14}\n{filling}# {number}\n# end\n".encode()

    def run(self, *words, bound=None):
        """Runs a command to its end, or kills it before."""
        began = time.monotonic()
        child = Child([self.program, *words, "--config", self.config], self.out / "command.log")
        if bound is None:
            # Without a bound: with one it is asked now and then only, which takes longer than the command.
            if child.child.wait():
                raise Dead(f"{words}: {child.said()}")
            self.took = min(self.took, time.monotonic() - began)
            return
        time.sleep(bound)
        child.child.send_signal(signal.SIGKILL)
        self.count["killed in time"] += child.child.wait() == -signal.SIGKILL

    def rounds(self, rounds):
        kept = {}
        for number in (1, 2):
            self.config.write_bytes(self.settings(number))
            (self.state / "keys").unlink(missing_ok=True)
            self.run("token")
            self.run("backup", self.file.with_name("backup"))
            kept[number] = self.file.read_bytes()
        stores = [self.state.parent / f"kept.{number}" for number in kept]
        for store, content in zip(stores, kept.values()):
            store.write_bytes(content)
        for number in range(rounds):
            kind = ("token", "backup", "restore")[number % 3]
            key_file = self.state / "keys"
            bound = self.chance.uniform(0, self.took * 3)
            before = self.file.read_bytes()
            if kind == "token":
                key_file.unlink(missing_ok=True)
                self.run("token", bound=bound)
            elif kind == "backup":
                self.config.write_bytes(self.settings(number))
                self.run("backup", self.file, "--keep", 3, bound=bound)
            else:
                self.run("restore", self.chance.choice(stores), bound=bound)
            found, beside = look(self.state)
            self.count[f"{kind} killed with a file beside"] += bool(beside)
            if "xg2g.toml" not in found or "backup" not in found:
                raise Torn(f"{kind} lost a file: there are {sorted(found)}")
            if kind != "backup" and before != self.file.read_bytes():
                raise Torn(f"{kind} changed the backup")
            # Whatever was left, it works.
            self.run("token")
            keys(key_file.read_bytes())
            self.count[kind] += 1
        if look(self.state)[1]:
            self.run("restore", stores[0])
            self.run("restore", stores[1])
            left = [path.name for path in look(self.state)[1] if path.name != ".backup.new"]
            if left:
                raise Torn(f"left for ever: {left}")


def report(title, count):
    print(title)
    for what, number in sorted(count.items()):
        print(f"  {number:7} {what}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--commands", type=int, default=150)
    parser.add_argument("--out", type=Path, default=Path("target/ci"))
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--no-disk", action="store_true", help="without the disk in trouble")
    arguments = parser.parse_args()
    program, out = arguments.program.resolve(), arguments.out.resolve() / "crash"
    out.mkdir(parents=True, exist_ok=True)
    print(f"seed {arguments.seed}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xg2g-crash-") as work:
        rounds = Rounds(program, out, Path(work), random.Random(arguments.seed))
        number = -1
        try:
            rounds.calibrate()
            for number in range(arguments.rounds):
                rounds.round(number)
                if number % 1000 == 999:
                    report(f"{number + 1} rounds, {time.monotonic() - began:.0f} s", rounds.count)
            if arguments.rounds >= 50 and not rounds.count["kills with a file half-written beside"]:
                raise Dead("no kill met a file being written")
            report(f"{arguments.rounds} rounds, {time.monotonic() - began:.0f} s", rounds.count)
            report("left beside", rounds.beside)
            print(f"the slowest playlist came {rounds.slowest * 1000:.0f} ms after the start, "
                  f"the slowest readiness {rounds.slowest_ready * 1000:.0f} ms; a first pass takes {rounds.pass_took * 1000:.0f} ms")
            commands = Commands(program, out, Path(work), random.Random(arguments.seed))
            number = "command"
            commands.rounds(arguments.commands)
            report(f"{arguments.commands} commands, {time.monotonic() - began:.0f} s", commands.count)
            if not arguments.no_disk:
                number = "disk"
                crash_disk.check(program, rounds.receiver, out, Path(work))
        except (Torn, Dead) as error:
            report(f"FAILED at {number} (seed {arguments.seed})", rounds.count)
            print(f"{error}\nthe files are in {out / 'left'}; the program said:\n{(out / 'gateway.log').read_text()[-1500:]}")
            shutil.rmtree(out / "left", ignore_errors=True)
            shutil.copytree(work, out / "left")
            return 1
        finally:
            rounds.receiver.become(0)
    print(f"passed, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
