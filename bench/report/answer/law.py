"""The law of overhead: what is paid for a run, a task, an import and a poll, and between tasks of a busy engine.

What an empty task of an idle engine costs is one line of the bill. A pause of the engine may go on while a task runs, and a
process for each task imports what the task needs. So the table has every line, and its sentences say what overlaps. Lines
of which a total is made are means: the median of the gaps of a chain, times their number, is not what the chain takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bench.base.stats.quantity import PLAIN_TO_SEE
from bench.plan.setup import Setup
from bench.plan.tools import REFERENCE
from bench.report import prose
from bench.report.answer.card import Below
from bench.report.answer.ranking import is_for_debugging, valued
from bench.report.facts import Facts
from bench.report.prose import Number, Part, Sentence
from bench.scenarios.load import cases as load
from bench.store.rows import Estimate, Range

TIER: Final = "service"

SMALL: Final = {"overhead": "chain_1", "load": load.EMPTY}
"""By scenario: the small run whose ends are what a run pays; the first scenario that was measured tells them."""

BETWEEN: Final = "transition_mean_ms"
"""The metric of the time between two tasks."""

LEAST_MS: Final = 10.0
"""The least difference that matters between tasks that take half a second on average: a fiftieth of that."""

OVERLAPS: Final = {
    "most": "Most of what an empty task adds overlaps with a task that takes {size}",
    "part": "A part of what an empty task adds overlaps with a task that takes {size}",
    "untold": "It cannot be told whether what an empty task adds overlaps with a task that takes {size}",
    "more": "A task that takes {size} adds more than an empty one",
    "alike": f"A task that takes {{size}} adds as much as an empty one, to within {LEAST_MS:g} ms",
}
"""What may be said of the time between two tasks, once they take time."""


@dataclass(frozen=True)
class _Bill:
    """What was measured of a tool in its usual deployment, on its servers, in default settings."""

    facts: Facts
    tool: str

    @cached_property
    def setups(self) -> dict[str, Setup]:
        """The setup by scenario: in a merged run two scenarios may be of two parts."""
        return {
            scenario: row.setup
            for scenario in SMALL
            for row in self.facts.estimates(scenario, TIER)
            if row.setup.orchestrator == self.tool and row.setup.default and row.setup.profile == "stock"
            if not is_for_debugging(self.facts, row)
        }

    def row(self, scenario: str, metric: str, workload: str) -> Estimate | None:
        """Return an estimate, if there is one."""
        setup = self.setups.get(scenario)
        return self.facts.estimate(scenario, metric, workload, setup) if setup else None

    def of_a_run(self, metric: str) -> Estimate | None:
        """Return what the small run paid."""
        rows = (self.row(scenario, metric, workload) for scenario, workload in SMALL.items())
        return next(filter(None, rows), None)

    @property
    def is_plain(self) -> bool:
        """Whether the tool is plain Python."""
        return self.tool == REFERENCE

    @property
    def name(self) -> str:
        """The name of the setup."""
        return next(iter(self.setups.values())).name

    @property
    def waits(self) -> Range | None:
        """The waits of all runs before their first task."""
        rows = (self.facts.range_of(name, "submit_to_first_s", self.setups[name]) for name in SMALL if name in self.setups)
        return next(filter(None, rows), None)


@dataclass(frozen=True)
class _Column:
    """A line of the bill."""

    heading: str
    of: Callable[[_Bill], Sentence | None]
    """Returns what a tool pays; None if nobody looked."""


def law(facts: Facts) -> Below | None:
    """Return what a pipeline pays with each tool, and what of it overlaps; None if no tool was measured on its servers."""
    bills = [bill for tool in facts.orchestrators if (bill := _Bill(facts, tool)).setups]
    if all(bill.is_plain for bill in bills):
        return None
    cells = {column.heading: [column.of(bill) for bill in bills] for column in _columns(facts)}
    shown = {heading: each for heading, each in cells.items() if any(each)}
    none = Sentence.of("- (not run)")
    rows = [[Sentence.of(bill.name), *(each[place] or none for each in shown.values())] for place, bill in enumerate(bills)]
    return Below("What is paid for what, on its servers, in default settings", _overlaps(facts, bills), ("", *shown), rows)


def _columns(facts: Facts) -> Iterator[_Column]:
    yield _Column("a run, before its first task, code without imports", _before)
    yield _Column("a wait for a poll", _poll)
    yield _Column("a run, after an empty last task", lambda bill: _known(bill.of_a_run("finish_lag_s")))
    yield _Column("an empty task, idle engine", _empty)
    if real := _real(facts):
        yield _Column(f"a task of {real.size}", lambda bill: _known(bill.row("load", BETWEEN, real.workload)))
    yield _Column("the imports of the first task", _import("first_import_s"))
    yield _Column("the imports of each later task", _import("later_import_s"))
    if most := _most_at_once(facts):
        yield _Column(
            f"between two tasks, {most.size} runs at once: 95 % within",
            lambda bill: _known(bill.row("load", "transition_p95_ms", most.workload)),
        )


@dataclass(frozen=True)
class _Chosen:
    """A workload of the scenario `load`, and its size in words."""

    workload: str
    size: str


def _real(facts: Facts) -> _Chosen | None:
    """Choose the tasks that take time: drawn durations, because equal ones all meet a tool's tick in one phase."""
    rows = [row for row in facts.estimates("load", TIER) if row.metric == BETWEEN]
    if drawn := [row for row in rows if "draw" in row.axes]:
        return _Chosen(min(drawn, key=lambda row: row.axes["draw"]).workload, f"0 to {load.LONGEST_S:g} s")
    if timed := [row for row in rows if row.axes.get("task_s")]:
        longest = max(timed, key=lambda row: float(row.axes["task_s"]))
        return _Chosen(longest.workload, f"{longest.axes['task_s']:g} s")
    return None


