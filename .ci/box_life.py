"""The package's ordinary life: installed, started, reloaded, upgraded, removed; an image being built; a boot."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import opkg
from box_root import INIT, NAME, ask, channels, environment, expect, until

SETTINGS = "/etc/enigma2/xg2g/xg2g.toml"
DEFAULTS = "/etc/default/xg2g"


def install(box, package, good=True):
    """Installs; what the package's scripts said."""
    expect(box.opkg.install(package) == good, f"the installation should {'' if good else 'not '}succeed: {box.opkg.output}")
    return box.opkg.output


def serves(port=8080):
    """Waits for a playlist; how many channels are in it."""
    return until(f"a playlist on port {port}", lambda: channels(port))


def fresh(box, package, proved):
    """Nothing is configured."""
    before = box.files()
    box.start_receiver()
    began = time.monotonic()
    said = install(box, package)
    count = serves()
    proved(f"installed without any configuration: {count} channels on port 8080 after {time.monotonic() - began:.1f} s")
    expect(":8080/playlist.m3u" in said and ":8080/\n" in said, f"no address is told: {said}")
    proved(f"the installation says: {said.strip()}")
    program, supervisor = box.program(), box.supervisors()
    expect(len(supervisor) == 1, f"{len(supervisor)} supervisors")
    expect(str(program) in box.init("status"), "status does not tell the process")
    proved("status is 0 and tells the process")
    box.init("start")
    expect(box.program() == program and box.supervisors() == supervisor, "a second start started something")
    proved("started twice, it runs once")
    box.init("stop")
    box.call("/bin/sh", "-c", f"for i in 1 2 3; do {INIT} start & done; wait")
    time.sleep(0.5)  # a second program would need some time to show itself
    expect(len(box.supervisors()) == 1, f"{len(box.supervisors())} supervisors")
    program, supervisor = box.program(), box.supervisors()
    proved("started three times at once, it runs once")
    attributes(program, supervisor[0], proved)
    links = sorted(str(path.relative_to(box.root)) for path in box.root.glob("etc/rc*.d/*xg2g"))
    levels = "".join(link[6] + link[10] for link in links)
    expect(levels == "0K1K2S3S4S5S6K", f"the links are {links}")
    proved("it is linked to start in runlevels 2 to 5, also without the GUI (4), and to stop in 0, 1 and 6")
    box.init("restart")
    expect(box.program() != program, "a restart kept the process")
    serves()
    proved("restart: another process, the playlist is there")
    began = time.monotonic()
    box.init("stop")
    took = time.monotonic() - began
    expect(not box.ours() and not ask("/healthz"), f"left after stop: {box.ours()}")
    expect(not list(box.root.glob("var/run/xg2g*")), "process ids are left after stop")
    proved(f"stop: nothing of it runs, after {took:.1f} s")
    box.init("status", 3)
    box.init("stop")
    box.init("reload", 7)
    proved("stopped, status is 3, stop is 0, reload is 7")
    removed(box, before, proved)


def removed(box, before, proved):
    """The package leaves nothing behind but settings; `before`: the files before it came."""
    box.init("start")
    box.program()
    expect(box.opkg.remove(NAME), f"the removal failed: {box.opkg.output}")
    expect(not box.ours(), f"left after removal: {box.ours()}")
    left = {name for name in box.files() - before if not name.startswith("etc/enigma2/xg2g")}
    expect(left <= {"etc/default", "etc/default/xg2g", "var/lib/opkg"}, f"left after removal: {sorted(left)}")
    lost = before - box.files()
    expect(not lost, f"the removal took {lost}")
    memory = [path.name for name in ("tmp", "var/run") for path in box.path(name).iterdir()]
    expect(not memory, f"left in memory after removal: {memory}")
    proved("removed: no process, file or link of it is left but the settings, nobody else's is gone")


def attributes(program, supervisor, proved):
    """What the processes are given."""
    score = Path(f"/proc/{program}/oom_score_adj").read_text().strip()
    nice = Path(f"/proc/{program}/stat").read_text().rsplit(") ", 1)[1].split()[16]
    expect((score, nice) == ("500", "5"), f"oom_score_adj is {score}, nice is {nice}")
    expect(not [line for line in environment(program) if line.startswith("RUST_BACKTRACE")], "RUST_BACKTRACE is set")
    proved("the program's oom_score_adj is 500, its nice 5, RUST_BACKTRACE is not set")
    expect(os.getsid(supervisor) != os.getsid(0), "the supervisor is in the session of who started it")
    inputs = [os.readlink(f"/proc/{pid}/fd/{fd}") for pid, fd in ((supervisor, 0), (supervisor, 1), (program, 0))]
    expect(all(name.endswith("/dev/null") for name in inputs), f"the supervisor holds {inputs}")
    proved("the supervisor has a session of its own and holds nobody's input or output")


