"""The ends of a run: the wait before the first task, and the lag from the last task until the run is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.plan.setup import Setup
from bench.report import prose
from bench.report.answer.ranking import valued
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.store.rows import Estimate, Range


@dataclass(frozen=True)
class Ends:
    """The wait before the first task of a run, and the lag after the last, of one setup."""

    setup: Setup
    wait: Sentence
    """The wait as a sentence says it."""
    lag: Sentence
    """The lag as a sentence says it."""
    waits: Range
    """The waits of all runs."""
    lags: Range
    """The lags of all runs."""

    @property
    def least(self) -> float:
        """Return the shortest wait plus the shortest lag."""
        return self.waits.bounds[0] + self.lags.low

    @property
    def most(self) -> float:
        """Return the longest wait plus the longest lag."""
        return self.waits.bounds[1] + self.lags.high


def ends_of(facts: Facts, ranked: Sequence[Estimate]) -> list[Ends]:
    """Return the ends of each tool, by name: a few runs that came at any moment of a poll make no order."""
    ends = []
    for setup in sorted((row.setup for row in ranked), key=lambda setup: setup.name):
        waits, lags = waits_of(facts, setup), lags_of(facts, setup)
        if waits and lags:
            ends.append(Ends(setup, wait_of(facts, setup), lag_of(facts, setup), waits, lags))
    return ends


def wait_of(facts: Facts, setup: Setup) -> Sentence:
    """Say the wait before the first task: of all runs where it depends on a poll, else of a run of one task."""
    waits = waits_of(facts, setup)
    if waits and waits.polls:
        return Sentence.of(*prose.waiting(waits))
    return valued(facts.estimate("overhead", "submit_to_first_s", "chain_1", setup))


def waits_of(facts: Facts, setup: Setup) -> Range | None:
    """Return how long all runs waited before their first task."""
    return facts.range_of("overhead", "submit_to_first_s", setup)


def lag_of(facts: Facts, setup: Setup) -> Sentence:
    """Say the lag after the last task: of a run of one task, since it grows with the graph; of all, where there is none."""
    of_one, lags = facts.estimate("overhead", "finish_lag_s", "chain_1", setup), lags_of(facts, setup)
    return Sentence.of(prose.middle(lags)) if of_one is None and lags else valued(of_one)


def lags_of(facts: Facts, setup: Setup) -> Range | None:
    """Return how long all runs took from the last task until they were done."""
    return facts.range_of("overhead", "finish_lag_s", setup)


def is_shortest(row: Estimate, ends: Sequence[Ends]) -> bool:
    """Whether the tool of the row has the shortest ends too: its longest are shorter than the shortest of all others."""
    own = [each for each in ends if each.setup == row.setup]
    return bool(own) and all(own[0].most < each.least for each in ends if each not in own)


def beside_tasks(ends: Sequence[Ends], tier: str) -> Sentence:
    """Say the wait and the lag of each tool."""
    sums = [(f"{each.setup.name} ", *_wait(each), " + ", *each.lag.parts) for each in ends]
    polls = ", which depends on a poll," if any(each.waits.polls for each in ends) else ""
    lead = f"Where tasks are few, the ends of a run count more. At the {tier} tier, the wait before the first task{polls} + "
    return Sentence.of(lead, "the time from the last task until the run is done: ", *prose.listed(sums), ".")


def _wait(ends: Ends) -> tuple[Part, ...]:
    return ("(", *ends.wait.parts, ")") if ends.waits.polls else ends.wait.parts
