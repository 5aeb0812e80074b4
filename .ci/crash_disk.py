"""The disk in trouble: in which order it is written, what happens when it refuses or is full, how much is written."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crash_files import Torn, look
from crash_world import Child, Dead, Gateway, Receiver, until

OLD, NEW, NEWEST = 18, 24, 32
RENAMES = "rename,renameat,renameat2"
# What is refused while a file is written, and how.
FAULTS = (
    ("openat", "EROFS"), ("openat", "ENOSPC"), ("write", "ENOSPC"), ("write", "EIO"), ("fsync", "EIO"),
    ("fsync", "ENOSPC"), (RENAMES, "EIO"), (RENAMES, "EROFS"),
)
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
WRITES = ("write", "pwrite64", "writev")


def gateway_in(work, program, receiver, out, **more):
    return Gateway(program, receiver, work / "data", work / "state", out / "gateway.log", **more)


def saved(program, receiver, out, work, services=OLD):
    """Directories with all that a run leaves."""
    receiver.become(services)
    gateway = gateway_in(work, program, receiver, out)
    gateway.listens()
    until("it is ready", gateway.is_ready)
    gateway.stop()


def contents(work):
    return {path.name: path.read_bytes() for path in (work / "data" / "guide.deflate", work / "state" / "channels.gz")}


def order(program, receiver, out, work):
    """Write beside, sync, rename, sync the directory: read from what the kernel was asked."""
    trace = out / "order.strace"
    calls = f"trace=fsync,fdatasync,{RENAMES},{','.join(WRITES)}"
    receiver.become(OLD)
    gateway = gateway_in(work, program, receiver, out, wrapped=("strace", "-f", "-y", "-s", "0", "-e", calls, "-o", trace))
    gateway.listens()
    until("it is ready", gateway.is_ready)
    receiver.become(NEW)
    gateway.refresh()
    children = Path(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGTERM)
    gateway.child.wait(20)
    synced, unsynced, named = set(), set(), []
    for line in trace.read_text().splitlines():
        if not (call := CALL.match(line)) or call[3].startswith("-"):
            continue
        name, arguments = call[1], call[2]
        if name.startswith("rename"):
            source, target = re.findall(r'"([^"]+)"', arguments)[-2:]
            if source not in synced:
                raise Torn(f"{source} took its name before it was on disk")
            synced.discard(source)
            unsynced.add(str(Path(target).parent))
            named.append(Path(target).name)
            continue
        path = re.match(r"\d+<([^>]*)>", arguments)
        if path and name in WRITES:
            synced.discard(path[1])
            if unsynced and path[1].endswith(".new"):
                raise Torn(f"{path[1]} was written before {unsynced} was synced")
        elif path:
            synced.add(path[1])
            unsynced.discard(path[1])
    if unsynced:
        raise Torn(f"{unsynced} was not synced after a rename")
    if named.count("guide.deflate") < 2 or "channels.gz" not in named:
        raise Dead(f"the trace has these renames only: {named}")
    print(f"  {len(named)} files took their names when they were on disk, and the directory was synced each time")


def attached(gateway, work, call, error, out):
    """A tracer that lets calls on our files fail, until it is told to go."""
    data, state = work / "data", work / "state"
    paths = [data / ".guide.deflate.new", state / ".channels.gz.new"]
    command = ["strace", "-f", "-p", str(gateway.pid), "-o", out / "inject.strace"]
    for path in paths:
        command += ["-P", path]
    tracer = Child([*command, "-e", f"trace={call}", "-e", f"inject={call}:error={error}"], out / "tracer.log")
    tracer.hears(r"(attached)")
    return tracer


def detach(tracer):
    tracer.child.send_signal(signal.SIGINT)
    tracer.child.wait(20)


def refusals(program, receiver, out, work):
    """The old files stay, it is told, and when it works again everything is published."""
    for call, error in FAULTS:
        shutil.rmtree(work, ignore_errors=True)
        saved(program, receiver, out, work)
        before = contents(work)
        receiver.become(0)
        gateway = gateway_in(work, program, receiver, out)
        gateway.listens()
        until("a pass has failed", gateway.passes)
        tracer = attached(gateway, work, call, error, out)
        receiver.become(NEW)
        status = gateway.refresh()
        told = json.dumps([status["refresh"].get("error"), status["warnings"]])
        what = f"{call} {error}: {told}"
        if "channels.gz" not in told or "cannot be filed" not in told:
            raise Dead(f"the status does not tell of it: {what}")
        if contents(work) != before:
            raise Torn(f"a file has changed: {what}")
        if beside := look(work / "data", work / "state")[1]:
            raise Torn(f"left beside: {sorted(beside)}: {what}")
        if gateway.ask("/playlist.m3u")[0] != 200 or gateway.ask("/xmltv.xml.gz")[0] != 200:
            raise Dead(f"it does not serve: {what}")
        detach(tracer)
        status = gateway.refresh()
        if status["refresh"].get("error") or status["warnings"]:
            raise Dead(f"it does not heal: {what}: {status}")
        gateway.outputs()
        found = look(work / "data", work / "state")[0]
        if found["channels.gz"] != NEW or contents(work)["guide.deflate"] == before["guide.deflate"]:
            raise Torn(f"not published when it worked again: {what}")
        log = gateway.said()
        if "channels.gz" not in log or "cannot be filed" not in log:
            raise Dead(f"the log does not tell of it: {what}")
        if gateway.stop():
            raise Dead(f"it did not end well: {what}")
    print(f"  {len(FAULTS)} ways to refuse: the old files stayed, it was told, all was published later")


def directories(program, receiver, out, work):
    """A file system that cannot sync a directory is nothing to speak of."""
    saved(program, receiver, out, work)
    receiver.become(0)
    gateway = gateway_in(work, program, receiver, out)
    gateway.listens()
    until("a pass has failed", gateway.passes)
    command = ["strace", "-f", "-p", str(gateway.pid), "-o", out / "directories.strace", "-P", work / "data",
               "-P", work / "state", "-e", "trace=fsync", "-e", "inject=fsync:error=EINVAL"]
    tracer = Child(command, out / "tracer.log")
    tracer.hears(r"(attached)")
    receiver.become(NEW)
    status = gateway.refresh()
    detach(tracer)
    refused = (out / "directories.strace").read_text().count("EINVAL")
    if not refused or status["refresh"].get("error") or status["warnings"]:
        raise Dead(f"{refused} syncs were refused: {status}")
    if look(work / "data", work / "state")[0]["channels.gz"] != NEW:
        raise Torn("the channels were not saved")
    gateway.stop()
    print(f"  {refused} directories that cannot be synced: nothing to tell")


def full(program, out):
    """Inside of a name space of its own: a file system that is full to the last byte, and then is not."""
    receiver = Receiver(program, out / "receiver.log")
    with tempfile.TemporaryDirectory(prefix="xg2g-full-") as disk:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=True)
        try:
            work = Path(disk)
            saved(program, receiver, out, work)
            before = contents(work)
            gateway = gateway_in(work, program, receiver, out)
            gateway.listens()
            until("it is ready", gateway.is_ready)
            until("a pass has ended", gateway.passes)
            for again in (False, True):
                fill(work / "data" / ".mine")
                receiver.become(NEWEST)
                if again:
                    # Killed, and started on a disk without a byte left.
                    gateway.kill()
                    gateway = gateway_in(work, program, receiver, out)
                    gateway.listens()
                    until("it is ready", gateway.is_ready)
                    until("a pass has ended", gateway.passes)
                status = gateway.refresh()
                error = str(status["refresh"].get("error"))
                if "No space left" not in error or "No space left" not in gateway.said():
                    raise Dead(f"it does not tell that the disk is full: {status}")
                if contents(work) != before:
                    raise Torn("a file has changed on a full disk")
                (work / "data" / ".mine").unlink()
                status = gateway.refresh()
                if status["refresh"].get("error") or status["warnings"]:
                    raise Dead(f"it does not heal: {status}")
                gateway.outputs()
                if again and look(work / "data", work / "state")[0]["channels.gz"] != NEWEST:
                    raise Torn("the channels were not saved when there was room again")
                if not again:
                    receiver.become(OLD)
                    gateway.refresh()
                    gateway.stop()
                    gateway = gateway_in(work, program, receiver, out)
                    gateway.listens()
                    until("a pass has ended", gateway.passes)
                    before = contents(work)
            gateway.stop()
        finally:
            receiver.become(0)
            subprocess.run(["umount", "-l", disk], check=True)
    print("  a disk without a byte left: the old files stayed, it was told, also after a start on it, all was published later")


def fill(path):
    """Takes every byte there is."""
    with path.open("wb", buffering=0) as ballast:
        try:
            while ballast.write(b"\0" * 4096):
                pass
        except OSError:
            pass


def flash(program, receiver, out, work):
    """Outputs in RAM, the state on a disk: what the kernel counts as written there."""
    ram = Path("/dev/shm")
    if not ram.is_dir():
        print("  skipped, there is no /dev/shm: what is written to flash")
        return
    with tempfile.TemporaryDirectory(prefix="xg2g-crash-", dir=ram) as data:
        receiver.become(OLD)
        gateway = Gateway(program, receiver, data, work / "state", out / "gateway.log")
        gateway.listens()
        until("it is ready", gateway.is_ready)
        gateway.refresh()

        def written():
            io = Path(f"/proc/{gateway.pid}/io").read_text()
            return int(re.search(r"(?m)^write_bytes: (\d+)", io)[1])

        first = written()
        for _ in range(20):
            gateway.refresh()
        more = written() - first
        gateway.stop()
    if more:
        raise Dead(f"20 passes without news wrote {more} bytes to the disk of the state")
    print(f"  the first pass wrote {first} bytes to the disk of the state, 20 more without news none")


def check(program, receiver, out, work):
    """All of it; what is not to be had here is told."""
    print("the disk in trouble")
    began = time.monotonic()
    if shutil.which("strace"):
        for check_ in (order, refusals, directories):
            check_(program, receiver, out, work / check_.__name__)
    else:
        print("  skipped, there is no strace: the order of writes, and calls that are refused")
    flash(program, receiver, out, work / "flash")
    inside = ["unshare", "-Urm", sys.executable, __file__, program, out]
    if subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode:
        print("  skipped, there are no user name spaces: a full disk")
    elif subprocess.run(inside, check=False).returncode:
        raise Dead("the full disk, see above")
    print(f"  {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        full(Path(sys.argv[1]), Path(sys.argv[2]))
    except (Torn, Dead) as failure:
        print(f"  {failure}")
        sys.exit(1)
