"""The cases of caching: each builds on what those before it left, and has one thing changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bench.events.verification import AS_ASKED, Expectation
from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import ONCE, Case
from bench.scenarios.kit.draw import Draw, seed_of
from bench.scenarios.kit.procedures import Before, Once, Procedure, SeveralAtOnce
from contract.editions import FIRST
from contract.pipeline import STEPS, Pipeline

ANY: Final = tuple(STEPS["cached"])
"""The steps that may be skipped where a result is kept: if nothing has changed, some tools run nothing at all."""

EXPIRES_S: Final = 1

WARM: Final = ("warm", "warm_new_process")


COMPUTES: Final = frozenset({"cold", "to_expire", "unhashable", "unhashable_again", "by_file"})
"""The cases in which there is no result that could be used."""


def _case(name: str, value: int, procedure: Procedure = ONCE, **other: bool) -> Case:
    expectation = AS_ASKED if name in COMPUTES else Expectation(may_skip=ANY)
    form = "by_file" if other.get("by_file") else "usual"
    return Case(Pipeline(name, "cached", {"value": value, **other}), {"form": form}, procedure, expectation)


def _after(**before: Any) -> Once:
    return Once(Before(**before))


EVERY: Final = (
    _case("cold", 1),
    _case("warm", 1),
    _case("warm_new_process", 1, _after(new_process=True)),
    # The helper comes first: a tool that sees an edited body computes with whatever helper there is by then.
    _case("changed_helper", 1, _after(editions={"helper": 2})),
    _case("changed_body", 1, _after(editions={"body": 2})),
    _case("changed_input", 2),
    _case("deleted", 2, _after(spoil="delete")),
    _case("corrupted", 2, _after(spoil="corrupt")),
    _case("to_expire", 3, _after(editions={"KEPT_S": EXPIRES_S})),
    _case("expired", 3, _after(wait_s=EXPIRES_S + 0.5, editions={"KEPT_S": EXPIRES_S})),
    _case("two_at_once", 4, SeveralAtOnce(runs=2, meet="begin")),
    _case("unhashable", 5, unhashable=True),
    _case("unhashable_again", 5, unhashable=True),
    _case("by_file", 6, by_file=True),
    _case("by_file_again", 6, by_file=True),
    _case("by_file_changed_helper", 6, _after(editions={"helper": 2}), by_file=True),
)
"""The cases in their order: each builds on what those before it left."""

NEEDS: Final = {
    "warm": "cold",
    "warm_new_process": "cold",
    "changed_helper": "cold",
    "changed_body": "cold",
    "deleted": "changed_input",
    "corrupted": "changed_input",
    "expired": "to_expire",
    "unhashable_again": "unhashable",
    "by_file_again": "by_file",
    "by_file_changed_helper": "by_file",
}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    cases: list[str] = []
    """Only these; all, if none is named."""

    def __post_init__(self) -> None:
        names = [case.name for case in EVERY]
        if unknown := set(self.cases) - set(names):
            raise ValueError(f"there is no case {min(unknown)!r}; there are {', '.join(names)}")
        for case in self.cases:
            if (needed := NEEDS.get(case)) and needed not in self.cases:
                raise ValueError(f"the case {case} builds on what {needed} leaves; name that too")


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the runs of one sequence."""
    return [case for case in EVERY if not options.cases or case.name in options.cases]


def parameters(pipeline: Pipeline, draw: Draw) -> Mapping[str, object]:
    """Return the parameters of a run: a value that no other sequence has, so that none finds the results of another."""
    return {**pipeline.parameters, "value": value_of(pipeline, draw.seed)}


def value_of(pipeline: Pipeline, seed: int) -> int:
    """Return the value that a run computes with, of a sequence with that seed."""
    return seed * 100 + int(pipeline.parameters["value"])


def result_of(case: Case, round_: int, repeat: int) -> str:
    """Return the right result: the input, the edition of the helper, the edition of the body."""
    editions = dict(FIRST)
    if isinstance(case.procedure, Once):
        editions |= case.procedure.before.editions
    value = value_of(case.work, seed_of(round_, repeat)) if isinstance(case.work, Pipeline) else 0
    return f"{value}/{editions['helper']}/{editions['body']}"
