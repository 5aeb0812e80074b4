#!/usr/bin/env python3
"""The HDHomeRun side by clients that others wrote, on a home network made of namespaces.

    hdhomerun.py PROGRAM OUT [CHECK...] needs Debian's hdhomerun-config, gupnp-tools, iproute2, and for Kodi its
    kodi-pvr-hdhomerun, xvfb and a driver; what of Kodi is missing is told. Installs nothing.
"""

import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import hdhomerun_frames as frames
from demo import Checks
from hdhomerun_kodi import check_kodi
from hdhomerun_upnp import Seeker, check_addresses, check_coming_and_going, check_ssdp
from kodi_app import Clock, Failure
from lan import BASE, PORT, RECEIVER, Lan, Program, Sniffer, fetch
from namespaces import run_inside
from players import run

# Seconds for everything.
LIMIT = 400
FOUND = re.compile(r"^hdhomerun device (\w+) found at (\S+)$", re.MULTILINE)
# libhdhomerun has room for no more.
LONGEST_BASE = 28
# Seconds in which reports of groups are repeated (RFC 3376, 8.1 and 8.11).
REPORTS = 2.5
# Seconds after which a port that is free again is in use again.
TAKEN_AGAIN = 75
# For how long silence must last to be believed, a stop included.
SILENCE = 6
RIVAL_PORT = 6081


def config(*arguments, bound=20):
    """What hdhomerun_config says, on either output, and its status."""
    out, complaint, code = run(["hdhomerun_config", *arguments], bound)
    return f"{out}\n{complaint}".strip(), code


def found():
    """The devices that hdhomerun_config finds: numbers and addresses."""
    return FOUND.findall(config("discover")[0])


def check_discovery(checks, world):
    """It is found by broadcast, with a number that holds and an address that answers."""
    with world.start() as program:
        discover = json.loads(fetch(f"{BASE}/discover.json"))
        number = discover["DeviceID"]
        devices = found()
        checks.check(devices == [(number, RECEIVER)], f"discover.json is of {number} at {RECEIVER}, hdhomerun_config finds {devices}")
        checks.check(frames.is_valid(number), f"the check digit of {number} is wrong")
        checks.check(discover["BaseURL"] == BASE, f"BaseURL over HTTP is {discover['BaseURL']}, asked at {BASE}")
        checks.check(program.status()["hdhomerun"]["discovery"] == "on", f"status: {program.status()['hdhomerun']}")
        for name, request in frames.KNOWN_REQUESTS.items():
            answers = frames.ask(RECEIVER, request)
            if not checks.check(len(answers) == 1, f"the request of {name} has {len(answers)} answers"):
                continue
            told = frames.tags(answers[0])
            base = told.get(frames.BASE_URL, b"").decode("ascii")
            checks.check(told.get(frames.DEVICE_ID) == bytes.fromhex(number), f"{name}: the number is {told.get(frames.DEVICE_ID)}")
            checks.check(base == BASE and len(base) <= LONGEST_BASE, f"{name}: the address is {base!r}")
            tuners = told.get(frames.TUNER_COUNT, b"\0")[0]
            checks.check(tuners == discover["TunerCount"] > 0, f"{name}: {tuners} tuners, over HTTP {discover['TunerCount']}")
            checks.check(json.loads(fetch(f"{base}/discover.json"))["DeviceID"] == number, f"{base} is of another device")
        for name, request in frames.FOREIGN_REQUESTS.items():
            checks.check(not frames.ask(RECEIVER, request), f"a request {name} is answered")
        print(f"hdhomerun_config finds {number} at {RECEIVER}, its address there is {BASE} ({len(BASE)} characters)")
    with world.start():
        again = json.loads(fetch(f"{BASE}/discover.json"))["DeviceID"]
        checks.check(again == number, f"started again it is {again}, it was {number}")