def _most_at_once(facts: Facts) -> _Chosen | None:
    rows = [row for row in facts.estimates("load", TIER) if int(row.axes.get("runs", 0)) > 1]
    most = max(rows, key=lambda row: int(row.axes["runs"]), default=None)
    return _Chosen(most.workload, str(most.axes["runs"])) if most else None


# The lines of the bill --------------------------------------------------------------------------------------------------


def _known(row: Estimate | None) -> Sentence | None:
    """Return an estimate with the interval, or why there is none."""
    if row is None or row.median is not None:
        return valued(row) if row else None
    return Sentence.of(f"- ({row.missing_because})")


def _before(bill: _Bill) -> Sentence | None:
    """Return the wait without the part that is a draw, or the wait of a small run where nothing polls."""
    waits = bill.waits
    if waits is None or not waits.polls:
        return _known(bill.of_a_run("submit_to_first_s"))
    shortest = prose.shortest_wait(waits)
    if not shortest:
        return Sentence.of(*prose.between(waits), ", with the poll")
    return Sentence.of(*shortest, " (n=", Number(str(waits.n), waits.n, "ranges", waits.key, "n"), ")")


def _poll(bill: _Bill) -> Sentence | None:
    waits = bill.waits
    if waits is None:
        return None
    if not waits.polls:
        return Sentence.of("none")
    longest = prose.longest_draw(waits)
    return Sentence.of("0 to ", longest) if longest else Sentence.of("- (few waits, or not as the settings say)")


def _empty(bill: _Bill) -> Sentence | None:
    return _known(bill.row("overhead", "per_task_ms", "chain") or bill.row("load", BETWEEN, load.EMPTY))


def _import(metric: str) -> Callable[[_Bill], Sentence | None]:
    return lambda bill: _known(bill.row("load", metric, load.IMPORTING))


# What overlaps ----------------------------------------------------------------------------------------------------------


def _overlaps(facts: Facts, bills: Sequence[_Bill]) -> list[Sentence]:
    """Say what is still added once tasks take time: the tools of which the same can be said in one sentence."""
    real = _real(facts)
    if real is None:
        return [
            Sentence.of("No task that takes time was measured. What an empty one adds need not be what a pipeline pays.")
        ]
    found: dict[str, list[tuple[Part, ...]]] = defaultdict(list)
    for bill in bills:
        empty, timed = (bill.row("load", BETWEEN, name) for name in (load.EMPTY, real.workload))
        overlap = bill.row("load", "overlap_ms", real.workload)
        if empty and timed and overlap and not bill.is_plain and empty.median is not None and timed.median is not None:
            numbers = (prose.median(timed), " to it, and ", prose.median(empty), " to an empty one")
            found[_kind(empty.median, timed.median, overlap)].append((f"{bill.name} adds ", *numbers))
    return [
        Sentence.of(f"{lead.format(size=real.size)}: ", *prose.listed(found[kind]), ".")
        for kind, lead in OVERLAPS.items()
        if found[kind]
    ]


def _kind(empty_ms: float, timed_ms: float, overlap: Estimate) -> str:
    """Say how much overlaps: without an interval only what is plain to see, and nothing of what is too small to matter."""
    low, high = overlap.low, overlap.high
    if low is None or high is None:
        are_alike = max(empty_ms, timed_ms) < LEAST_MS
        is_less, is_more = empty_ms > PLAIN_TO_SEE * timed_ms, timed_ms > PLAIN_TO_SEE * empty_ms
    else:
        are_alike = low > -LEAST_MS and high < LEAST_MS
        is_less, is_more = low > 0, high < 0
    if are_alike:
        return "alike"
    if abs(empty_ms - timed_ms) < LEAST_MS:
        return "untold"
    if is_less:
        return "most" if empty_ms > PLAIN_TO_SEE * timed_ms else "part"
    return "more" if is_more else "untold"
