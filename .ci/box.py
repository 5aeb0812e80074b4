#!/usr/bin/env python3
"""The package's life in roots like a receiver's: installed, started, killed, upgraded, removed.

    box.py BUSYBOX PACKAGE SIMULATOR [EMULATOR MAGIC] runs everything for one processor, in namespaces of its own; with
    an emulator a part of it. BUSYBOX is static, SIMULATOR a program that plays the receiver on this machine.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import box_files
import box_life
import box_trouble
from box_root import Box, Failed
from namespaces import run_inside

BINFMT = "/proc/sys/fs/binfmt_misc"
# Of an ELF head all but the ABI and its version; executable or shared object.
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"


def inside(busybox, package, simulator, emulator=None, magic=None):
    """All scenarios, in fresh namespaces; the status to end with."""
    # Under another name: it must not be taken for the program that is tested.
    place = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    simulator = shutil.copy(simulator, f"{place}/receiver")
    scenarios = box_life.SCENARIOS + box_trouble.SCENARIOS + box_files.SCENARIOS
    only = os.environ.get("BOX_ONLY", "").split()
    scenarios = [scenario for scenario in scenarios if not only or scenario.__name__ in only]
    if emulator:
        subprocess.run(["mount", "-t", "binfmt_misc", "none", BINFMT], check=True)
        # F: open it now, the roots do not have it. P: keep argv[0], BusyBox needs it.
        Path(BINFMT, "register").write_text(f":box:M::{magic}:{MASK}:{emulator}:PF")
        scenarios = box_life.SHORT + box_files.SCENARIOS
    passed = failed = 0

    def proved(fact):
        nonlocal passed
        passed += 1
        print(f"ok  {fact}", flush=True)

    for scenario in scenarios:
        began = time.monotonic()
        options = getattr(scenario, "options", dict)()
        try:
            with Box(busybox, simulator, **options) as box:
                try:
                    scenario(box, Path(package), proved)
                except (Failed, OSError, subprocess.SubprocessError):
                    print(box.words())
                    raise
        except (Failed, OSError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"NOT {scenario.__name__}: {error}")
        print(f"    {scenario.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(run_inside(__file__, inside))
