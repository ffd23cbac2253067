"""What a run takes beside its tasks: the wait before its first, and from its last until it is called over."""

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
    """What a run takes beside its tasks."""

    setup: Setup
    wait: Sentence
    """Before its first task, as it is told."""
    waits: Range
    """The same, of all runs."""
    lag: Range
    """After its last task, of all runs."""

    @property
    def least(self) -> float:
        """Return the sum of the shortest of both."""
        return self.waits.low + self.lag.low

    @property
    def most(self) -> float:
        """Return the sum of the longest of both."""
        return self.waits.high + self.lag.high


def ends_of(facts: Facts, ranked: Sequence[Estimate]) -> list[Ends]:
    """Return it of each by name: so few runs, each of which came at any moment of a poll, make no order."""
    found = []
    for setup in sorted((row.setup for row in ranked), key=lambda setup: setup.name):
        waits, lag = waits_of(facts, setup), lag_of(facts, setup)
        if waits and lag:
            found.append(Ends(setup, wait_of(facts, setup), waits, lag))
    return found


def wait_of(facts: Facts, setup: Setup) -> Sentence:
    """Tell the wait before the first task: where it hangs on a poll, that of all runs, else that of a run of one task."""
    waits = waits_of(facts, setup)
    if waits and waits.polls:
        return Sentence.of(*prose.between(waits))
    return valued(facts.estimate("overhead", "submit_to_first_s", "chain_1", setup))


def waits_of(facts: Facts, setup: Setup) -> Range | None:
    """Return how long all runs waited before their first task."""
    return facts.range_of("overhead", "submit_to_first_s", setup)


def lag_of(facts: Facts, setup: Setup) -> Range | None:
    """Return how long all runs took to be called over after their last task."""
    return facts.range_of("overhead", "finish_lag_s", setup)


def is_shortest(row: Estimate, ends: Sequence[Ends]) -> bool:
    """Whether the one that adds the least to a task is the first there too, by the worst of its runs."""
    own = [each for each in ends if each.setup == row.setup]
    return bool(own) and all(own[0].most < each.least for each in ends if each not in own)


def beside_tasks(ends: Sequence[Ends], tier: str) -> Sentence:
    """Tell both of each."""
    said = [(f"{each.setup.name} ", *_told(each), " + ", prose.middle(each.lag)) for each in ends]
    polls = " (with the wait for a poll)" if any(each.waits.polls for each in ends) else ""
    lead = f"Where tasks are few, the ends of a run count more: at the {tier} tier the wait before the first task{polls} + "
    return Sentence.of(lead, "from the last until the run is done: ", *prose.listed(said), ".")


def _told(ends: Ends) -> tuple[Part, ...]:
    return ("(", *ends.wait.parts, ")") if ends.waits.polls else ends.wait.parts
