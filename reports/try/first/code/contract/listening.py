"""Who listens at an address of this machine (Linux)."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from contract.tree import descendants

_LISTEN = "0A"
"""The kernel's number for the state of a socket that listens."""


def listens(root: int, host: str, port: int) -> bool:
    """Whether what listens there is this process, or one below it."""
    sockets = set(_listening(host, port))
    return bool(sockets) and sockets <= set(_held_by((root, *descendants(root))))


def _listening(host: str, port: int) -> Iterator[str]:
    # The kernel prints an address as a number of the machine's own byte order.
    address = f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
    for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
        if (local, state) == (address, _LISTEN):
            yield f"socket:[{inode}]"


def _held_by(pids: Iterable[int]) -> Iterator[str]:
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            for descriptor in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    yield str(Path(descriptor.path).readlink())
