"""The ledger: what course material and articles say about the tools, and what to ask of the rows of a run to settle it.

No verdict stands in it. A claim is a table of ledger.toml, and nothing else knows of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from bench.base.problem import Problem
from bench.derive.checks import ENDS
from bench.events.verification import CHECKS
from bench.plan.setup import Setup
from bench.plan.tools import TIERS
from bench.scenarios import METRICS, SCENARIOS

LEDGER: Final = Path(__file__).with_name("ledger.toml")

OF_EVERY_RUN: Final = (ENDS, *CHECKS)
"""The checks that every scenario has: whether the runs did what they were asked for at all."""

Text = Annotated[str, msgspec.Meta(min_length=1)]
Result = Literal["native", "declared", "by_hand", "fail", "unsupported"]
"""What a check came to: by what means it passed, or that it did not."""


class CheckQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A claim holds where a check comes to one of these results."""

    name: Text
    holds_if: Annotated[list[Result], msgspec.Meta(min_length=1)]


class NumberQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A claim holds where an estimate lies within the limits, with all of its interval."""

    metric: Text
    workload: Text
    at_least: float = -math.inf
    at_most: float = math.inf
    needs: str = ""
    """A workload that must have been tried too: that nothing larger arrived says nothing where nothing larger was sent."""

    def __post_init__(self) -> None:
        if self.at_least == -math.inf and self.at_most == math.inf:
            raise ValueError("give at_least or at_most; every number would do")
        if self.at_least > self.at_most:
            raise ValueError("at_least is above at_most; no number would do")


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What somebody says about a tool."""

    claim: Text
    source: Text
    """Who says so."""
    tools: list[Text] = []
    """The tools that it is about, as readers write them: their folders are called so in small letters. None: all of them."""
    tier: str = ""
    deployments: list[Text] = []
    """The only deployments that it is about, where it is not about all."""
    scenario: Text
    check: CheckQuestion | None = None
    number: NumberQuestion | None = None
    expected: bool | list[Text] | None = None
    """Whether it has held so far, or the only deployments with which it has: it settles nothing, and shows what changed."""
    remark: str = ""
    """What a reader should know beside the verdict."""

    def __post_init__(self) -> None:
        if (self.check is None) == (self.number is None):
            raise ValueError("a claim asks for a check or for a number: give one of the two")

    @property
    def orchestrators(self) -> list[str]:
        """The names of the tools in a run."""
        return [tool.lower() for tool in self.tools]

    def is_about(self, scenario: str, setup: Setup) -> bool:
        """Whether a row of the scenario and the setup can settle it."""
        is_of_tool = setup.orchestrator in self.orchestrators if self.tools else not setup.is_plain
        is_of_place = self.tier in {"", setup.tier} and (not self.deployments or setup.deployment in self.deployments)
        return scenario == self.scenario and is_of_tool and is_of_place and not setup.control


def read(path: Path = LEDGER) -> Mapping[str, Claim]:
    """Read a ledger, each claim by its name, and check all of it."""
    try:
        ledger = msgspec.toml.decode(path.read_bytes(), type=dict[str, Claim])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: {error}") from None
    if not ledger:
        raise Problem(f"{path}: there is no claim in it; see {LEDGER} for some")
    for name, claim in ledger.items():
        if problem := _problem(claim):
            raise Problem(f"{path}, {name}: {problem}")
    return ledger


def _problem(claim: Claim) -> str | None:
    """Say what the claim names that there is not."""
    if claim.scenario not in SCENARIOS:
        return f"there is no scenario {claim.scenario!r}; there are {', '.join(SCENARIOS)}"
    if claim.tier and claim.tier not in TIERS:
        return f"there is no tier {claim.tier!r}; there are {', '.join(TIERS)}"
    checks = (*SCENARIOS[claim.scenario].checks, *OF_EVERY_RUN)
    if claim.check and claim.check.name not in checks:
        return f"{claim.scenario} has no check {claim.check.name!r}; it has {', '.join(checks)}"
    if claim.number and claim.number.metric not in METRICS:
        return f"there is no metric {claim.number.metric!r}; `orchbench show --json` prints a run's"
    return None
