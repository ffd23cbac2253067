"""Settles claims: from the rows of a run to a verdict and the evidence, anew each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from bench.base.stats.quantity import PLAIN_TO_SEE
from bench.claims.known import OF_EVERY_RUN
from bench.claims.ledger import CheckQuestion, Claim, NumberQuestion
from bench.derive.reading import reading
from bench.plan.setup import Setup
from bench.scenarios import METRICS
from bench.scenarios.kit.common_metrics import COUNTS
from bench.store.rows import Check, Estimate, Results

Word = Literal[
    "holds",
    "does not hold",
    "depends on the tool",
    "depends on whether it runs from a script or on its servers",
    "depends on the deployment",
    "depends on the settings",
    "depends on the database",
    "depends on the setup",
    "not measured",
]

DIFFERENCES: Final[Mapping[str, Word]] = {
    "orchestrator": "depends on the tool",
    "tier": "depends on whether it runs from a script or on its servers",
    "deployment": "depends on the deployment",
    "profile": "depends on the settings",
    "database": "depends on the database",
}
"""By the field of a setup: the verdict where that field alone tells the setups that say yes from those that say no."""


class Answer(msgspec.Struct, frozen=True):
    """What a row says about a claim."""

    setup: Setup
    holds: bool | None
    """None where the row cannot tell."""
    evidence: str


@dataclass(frozen=True)
class Settled:
    """A claim, and what the rows of a run say about it."""

    name: str
    claim: Claim
    answers: Sequence[Answer]

    @property
    def verdict(self) -> Word:
        """The verdict on the claim: what all setups say that can tell."""
        said = {answer.holds for answer in self.answers}
        if {True, False} <= said:
            return next((word for field, word in DIFFERENCES.items() if self._is_told_by(field)), "depends on the setup")
        if True in said:
            return "holds"
        return "does not hold" if False in said else "not measured"

    @property
    def seen(self) -> Sequence[str]:
        """The tools that the verdict is about: a claim may be about more than the run had."""
        return sorted({answer.setup.orchestrator for answer in self.answers if answer.holds is not None})

    @property
    def because(self) -> str:
        """The evidence, or what would be some."""
        yes, no = self._said(True), self._said(False)
        if yes and no:
            return f"It holds with {yes}. It does not with {no}"
        return yes or no or f"{self._lack}; `{self._measured_by}` measures it"

    @property
    def surprises(self) -> Sequence[Answer]:
        """The answers that are not as they have been so far."""
        expected = self.claim.expected
        if expected is None:
            return ()
        return [
            answer
            for answer in self.answers
            if answer.holds is not None
            and answer.holds != (expected if isinstance(expected, bool) else answer.setup.deployment in expected)
        ]

    def _is_told_by(self, field: str) -> bool:
        """Whether all setups that are alike in a field say the same."""
        said: dict[str, set[bool]] = defaultdict(set)
        for answer in self.answers:
            if answer.holds is not None:
                said[getattr(answer.setup, field)].add(answer.holds)
        return all(len(words) == 1 for words in said.values())

    def _said(self, holds: bool) -> str:
        """Return the first of the setups that say so with its evidence, and the names of the others."""
        said = [answer for answer in self.answers if answer.holds is holds]
        if not said:
            return ""
        first, *others = said
        more = f" (likewise {', '.join(self._name(other.setup) for other in others)})" if others else ""
        return f"{self._name(first.setup)}: {first.evidence}{more}"

    def _name(self, setup: Setup) -> str:
        """Name a setup; the short name is one at a tier, and two tiers may have the same."""
        is_unique = [answer.setup.name for answer in self.answers].count(setup.name) == 1
        return setup.name if is_unique else setup.full_name

    @property
    def _lack(self) -> str:
        return (
            f"{self._name(self.answers[0].setup)}: {self.answers[0].evidence}" if self.answers else "the run has no such row"
        )

    @property
    def _measured_by(self) -> str:
        on = f" --on {','.join(self.claim.tools)}" if self.claim.tools else ""
        tier = f" --tier {self.claim.tier}" if self.claim.tier else ""
        return f"orchbench run --suite full --scenario {self.claim.scenario}{on}{tier}"


def settle(ledger: Mapping[str, Claim], results: Results) -> list[Settled]:
    """Settle all claims of a ledger by the results of a run."""
    return [
        # A tool on its servers comes first: at the library tier, some have nothing but a call for debugging.
        Settled(name, claim, sorted(_answers(claim, results), key=lambda answer: answer.setup.tier == "library"))
        for name, claim in ledger.items()
    ]


def _answers(claim: Claim, results: Results) -> Iterator[Answer]:
    if claim.check:
        rows = [row for row in results.checks if claim.is_about(row.scenario, row.setup)]
        gone_wrong = {row.setup for row in rows if row.check in OF_EVERY_RUN and row.verdict == "fail"}
        for row in rows:
            if row.check == claim.check.name:
                yield _by_check(claim.check, row, is_sound=row.setup not in gone_wrong)
    if claim.number:
        estimates = [row for row in results.estimates if claim.is_about(row.scenario, row.setup)]
        tried = {row.setup for row in estimates if row.workload == claim.number.needs}
        for estimate in estimates:
            if (estimate.metric, estimate.workload) == (claim.number.metric, claim.number.workload):
                yield _by_number(claim.number, estimate, is_tried=not claim.number.needs or estimate.setup in tried)


def _by_check(question: CheckQuestion, row: Check, *, is_sound: bool) -> Answer:
    result = row.means if row.verdict == "pass" else row.verdict
    if result == "not_applicable":
        return Answer(row.setup, None, row.because)
    if result == "fail" and row.check not in OF_EVERY_RUN and not is_sound:
        # The check may have failed for want of a sound run, which says nothing about the behaviour.
        return Answer(row.setup, None, f"the scenario's runs went wrong, so that a failure is no evidence ({row.because})")
    return Answer(row.setup, result in question.holds_if, row.because)


def _by_number(question: NumberQuestion, row: Estimate, *, is_tried: bool) -> Answer:
    read = reading(row)
    if row.median is None or read.kind != "value":
        return Answer(row.setup, None, row.missing_because or read.text)
    if not is_tried:
        return Answer(row.setup, None, f"{question.needs} was not tried")
    once = "one engine start" if row.n > 1 and row.starts == 1 else ""
    spread = f" [{', '.join(filter(None, (read.spread, once)))}]" if read.spread else ""
    evidence = f"{METRICS[row.metric].about}, in {row.workload}: {read.text}{spread}"
    low, high = _bounds(row, row.median)
    if question.at_least <= low and high <= question.at_most:
        return Answer(row.setup, True, evidence)
    if high < question.at_least or low > question.at_most:
        return Answer(row.setup, False, evidence)
    return Answer(row.setup, None, f"{evidence}, too close to the limit to tell")


def _bounds(row: Estimate, median: float) -> tuple[float, float]:
    """Return between which values the number lies."""
    if row.low is not None and row.high is not None:
        return row.low, row.high
    # What was seen without an engine, or counted, has no noise of a clock.
    if row.starts == 0 or row.unit in COUNTS:
        return median, median
    # What more engine starts would show is beyond the few that there were.
    return min(median / PLAIN_TO_SEE, median * PLAIN_TO_SEE), max(median / PLAIN_TO_SEE, median * PLAIN_TO_SEE)
