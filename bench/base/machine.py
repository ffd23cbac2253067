"""The machine: what it is, whether it is fit to measure on, and how much CPU work it does in a second."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from bench.base.origin import Commit, Host
from contract import body
from contract.workload import Node

BUSY = 0.25
"""The share of the CPU in use above which somebody else is using the machine."""


def host() -> Host:
    """Return what identifies this machine, and the id of the current boot."""
    return Host(
        name=platform.node(),
        system=platform.platform(),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        python=platform.python_version(),
        boot_id=Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def warnings() -> list[str]:
    """Say what would disturb a measurement now, and what to do about it."""
    disturbances = []
    busy = psutil.cpu_percent(interval=0.5) / 100
    if busy > BUSY:
        disturbances.append(f"the CPU is {busy:.0%} busy before anything was started: end other work, or expect noise")
    swap = psutil.swap_memory()
    if swap.used > 100e6:
        disturbances.append(f"{swap.used / 1e6:.0f} MB are swapped out: free memory, or restart")
    if psutil.virtual_memory().available < 4e9:
        disturbances.append("less than 4 GB of memory are available: end other programs")
    for governor in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor"):
        if governor.read_text().strip() == "powersave":
            disturbances.append("the CPU saves power: `cpupower frequency-set -g performance`, or expect drift")
            break
    return disturbances


def calibrate() -> float:
    """Return how many rounds of the CPU op one lane does in a second (the best of several tries, as noise only slows)."""
    rounds, best = 20_000, float("inf")
    node = Node("calibration", "cpu", (), {"rounds": rounds})
    for _ in range(15):
        before = time.perf_counter()
        body.work(node)
        best = min(best, time.perf_counter() - before)
    return rounds / best


PROBED = (1, 2)
"""On how many lanes at once the pace is probed beside the engine starts."""


def pace(lanes: int) -> float:
    """Return how many rounds of the CPU op each of so many lanes does in a second, while all of them work."""
    rounds, tries = 20_000, 12
    node = Node("pace", "cpu", (), {"rounds": rounds})

    def took_s(_: int) -> float:
        before = time.perf_counter()
        body.work(node)
        return time.perf_counter() - before

    with ThreadPoolExecutor(lanes) as pool:  # the op lets go of the GIL
        return rounds / statistics.median(pool.map(took_s, range(lanes * tries)))


def git_state(checkout: Path) -> Commit:
    """Return the commit that is measured, and whether the tree differs from it, as far as git says so."""
    git = shutil.which("git")
    if git is None or not (checkout / ".git").exists():
        return Commit()
    head = _git(git, checkout, "rev-parse", "--verify", "HEAD")
    if head is None:
        return Commit()
    changes = _git(git, checkout, "status", "--porcelain")
    return Commit(id=head, dirty=None if changes is None else bool(changes))


def _git(git: str, checkout: Path, *arguments: str) -> str | None:
    """Return what git says; nothing where it refuses, as it does where the files are another user's (containers, sudo)."""
    done = subprocess.run([git, *arguments], cwd=checkout, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else None


def hash_of(path: Path) -> str:
    """Return the beginning of the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
