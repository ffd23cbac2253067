"""Why two runs cannot be compared: another machine, version, setting or graph gives other numbers by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

import msgspec

from bench.base import wording
from bench.base.origin import Host
from bench.plan.suite import Suite
from bench.scenarios import SCENARIOS, Case, Work
from bench.scenarios.kit.families import Family, Sweep
from bench.store.records import RunRecord, Setting
from contract.workload import Workload

PACE: Final = 1 / 6
"""How much slower than another a machine may compute and still count as the same one.

Two virtual machines with the same host name, processor model and size differed by 23 % (reports/earlier has a run of each).
Most readings of one boot differ by one or two hundredths. One was lower by a third, on a machine with two paces
(reports/sample; see docs/fairness.md).
"""


@dataclass(frozen=True)
class Difference:
    """A way in which two runs differ, so that their numbers cannot be compared."""

    of: Literal["run", "scenario", "workload", "tool", "setting"]
    name: str
    """The scenario, the workload or family, the tool or the setup; empty for the whole run."""
    said: str
    tier: str = ""
    """The tier, if only one tier differs."""


def differences(before: RunRecord, after: RunRecord) -> list[Difference]:
    """Return why the two runs cannot be compared."""
    return list(_differences(before, after))


def _differences(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    run = [
        *_differing("", {"schema": before.schema, "width": before.width}, {"schema": after.schema, "width": after.width}),
        *_differing("host", _facts_of(before.host), _facts_of(after.host)),
        *_paces(before.cpu_rounds_per_s, after.cpu_rounds_per_s),
        *_differing("the customers'", {"sha256": before.data.get("sha256")}, {"sha256": after.data.get("sha256")}),
    ]
    yield from (Difference("run", "", said) for said in run)
    for name in sorted(before.scenarios.keys() & after.scenarios.keys()):
        for said in _differing("version of scenario", {name: before.scenarios[name]}, {name: after.scenarios[name]}):
            yield Difference("scenario", name, said)
    for tool in sorted(before.versions.keys() & after.versions.keys()):
        for said in _differing(f"{tool}:", before.versions[tool], after.versions[tool]):
            yield Difference("tool", tool, said)
    for who in sorted(before.settings.keys() & after.settings.keys()):
        for said in _differing(f"{who}, setting", _values(before.settings[who]), _values(after.settings[who])):
            yield Difference("setting", who, said)
    for name in sorted(before.cases.keys() & after.cases.keys()):
        if _graph(name, before) != _graph(name, after):
            yield Difference("workload", name, f"workload {name} is another graph")
    yield from _other_lines(_points(before), _points(after))


def asks_for_all_of(before: RunRecord, after: RunRecord) -> bool:
    """Whether the second run must have all that the first has: it was planned for the same suite, workload and tools."""
    same = (before.suite, before.own_workload) == (after.suite, after.own_workload)
    return same and set(before.orchestrators) <= set(after.orchestrators)


def is_duel(before: RunRecord, after: RunRecord) -> bool:
    """Whether the two are the sides of one duel."""
    return bool(before.duel) and before.duel == after.duel


def _paces(before: float, after: float) -> Iterator[str]:
    if min(before, after) < (1 - PACE) * max(before, after):
        yield f"host pace is {before / 1e6:.3g} and {after / 1e6:.3g} million rounds of CPU work a second"


def is_calibrated(name: str, run: RunRecord) -> bool:
    """Whether the CPU work of a case was calibrated to the machine of the run; the reader's own workload never is."""
    work = run.cases[name].asked
    return name != run.own_workload and isinstance(work, Workload) and any(node.op == "cpu" for node in work.nodes)


def _graph(name: str, run: RunRecord) -> Work:
    """Return the work of a case; work that each run calibrates anew comes without the amount."""
    work = run.cases[name].asked
    if not isinstance(work, Workload) or not is_calibrated(name, run):
        return work
    return replace(
        work, nodes=tuple(replace(node, params={"rounds": 1}) if node.op == "cpu" else node for node in work.nodes)
    )


class Line(NamedTuple):
    """A family of workloads that a line goes through, in a scenario at a tier."""

    scenario: str
    tier: str
    family: str


Points = Mapping[float, str]
"""The points of a line, in words: sizes, or task durations in a sweep."""


def _other_lines(before: Mapping[Line, Points], after: Mapping[Line, Points]) -> Iterator[Difference]:
    """Yield the lines that go through other points: a slope over other sizes is another number."""
    for line in sorted(before.keys() & after.keys()):
        first, second = before[line], after[line]
        # A single point makes no line.
        if first != second and min(len(first), len(second)) > 1:
            where = f"{line.scenario} at the {line.tier} tier"
            said = f"{where} lays {line.family} through {_listed(first)} and {_listed(second)}"
            yield Difference("workload", line.family, said, line.tier)


def _points(run: RunRecord) -> Mapping[Line, Points]:
    """Return the points of all lines of the suite of a run."""
    lines: dict[Line, dict[float, str]] = defaultdict(dict)
    try:
        blocks = msgspec.convert(run.suite, Suite).blocks if not run.own_workload else []
        for block in blocks:
            scenario = SCENARIOS[block.scenario]
            for case in block.cases(run.width, run.cpu_rounds_per_s):
                for family in filter(None, (scenario.line, scenario.sweep)):
                    if name := family.of(case.axes):
                        lines[Line(block.scenario, block.tier, name)] |= _point(family, case)
    except (msgspec.ValidationError, KeyError):
        return {}  # another version of the scenarios, which is a difference already
    return lines


def _point(family: Family, case: Case) -> Points:
    value = float(case.axes[family.over])
    return {value: wording.said("s", value) if isinstance(family, Sweep) else f"{value:g}"}


def _listed(points: Points) -> str:
    return ", ".join(points[value] for value in sorted(points))


def _facts_of(host: Host) -> dict[str, object]:
    return {name: getattr(host, name) for name in ("name", "cpu", "cores", "memory_gb", "python")}


def _values(settings: Iterable[Setting]) -> dict[str, str]:
    return {each.name: each.value for each in settings}


def _differing(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [
        f"{what} {name} is {before.get(name)} and {after.get(name)}".strip()
        for name in names
        if before.get(name) != after.get(name)
    ]