def check_control(checks, world):
    """hdhomerun_config is told what there is to tell, and no for the rest."""
    with world.start() as program:
        number = json.loads(fetch(f"{BASE}/discover.json"))["DeviceID"]
        for name, wanted in (("/sys/model", r"hdhomerun4_dvbt"), ("/sys/hwmodel", r"HDHR4-2DT"), ("/sys/version", r"\d{8}"),
                             ("/sys/features", r"channelmap: .+(\n.+)*"), ("/tuner0/status", r"ch=\S+ lock=\S+ ss=\d+ snq=\d+ seq=\d+ .*"),
                             ("/tuner0/lockkey", r"none"), ("/tuner0/target", r"none|\S+://\S+")):
            said, code = config(number, "get", name)
            print(f"get {name}: {said!r}")
            checks.check(code == 0 and re.fullmatch(wanted, said), f"get {name}: {code}, {said!r}")
        for arguments in (("get", "/sys/nonsense"), ("get", "/tuner99/status"), ("set", "/sys/model", "x"), ("set", "/nonsense", "x" * 300)):
            said, _ = config(number, *arguments)
            checks.check("ERROR" in said, f"{' '.join(arguments)[:40]}: {said!r}")
        # Asked by its address, as behind a router.
        said, code = config(RECEIVER, "get", "/sys/model")
        checks.check(code == 0 and said == "hdhomerun4_dvbt", f"by address: {code}, {said!r}")
        for arguments in (("scan", "0"), ("scan", "0", "/dev/null"), ("save", "0", "/dev/null"), ("upgrade", "/dev/null")):
            begin = time.monotonic()
            said, code = config(number, *arguments, bound=30)
            taken = time.monotonic() - begin
            print(f"{' '.join(arguments)}: {code} after {taken:.1f} s, {said!r}")
            checks.check(code not in (0, -1) and said, f"{' '.join(arguments)}: {code} after {taken:.1f} s, {said!r}")
        checks.check(program.is_ready() and len(found()) == 1, "after all that it is not well")


def check_bad_frames(checks, world):
    """Garbage is answered with nothing, and hurts nobody."""
    with world.start() as program:
        for name, frame in frames.BAD.items():
            checks.check(not frames.ask(RECEIVER, frame, patience=0.3), f"UDP, {name}: is answered")
            answer = frames.ask_by_tcp(RECEIVER, frame)
            checks.check(not answer, f"TCP, {name}: is answered with {answer[:40]!r}")
        # Those that say nothing hold no one else up.
        idle = [socket.create_connection((RECEIVER, frames.PORT), timeout=5) for _ in range(20)]
        said, _ = config(RECEIVER, "get", "/sys/model")
        checks.check(said == "hdhomerun4_dvbt", f"with {len(idle)} idle connections: {said!r}")
        for connection in idle:
            connection.close()
        checks.check(program.is_ready() and len(found()) == 1, "after bad frames it is not well")
        print(f"{len(frames.BAD)} bad frames by UDP and by TCP are answered with nothing, the program lives")


def check_taken(checks, world):
    """Somebody else has TCP 65001: then nobody is told by UDP, a warning says so, and all else goes on; until it is free."""
    holder = world.lan.receiver.do(lambda: socket.create_server(("", frames.PORT)))
    try:
        with world.start() as program:
            told = program.status()["hdhomerun"]
            checks.check(str(frames.PORT) in json.dumps(told["warnings"]), f"no warning of the taken port: {told}")
            checks.check(not frames.ask(RECEIVER, frames.KNOWN_REQUESTS["libhdhomerun"]), "UDP answers without TCP")
            checks.check(found() == [], "hdhomerun_config finds it without TCP")
            checks.check(json.loads(fetch(f"{BASE}/lineup.json")), "no lineup")
            print(f"with TCP {frames.PORT} taken it warns: {told['warnings']}")
            holder.close()
            begin = time.monotonic()
            world.clock.wait("being found once the port is free", TAKEN_AGAIN, found, 1)
            checks.check(program.status()["hdhomerun"]["warnings"] == [], f"it still warns: {program.status()['hdhomerun']}")
            print(f"it is found {time.monotonic() - begin:.0f} s after the port is free")
    finally:
        holder.close()


