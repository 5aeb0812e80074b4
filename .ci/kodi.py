#!/usr/bin/env python3
"""Acceptance with a real Kodi: what it shows must be what a running xg2g publishes.

Starts Kodi (pvr.iptvsimple, software rendering) under Xvfb with a private profile that points at
--base, asks it over JSON-RPC for channels, groups, numbers, logos and guide, compares with
/playlist.m3u and /xmltv.xml, and keeps screenshots. Needs Debian's kodi, kodi-pvr-iptvsimple,
xvfb and imagemagick; installs nothing.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import published
from kodi_app import ADDON, Clock, Failure, Kodi, Screen, enable_addon, write_settings

# Kodi shows three days ahead by default; two leave room for events that straddle the edge.
GUIDE_SECONDS = 2 * 86400
# IPTV Simple renames the later of two groups that carry one name for TV and for radio.
GROUP_SUFFIXES = (" (Radio)", " (TV)")
# An empty window compresses to a few kB.
PICTURE_MIN_BYTES = 40_000
PRINTED_MISMATCHES = 100


class Comparison:
    """Every mismatch between what is published and what Kodi knows."""

    def __init__(self):
        self.mismatches = []
        self.checks = 0

    def check(self, good, message):
        self.checks += 1
        if not good:
            self.mismatches.append(message)

    def channels(self, expected, shown):
        """Names, kinds, numbers, logos and Kodi's own identity of each channel; playlist entry -> Kodi's channel."""
        matched = {}
        for kind in ("tv", "radio"):
            left = list(shown[kind])
            for channel in (channel for channel in expected if channel.kind == kind):
                named = [other for other in left if other["label"] == channel.name]
                named.sort(key=lambda other: kodi_number(other) != channel.number)
                self.check(named, f"{channel}: Kodi does not have it among its {kind} channels")
                if not named:
                    continue
                other = named[0]
                left.remove(other)
                matched[channel] = other
                number = kodi_number(other)
                self.check(number == channel.number, f"{channel}: Kodi numbers it {number}")
                self.check(other["icon"] == channel.logo, f"{channel}: logo {channel.logo!r}, Kodi has {other['icon']!r}")
                self.check(other["uniqueid"] == kodi_id(channel), f"{channel}: Kodi knows it under another name or URL")
            for other in left:
                self.check(False, f"{kind} {other['label']!r}: Kodi has it, the playlist has not")
        identities = Counter(other["uniqueid"] for other in matched.values())
        for channel, other in matched.items():
            self.check(identities[other["uniqueid"]] == 1, f"{channel}: shares its identity in Kodi with another channel")
        return matched

    def groups(self, kind, expected, shown):
        """The same groups with the same members."""
        members = {}
        for channel in expected:
            for group in channel.groups:
                if channel.kind == kind:
                    members.setdefault(group, []).append(channel.name)
        shown = dict(shown)
        for group, names in members.items():
            label = next((label for label in [group] + [group + suffix for suffix in GROUP_SUFFIXES] if label in shown), None)
            self.check(label is not None, f"{kind} group {group!r}: Kodi does not have it")
            if label is not None:
                missing, extra = difference(names, shown.pop(label))
                self.check(not missing, f"{kind} group {group!r}: Kodi lacks {missing}")
                self.check(not extra, f"{kind} group {group!r}: Kodi has also {extra}")
        for label in shown:
            self.check(False, f"{kind} group {label!r}: Kodi has it, the playlist has not")
        return len(members)

    def events(self, channel, expected, shown):
        """The same events, each with the same texts."""
        missing, extra = difference(expected, shown)
        self.check(not missing, f"{channel}: {len(missing)} events not in Kodi, first {missing[:1]}")
        self.check(not extra, f"{channel}: {len(extra)} events only in Kodi, first {extra[:1]}")


def difference(expected, shown):
    """What is missing and what is too much, counting duplicates."""
    return list((Counter(expected) - Counter(shown)).elements()), list((Counter(shown) - Counter(expected)).elements())


def kodi_number(channel):
    """A channel's number as tvg-chno writes it: `n` or `n.m`."""
    sub = channel["subchannelnumber"]
    return f"{channel['channelnumber']}.{sub}" if sub else str(channel["channelnumber"])