def port_taken(box, package, proved):
    """Another program has port 8080."""
    box.start_receiver()
    with socket.create_server(("127.0.0.1", 8080)):
        said = install(box, package)
        serves(8180)
        expect("8180" in said and '":8180"' in box.text(SETTINGS), f"8180 is not told or saved: {said}")
        proved(f"port 8080 is taken, it serves on 8180 and says: {said.splitlines()[0]}")
        chosen = box.text(SETTINGS)
    install(box, package)
    serves(8180)
    expect(box.text(SETTINGS) == chosen, "the port moved again")
    proved("the port stays when it is installed again with 8080 free")


def upgraded(box, package, proved):
    """A higher version, then the same again, with what the user changed."""
    box.start_receiver()
    install(box, package)
    program = box.program()
    settings = '[server]\nlisten = ":8090"\n'
    box.path(SETTINGS).parent.mkdir(parents=True, exist_ok=True)
    box.path(SETTINGS).write_text(settings)
    defaults = box.text(DEFAULTS) + "NICE=7\nXG2G_EPG_DAYS=3\n"
    box.path(DEFAULTS).write_text(defaults)
    box.path("etc/rc3.d/S70xg2g").rename(box.path("etc/rc3.d/S99xg2g"))
    links = sorted(path.name for path in box.root.glob("etc/rc*.d/*"))
    newer = opkg.another_version(package, "99.0-r0", box.path("tmp/newer.ipk"), drop=("usr/share/xg2g/LICENSE",))
    install(box, newer)
    serves(8090)
    expect(box.program() != program, "the old program still runs")
    expect(len(box.supervisors()) == 1, f"{len(box.supervisors())} supervisors")
    expect(box.opkg.installed(NAME) == "99.0-r0" and not box.path("usr/share/xg2g/LICENSE").exists(), "it is no upgrade")
    proved("upgraded to a higher version: the new program serves, once, and what is not in it any more is gone")
    expect(box.text(SETTINGS) == settings and box.text(DEFAULTS) == defaults, "an upgrade changed the settings")
    expect(links == sorted(path.name for path in box.root.glob("etc/rc*.d/*")), "an upgrade changed the links")
    program = box.program()
    expect("XG2G_EPG_DAYS=3" in environment(program), "/etc/default/xg2g does not reach the program")
    expect(Path(f"/proc/{program}/stat").read_text().rsplit(") ", 1)[1].split()[16] == "7", "NICE does not count")
    proved("the user's xg2g.toml, /etc/default/xg2g and start links are kept and count")
    install(box, newer)
    serves(8090)
    expect(box.program() != program and box.text(SETTINGS) == settings, "installed again: not as before")
    box.opkg.remove(NAME)
    expect(box.text(SETTINGS) == settings and box.text(DEFAULTS) == defaults, "the removal took the settings")
    install(box, package)
    serves(8090)
    proved("installed again, and removed and installed: the settings count as before")


def reloaded(box, package, proved):
    """SIGHUP with another configuration, then with a wrong one."""
    box.start_receiver()
    install(box, package)
    serves()
    program = box.program()
    box.path(SETTINGS).parent.mkdir(parents=True, exist_ok=True)
    box.path(SETTINGS).write_text('[log]\nlevel = "debug"\n')
    box.init("reload")
    until("the log tells of a changed log.level", lambda: "log.level" in box.text("/tmp/xg2g.log"))
    box.path(SETTINGS).write_text("nonsense = 1\n")
    box.init("reload")
    until("the log tells of the wrong line", lambda: "nonsense" in box.text("/tmp/xg2g.log"))
    serves()
    expect(box.program() == program, "reload changed the process")
    proved("reload: a change is taken over, a wrong one is told and ignored, the process is the same")


