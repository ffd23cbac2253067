"""The event log as it was written: see contract/events.py, which writes it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bench.base.problem import Problem


class Data(msgspec.Struct, gc=False, frozen=True):
    """What an event may carry."""

    token: str = ""
    error: str = ""
    state: str = ""
    pss: int = 0
    disk: int = 0


class Event(msgspec.Struct, gc=False, frozen=True):
    """One line of the log."""

    t: int
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


def events(path: Path, *, grows: bool = False) -> list[Event]:
    """Read the events of one file, or raise when a line is broken; a file that grows may end in the middle of one."""
    content = path.read_bytes()
    if grows:
        content = content[: content.rfind(b"\n") + 1]
    try:
        return _decoder.decode_lines(content)
    except msgspec.DecodeError:
        for number, line in enumerate(content.splitlines(), 1):
            try:
                _decoder.decode(line)
            except msgspec.DecodeError as error:
                raise Problem(
                    f"{path}, line {number}: a broken event ({error}); delete the folder of this trial and --resume"
                ) from None
        raise
