"""UPnP's discovery as gssdp-discover of gupnp-tools sees it."""

import re
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

import hdhomerun_frames as frames
from kodi_app import Failure, end
from lan import BASE, PORT, RECEIVER, fetch

DEVICE_TYPE = "urn:schemas-upnp-org:device:MediaServer:1"
UPNP = "{urn:schemas-upnp-org:device-1-0}"
# Seconds within which a change of addresses is noticed.
FOLLOWED = 30
MORE_RECEIVER, MORE_CLIENT = "192.168.179.20", "192.168.179.30"


class Seeker:
    """A running gssdp-discover."""

    def __init__(self, target, seconds, kind="available"):
        command = ["gssdp-discover", "-i", "eth0", "-t", target, "-n", str(seconds), "-m", kind]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = ""
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.said += line

    def wait(self):
        """All it saw, when its time is over."""
        self.thread.join(30)
        end(self.process)
        return self.said

    def seen(self, kind):
        """What came (`available`) or went (`unavailable`): names and locations, the latter not of what went."""
        pattern = rf"^resource {kind}\n\s+USN:\s+(\S+)(?:\n\s+Location:\s+(\S+))?"
        return {(name, location or "") for name, location in re.findall(pattern, self.said, re.MULTILINE)}


def check_ssdp(checks, world):
    """gssdp-discover sees it by every name, and its description is of the same device."""
    with world.start():
        description = ElementTree.fromstring(fetch(f"{BASE}/device.xml"))
        udn = description.findtext(f"{UPNP}device/{UPNP}UDN") or ""
        checks.check(re.fullmatch(r"uuid:[0-9a-f-]{36}", udn), f"device.xml: UDN {udn!r}")
        checks.check(description.findtext(f"{UPNP}device/{UPNP}deviceType") == DEVICE_TYPE, "device.xml: another type")
        targets = {"ssdp:all": 3, "upnp:rootdevice": 1, DEVICE_TYPE: 1, udn: 1, "urn:schemas-upnp-org:device:Other:1": 0}
        seekers = {target: Seeker(target, 6) for target in targets}
        for target, least in targets.items():
            seekers[target].wait()
            seen = {(name, location) for name, location in seekers[target].seen("available") if name.startswith(udn)}
            checks.check(len(seen) >= least, f"{target}: gssdp-discover sees {seen} of {udn}, says {seekers[target].said!r}")
            checks.check(least or not seen, f"{target}: it answers though it is no such thing: {seen}")
            locations = {location for _, location in seen}
            checks.check(locations <= {f"{BASE}/device.xml"}, f"{target}: it is said to be at {locations}")
        print(f"gssdp-discover sees {udn} as {len(seekers['ssdp:all'].seen('available'))} things at {BASE}/device.xml")


def check_coming_and_going(checks, world):
    """It says hello when it comes and good-bye when it stops."""
    seeker = Seeker("upnp:rootdevice", 25, "all")
    time.sleep(1)
    since = len(world.sniffer)
    with world.start() as program:
        try:
            world.clock.wait("the device", 15, lambda: seeker.seen("available"))
        except Failure as failure:
            checks.check(False, f"{failure}; gssdp-discover says {seeker.said!r}")
        came = seeker.seen("available")
        alive = world.sniffer.notified(since, "ssdp:alive", RECEIVER)
        checks.check(alive, "no NOTIFY when it starts")
        taken, status = program.stop()
        checks.check(status == 0 and taken < 3, f"stopped with {status} after {taken:.1f} s")
    try:
        world.clock.wait("the good-bye", 5, lambda: seeker.seen("unavailable"))
    except Failure as failure:
        checks.check(False, f"{failure}; gssdp-discover says {seeker.said!r}")
    went = seeker.seen("unavailable")
    end(seeker.process)
    checks.check({name for name, _ in came} == {name for name, _ in went}, f"came {came}, went {went}")
    print(f"gssdp-discover saw it come ({len(alive)} NOTIFY) and go {taken:.2f} s after SIGTERM")


def check_addresses(checks, world):
    """An address that is added later is told and answered with; one that is gone is not told any more."""
    with world.start():
        since, begin = len(world.sniffer), time.monotonic()
        world.lan.add(MORE_RECEIVER, MORE_CLIENT)
        try:
            base = f"http://{MORE_RECEIVER}:{PORT}"
            world.clock.wait("a NOTIFY with the new address", FOLLOWED, lambda: world.sniffer.notified(since, "ssdp:alive", MORE_RECEIVER))
            taken = time.monotonic() - begin
            answers = [frames.tags(answer).get(frames.BASE_URL) for answer in frames.ask(MORE_RECEIVER, frames.KNOWN_REQUESTS["libhdhomerun"])]
            checks.check(answers == [base.encode()], f"asked at the new address it tells {answers}")
            answers = [frames.tags(answer).get(frames.BASE_URL) for answer in frames.ask(RECEIVER, frames.KNOWN_REQUESTS["libhdhomerun"])]
            checks.check(answers == [BASE.encode()], f"asked at the old address it tells {answers}")
            print(f"a new address is told of after {taken:.1f} s")
        except Failure as failure:
            checks.check(False, f"{failure}; it sent {[str(packet) for packet in world.sniffer.packets[since:]][:5]}")
        finally:
            world.lan.remove(MORE_RECEIVER, MORE_CLIENT)
