"""Procedures: what the harness does with an engine in a trial; `bench.run.procedures` carries them out."""

from __future__ import annotations

import msgspec


class Before(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is done before a run is asked for, in this order; none of it is timed."""

    new_process: bool = False
    """Stop the engine and start it again on what it left: nothing that a process keeps in its memory is there."""
    wait_s: float = 0.0
    """Let that much time pass."""
    editions: dict[str, int] = {}
    """Edit the source of the pipeline: which edition each part of it has; see `contract.editions`."""
    spoil: str = ""
    """`delete` the files in which results are kept, or `corrupt` them."""


class Once(msgspec.Struct, frozen=True, omit_defaults=True, tag="once"):
    """One run, from the submission to its end."""

    before: Before = Before()
    watched: bool = False
    """Whether memory and disk are looked at all the time, which takes CPU time: such a run yields no other number."""

    @property
    def runs(self) -> int:
        """How many runs the trial has."""
        return 1


class SeveralAtOnce(msgspec.Struct, frozen=True, omit_defaults=True, tag="several_at_once"):
    """Runs that are asked for at the same moment; the end is that of the last one."""

    runs: int
    meet: str = ""
    """The step at whose end the runs wait for each other, so that what comes next is asked for at one moment."""


class CancelInTheMiddle(msgspec.Struct, frozen=True, omit_defaults=True, tag="cancel_in_the_middle"):
    """One run, which the tool is told to cancel while a body is busy."""

    busy: str
    """The body that has to have begun."""

    @property
    def runs(self) -> int:
        """How many runs the trial has."""
        return 1


class KillAndRestart(msgspec.Struct, frozen=True, omit_defaults=True, tag="kill_and_restart"):
    """One run, and another one after a service was killed and started again."""

    service: str

    @property
    def runs(self) -> int:
        """How many runs the trial has."""
        return 2


Procedure = Once | SeveralAtOnce | CancelInTheMiddle | KillAndRestart
