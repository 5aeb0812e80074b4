"""A real Kodi under Xvfb: a private profile, its start and end, and its JSON-RPC."""

import base64
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import time
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from xml.sax.saxutils import escape

import published

ADDON = "pvr.iptvsimple"
PICTURE_SIZE = "1280x720"


class Failure(Exception):
    """The stage cannot go on."""


class Clock:
    """Seconds since the start, the bound of everything that waits."""

    def __init__(self, limit):
        self.start = time.monotonic()
        self.limit = limit

    def now(self):
        return time.monotonic() - self.start

    def wait(self, what, bound, ready, pause=0.25):
        """Calls `ready` until it gives something true; that, or Failure after `bound` seconds."""
        end = min(self.now() + bound, self.limit)
        while True:
            result = ready()
            if result:
                return result
            if self.now() >= end:
                raise Failure(f"{what}: not within {bound} s")
            time.sleep(pause)


class Screen:
    """An Xvfb on a free display."""

    def __init__(self, clock, log):
        reader, writer = os.pipe()
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{PICTURE_SIZE}x24", "-nolisten", "tcp"],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, pass_fds=[writer])
        os.close(writer)
        os.set_blocking(reader, False)
        digits = b""

        def read():
            nonlocal digits
            try:
                digits += os.read(reader, 16)
            except BlockingIOError:
                pass
            if self.process.poll() is not None:
                raise Failure(f"Xvfb ended, see {log}")
            return digits.endswith(b"\n")

        try:
            clock.wait("a display", 20, read, 0.05)
        except Failure:
            self.close()
            raise
        finally:
            os.close(reader)
        self.display = f":{int(digits)}"

    def picture(self, path):
        """One screenshot into `path`; its bytes."""
        subprocess.run(["import", "-display", self.display, "-window", "root", str(path)], check=True, timeout=30)
        return path.read_bytes()

    def settled(self, clock, path, bound=6):
        """A screenshot of a window that has stopped changing, or the last one after `bound` seconds."""
        last = b""

        def same():
            nonlocal last
            before, last = last, self.picture(path)
            return before == last

        try:
            clock.wait("a still picture", bound, same, 0.5)
        except Failure:
            pass
        return last

    def close(self):
        end(self.process)


