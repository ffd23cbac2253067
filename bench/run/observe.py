"""What is looked at once, before anything runs: the observations that the scenarios of a run ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.derive import excerpts
from bench.plan.setup import Setup
from bench.scenarios import SCENARIOS
from bench.scenarios.kit.observation import Lines
from bench.store.folder import RunFolder
from bench.store.records import ObservationRecord, RunRecord


@dataclass(frozen=True)
class Kept:
    """What a run has kept to be looked at; see observation.Look."""

    run: RunRecord
    code: Mapping[tuple[str, str], Lines]

    @classmethod
    def of(cls, folder: RunFolder, run: RunRecord) -> Kept:
        """Count the code."""
        counted = excerpts.counted(folder, run)
        return cls(run, {(each.orchestrator, each.scenario): Lines(each.lines, each.places) for each in counted})

    @property
    def tools(self) -> Sequence[str]:
        """The tools of the run."""
        return self.run.orchestrators

    def styles(self, tool: str) -> Sequence[str]:
        """Return the other styles in which the tool has the pipelines."""
        return list(self.run.about(tool).styles)

    def lines(self, tool: str, part: str) -> Lines | None:
        """Return the code that a tool takes for a part."""
        return self.code.get((tool, part))


def observe(folder: RunFolder, run: RunRecord) -> None:
    """Write down what the scenarios of the run see where nothing runs."""
    look = Kept.of(folder, run)
    for name in run.scenarios:
        scenario = SCENARIOS[name]
        for each in scenario.observe(look) if scenario.observe else ():
            record = ObservationRecord(
                id=f"{name}-{each.case}-{each.tool}",
                scenario=name,
                case=each.case,
                setup=Setup.of_any_kind(each.tool),
                values=dict(each.values),
                because=each.because,
                holds=dict(each.holds),
            )
            folder.write_observation(record)