def check_silence(checks, world):
    """On a loopback address only, or switched off, it sends nothing to anybody."""
    # The kernel repeats that the one before has left its group.
    time.sleep(REPORTS)
    for name, settings in (("loopback", {"XG2G_LISTEN": f"127.0.0.1:{PORT}"}), ("off", {"XG2G_HDHR_ENABLED": "false"})):
        since = len(world.sniffer)
        with world.start(**settings) as program:
            end_of_it = time.monotonic() + SILENCE
            checks.check(found() == [], f"{name}: hdhomerun_config finds it")
            checks.check(not Seeker("ssdp:all", 3).wait().count(f":{PORT}/"), f"{name}: gssdp-discover finds it")
            time.sleep(max(0, end_of_it - time.monotonic()))
            program.stop()
        sent = world.sniffer.packets[since:]
        checks.check(not sent, f"{name}: {len(sent)} packets to many, such as {sent[0] if sent else None}")
        print(f"{name}: {len(sent)} packets by broadcast or multicast in {SILENCE} s and a stop")


class Rival(BaseHTTPRequestHandler):
    """What the HRTunerProxy plugin says."""

    def do_GET(self):
        body = b"{}"
        if self.path == "/discover.json":
            told = {"FriendlyName": "DVB-S HRTunerProxy", "ModelNumber": "HDHR3-US", "FirmwareName": "hdhomerun3_atsc", "FirmwareVersion": "20200101",
                    "DeviceID": "Q3ZX81KM", "DeviceAuth": "Q3ZX81KM", "TunerCount": 2,
                    "BaseURL": f"http://{RECEIVER}:{RIVAL_PORT}", "LineupURL": f"http://{RECEIVER}:{RIVAL_PORT}/lineup.json"}
            body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-type", "application/javascript")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def check_rival(checks, world):
    """Where HRTunerProxy already is, it keeps quiet and says why."""
    rival = world.lan.receiver.do(lambda: ThreadingHTTPServer(("127.0.0.1", RIVAL_PORT), Rival))
    threading.Thread(target=rival.serve_forever, daemon=True).start()
    since = len(world.sniffer)
    try:
        with world.start() as program:
            told = program.status()["hdhomerun"]
            checks.check("HRTunerProxy" in told["discovery"], f"status does not say why: {told}")
            checks.check(found() == [], "hdhomerun_config finds it beside the rival")
            checks.check(not world.sniffer.notified(since, "ssdp:", RECEIVER), "it sends NOTIFY beside the rival")
            checks.check(json.loads(fetch(f"{BASE}/lineup.json")), "no lineup")
            print(f"beside HRTunerProxy: {told['discovery']!r}")
    finally:
        rival.shutdown()
        rival.server_close()


class World:
    """What all checks share."""

    def __init__(self, program, out):
        self.program, self.out = program, out
        self.clock = Clock(LIMIT)
        self.lan = Lan()
        self.sniffer = Sniffer(self.lan)
        self.log = out / "hdhomerun-program.log"
        self.log.write_bytes(b"")
        # Kept from one start to the next, as on a receiver.
        self.state = tempfile.TemporaryDirectory(prefix="hdhomerun-")

    def start(self, **settings):
        return Program(self.lan, self.clock, self.program, self.log, XG2G_STATE=self.state.name, **settings)

    def close(self):
        self.sniffer.close()
        self.state.cleanup()


EVERY = (check_discovery, check_control, check_bad_frames, check_ssdp, check_coming_and_going, check_addresses, check_taken,
         check_silence, check_rival, check_kodi)


def inside(program, out, *only):
    """All checks, on a network that is nobody else's; the status to end with."""
    # So that `timeout` ends all of them too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    checks, world = Checks(), World(program, out)
    for check in EVERY:
        name = check.__name__.removeprefix("check_")
        if only and name not in only:
            continue
        begin = world.clock.now()
        try:
            check(checks, world)
        except (Failure, OSError, ValueError, KeyError, TypeError, ElementTree.ParseError, subprocess.SubprocessError) as error:
            checks.check(False, f"{name}: {type(error).__name__}: {error}")
        print(f"{name}: {world.clock.now() - begin:.0f} s", flush=True)
    world.close()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed or not checks.passed else 0


if __name__ == "__main__":
    sys.exit(run_inside(__file__, inside))
