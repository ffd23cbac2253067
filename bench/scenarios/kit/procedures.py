"""Procedures: what the harness does with an engine in a trial; `bench.run.procedures` carries them out."""

from __future__ import annotations

import msgspec


class Before(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the harness does before it submits a run, in this order and untimed."""

    new_process: bool = False
    """Stop the engine and start it again on what it left, so that nothing is in the memory of a process."""
    wait_s: float = 0.0
    """Wait that long."""
    editions: dict[str, int] = {}
    """Edit the source of the pipeline: the edition of each part; see `contract.editions`."""
    spoil: str = ""
    """`delete` or `corrupt` the files in which results are kept."""


class Once(msgspec.Struct, frozen=True, omit_defaults=True, tag="once"):
    """One run, from the submission to the end."""

    before: Before = Before()
    watched: bool = False
    """Whether memory and disk are sampled all the time. Sampling takes CPU time, so the run yields no other number."""

    @property
    def runs(self) -> int:
        """How many runs the trial has."""
        return 1


class SeveralAtOnce(msgspec.Struct, frozen=True, omit_defaults=True, tag="several_at_once"):
    """Runs that are submitted one right after another, until the last one ends."""

    runs: int
    meet: str = ""
    """The step after which the runs wait for each other, so that all want the next step at one moment."""


class CancelInTheMiddle(msgspec.Struct, frozen=True, omit_defaults=True, tag="cancel_in_the_middle"):
    """One run, which the tool has to cancel while a body is busy."""

    busy: str
    """The body that has begun by then."""

    @property
    def runs(self) -> int:
        """How many runs the trial has."""
        return 1


class KillAndRestart(msgspec.Struct, frozen=True, omit_defaults=True, tag="kill_and_restart"):
    """One run, and another one after a service was killed and started again."""

    service: str
    """The tool's own name of it: a case for each name, which other tools do not support."""

    @property
    def runs(self) -> int:
        """How many runs the trial has."""
        return 2


Procedure = Once | SeveralAtOnce | CancelInTheMiddle | KillAndRestart
