"""Ranges: how far single trials lie apart, for all workloads of a scenario together.

Where an engine looks for submissions from time to time, the wait of a run depends on when it came. The median of the few
runs of one workload is then a draw of chance. A wait is one number L, and a draw between 0 and the time until the look that
finds the run, which is a setting; L is estimated from all waits of a setup together.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.base.stats.quantity import LEVEL, MIN_STARTS, student
from bench.derive.measured import Group, MeasuredTrial
from bench.scenarios import METRICS
from bench.store.rows import Range

WAIT: Final = "submit_to_first_s"

RANGED: Final = (WAIT, "finish_lag_s")
"""The metrics that do not depend on the amount of work: the wait before the first body, and the lag after the last."""

MIN_WAITS: Final = 4
"""How many waits a shortest one is told by."""


@dataclass(frozen=True)
class Poll:
    """How often an engine looks for submissions, as the folder of the tool declares it."""

    period_s: float
    jitter: float = 0.0
    """By which part of the period the time between two looks varies, to either side."""
    grain_s: float = 0.0
    """A look finds only what came before the last whole multiple of it. So two waits add up: until the clock has come to
    the next multiple, and from there until the next look, which knows nothing of the clock."""

    @property
    def mean_wait_s(self) -> float:
        """Return how long a submission at any moment waits on average.

        More submissions come in a long interval than in a short one, which adds the square of its coefficient of variation:
        P (1 + cv^2) / 2. The intervals are taken to lie evenly within the jitter.
        """
        return self.period_s * (1 + self.jitter**2 / 3) / 2 + self.grain_s / 2

    @property
    def longest_s(self) -> float:
        """Return the longest wait for the look that finds a submission."""
        return self.period_s * (1 + self.jitter) + self.grain_s


@dataclass(frozen=True)
class Shortest:
    """The shortest wait, L, and its interval; without an interval where the engine starts are too few."""

    wait_s: float
    low_s: float | None = None
    high_s: float | None = None


def ranges(group: Group) -> Iterator[Range]:
    """Yield the least, the median and the most of each metric, over all trials of a setup that count."""
    for metric in RANGED:
        trials = [trial for trial in group.counted if metric in trial.values]
        if values := [trial.values[metric] for trial in trials]:
            poll = _poll(trials) if metric == WAIT else None
            shortest = shortest_wait(_by_start(trials), poll) if poll else None
            yield Range(
                scenario=group.scenario,
                setup=group.setup,
                metric=metric,
                unit=METRICS[metric].unit,
                polls=any(trial.record.polls for trial in trials),
                workloads=len({trial.record.workload for trial in trials}),
                n=len(values),
                low=min(values),
                median=statistics.median(values),
                high=max(values),
                shortest=shortest.wait_s if shortest else None,
                shortest_low=shortest.low_s if shortest else None,
                shortest_high=shortest.high_s if shortest else None,
                period=poll.period_s if poll and shortest else None,
                longest=poll.longest_s if poll and shortest else None,
            )


def _poll(trials: Sequence[MeasuredTrial]) -> Poll | None:
    """Return how the engine of the trials polls, if all of them met the same settings."""
    polls = {Poll(trial.record.period_s, trial.record.jitter, trial.record.grain_s) for trial in trials}
    poll = polls.pop()
    return poll if not polls and poll.period_s else None


def _by_start(trials: Sequence[MeasuredTrial]) -> list[list[float]]:
    waits: dict[str, list[float]] = defaultdict(list)
    for trial in trials:
        waits[trial.record.start].append(trial.values[WAIT])
    return list(waits.values())


def shortest_wait(by_start: Sequence[Sequence[float]], poll: Poll) -> Shortest | None:
    """Return L of waits that are L and a draw of the poll, given by engine start; of few waits, nothing.

    It is their mean less the mean draw: the shortest of the waits that were seen would be the shorter the more there are.
    There is none where the middle half of the waits lies more than twice as far apart as any draw of the poll may be: then
    the tool waits for something else, of which its folder says nothing, and L would be off by the half of that.

    The interval is Student's t of the waits. Each draws for itself, but those of a start share what differs between starts.
    So the standard error is the larger of two: that of the waits, with what only a start draws anew, and that of the means
    of the starts (docs/method.md).
    """
    waits = [wait for own in by_start for wait in own]
    if len(waits) < MIN_WAITS or _middle_half(waits) > 2 * poll.longest_s:
        return None
    shortest = statistics.fmean(waits) - poll.mean_wait_s
    if len(by_start) < MIN_STARTS:
        return Shortest(max(0.0, shortest))
    # In a start, the looks keep their place between two ticks of a clock, so that only each start draws that part anew.
    locked = poll.period_s / math.sqrt(12 * len(by_start)) if poll.grain_s else 0.0
    error = max(math.hypot(_error(waits), locked), _error([statistics.fmean(own) for own in by_start]))
    reach = student(LEVEL, len(waits) - 1) * error
    return Shortest(*(max(0.0, shortest + side) for side in (0, -reach, reach)))


def _middle_half(values: Sequence[float]) -> float:
    """Return how far the middle half of the values lies apart."""
    low, _, high = statistics.quantiles(values, n=4)
    return high - low


def _error(values: Sequence[float]) -> float:
    """Return the standard error of the mean."""
    return statistics.stdev(values) / math.sqrt(len(values))
