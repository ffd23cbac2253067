"""Why two runs cannot be compared: other machines, versions, settings or graphs give other numbers by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from bench.records import RunRecord
from bench.scenarios import Work
from contract import pipeline
from contract.workload import Workload

PACE: Final = 1 / 6
"""How much slower than the other a machine may compute and still pass for the same one.

Measured twice in one boot, the pace differs by one or two hundredths, as the best of many tries. Two virtual machines of one
host name, one processor model and one size differed by 23 %: their names say less than what they do.
"""


@dataclass(frozen=True)
class Difference:
    """A way in which two runs differ, so that their numbers cannot be compared."""

    of: Literal["run", "scenario", "workload", "tool", "setting"]
    name: str
    """Which scenario, workload, tool or subject; empty where it is the whole run."""
    said: str


def differences(before: RunRecord, after: RunRecord) -> list[Difference]:
    """Return why the two runs cannot be compared."""
    return list(_differences(before, after))


def _differences(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    host = ("name", "cpu", "cores", "memory_gb", "python")
    run = [
        *_differing("", {"schema": before.schema, "width": before.width}, {"schema": after.schema, "width": after.width}),
        *_differing("host", {key: before.host.get(key) for key in host}, {key: after.host.get(key) for key in host}),
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
    for name in sorted(before.workloads.keys() & after.workloads.keys()):
        if _graph(name, before) != _graph(name, after):
            yield Difference("workload", name, f"workload {name} is another graph")


def _paces(before: float, after: float) -> Iterator[str]:
    if min(before, after) < (1 - PACE) * max(before, after):
        yield f"host pace is {before / 1e6:.3g} and {after / 1e6:.3g} million rounds of CPU work a second"


def is_calibrated(name: str, run: RunRecord) -> bool:
    """Whether its CPU work was made as much as the machine of that run does in a given time; the reader's own never is."""
    work = pipeline.read(run.workloads[name])
    return name != run.own_workload and isinstance(work, Workload) and any(node.op == "cpu" for node in work.nodes)


def _graph(name: str, run: RunRecord) -> Work:
    """Return what ran under that name; of work that each run calibrates anew, without how much of it there is."""
    work = pipeline.read(run.workloads[name])
    if not isinstance(work, Workload) or not is_calibrated(name, run):
        return work
    return replace(
        work, nodes=tuple(replace(node, params={"rounds": 1}) if node.op == "cpu" else node for node in work.nodes)
    )


def _values(settings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in settings}


def _differing(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [
        f"{what} {name} is {before.get(name)} and {after.get(name)}".strip()
        for name in names
        if before.get(name) != after.get(name)
    ]
