"""What goes wrong around the program: it dies, the power fails, the receiver is away, the disk cannot be written."""

import os
import re
import signal
import subprocess
import time

from box_life import SETTINGS, install, serves
from box_root import INIT, Failed, ask, channels, expect, until


def another(box, program):
    """Waits for the next process after this one."""
    return until("the program is started again", lambda: [pid for pid in box.programs() if pid != program])[0]


def dies(box, package, proved):
    """The program is killed again and again; pauses of at most 3 s instead of 60, so that the test need not wait."""
    install(box, package)
    box.init("stop")
    script = box.path(INIT)
    script.write_text(re.sub(r"^LONGEST_PAUSE=60 ", "LONGEST_PAUSE=3 ", script.read_text(), flags=re.M))
    expect("LONGEST_PAUSE=3 " in script.read_text(), "the script has another longest pause")
    box.start_receiver()
    box.init("start")
    pauses = []
    for _ in range(4):
        program, began = box.program(), time.monotonic()
        os.kill(program, signal.SIGKILL)
        if not pauses:
            until("status tells of the death", lambda: box.call(INIT, "status")[0] == 1, 1)
            proved("dead and to be started again, status is 1")
        another(box, program)
        pauses.append(time.monotonic() - began)
    wanted = (1, 2, 3, 3)
    good = all(wish - 0.5 < pause < wish + 1.5 for wish, pause in zip(wanted, pauses))
    shown = ", ".join(f"{pause:.1f}" for pause in pauses)
    expect(good, f"the pauses are {shown} s")
    proved(f"killed, it is started again, after {shown} s")
    time.sleep(3.2)  # what is proved here is that time passes
    program, began = box.program(), time.monotonic()
    os.kill(program, signal.SIGKILL)
    another(box, program)
    expect(time.monotonic() - began < 2.5, f"after a good run the pause is {time.monotonic() - began:.1f} s")
    proved("after a good run the pause is short again")
    logged = re.findall(r"started again in (\d+) s after status 137", box.words())
    expect(logged == ["1", "2", "1"], f"the log tells of pauses of {logged} s")
    proved("the log tells of each death while the pause grows, then no more")
    serves()
    os.kill(box.program(), signal.SIGKILL)
    until("the pause began", lambda: not box.programs())
    began = time.monotonic()
    box.init("stop")
    expect(time.monotonic() - began < 2.5 and not box.ours(), "stop during the pause is slow or leaves something")
    proved("stopped during the pause: at once")
    box.init("start")
    os.kill(box.program(), signal.SIGTERM)
    until("the supervisor ends too", lambda: not box.ours())
    box.init("status", 3)
    proved("ended by itself without an error, it is not started again")


def hangs(box, package, proved):
    """The program does not react to SIGTERM; others that look like it run."""
    box.start_receiver()
    install(box, package)
    program = box.program()
    other = box.background("/usr/bin/xg2g", "receiver")
    os.kill(program, signal.SIGSTOP)
    began = time.monotonic()
    box.init("stop")
    expect(not box.ours(), "left after stop")
    proved(f"a program that hangs is killed after {time.monotonic() - began:.0f} s")
    expect(other in box.processes(), "stop killed a process that is not its own")
    proved("the same program started by somebody else is left alone")


def power_fails(box, package, proved):
    """Everything is killed; at the next boot the receiver is not up."""
    box.start_receiver()
    install(box, package)
    count = serves()
    until("the channels are saved", lambda: list(box.path("/etc/enigma2/xg2g").glob("*")))
    until("all is published", lambda: (ask("/readyz") or [0])[0] == 200)
    for pid in box.ours():
        os.kill(pid, signal.SIGKILL)
    until("all is dead", lambda: not box.ours())
    box.init("status", 1)
    proved("all killed, status is 1")
    box.stop_receiver()
    stranger = box.background("sleep", "1000")
    for name in ("xg2g.pid", "xg2g.supervisor.pid"):
        box.path(f"/var/run/{name}").write_text(f"{stranger}\n")
    box.path("/tmp/xg2g").rename(box.path("/tmp/lost"))
    box.init("status", 1)
    began = time.monotonic()
    box.init("start")
    expect(serves() == count, f"{channels()} channels, not {count}")
    proved(f"after a power failure, with old process ids that are others' now and the receiver away: {count} channels "
           f"after {time.monotonic() - began:.1f} s")
    box.init("stop")
    expect(stranger in box.processes(), "a stranger was killed")
    proved("whose process id was in the files was left alone")


