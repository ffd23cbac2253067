"""What a report is made of: the results and the records of a run, and how to look a number up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from bench.derive.draws import Draws
from bench.derive.measured import Ending
from bench.derive.results import Findings
from bench.events import timeline
from bench.events.timeline import Timeline
from bench.plan.setup import ANY, Part, Setup
from bench.plan.tools import REFERENCE, TIERS
from bench.report import draws
from bench.report.prose import Sentence
from bench.report.settings import Standing, Standings
from bench.report.tools import Tools
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.case import Axes
from bench.store.folder import RunFolder
from bench.store.records import RunRecord, StartRecord, TrialRecord
from bench.store.rows import OF_SETUPS, Check, Estimate, Range, Ratio, Results, Sample

Placed = TypeVar("Placed", Estimate, Check)


@dataclass(frozen=True)
class Facts:
    """A run: the results, and what was recorded while it went on."""

    run: RunRecord
    results: Results
    samples: Sequence[Sample]
    starts: Sequence[StartRecord]
    trials: Sequence[TrialRecord]
    read: Callable[[str], Timeline]
    """Reads the events of a trial, by the id of the trial."""
    endings: Mapping[str, Ending] = field(default_factory=dict)
    """How each trial ended."""

    @classmethod
    def of(cls, folder: RunFolder, run: RunRecord, findings: Findings) -> Facts:
        """Gather the facts from the folder of a run."""
        return cls(
            run,
            findings.results,
            findings.samples,
            folder.starts(),
            folder.trials(),
            lambda trial: timeline.read(folder.events(trial)),
            findings.endings,
        )

    # Who and what was measured -----------------------------------------------------------------------------------------

    @cached_property
    def scenarios(self) -> list[str]:
        """The scenarios of the run, in the order in which the harness has them."""
        measured = {row.scenario for row in self.results.estimates}
        return [name for name in SCENARIOS if name in measured]

    @cached_property
    def orchestrators(self) -> list[str]:
        """The tools, plain Python last."""
        return sorted({row.setup.orchestrator for row in self.results.estimates}, key=lambda name: (name == REFERENCE, name))

    @cached_property
    def tools(self) -> Tools:
        """The names and the looks of the tools."""
        return Tools(self.run)

    @cached_property
    def made(self) -> str:
        """How many runs there were, and in how many engine starts of each tool."""
        counts = Counter(start.setup.orchestrator for start in self.starts)
        total = f"{len(self.trials)} runs in {len(self.starts)} engine starts"
        tools = ", ".join(f"{name} {counts[name]}" for name in sorted(counts, key=lambda name: (name == REFERENCE, name)))
        return f"{total} ({tools})" if tools else total

    def tiers(self, scenario: str) -> list[str]:
        """The tiers at which a scenario was run."""
        measured = {row.setup.tier for row in self.results.estimates if row.scenario == scenario}
        return [tier for tier in TIERS if tier in measured]

    def places(self, scenario: str) -> list[str]:
        """The tiers at which a scenario was run, and ANY if there are numbers that belong to no tier."""
        return [*self.tiers(scenario), *([ANY] if self.estimates(scenario, ANY) else [])]

    # The parts of a merged run ------------------------------------------------------------------------------------------

    @cached_property
    def by_part(self) -> Sequence[Facts]:
        """The facts of each part; those of a run that is not merged are all of one."""
        if not self.run.parts:
            return [self]
        return [replace(self._only(_is_of(part.id)), run=part) for part in self.run.parts]

    def parts(self, scenario: str) -> Sequence[Facts]:
        """Return the facts of each part that has measured a scenario."""
        return [part for part in self.by_part if scenario in part.scenarios]

    @cached_property
    def of_the_answer(self) -> Facts:
        """The facts that tools are ranked by: of a scenario at a tier those of one part, which measured the most tools."""
        chosen: dict[tuple[str, str], tuple[int, Part]] = {}
        for part in self.by_part if self.run.parts else ():
            for place, rows in _by_scenario_and_tier(part.results.estimates).items():
                tools = len({row.setup.orchestrator for row in rows})
                if tools > chosen.get(place, (0, ""))[0]:
                    chosen[place] = (tools, part.run.id)

        def is_chosen(row: Any) -> bool:
            part = row.setup.part
            return bool(chosen.get((getattr(row, "scenario", ""), row.setup.tier), (0, part))[1] == part)

        return self._only(is_chosen) if chosen else self

    def told(self, setup: Setup, scenario: str = "") -> str:
        """Return the part of a setup in words, unless no other part has the scenario, where one is named."""
        several = not scenario or len(self.parts(scenario)) > 1
        return "".join(f", part {part}" for part in setup.in_part if several)

    def _only(self, is_wanted: Callable[[Any], bool]) -> Facts:
        """Leave out the rows and the records that are not wanted."""
        tables = {table: list(filter(is_wanted, getattr(self.results, table))) for table in OF_SETUPS}
        return replace(
            self,
            results=msgspec.structs.replace(self.results, **tables),
            samples=list(filter(is_wanted, self.samples)),
            starts=list(filter(is_wanted, self.starts)),
            trials=list(filter(is_wanted, self.trials)),
        )

    # Numbers -----------------------------------------------------------------------------------------------------------

    def estimates(self, scenario: str, tier: str) -> list[Estimate]:
        """Return the estimates of a scenario at a tier."""
        return self._estimates[scenario, tier]

    def checks(self, scenario: str, tier: str) -> list[Check]:
        """Return the verdicts on a scenario at a tier."""
        return self._checks[scenario, tier]

    def standing(self, scenario: str, tier: str) -> Standing:
        """Return which rows stand for the tools in a scenario at a tier."""
        return self._standings.at(scenario, tier)

    def judged(self, check: str) -> Sequence[Check]:
        """Return the verdicts that count on a check (`scenario.check`), at all tiers."""
        return self._standings.judged(check)

    def estimate(self, scenario: str, metric: str, workload: str, setup: Setup) -> Estimate | None:
        """Return one estimate of a setup."""
        return self._by_key.get((scenario, workload, *setup.key, metric))

    def range_of(self, scenario: str, metric: str, setup: Setup) -> Range | None:
        """Return the least, the median and the most of all runs of a setup."""
        key = (scenario, *setup.key, metric)
        return next((row for row in self.results.ranges if row.key == key), None)

    @cached_property
    def draws(self) -> Draws:
        """The numbers that a poll draws."""
        return Draws.of(self.results.ranges, self.trials)

    def draw(self, row: Estimate, *, own: bool = False) -> Sentence | None:
        """Return an estimate in parentheses, if a poll draws it."""
        return draws.drawn(self.draws, row, own=own)

    def ratio(self, row: Estimate, other: Estimate) -> Ratio | None:
        """Return the ratio of one estimate to another, where the results have it."""
        setup = other.setup
        against = (setup.orchestrator, setup.deployment, setup.profile)
        return next((ratio for ratio in self._ratios[row.key] if ratio.key == (*row.key, *against)), None)

    def samples_of(self, row: Estimate) -> Sequence[Sample]:
        """Return the values of the single runs behind an estimate; none where it was derived from other numbers."""
        return self._samples[row.key]

    def values(self, row: Estimate) -> list[float]:
        """Return those of the values that are known."""
        return [sample.value for sample in self.samples_of(row) if sample.value is not None]

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, ...], Estimate]:
        return {row.key: row for row in self.results.estimates}

    @cached_property
    def _estimates(self) -> Mapping[tuple[str, str], list[Estimate]]:
        return _by_scenario_and_tier(self.results.estimates)

    @cached_property
    def _checks(self) -> Mapping[tuple[str, str], list[Check]]:
        return _by_scenario_and_tier(self.results.checks)

    @cached_property
    def _standings(self) -> Standings:
        return Standings(self.results.estimates, self.results.checks)

    @cached_property
    def _ratios(self) -> Mapping[tuple[str, ...], list[Ratio]]:
        found: dict[tuple[str, ...], list[Ratio]] = defaultdict(list)
        for row in self.results.ratios:
            found[row.of].append(row)
        return found

    @cached_property
    def _samples(self) -> Mapping[tuple[str, ...], list[Sample]]:
        found: dict[tuple[str, ...], list[Sample]] = defaultdict(list)
        for row in self.samples:
            if row.counts:
                found[row.of].append(row)
        return found

    # Trials ------------------------------------------------------------------------------------------------------------

    def axes(self, scenario: str) -> Mapping[str, Axes]:
        """Return the axes of each workload of a scenario."""
        return {trial.workload: trial.axes for trial in self.trials if trial.scenario == scenario and not trial.warmup}

    def sizes(self, scenario: str) -> Mapping[str, Mapping[str, int]]:
        """Return the families that differ in size, with their workloads: family -> workload -> size."""
        line = SCENARIOS[scenario].line
        if line is None:
            return {}
        families: dict[str, dict[str, int]] = defaultdict(dict)
        for workload, axes in self.axes(scenario).items():
            if family := line.of(axes):
                families[family][workload] = int(axes[line.over])
        return {family: dict(sorted(sizes.items(), key=lambda item: item[1])) for family, sizes in families.items()}


def _is_of(part: str) -> Callable[[Any], bool]:
    return lambda row: bool(row.setup.part == part)


def _by_scenario_and_tier(rows: Sequence[Placed]) -> Mapping[tuple[str, str], list[Placed]]:
    """Group rows by scenario and tier."""
    found: dict[tuple[str, str], list[Placed]] = defaultdict(list)
    for row in rows:
        found[row.scenario, row.setup.tier].append(row)
    return found
