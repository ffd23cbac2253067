"""The ledger: what course material and articles say about the tools, and what to ask of the rows of a run to settle it.

No verdict stands in it. A claim is a table of ledger.toml, and nothing else knows of it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from bench.base.problem import Problem
from bench.claims.known import Known
from bench.plan.setup import Setup
from bench.plan.tools import TIERS
from bench.scenarios import SCENARIOS

LEDGER: Final = Path(__file__).with_name("ledger.toml")

Text = Annotated[str, msgspec.Meta(min_length=1)]
Result = Literal["native", "opt_in", "declared", "by_hand", "fail", "unsupported"]
"""What a check came to: by what means it passed, or that it did not."""


class CheckQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A claim holds where a check comes to one of these results."""

    name: Text
    holds_if: Annotated[list[Result], msgspec.Meta(min_length=1)]


class NumberQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A claim holds where an estimate lies within the limits, with all of its uncertainty."""

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
    """The tools that it is about; none: all of them. A ledger may call them as readers do; `read` names the folders."""
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

    def is_about(self, scenario: str, setup: Setup) -> bool:
        """Whether a row of the scenario and the setup can settle it."""
        is_of_deployment = not self.deployments or setup.deployment in self.deployments
        return scenario == self.scenario and self.concerns(setup) and is_of_deployment and not setup.control

    def concerns(self, setup: Setup) -> bool:
        """Whether the tool and the tier are among those that it is about."""
        is_of_tool = setup.orchestrator in self.tools if self.tools else not setup.is_plain
        return is_of_tool and self.tier in {"", setup.tier}


def read(path: Path, known: Known) -> Mapping[str, Claim]:
    """Read a ledger, each claim by its name, and check that there is all that it names."""
    try:
        ledger = msgspec.toml.decode(path.read_bytes(), type=dict[str, Claim])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: {error}") from None
    if not ledger:
        raise Problem(f"{path}: there is no claim in it; see {LEDGER} for some")
    return {name: _checked(claim, known, f"{path}, {name}") for name, claim in ledger.items()}


def _checked(claim: Claim, known: Known, where: str) -> Claim:
    """Return the claim with the folders of its tools, or say what it names that there is not."""
    if problem := _unknown("tools", claim.tools, known.tools):
        raise Problem(f"{where}: {problem}")
    claim = msgspec.structs.replace(claim, tools=list(dict.fromkeys(known.tools[name] for name in claim.tools)))
    if problem := _problem(claim, known):
        raise Problem(f"{where}: {problem}")
    return claim


def _problem(claim: Claim, known: Known) -> str | None:
    scenario, check, number = claim.scenario, claim.check, claim.number
    # Later names are looked up by the earlier ones, which have to be right.
    if problem := _unknown("scenarios", [scenario], SCENARIOS) or _unknown("tiers", filter(None, [claim.tier]), TIERS):
        return problem
    deployments = {setup.deployment for setup in known.setups if claim.concerns(setup)}
    expected = claim.expected if isinstance(claim.expected, list) else []
    if problem := _unknown("deployments of its tools and tier", [*claim.deployments, *expected], deployments):
        return problem
    if check:
        return _unknown(f"checks of {scenario}", [check.name], known.checks(scenario))
    if number:
        workloads = filter(None, [number.workload, number.needs])
        return _unknown(f"metrics of {scenario}", [number.metric], known.metrics(scenario)) or _unknown(
            f"workloads of {scenario} in a suite or in this run", workloads, known.workloads(scenario)
        )
    return None


def _unknown(what: str, names: Iterable[str], there: Collection[str]) -> str | None:
    """Say which name is none of those that there are."""
    name = next((name for name in names if name not in there), None)
    return None if name is None else f"{name!r} is none of the {what}: {', '.join(sorted(there))}"
