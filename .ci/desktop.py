"""mpv and VLC without a screen, asked over their sockets how far they are."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from kodi_app import end

# VLC does not run as root.
NOBODY = "nobody"


class Player:
    """A player in a directory of its own, with a socket to ask it at."""

    def __init__(self, log):
        self.home = Path(tempfile.mkdtemp(prefix="player-"))
        self.socket = self.home / "ask"
        user = {}
        if os.geteuid() == 0:
            shutil.chown(self.home, NOBODY)
            user = {"user": NOBODY, "group": None, "extra_groups": []}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home), "LANG": "C.UTF-8"}
        with open(log, "wb") as out:
            self.process = subprocess.Popen(self.command(), cwd=self.home, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, **user)

    def ask(self, question, is_whole):
        """The answer to a line; nothing if the player is not there (yet or any more)."""
        answer = b""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(3)
                connection.connect(str(self.socket))
                connection.sendall(question.encode() + b"\n")
                while not is_whole(answer):
                    block = connection.recv(65536)
                    if not block:
                        break
                    answer += block
        except OSError:
            pass
        return answer.decode(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def close(self):
        end(self.process)
        shutil.rmtree(self.home, ignore_errors=True)


class Mpv(Player):
    """mpv; its progress is the playing time in seconds."""

    name = "mpv"

    def __init__(self, url, log):
        self.url = url
        super().__init__(log)

    def command(self):
        return ["mpv", "--no-config", "--vo=null", "--ao=null", "--idle=no", f"--input-ipc-server={self.socket}", self.url]

    def progress(self):
        answer = self.ask('{"command": ["get_property", "time-pos"]}', lambda answer: b"\n" in answer)
        for line in answer.splitlines():
            found = json.loads(line)
            if isinstance(found.get("data"), (int, float)):
                return found["data"]
        return None


class Vlc(Player):
    """VLC; its progress is the playing time in seconds, counted by the pictures it showed (25 a second)."""

    name = "VLC"

    def __init__(self, url, log):
        self.url = url
        super().__init__(log)

    def command(self):
        return ["vlc", "-I", "oldrc", "--rc-fake-tty", f"--rc-unix={self.socket}", "--no-dbus", "--vout=dummy", "--aout=dummy",
                "--play-and-exit", self.url]

    def progress(self):
        answer = self.ask("stats", lambda answer: b"end of statistical info" in answer)
        found = re.search(r"frames displayed\s*:\s*(\d+)", answer)
        return int(found[1]) / 25 if found else None
