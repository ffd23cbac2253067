"""The event log as it was written: see contract/events.py, which writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec

from bench.base.files import MB, read
from bench.base.problem import Problem

MOST: Final = 64 * MB
"""How large the log of a trial may be, all files together: a graph of ten thousand tasks has a tenth of it."""

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number of a size that a clock or a disk can have."""


class Data(msgspec.Struct, gc=False, frozen=True):
    """What an event may carry."""

    token: str = ""
    error: str = ""
    state: str = ""
    pss: Whole = 0
    disk: Whole = 0


class Event(msgspec.Struct, gc=False, frozen=True):
    """One line of the log."""

    t: Whole
    kind: str
    node: str
    pid: int
    tid: int
    run: str = ""
    """Which run of the trial; empty where the trial has one only."""
    host: str = ""
    """Empty in logs from before schema 3, as is the boot."""
    boot: str = ""
    data: Data = Data()


_decoder = msgspec.json.Decoder(Event)


_BROKEN: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def events(path: Path, *, grows: bool = False, most: int = MOST) -> list[Event]:
    """Read the events of one file, or raise when a line is broken; a file that grows may end in the middle of one."""
    content = read(path, most)
    if grows:
        content = content[: content.rfind(b"\n") + 1]
    try:
        return _decoder.decode_lines(content)
    except _BROKEN:
        for number, line in enumerate(content.splitlines(), 1):
            try:
                _decoder.decode(line)
            except _BROKEN as error:
                raise Problem(
                    f"{path}, line {number}: a broken event ({error}); delete the folder of this trial and --resume"
                ) from None
        raise
