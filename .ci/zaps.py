"""Kodi zaps, and what the gateway makes of it."""

import shutil
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from kodi_app import ADDON, Failure, Kodi, Screen, enable_addon, write_settings
from upstream import path_on_receiver

# What `stream.linger` is when nobody sets it, and how much later a stream may end on a busy machine.
LINGER, TOLERANCE = 8, 4
# What Kodi must read of a channel before it zaps on: two seconds.
ZAP_BYTES = 375_000


class Watch(threading.Thread):
    """Follows who reads what while others zap."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway = gateway
        self.is_over = False
        # By channel: when it was read last, the most bytes a reader had, the most readers at once.
        self.seen = {}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.join(30)

    def run(self):
        while not self.is_over:
            for stream in self.gateway.streams():
                until, most, readers = self.seen.get(stream["channel"], (0, 0, 0))
                if stream["readers"]:
                    until = time.monotonic()
                    most = max(most, *(reader["sent"] for reader in stream["readers"]), 0)
                self.seen[stream["channel"]] = (until, most, max(readers, len(stream["readers"])))
            time.sleep(0.1)

    def of(self, channel):
        return self.seen.get(channel.slug, (0, 0, 0))

    def read_until(self, channel):
        return self.of(channel)[0]

    def had(self, channel):
        return self.of(channel)[1]

    def connections(self, channel):
        return self.of(channel)[2]


def check_kodi(checks, clock, gateway, tv, out):
    """Kodi zaps: one upstream for each channel however often it asks, ended when it has lingered."""
    relay = gateway.relay
    log = out / "players-kodi.out"
    log.write_bytes(b"")
    home = Path(tempfile.mkdtemp(prefix="kodi-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        screen = Screen(clock, out / "players-xvfb.log")
        stack.callback(screen.close)
        enable_addon(clock, home, screen, log)
        write_settings(home / ".kodi/userdata/addon_data" / ADDON / "settings.xml", {
            "m3uPathType": 1, "m3uUrl": f"{gateway.base}/playlist.m3u", "epgPathType": 1, "epgUrl": f"{gateway.base}/xmltv.xml",
        })
        kodi = Kodi(clock, home, screen, log)
        stack.callback(kodi.close)
        wanted = tv[:3]
        shown = {}

        def known():
            shown.update({channel["label"]: channel for channel in kodi.channels("tv")})
            return all(channel.name in shown for channel in wanted)

        clock.wait("Kodi's channels", 45, known, 0.5)
        # Nothing of the checks before is left.
        clock.wait("silence", LINGER + TOLERANCE, lambda: not relay.open())
        watch = stack.enter_context(Watch(gateway))
        before = len(relay.record)
        for channel in wanted:
            begin = clock.now()
            playing = kodi.plays(shown[channel.name])
            print(f"{channel} plays {playing or 'nothing'} in Kodi after {clock.now() - begin:.1f} s")
            if checks.check(playing, f"{channel}: does not play in Kodi"):
                had = watch.had(channel)
                clock.wait(f"Kodi to read on {channel}", 15, lambda: watch.had(channel) > had + ZAP_BYTES)
        kodi.stop()
        try:
            clock.wait("the end of all streams", LINGER + TOLERANCE, lambda: not relay.open())
        except Failure:
            pass  # The check below names what is open.
        made = relay.record[before:]
        paths = [passed.path for passed in made]
        checks.check(paths == [path_on_receiver(channel) for channel in wanted], f"Kodi zapped {len(wanted)} times, the receiver was asked for {paths}")
        for passed, channel in zip(made, wanted):
            lingered = passed.closed and passed.closed - watch.read_until(channel)
            checks.check(lingered and LINGER - 1 <= lingered <= LINGER + TOLERANCE, f"{channel} ended {lingered} s after it was left")
            print(f"{channel}: {watch.connections(channel)} connections of Kodi at once, one upstream; it ended {lingered or -1:.1f} s after the last")
