"""The settings of a gateway in chaos: right ones, wrong ones, in all the ways that editors and tools write a file."""

import json
import signal
import time

# Seconds within which a reload is counted.
RELOAD = 20
# The settings the run begins and ends with: defaults but for addresses, and less patience, so that more happens.
BASE = {
    "receiver": {"timeout": '"3s"', "retries": "1", "backoff": '"100ms"', "max_backoff": '"400ms"'},
    "refresh": {"interval": '"1m"'},
    "stream": {"tune_timeout": '"4s"', "descramble_wait": '"2s"', "stall": '"2s"', "mend": '"5s"', "linger": '"2s"'},
    "log": {"level": '"info"'},
}
RIGHT = {
    "guide.days": ("1", "3", "7", "14"),
    "guide.enabled": ("true", "false"),
    "channels.guard": ("10", "50", "90"),
    "stream.linger": ('"0ms"', '"1s"', '"8s"'),
    "stream.buffer": ("1024", "2048", "8192"),
    "stream.mode": ('"proxy"', '"redirect"', '"direct"'),
    "stream.max_readers": ("2", "64"),
    "stream.max_upstreams": ("1", "8"),
    "receiver.max_block": ('"20ms"', '"100ms"'),
    "server.public_url": ('""', '"http://tv.example.org:81"'),
    "server.max_connections": ("64", "256"),
    "ratelimit.enabled": ("true", "false"),
    "log.level": ('"debug"', '"warn"', '"info"'),
}
WRONG = (b"[server\n", b"[server]\nport = 1\n", b"[guide]\ndays = 99\n", b"[guide]\ndays = \"7\"\n", b"\xff\xfe[\x00", b"[stream]\nlinger = \"8",
         b"[receiver]\nurl = \"https://x\"\n", b"guide.days = 7\nguide.days = 8\n", b"[log]\nlevel = \"loud\"\n")


class Settings:
    """The file of settings: right and wrong ones, written in the ways that editors and tools have."""

    def __init__(self, path, chance, base):
        self.path, self.chance, self.base = path, chance, base
        self.versions = 0

    def text(self, changes=()):
        sections = {name: dict(keys) for name, keys in self.base.items()}
        for key, value in changes:
            section, _, name = key.partition(".")
            sections.setdefault(section, {})[name] = value
        return "".join(f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in keys.items())
                       for section, keys in sections.items())

    def write(self, content):
        """Puts it in place in one of the ways there are; which."""
        content = content if isinstance(content, bytes) else content.encode()
        self.versions += 1
        beside = self.path.with_name(f"version-{self.versions}.toml")
        way = self.chance.choice(("in place", "renamed over", "another link", "deleted and made anew"))
        if way == "in place":
            if self.path.is_symlink():
                self.path.unlink()
            self.path.write_bytes(content)
        elif way == "renamed over":
            beside.write_bytes(content)
            beside.replace(self.path)
        elif way == "another link":
            beside.write_bytes(content)
            link = self.path.with_name("link")
            link.symlink_to(beside.name)
            link.replace(self.path)
        else:
            self.path.unlink(missing_ok=True)
            self.path.write_bytes(content)
        return way


class Changes:
    """Changes the settings, and makes sure of what becomes of it."""

    def __init__(self, chaos, settings):
        self.chaos, self.chance, self.settings = chaos, chaos.chance, settings
        # What is in force without a change.
        self.normal = {}

    def happen(self):
        kind = self.chance.choice(("right", "right", "wrong", "port", "gone", "often"))
        if kind == "right":
            self.take_right([(key, self.chance.choice(RIGHT[key])) for key in self.chance.sample(sorted(RIGHT), 3)])
        elif kind == "often":
            self.chaos.tell("settings right", "again and again")
            for _ in range(10):
                self.settings.write(self.settings.text([("guide.days", self.chance.choice(RIGHT["guide.days"]))]))
                self.chaos.gateway.process.send_signal(signal.SIGHUP)
                time.sleep(self.chance.uniform(0, 0.05))
            self.take_right()
        else:
            content = self.chance.choice(WRONG)
            if kind == "port":
                content = self.settings.text([("server.listen", f'"127.0.0.1:{self.chaos.taken.getsockname()[1]}"')])
            self.refuse_wrong(None if kind == "gone" else content, is_start=kind == "port")

    def reload(self):
        """Has the settings read by a signal, or by the address for it where there is one."""
        if self.chance.random() < 0.5:
            try:
                return self.chaos.gateway.fetch("/api/v1/config/reload", "POST", RELOAD)
            except OSError as error:
                # 404, or why the settings are refused.
                if getattr(error, "code", 404) not in (404, 405):
                    return error
        return self.chaos.gateway.process.send_signal(signal.SIGHUP)

    def take_right(self, changes=()):
        """These settings come into force."""
        taken, _ = self.count_reloads()
        way = self.settings.write(self.settings.text(changes))
        self.chaos.tell("settings right", f"{way}: {changes}")
        wanted = self.normal | {key: json.loads(value) for key, value in changes}
        # Who says nothing has them seen all the same, unless they say nothing new.
        if not changes or self.chance.random() < 0.7:
            self.reload()
            self.chaos.wait_for("right settings are not taken", lambda: self.chaos.gateway.reloads()[0] > taken, RELOAD)
        # What was asked for before may still be under way, and counted.
        self.chaos.wait_for(f"{changes} and nothing else is not in force", lambda: self.chaos.gateway.values() == wanted, RELOAD)

    def refuse_wrong(self, content, is_start):
        """These settings change nothing. Settings that can be read and not started with may count either way."""
        counted = self.count_reloads()
        before = self.chaos.gateway.values()
        if content is None:
            self.settings.path.unlink()
        way = "gone" if content is None else self.settings.write(content)
        self.chaos.tell("settings wrong", f"{way}: {content}")
        self.reload()
        self.chaos.wait_for(f"{content} is not refused", lambda: self.chaos.gateway.reloads()[1] > counted[1] or
                            is_start and self.chaos.gateway.reloads() != counted, RELOAD)
        if not is_start:
            self.chaos.checks.check(self.chaos.gateway.values() == before, f"{content} has changed the settings in force")
        self.take_right()

    def count_reloads(self):
        return self.chaos.wait_for("no metrics", self.chaos.gateway.reloads, RELOAD)
