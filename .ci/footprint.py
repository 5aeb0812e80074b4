#!/usr/bin/env python3
"""Measures what the program takes: bytes on flash, memory, descriptors, wake-ups, time to start.

    python3 .ci/footprint.py [--packages DIRECTORY] [--write]

Takes the builds it finds under target/ (cross/build.sh all; cargo build --release) and prints the table of
docs/FOOTPRINT.md, or puts it there with --write. Memory and time are measured where the machine runs the program itself:
an emulator's would say nothing.
"""

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "FOOTPRINT.md"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LOAD = {"services": 500, "bouquets": 10, "events": 200}
IDLE_SECONDS = 60
PATIENCE = 120
LARGEST_BINARY, LARGEST_PACKAGE, MOST_MEMORY_KB, MOST_WAKEUPS = 2 << 20, 900_000, 4096, 1


class Process:
    """A child that ends with the `with` block."""

    def __init__(self, command, **environment):
        self.started = time.monotonic()
        self.child = subprocess.Popen([str(word) for word in command], env={**os.environ, **environment}, text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.proc = Path("/proc") / str(self.child.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        self.child.communicate(timeout=10)

    def line(self, stream, pattern):
        """What `pattern` finds in the first line that has it."""
        for line in stream:
            if found := re.search(pattern, line):
                return found[1]
        raise RuntimeError(f"{self.child.args[0]} ended before it said {pattern!r}")

    def status(self, name):
        """A number of /proc/PID/status."""
        return int(re.search(rf"(?m)^{name}:\s*(\d+)", (self.proc / "status").read_text())[1])

    def work(self):
        """Times a thread went to sleep of its own will, and CPU seconds, since the start, all threads together."""
        switches = seconds = 0
        for task in (self.proc / "task").iterdir():
            switches += int(re.search(r"(?m)^voluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text())[1])
            seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
        return switches, seconds


def until(wanted, what):
    """Asks `wanted` until it says something other than None."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (answer := wanted()) is not None:
            return answer
        time.sleep(0.002)
    raise RuntimeError(f"no {what} within {PATIENCE} s")


def answer(url):
    """The body, or None while there is none."""
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.read()
    except OSError:
        return None


def gateway(program, receiver, directory):
    environment = {"XG2G_OWI_BASE": receiver, "XG2G_LISTEN": "127.0.0.1:0", "XG2G_DATA": f"{directory}/data", "XG2G_STATE": f"{directory}/state"}
    return Process([program], **environment)


def first_playlist(process):
    """The program's address and the milliseconds from its start to a playlist."""
    base = "http://" + process.line(process.child.stderr, r"listening on (\S+)")
    until(lambda: answer(f"{base}/playlist.m3u"), "playlist")
    return base, (time.monotonic() - process.started) * 1000


def refreshed(base):
    refresh = json.loads(answer(f"{base}/api/v1/status") or b"{}").get("refresh", {})
    return True if refresh.get("passes") and not refresh.get("running") else None


def measure(program):
    """The figures of a program that this machine runs."""
    figures = {}
    load = [word for name, value in LOAD.items() for word in (f"--{name}", value)]
    with tempfile.TemporaryDirectory() as directory, Process([program, "receiver", "--port", 0, *load]) as receiver:
        url = receiver.line(receiver.child.stdout, r"(http://\S+?),?\s")
        with gateway(program, url, directory) as process:
            base, figures["cold"] = first_playlist(process)
            until(lambda: refreshed(base), "end of the first pass")
            time.sleep(2)
            before = process.work()
            time.sleep(IDLE_SECONDS)
            switches, seconds = (now - then for now, then in zip(process.work(), before))
            figures["wakeups"], figures["cpu"] = switches / IDLE_SECONDS, seconds * 1000 / IDLE_SECONDS * 60
            for name, field in (("idle", "VmRSS"), ("peak", "VmHWM"), ("heap", "RssAnon"), ("threads", "Threads")):
                figures[name] = process.status(field)
            figures["fds"] = len(list((process.proc / "fd").iterdir()))
        with gateway(program, url, directory) as process:
            figures["warm"] = first_playlist(process)[1]
    return figures


def packages(directory):
    """The largest package in bytes, by architecture."""
    found = {}
    for path in Path(directory).rglob("*.ipk"):
        architecture = path.stem.rsplit("_", 1)[-1]
        found[architecture] = max(found.get(architecture, 0), path.stat().st_size)
    return found


def targets():
    """Name, program and opkg architectures of every build there is."""
    for line in (ROOT / "cross" / "targets").read_text().splitlines():
        if line and not line.startswith("#"):
            triple, *_, architectures = line.split()
            yield triple, TARGET / triple / "release" / "xg2g", architectures.split(",")
    yield "this machine, glibc", TARGET / "release" / "xg2g", []


def verdict(text, value, most):
    return text if value <= most else f"**{text}**"


def rows(package_directory):
    sizes = packages(package_directory)
    yield "| build | binary, kB | package, kB | idle, kB (heap) | peak, kB | threads | descriptors | wake-ups a second | CPU ms a minute | start cold, ms | warm, ms |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, program, architectures in targets():
        if not program.exists():
            print(f"not built: {program}", file=sys.stderr)
            continue
        size = program.stat().st_size
        package = max((sizes.get(architecture, 0) for architecture in architectures), default=0)
        cells = [name, verdict(f"{size / 1000:.0f}", size, LARGEST_BINARY),
                 verdict(f"{package / 1000:.0f}", package, LARGEST_PACKAGE) if package else "–"]
        if name.split("-")[0] == platform.machine() or "glibc" in name:
            figures = measure(program)
            cells += [verdict("{idle} ({heap})".format(**figures), figures["idle"], MOST_MEMORY_KB), figures["peak"], figures["threads"], figures["fds"],
                      verdict("{wakeups:.2f}".format(**figures), figures["wakeups"], MOST_WAKEUPS),
                      *(f"{figures[field]:.0f}" for field in ("cpu", "cold", "warm"))]
        else:
            cells += ["–"] * 8
        yield f"| {' | '.join(map(str, cells))} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, default=TARGET / "release-files", help="where the .ipk files are")
    parser.add_argument("--write", action="store_true", help="put the table into docs/FOOTPRINT.md")
    arguments = parser.parse_args()
    table = "\n".join(rows(arguments.packages))
    print(table)
    if arguments.write:
        page = PAGE.read_text()
        PAGE.write_text(re.sub(r"(?m)(?:^\|.*\n)+", lambda _: table + "\n", page, count=1))


if __name__ == "__main__":
    main()