class Kodi:
    """A running Kodi and its JSON-RPC."""

    def __init__(self, clock, home, screen, log):
        self.clock = clock
        self.profile = home / ".kodi" / "userdata"
        self.log = log
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self.write_settings()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KODI_", "XDG_", "LC_"))}
        environment |= {"HOME": str(home), "DISPLAY": screen.display, "LIBGL_ALWAYS_SOFTWARE": "1", "TZ": "UTC", "LANG": "C.UTF-8"}
        with open(log, "ab") as out:
            # The binary, not its shell wrapper: that one restarts it and asks gdb after a crash.
            self.process = subprocess.Popen([binary()], env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            clock.wait("Kodi's web server", 90, self.answers)
        except Failure:
            end(self.process)
            raise

    def write_settings(self):
        """No discovery, no updates, the playlist's channel numbers; a web server that asks for a password (it listens on all addresses)."""
        self.profile.mkdir(parents=True, exist_ok=True)
        write_settings(self.profile / "guisettings.xml", {
            "services.webserver": "true",
            "services.webserverport": self.port,
            "services.webserverauthentication": "true",
            "services.webserverusername": "ci",
            "services.webserverpassword": self.password,
            "services.esenabled": "false",
            "services.wsdiscovery": "false",
            "services.zeroconf": "false",
            "general.addonupdates": "2",
            "pvrmanager.usebackendchannelnumbers": "true",
            "screensaver.mode": "",
        })

    def request(self, path, body=None):
        login = base64.b64encode(f"ci:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def call(self, method, **parameters):
        """The result of one JSON-RPC call; None where Kodi refuses it (it does until its PVR runs)."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        return json.loads(self.request("/jsonrpc", body.encode())).get("result")

    def answers(self):
        if self.process.poll() is not None:
            raise Failure(f"Kodi ended with {self.process.returncode}, see {self.log}")
        try:
            return self.call("JSONRPC.Ping") == "pong"
        except OSError:
            return False

    def channels(self, kind):
        properties = ["channelnumber", "subchannelnumber", "icon", "uniqueid"]
        answer = self.call("PVR.GetChannels", channelgroupid=f"all{kind}", properties=properties)
        return answer["channels"] if answer and answer.get("channels") else []

    def groups(self, kind):
        """Group name -> member names, without Kodi's own group of all channels."""
        answer = self.call("PVR.GetChannelGroups", channeltype=kind) or {}
        every = self.call("PVR.GetChannelGroupDetails", channelgroupid=f"all{kind}") or {}
        own = every.get("channelgroupdetails", {}).get("channelgroupid")
        found = {}
        for group in answer.get("channelgroups") or []:
            if group["channelgroupid"] != own:
                details = self.call("PVR.GetChannelGroupDetails", channelgroupid=group["channelgroupid"])
                found[group["label"]] = [member["label"] for member in details["channelgroupdetails"].get("channels") or []]
        return found

    def events(self, channel):
        answer = self.call("PVR.GetBroadcasts", channelid=channel["channelid"],
                           properties=["title", "starttime", "endtime", "episodename", "plot"]) or {}
        return [published.Event(kodi_time(event["starttime"]), kodi_time(event["endtime"]), published.squeeze(event["title"]),
                                published.squeeze(event["episodename"]), published.squeeze(event["plot"]))
                for event in answer.get("broadcasts") or []]

    def loads_picture(self, url):
        """Whether Kodi itself fetches and decodes the picture behind `url`."""
        quoted = urllib.parse.quote(f"image://{urllib.parse.quote(url, safe='')}/", safe="")
        try:
            return len(self.request(f"/image/{quoted}")) > 0
        except OSError:
            return False

    def window(self, name, labels):
        """Opens a window and waits for the focus on one of `labels`; the label that has it in the end."""
        self.call("GUI.ActivateWindow", window=name)
        label = ""

        def focused():
            nonlocal label
            shown = self.call("GUI.GetProperties", properties=["currentcontrol"]) or {}
            label = published.squeeze(shown.get("currentcontrol", {}).get("label", ""))
            return label in labels

        try:
            self.clock.wait(f"window {name}", 20, focused)
        except Failure:
            pass
        return label

    def plays(self, channel):
        """Whether a channel, zapped to, opens: the streams Kodi found in it, as text."""
        self.call("Player.Open", item={"channelid": channel["channelid"]})

        def streams():
            # The playing time is no proof: for a live channel it is the wall clock.
            player = self.player()
            if player is None:
                return ""
            item = (self.call("Player.GetItem", playerid=player) or {}).get("item", {})
            if (item.get("type"), item.get("id")) != ("channel", channel["channelid"]):
                return ""  # Still the one before.
            shown = self.call("Player.GetProperties", playerid=player,
                                                     properties=["currentvideostream", "currentaudiostream"])
            found = [(shown or {}).get(f"current{kind}stream") or {} for kind in ("video", "audio")]
            return " and ".join(filter(None, (stream.get("codec") for stream in found)))

        try:
            return self.clock.wait("playback", 20, streams)
        except Failure:
            return ""

    def player(self):
        """The number of the active player, if any."""
        active = self.call("Player.GetActivePlayers")
        return active[0]["playerid"] if active else None

    def stop(self):
        """Ends playback, within 10 s or not."""
        player = self.player()
        if player is not None:
            self.call("Player.Stop", playerid=player)
        try:
            self.clock.wait("the end of playback", 10, lambda: self.player() is None)
        except Failure:
            pass

    def close(self):
        try:
            self.call("Application.Quit")
            self.process.wait(timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            pass
        end(self.process)


def kodi_time(stamp):
    """JSON-RPC gives UTC without saying so."""
    return int(datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc).timestamp())


def binary():
    """Kodi's own executable below /usr/lib/<arch>/kodi."""
    found = sorted(Path("/usr/lib").glob("**/kodi/kodi.bin")) + sorted(Path("/usr/lib").glob("**/kodi/kodi-x11"))
    if not found:
        raise Failure("Kodi is not installed")
    return str(found[0])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end(process):
    """Ends a child of ours, gently first."""
    for stop in (process.terminate, process.kill):
        if process.poll() is None:
            stop()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                pass


def write_settings(path, values):
    lines = (f'  <setting id="{name}">{escape(str(value))}</setting>\n' for name, value in values.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('<settings version="2">\n' + "".join(lines) + "</settings>\n", encoding="utf-8")


def enable_addon(clock, home, screen, log, addon=ADDON):
    """One start to switch the add-on on: Kodi leaves those that came from Debian off, and asks. It is not to ask about others."""
    kodi = Kodi(clock, home, screen, log)
    try:
        clock.wait("the add-on", 30, lambda: kodi.call("Addons.SetAddonEnabled", addonid=addon, enabled=True) == "OK")
    finally:
        # Its database has the answer by now, and quitting with its question on the screen can hang.
        kodi.process.kill()
        kodi.process.wait()
    for path in (kodi.profile / "Database").glob("Addons*.db"):
        with sqlite3.connect(path) as database:
            # As if the user had said no (AddonDisabledReason::USER).
            database.execute("UPDATE installed SET disabledReason = 1 WHERE enabled = 0 AND disabledReason = 0")
