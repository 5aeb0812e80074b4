"""Namespaces of our own: what happens in them reaches neither this machine nor its network."""

import ctypes
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

# Exit code: this machine does not let us have what is needed.
SKIPPED = 77
# linux/sched.h
NEW_NET = 0x40000000
INSIDE = "--inside"


def run_inside(script, inside):
    """Runs a script again in new namespaces and there `inside` with its arguments; the status to end with."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--net", "--fork", "--kill-child"]
    if sys.argv[1:2] != [INSIDE]:
        if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False).returncode:
            print("no namespaces are to be had here")
            return SKIPPED
        return subprocess.run([*command, sys.executable, script, INSIDE, *sys.argv[1:]], check=False).returncode
    # The first process of a namespace does nothing but wait.
    child = os.fork()
    if child:
        return reap(child)
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=True)
    return inside(*sys.argv[2:])


def reap(child):
    """Waits for all that is left to the first process of a namespace; the child's status."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


class Network:
    """One more network namespace, kept by a descriptor."""

    def __init__(self):
        self.descriptor = in_thread(new_network)
        self.path = f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def do(self, work):
        """What `work` gives inside. A socket made there stays there."""
        def enter():
            call("setns", self.descriptor, NEW_NET)
            return work()

        return in_thread(enter)

    def command(self, *command):
        """A command that runs inside, under the process id it is started with."""
        return ["nsenter", f"--net={self.path}", *command]


def new_network():
    """A descriptor of a new network namespace, which this thread is in then."""
    call("unshare", NEW_NET)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def in_thread(work):
    """What `work` gives in a thread of its own, as a namespace is a thread's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def call(name, *arguments):
    """A call of the C library that Python 3.11 has no name for."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