def kodi_id(channel):
    """IPTV Simple's channel id: hash33 of name and URL in signed 32 bit arithmetic, made positive."""
    value = 0
    for byte in (channel.name + channel.url).encode():
        value = (value * 33 + (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF
    return abs(value - (1 << 32) if value >> 31 else value)


def examine(kodi, clock, base, out, screen, arguments):
    """All checks against a running Kodi; the comparison and one line of counts."""
    comparison = Comparison()
    playlist = published.channels(published.fetch(f"{base}/playlist.m3u"))
    count = Counter(channel.kind for channel in playlist)
    comparison.check(len(playlist) >= arguments.min_channels, f"the playlist has {len(playlist)} channels, asked for {arguments.min_channels}")
    comparison.check(count["tv"] and count["radio"], f"the playlist has {count['tv']} TV and {count['radio']} radio channels")

    shown = {}

    def complete():
        shown.update({kind: kodi.channels(kind) for kind in ("tv", "radio")})
        return all(len(shown[kind]) >= count[kind] for kind in shown)

    try:
        clock.wait("all channels", 45, complete, 0.5)
    except Failure:
        pass  # The comparison below names what is missing.
    appeared = clock.now()
    matched = comparison.channels(playlist, shown)
    groups = {kind: comparison.groups(kind, playlist, kodi.groups(kind)) for kind in ("tv", "radio")}

    guide = published.guide(published.fetch(f"{base}/xmltv.xml"))
    compared, with_events = examine_guide(kodi, clock, comparison, guide, matched)
    complete_after = clock.now()

    logos = {channel.logo: channel for channel in playlist if channel.logo}
    failed = [channel for logo, channel in logos.items() if not kodi.loads_picture(logo)]
    if len(failed) > arguments.missing_logos:
        for channel in failed:
            comparison.check(False, f"{channel}: Kodi cannot load {channel.logo}")

    examine_windows(kodi, clock, comparison, out, screen, playlist, guide)
    played = examine_playback(kodi, comparison, out, screen, matched, arguments.play)
    print(f"Kodi shows {len(shown['tv'])} TV and {len(shown['radio'])} radio channels "
          f"of {count['tv']} and {count['radio']} in the playlist (after {appeared:.0f} s)")
    print(f"{groups['tv']} TV and {groups['radio']} radio groups, {len(logos) - len(failed)} of {len(logos)} logos loaded")
    print(f"{compared} events on {with_events} channels compared, guide complete after {complete_after:.0f} s; {played} channels played")
    return comparison


def examine_guide(kodi, clock, comparison, guide, matched):
    """The events of the next two days, channel by channel, until Kodi's guide thread has them or the time is up."""
    now = int(time.time())

    def window(events):
        # A minute off the start: nothing may end between two looks.
        return [event for event in events if event.stop > now + 60 and event.start < now + GUIDE_SECONDS]

    expected = {}
    for channel in matched:
        comparison.check(channel.id in guide, f"{channel}: the guide has no <channel> {channel.id!r}")
        expected[channel] = window(guide.get(channel.id, []))
    shown = {}

    def complete():
        for channel, events in expected.items():
            if set(shown.get(channel, [])) != set(events) or channel not in shown:
                shown[channel] = window(kodi.events(matched[channel]))
        return all(set(shown[channel]) == set(events) for channel, events in expected.items())

    try:
        clock.wait("the guide", 60, complete, 1)
    except Failure:
        pass
    for channel, events in expected.items():
        comparison.events(channel, events, shown[channel])
    with_events = [channel for channel, events in expected.items() if events]
    comparison.check(with_events, "the guide has no event in the next two days")
    running = [channel for channel in with_events if any(event.start <= now < event.stop for event in expected[channel])]
    comparison.check(running, "the guide has nothing that runs now")
    return sum(map(len, expected.values())), len(with_events)


def examine_windows(kodi, clock, comparison, out, screen, playlist, guide):
    """Opens what a person opens and keeps a picture of each."""
    names = {kind: {published.squeeze(channel.name) for channel in playlist if channel.kind == kind} for kind in ("tv", "radio")}
    titles = {event.title for events in guide.values() for event in events}
    for name, labels in (("tvchannels", names["tv"]), ("radiochannels", names["radio"]), ("tvguide", titles)):
        label = kodi.window(name, labels)
        picture = screen.settled(clock, out / f"kodi-{name}.png")
        comparison.check(label in labels, f"window {name}: the focus is on {label!r}")
        comparison.check(len(picture) >= PICTURE_MIN_BYTES, f"window {name}: the picture has only {len(picture)} bytes")


def examine_playback(kodi, comparison, out, screen, matched, wanted):
    """Zaps to the first channels of each kind; how many played."""
    played = 0
    for kind in ("tv", "radio"):
        for channel in [channel for channel in matched if channel.kind == kind][:wanted]:
            good = kodi.plays(matched[channel])
            screen.picture(out / f"kodi-play-{kind}.png")
            print(f"{channel} plays {good or 'nothing'}")
            kodi.stop()
            comparison.check(good, f"{channel}: does not play")
            played += bool(good)
    return played


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", required=True, help="where xg2g answers, such as http://127.0.0.1:8080")
    parser.add_argument("--out", type=Path, default=Path("target/ci"), help="directory for pictures and logs")
    parser.add_argument("--min-channels", type=int, default=1, help="fewer in the playlist is a failure")
    parser.add_argument("--missing-logos", type=int, default=0, help="as many logos may fail to load")
    parser.add_argument("--play", type=int, default=0, help="zap to so many channels of each kind")
    parser.add_argument("--limit", type=int, default=330, help="seconds for everything")
    arguments = parser.parse_args()
    # So that `timeout` ends Kodi and Xvfb too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    base, out = arguments.base.rstrip("/"), arguments.out
    out.mkdir(parents=True, exist_ok=True)
    log = out / "kodi.out"
    log.write_bytes(b"")
    clock = Clock(arguments.limit)
    home = Path(tempfile.mkdtemp(prefix="kodi-"))
    screen = kodi = None
    try:
        screen = Screen(clock, out / "xvfb.log")
        enable_addon(clock, home, screen, log)
        write_settings(home / ".kodi/userdata/addon_data" / ADDON / "settings.xml", {
            "m3uPathType": 1,
            "m3uUrl": f"{base}/playlist.m3u",
            "epgPathType": 1,
            "epgUrl": f"{base}/xmltv.xml",
        })
        kodi = Kodi(clock, home, screen, log)
        comparison = examine(kodi, clock, base, out, screen, arguments)
    except (Failure, OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"kodi: {error}", file=sys.stderr)
        return 1
    finally:
        if kodi:
            kodi.close()
        if screen:
            screen.close()
        kept = home / ".kodi/temp/kodi.log"
        if kept.exists():
            shutil.copyfile(kept, out / "kodi.log")
        shutil.rmtree(home, ignore_errors=True)
    for mismatch in comparison.mismatches[:PRINTED_MISMATCHES]:
        print(f"  {mismatch}")
    bad = len(comparison.mismatches)
    if bad > PRINTED_MISMATCHES:
        print(f"  and {bad - PRINTED_MISMATCHES} more")
    print(f"{comparison.checks - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
