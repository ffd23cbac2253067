"""Whether the records of a run fit together: what one of them names, another one has.

A run writes them so. The records of a stranger may name anything, and whoever derives from them looks it up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from bench.base.problem import Problem
from bench.plan.setup import ANY, Setup
from bench.plan.tools import TIERS
from bench.scenarios import METRICS, SCENARIOS
from bench.scenarios.kit.families import MOST_PLACES
from bench.store.documents import WRONG, why
from bench.store.records import READABLE, ObservationRecord, RunRecord, StartRecord, TrialRecord
from bench.store.rows import Results

MOST_TOOLS: Final = 100
"""How many tools a run may have measured; everything in a report grows with it."""

MOST_SETUPS: Final = 500
"""How many setups a run may have measured: every table has a line for each."""


def check_run(run: RunRecord) -> None:
    """Raise an error that names the key where run.json holds what no run writes."""
    if len(run.by_part) < len(run.parts) or any(part.parts for part in run.parts):
        raise ValueError("`parts` has two of one id, or one with parts of its own")
    for part in run.parts:
        check_run(part)
    for key in ("name", "about"):
        if not isinstance(run.suite.get(key), str):
            raise TypeError(f"`suite.{key}` is no text")
    if len(run.orchestrators) > MOST_TOOLS or len(set(run.orchestrators)) < len(run.orchestrators):
        raise ValueError(f"`orchestrators` has a tool twice, or more than {MOST_TOOLS}")
    if run.own_workload is not None and run.own_workload not in run.cases:
        raise ValueError("`own_workload` is none of the cases")
    for number, segment in enumerate(run.segments):
        try:
            datetime.fromisoformat(segment.began).timestamp()
        except (ValueError, OverflowError):
            raise ValueError(f"`segments[{number}].began` is no time") from None


def check_results(run: RunRecord, results: Results) -> None:
    """Raise an error that names the key where results.json holds what is not derived from such a run."""
    if results.schema not in READABLE:
        raise ValueError(f"`schema` is {results.schema}")
    setups: set[Setup] = set()
    for table in (results.estimates, results.ratios, results.controls, results.checks, results.engines, results.ranges):
        setups |= {row.setup for row in table}
    if len(setups) > MOST_SETUPS:
        raise ValueError(f"there are {len(setups)} setups, and at most {MOST_SETUPS} are shown")
    for setup in setups:
        known = setup.orchestrator in run.orchestrators and setup.part in run.by_part
        if not known or setup.tier not in (*TIERS, ANY):
            raise ValueError(f"the setup {setup.path[:100]!r} is none of the run")


def check_records(
    folder: Path,
    run: RunRecord,
    trials: Sequence[TrialRecord],
    starts: Sequence[StartRecord],
    observations: Sequence[ObservationRecord],
) -> None:
    """Raise where a record names what neither run.json has nor this orchbench: the line names the file and the key."""
    asked = {(trial.setup.part, trial.workload): None for trial in trials}
    for part, name in asked:
        if part not in run.by_part or name not in run.by_part[part].cases:
            continue  # which the trial has to answer for, below
        try:
            run.by_part[part].cases[name].at({}).expected  # noqa: B018 - raises, if the work is none, or is not what is expected of
        except (Problem, *WRONG) as error:
            raise Problem(f"{folder / 'run.json'}: `cases.{name}` is no case ({why(error)})") from None
    places: dict[tuple[str, Setup, str], set[float]] = defaultdict(set)
    for trial in trials:
        file = folder / "trials" / trial.id / "trial.json"
        _check_setup(file, trial.setup, run)
        _check(file, "workload", trial.workload, run.by_part[trial.setup.part].cases)
        _check_scenario(file, trial.scenario, run)
        for axis, place in _places(file, trial):
            known = places[trial.scenario, trial.setup, axis]
            known.add(place)
            if len(known) > MOST_PLACES:
                raise Problem(f"{file}: `axes.{axis}` has more than {MOST_PLACES} values, of {trial.setup.label[:100]!r}")
    for start in starts:
        _check_setup(folder / "starts" / start.id / "start.json", start.setup, run)
    for observation in observations:
        file = folder / "observations" / f"{observation.id}.json"
        _check_scenario(file, observation.scenario, run)
        _check_setup(file, observation.setup, run)
        for metric in observation.values:
            _check(file, "values", metric, METRICS)


@contextmanager
def fit_together(*folders: Path) -> Iterator[None]:
    """Name the folders where records pass every check and still make no sense, such as facts of another scenario."""
    try:
        yield
    except WRONG as error:
        said = f"the records do not fit together ({type(error).__name__}: {why(error)})"
        raise Problem(f"{' or '.join(map(str, folders))}: {said}") from error


def _check_scenario(file: Path, name: str, run: RunRecord) -> None:
    _check(file, "scenario", name, run.scenarios)
    _check(file, "scenario", name, SCENARIOS)


def _places(file: Path, trial: TrialRecord) -> Iterator[tuple[str, float]]:
    """Yield the places of a trial on the axes over which there are lines and sweeps."""
    scenario = SCENARIOS[trial.scenario]
    for family in filter(None, (scenario.line, scenario.sweep)):
        place = trial.axes.get(family.over, 0)
        if isinstance(place, str):
            raise Problem(f"{file}: `axes.{family.over}` is {place[:100]!r}, and no number")
        yield family.over, place


def _check_setup(file: Path, setup: Setup, run: RunRecord) -> None:
    if setup.part not in run.by_part:
        raise Problem(f"{file}: `setup.part` is {str(setup.part)[:100]!r}, which is no part of run.json")
    _check(file, "setup.orchestrator", setup.orchestrator, run.orchestrators)
    _check(file, "setup.tier", setup.tier, (*TIERS, ANY))


def _check(file: Path, key: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise Problem(f"{file}: `{key}` is {name[:100]!r}, which neither run.json nor this orchbench knows")