def offline(box, package, proved):
    """Installed into an image that is being built; its program is for another processor."""
    other = foreign(package, box.path("tmp/other.ipk"))
    before = box.files()

    def outside(path, argument, given):
        result = subprocess.run(
            [box.busybox, "sh", path, argument], env=os.environ | given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=60, check=False,
        )
        return result.returncode, result.stdout

    builder = opkg.Opkg(box.root, outside, offline=True)
    expect(builder.install(other), f"offline installation failed: {builder.output}")
    expect(not box.ours() and not ask("/healthz"), "an offline installation started something")
    expect(box.path("etc/rc3.d/S70xg2g").exists() and box.path(DEFAULTS).exists(), "no link or no default file")
    expect(not box.path(SETTINGS).exists(), "an offline installation chose a port")
    proved("installed into an image: nothing runs, links and the default file are there")
    expect(builder.remove(NAME), f"offline removal failed: {builder.output}")
    left = {name for name in box.files() - before}
    expect(left <= {"etc/default", "etc/default/xg2g", "var/lib/opkg"}, f"left after removal: {sorted(left)}")
    proved("removed from an image: nothing is left")


def foreign(package, target):
    """The package with a program for a processor that is not this one."""
    name = "usr/bin/xg2g"
    with opkg.files(dict(opkg.members(package))["data.tar.gz"]) as archive:
        program = bytearray(archive.extractfile(f"./{name}").read())
    program[18:20] = (0xAD).to_bytes(2, "little")  # ELF e_machine: a number nobody emulates
    return opkg.another_version(package, "99.1-r0", target, replace={name: bytes(program)})


def wrong_processor(box, package, proved):
    """The package of another architecture."""
    before = box.files()
    said = install(box, foreign(package, box.path("tmp/other.ipk")), good=False)
    expect("cannot run on this receiver" in said and "print-architecture" in said, f"it says: {said}")
    expect(not box.ours(), "something was started")
    proved(f"for another processor, the installation fails and says: {said.splitlines()[0]}")
    box.init("start", 5)
    expect(not box.ours(), "something was started")
    proved("started all the same, it ends with 5 and leaves nothing")
    expect(box.opkg.remove(NAME), "it cannot be removed")
    left = box.files() - before
    expect(left <= {"etc/default", "etc/default/xg2g", "var/lib/opkg"}, f"left after removal: {sorted(left)}")
    install(box, package)
    box.start_receiver()
    serves()
    proved("removed and replaced by the right one, it serves")


def boot(box, package, proved):
    """Power comes back: the links of the runlevel are called, with a syslog."""
    install(box, package)
    box.init("stop")
    box.forget_memory()
    box.background("syslogd", "-n", "-O", "/tmp/messages")
    until("syslog listens", lambda: box.path("dev/log").exists())
    box.init("start", script="/etc/rc3.d/S70xg2g")
    program = box.program()
    expect("XG2G_LOG_OUTPUT=syslog" in environment(program), "the log does not go to syslog")
    box.start_receiver()
    serves()
    os.kill(program, 9)
    until("syslog tells of the death", lambda: "started again" in box.text("/tmp/messages"))
    until("another process runs", lambda: box.programs() not in ([], [program]))
    expect(not box.path("tmp/xg2g.log").exists(), "there is a log file beside syslog")
    proved("at boot, with syslog: it starts, logs there, and so does the supervisor")
    program = box.program()
    box.init("start", script="/etc/rc4.d/S70xg2g")
    expect(box.program() == program, "init 4 changed the process")
    proved("init 4 leaves it alone")
    box.init("stop", script="/etc/rc0.d/K70xg2g")
    expect(not box.ours(), "left at shutdown")
    proved("at shutdown it ends")


def plain_tools(box, package, proved):
    """Another shell than BusyBox', and neither start-stop-daemon nor setsid."""
    missing = box.call("/bin/sh", "-c", "command -v start-stop-daemon; command -v setsid")
    expect(missing[1] == "", f"it is there: {missing[1]}")
    box.start_receiver()
    install(box, package)
    serves()
    program = box.program()
    box.init("start")
    expect(box.program() == program, "a second start started something")
    os.kill(program, 9)
    until("another process runs", lambda: box.programs() not in ([], [program]))
    box.init("restart")
    serves()
    box.init("stop")
    expect(not box.ours(), "left after stop")
    box.init("status", 3)
    proved("in dash, without start-stop-daemon and setsid: start, start again, kill, restart, stop, status")


def dash():
    """A root without the two applets; BusyBox' own shell would find them in itself."""
    libraries = subprocess.run(["ldd", "/bin/dash"], capture_output=True, text=True, check=True).stdout
    paths = [word for word in libraries.split() if word.startswith("/")]
    return {"shell": [shutil.which("dash"), *paths], "without": ("start-stop-daemon", "setsid")}


plain_tools.options = dash

SHORT = [fresh, port_taken, upgraded, offline, wrong_processor, boot]
SCENARIOS = [fresh, port_taken, upgraded, reloaded, offline, wrong_processor, boot, plain_tools]
