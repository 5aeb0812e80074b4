"""Kodi's own add-on for HDHomeRun: what it lists is the lineup, and it plays."""

import json
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from kodi import difference, kodi_number
from kodi_app import Failure, Kodi, Screen, enable_addon
from lan import BASE, CLIENT, fetch

ADDON = "pvr.hdhomerun"
# Where Debian has it.
ADDONS = Path("/usr/share/kodi/addons")


def check_kodi(checks, world):
    """Kodi finds the device by itself, lists its channels and plays one."""
    missing = [name for name in ("kodi", "Xvfb") if not shutil.which(name)] + [ADDON] * (not (ADDONS / ADDON).exists())
    if missing:
        print(f"left out, not here: {', '.join(missing)}")
        return
    log = world.out / "hdhomerun-kodi.out"
    log.write_bytes(b"")
    home = Path(tempfile.mkdtemp(prefix="kodi-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        stack.callback(keep_log, home, world.out)
        program = stack.enter_context(world.start())
        lineup = json.loads(fetch(f"{BASE}/lineup.json"))
        screen = Screen(world.clock, world.out / "hdhomerun-xvfb.log")
        stack.callback(screen.close)
        enable_addon(world.clock, home, screen, log, ADDON)
        kodi = Kodi(world.clock, home, screen, log)
        stack.callback(kodi.close)
        shown = channels_in(world, kodi, len(lineup))
        expected = [(entry["GuideNumber"], entry["GuideName"]) for entry in lineup]
        missing, extra = difference(expected, [(kodi_number(channel), channel["label"]) for channel in shown])
        checks.check(not missing, f"Kodi lacks {len(missing)} channels of the lineup, such as {missing[:3]}")
        checks.check(not extra, f"Kodi has {len(extra)} channels more, such as {extra[:3]}")
        checks.check(not kodi.channels("radio"), "Kodi has radio channels")
        hd = Counter(entry["GuideName"] for entry in lineup if entry.get("HD"))
        groups = kodi.groups("tv")
        checks.check(Counter(groups.get("HD channels", [])) == hd, f"{hd.total()} channels are HD; Kodi's groups: { {name: len(members) for name, members in groups.items()} }")
        print(f"Kodi lists {len(shown)} channels of {len(lineup)}, {hd.total()} of them HD")
        for channel in shown[:1]:
            play(checks, world, program, kodi, channel)


def channels_in(world, kodi, count):
    """Kodi's channels once there are so many, or those after a while."""
    shown = []

    def complete():
        shown[:] = kodi.channels("tv")
        return len(shown) >= count

    try:
        world.clock.wait("all channels", 60, complete, 0.5)
    except Failure:
        pass
    return sorted(shown, key=lambda channel: (channel["channelnumber"], channel["subchannelnumber"]))


def play(checks, world, program, kodi, channel):
    """It opens, the program has a reader for it, and none when it is left."""
    playing = kodi.plays(channel)
    checks.check(playing, f"{channel['label']} does not play")

    def is_read():
        return any(stream["name"] == channel["label"] and stream["readers"] for stream in program.streams())

    read = True
    try:
        world.clock.wait("a reader", 10, is_read)
    except Failure:
        read = False
    checks.check(read, f"Kodi plays {channel['label']}, the program has {program.streams()}")
    tuners = [tuner for tuner in json.loads(program.ask("/status.json")) if tuner.get("TargetIP") == CLIENT]
    checks.check([tuner["VctName"] for tuner in tuners] == [channel["label"]], f"/status.json says {tuners}")
    print(f"{channel['label']} plays {playing or 'nothing'} in Kodi, /status.json: {tuners}")
    kodi.stop()
    try:
        world.clock.wait("no reader", 10, lambda: not is_read())
    except Failure as failure:
        checks.check(False, f"{failure}: {program.streams()}")


def keep_log(home, out):
    log = home / ".kodi/temp/kodi.log"
    if log.exists():
        shutil.copyfile(log, out / "hdhomerun-kodi.log")
