"""What a report is made of: the results of a run, its records, and a way to look its numbers up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bench.base import wording
from bench.derive.measured import Ending
from bench.derive.results import Findings
from bench.events import timeline
from bench.events.timeline import Timeline
from bench.plan.tools import REFERENCE, TIERS
from bench.report.tools import Tools
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.case import Axes
from bench.store.folder import RunFolder
from bench.store.records import RunRecord, StartRecord, TrialRecord
from bench.store.rows import Control, flat, row_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """A run, its results, and what was written down while it went on."""

    run: RunRecord
    results: Mapping[str, Any]
    """What results.json holds."""
    samples: Sequence[Row]
    starts: Sequence[StartRecord]
    trials: Sequence[TrialRecord]
    read: Callable[[str], Timeline]
    """From a trial's id to its events."""
    endings: Mapping[str, Ending] = field(default_factory=dict)
    """How each trial ended."""

    @classmethod
    def of(cls, folder: RunFolder, run: RunRecord, found: Findings) -> Facts:
        """Gather them from a run's folder."""
        return cls(
            run,
            found.results.document(),
            [flat(each) for each in found.samples],
            folder.starts(),
            folder.trials(),
            lambda trial: timeline.read(folder.events(trial)),
            found.endings,
        )

    # Who and what was measured -----------------------------------------------------------------------------------------

    @cached_property
    def scenarios(self) -> list[str]:
        """The scenarios of the run, in the order in which the harness has them."""
        found = {row["scenario"] for row in self.results["estimates"]}
        return [name for name in SCENARIOS if name in found]

    @cached_property
    def orchestrators(self) -> list[str]:
        """The tools, plain Python last."""
        return sorted({row["orchestrator"] for row in self.results["estimates"]}, key=lambda name: (name == REFERENCE, name))

    @cached_property
    def tools(self) -> Tools:
        """How the tools are named and drawn."""
        return Tools(self.run)

    @cached_property
    def made(self) -> str:
        """How many runs there were, and in how many engine starts of whom."""
        counts = Counter(start.setup.orchestrator for start in self.starts)
        whose = ", ".join(f"{name} {counts[name]}" for name in sorted(counts, key=lambda name: (name == REFERENCE, name)))
        return f"{len(self.trials)} runs in {len(self.starts)} engine starts" + (f" ({whose})" if whose else "")

    def tiers(self, scenario: str) -> list[str]:
        """The tiers at which a scenario was run."""
        found = {row["tier"] for row in self.results["estimates"] if row["scenario"] == scenario}
        return [tier for tier in TIERS if tier in found]

    # Numbers -----------------------------------------------------------------------------------------------------------

    def estimates(self, scenario: str, tier: str) -> list[Row]:
        """Return the estimates of a scenario at a tier."""
        return self._by_place["estimates"][scenario, tier]

    def checks(self, scenario: str, tier: str | None = None) -> list[Row]:
        """Return the verdicts of a scenario, at one tier or at all."""
        tiers = [tier] if tier else list(TIERS)
        return [row for each in tiers for row in self._by_place["checks"][scenario, each]]

    def estimate(self, scenario: str, tier: str, metric: str, workload: str, who: str) -> Row | None:
        """Return one estimate of the subject with that name."""
        for row in self.estimates(scenario, tier):
            if row["metric"] == metric and row["workload"] == workload and wording.subject(row) == who:
                return row
        return None

    def range_of(self, scenario: str, tier: str, metric: str, who: str) -> Row | None:
        """Return between which values all runs of the subject with that name lay; older results do not say so."""
        rows: Sequence[Row] = self.results.get("ranges", ())
        for row in rows:
            if (row["scenario"], row["tier"], row["metric"], wording.subject(row)) == (scenario, tier, metric, who):
                return row
        return None

    def ratio(self, row: Row, against: Row) -> Row | None:
        """Return the ratio of one estimate to another, where the results have it."""
        for each in self._ratios[identity(row)]:
            if (each["against"], each["against_deployment"], each["against_profile"]) == (
                against["orchestrator"],
                against["deployment"],
                against["profile"],
            ):
                return each
        return None

    def samples_of(self, row: Row) -> Sequence[Row]:
        """Return what the single runs yielded that an estimate was made of; nothing for what several were made into."""
        return self._samples[identity(row)]

    def values(self, row: Row) -> list[float]:
        """Return the values of those runs."""
        return [float(sample["value"]) for sample in self.samples_of(row) if sample["value"] is not None]

    @cached_property
    def controls(self) -> list[Control]:
        """The ratios of setups to themselves."""
        return [row_of(Control, row) for row in self.results["controls"]]

    @cached_property
    def _ratios(self) -> Mapping[tuple[str, ...], list[Row]]:
        found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in self.results["ratios"]:
            found[identity(row)].append(row)
        return found

    @cached_property
    def _by_place(self) -> Mapping[str, Mapping[tuple[str, str], list[Row]]]:
        found: dict[str, dict[tuple[str, str], list[Row]]] = {}
        for kind in ("estimates", "checks"):
            places: dict[tuple[str, str], list[Row]] = defaultdict(list)
            for row in self.results[kind]:
                places[row["scenario"], row["tier"]].append(row)
            found[kind] = places
        return found

    @cached_property
    def _samples(self) -> Mapping[tuple[str, ...], list[Row]]:
        found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in self.samples:
            if not row["warmup"] and not row["control"]:
                found[identity(row)].append(row)
        return found

    # Trials ------------------------------------------------------------------------------------------------------------

    def axes(self, scenario: str) -> Mapping[str, Axes]:
        """Return where each workload of a scenario stands among the others."""
        return {each.workload: each.axes for each in self.trials if each.scenario == scenario and not each.warmup}

    def sizes(self, scenario: str) -> Mapping[str, Mapping[str, int]]:
        """Return which workloads make a family over their sizes: family -> workload -> size."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        line = SCENARIOS[scenario].line
        for workload, axes in self.axes(scenario).items() if line else ():
            if line and (family := line.of(axes)):
                found[family][workload] = int(axes[line.over])
        return {family: dict(sorted(sizes.items(), key=lambda item: item[1])) for family, sizes in found.items()}


def identity(row: Row) -> tuple[str, ...]:
    """Return what names an estimate: no other row of the results has the same."""
    return (row["scenario"], row["workload"], *_who(row), row["metric"])


def _who(row: Row) -> tuple[str, str, str, str]:
    return (row["orchestrator"], row["tier"], row["profile"], row["deployment"])
