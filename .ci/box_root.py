"""A root file system like a receiver's: BusyBox, an empty Enigma2, memory on /tmp and /var/run. Needs namespaces of its
own (see box.py): what is mounted, started and listened on here is nobody else's."""

import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import opkg

NAME = "enigma2-plugin-extensions-xg2g"
INIT = "/etc/init.d/xg2g"
PROGRAM = "/usr/bin/xg2g"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "RUST_BACKTRACE": "1"}
# Seconds for whatever has to happen; emulation is slow.
PATIENCE = 30


class Failed(Exception):
    """Something does not hold."""


def until(what, condition, seconds=PATIENCE):
    """Waits until the condition gives something, and returns it."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def expect(condition, what):
    """Fails unless the condition holds."""
    if not condition:
        raise Failed(what)


def ask(path, port=8080):
    """Status and body of an answer; nothing if nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def channels(port=8080):
    """How many channels the playlist has."""
    answer = ask("/playlist.m3u", port)
    return answer[1].count("#EXTINF") if answer and answer[0] == 200 else 0


class Simulated:
    """A simulated receiver's OpenWebif on port 80."""

    def __init__(self, program):
        command = [program, "receiver", "--port", "80", "--services", "60", "--bouquets", "3", "--events", "10"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until("the simulated receiver answers", lambda: ask("/api/statusinfo", 80))

    def stop(self):
        """Ends it."""
        self.process.kill()
        self.process.wait()


class Box:
    """One root, used as a context: nothing of it is left afterwards. `shell` is another /bin/sh than BusyBox', given with
    the libraries it needs; `without` are applets that are missing."""

    def __init__(self, busybox, simulator, shell=(), without=()):
        self.busybox, self.simulator, self.shell, self.without = busybox, simulator, shell, without
        self.root = Path(tempfile.mkdtemp(prefix="box-"))
        self.receiver, self.others = None, []
        self.opkg = opkg.Opkg(self.root, self.script)

    def __enter__(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.mount("tmpfs", "")
        for name in ("bin", "dev", "proc", "usr/bin", "etc/init.d", "etc/enigma2", "var/lib", "var/run", "tmp"):
            (self.root / name).mkdir(parents=True)
        for level in "0123456S":
            (self.root / f"etc/rc{level}.d").mkdir()
        (self.root / "etc/enigma2/lamedb").write_text("eDVB services /4/\n")
        for name in ("usr/bin/enigma2", "etc/init.d/rc"):
            (self.root / name).touch()
        shutil.copy(self.busybox, self.root / "bin/busybox")
        applets = subprocess.run([self.busybox, "--list"], capture_output=True, text=True, check=True).stdout
        for name in set(applets.split()) - {"busybox", *self.without}:
            (self.root / "bin" / name).symlink_to("busybox")
        for path in self.shell:
            target = self.root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        if self.shell:
            (self.root / "bin/sh").unlink()
            (self.root / "bin/sh").symlink_to(self.shell[0])
        self.mount("proc", "proc")
        self.mount("tmpfs", "dev")
        for name in ("null", "zero", "urandom"):
            (self.root / "dev" / name).touch()
            command = ["mount", "--bind", f"/dev/{name}", self.root / "dev" / name]
            subprocess.run(command, check=True)
        self.forget_memory()
        return self

    def __exit__(self, *_):
        self.stop_receiver()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        until("what ran in the root is gone", lambda: not self.processes())
        subprocess.run(["umount", "-R", "-l", self.root], check=True)
        self.root.rmdir()

    def mount(self, kind, name):
        """Mounts a file system of that kind there."""
        subprocess.run(["mount", "-t", kind, kind, self.root / name], check=True)

    def forget_memory(self):
        """Empties the directories that are memory, as at a boot."""
        for name in ("tmp", "var/run"):
            subprocess.run(["umount", "-l", self.root / name], check=False, stderr=subprocess.DEVNULL)
            self.mount("tmpfs", name)

    def start_receiver(self):
        """The receiver's web interface comes up."""
        self.receiver = Simulated(self.simulator)

    def stop_receiver(self):
        """The receiver's web interface goes away."""
        if self.receiver:
            self.receiver.stop()
            self.receiver = None

    def call(self, *command, **environment):
        """Status and output of a command in the root. It must let go of its output: a plugin browser reads that to its end."""
        result = subprocess.run(
            ["chroot", self.root, *command],
            env=ENVIRONMENT | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell that takes a program for a script names what it finds in it.
            errors="replace",
            timeout=120,
            check=False,
        )
        return result.returncode, result.stdout

    def script(self, path, argument, environment):
        """Runs a script of a package as opkg does."""
        return self.call("/bin/sh", "-c", f"{path} {argument}", **environment)

    def init(self, action, status=0, script=INIT):
        """Calls the init script, which must end with that status; its output."""
        result, output = self.call(script, action)
        expect(result == status, f"{action} ended with {result}, not {status}: {output}\n{self.words()}")
        return output

    def background(self, *command):
        """Starts a command in the root that is no part of the program."""
        command = ["chroot", self.root, *command]
        process = subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until("it runs in the root", lambda: process.pid in self.processes())
        self.others.append(process.pid)
        return process.pid

    def processes(self):
        """Ids of what runs in the root."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(path / "root") == str(self.root) and (path / "cmdline").read_bytes():
                    found.append(int(path.name))
            except OSError:
                continue
        return found

    def ours(self):
        """Ids of the program's processes and the supervisors'."""
        return [pid for pid in self.processes() if pid not in self.others]

    def programs(self):
        """Ids of the processes that are the program."""
        return [pid for pid in self.processes() if PROGRAM in arguments(pid) and "receiver" not in arguments(pid)]

    def program(self):
        """The id of the one process that is the program, after a while."""
        found = until("the program runs", self.programs)
        expect(len(found) == 1, f"{len(found)} processes are the program")
        return found[0]

    def supervisors(self):
        """Ids of the processes that supervise."""
        return [pid for pid in self.processes() if "supervise" in arguments(pid)]

    def path(self, name):
        """Where a file of the root is, seen from outside."""
        return self.root / name.lstrip("/")

    def text(self, name):
        """What is in a file, nothing if there is none."""
        path = self.path(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def words(self):
        """What was logged."""
        return "".join(self.text(f"/tmp/xg2g.{end}")[-2000:] for end in ("log", "err", "err.1"))

    def files(self):
        """Files, links and directories but for those in memory."""
        skipped = ("tmp", "proc", "dev", "var/run", opkg.INFO)
        found = set()
        for directory, names, files in os.walk(self.root):
            inside = os.path.relpath(directory, self.root)
            names[:] = [name for name in names if os.path.normpath(f"{inside}/{name}") not in skipped]
            found.update(os.path.normpath(f"{inside}/{name}") for name in names + files)
        return found


def arguments(pid):
    """A process's command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def environment(pid):
    """A process's environment."""
    return Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