def orphaned(box, package, proved):
    """Only the supervisor is killed."""
    box.start_receiver()
    install(box, package)
    program = box.program()
    os.kill(box.supervisors()[0], signal.SIGKILL)
    until("the supervisor is dead", lambda: not box.supervisors())
    expect("restart" in box.init("status"), "status does not tell")
    box.init("start")
    expect(box.program() != program and len(box.supervisors()) == 1, "not one program with one supervisor")
    serves()
    proved("the supervisor killed, status tells; start mends it, one program runs")


def read_only(box, package, proved):
    """The root cannot be written, and /var/run is missing."""
    install(box, package)
    box.init("stop")
    subprocess.run(["umount", "-l", box.path("var/run")], check=True)
    box.path("var/run").rmdir()
    subprocess.run(["mount", "-o", "remount,ro", box.root], check=True)
    try:
        box.path("etc/x").touch()
        raise Failed("the root can be written")
    except OSError:
        box.start_receiver()
    box.init("start")
    serves()
    program = box.program()
    expect(str(program) == box.text("/tmp/xg2g.pid").strip(), "the process id is not in /tmp")
    box.init("start")
    expect(box.program() == program, "a second start started something")
    box.init("status")
    os.kill(program, signal.SIGKILL)
    another(box, program)
    serves()
    box.init("stop")
    box.init("status", 3)
    expect(not box.ours(), "left after stop")
    proved("with a read-only root and without /var/run: start, start again, status, kill, playlist, stop")


def receiver_late(box, package, proved):
    """Neither network nor web interface at boot; then the web interface goes and comes."""
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    install(box, package)
    program = box.program()
    until("it listens", lambda: "listening on" in box.words())
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    expect(not channels(), "a playlist of nothing")
    box.start_receiver()
    count = until("a playlist", channels, 60)
    expect(box.program() == program, "it was started again")
    proved(f"without network and web interface at start, then with both: {count} channels, from the same process")
    box.stop_receiver()
    expect(channels() == count, "the playlist went with the receiver")
    ask_for_a_pass()
    expect(channels() == count, "the playlist went with the receiver")
    box.start_receiver()
    ask_for_a_pass()
    expect(channels() == count and box.program() == program, "not as before")
    proved("the receiver's web interface restarted: the playlist was there all the time, from the same process")


def ask_for_a_pass():
    """Has the receiver asked anew, and waits until that was tried."""
    subprocess.run(["curl", "-s", "-o", "/dev/null", "-X", "POST", "http://127.0.0.1:8080/api/v1/refresh"], check=True)
    until("the pass ended", lambda: '"running":false' in (ask("/api/v1/status") or (0, ""))[1].replace(" ", ""))


def misconfigured(box, package, proved):
    """The configuration becomes wrong."""
    box.start_receiver()
    install(box, package)
    serves()
    program = box.program()
    box.path(SETTINGS).parent.mkdir(parents=True, exist_ok=True)
    box.path(SETTINGS).write_text("[server]\nport = 1\n")
    said = box.init("restart", 6)
    expect("port" in said and box.program() == program, f"restart says: {said}")
    proved("a restart with a wrong configuration says so, and the old process goes on")
    os.kill(program, signal.SIGKILL)
    until("the supervisor gives up", lambda: not box.ours())
    words = box.words()
    expect(words.count("not started again after status 78") == 1, f"the log tells: {words}")
    said = box.init("status", 3)
    expect("xg2g.toml" in said and "port" in said, f"status says: {said}")
    proved(f"it is not started again and again; status says: {said.splitlines()[-1]}")
    box.init("start", 6)
    box.path(SETTINGS).write_text("")
    box.path("/etc/default/xg2g").write_text("OPTS='--nonsense'\n")
    expect("--nonsense" in box.init("start", 6), "start does not tell of the wrong option")
    box.path("/etc/default/xg2g").write_text("OPTS='\n")
    box.init("start", 6)
    box.init("stop")
    expect(not box.ours(), "something runs")
    proved("a wrong option or a broken /etc/default/xg2g: start ends with 6 and leaves nothing, stop works")
    box.path("/etc/default/xg2g").unlink()
    box.init("start")
    serves()
    proved("mended, it serves")


SCENARIOS = [dies, hangs, power_fails, orphaned, read_only, receiver_late, misconfigured]
