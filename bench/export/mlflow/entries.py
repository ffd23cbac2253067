"""What is logged of a run: the entries, read from the files of the run."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bench.base.origin import Host
from bench.export.mlflow.limits import allowed
from bench.store.records import RunRecord
from bench.store.rows import Check, Estimate, Outcome, Results, Sample

RUN: Final = "orchbench.run"
FINGERPRINT: Final = "orchbench.fingerprint"
"""The tag by which a run is found again: two runs may have one name, and a name may hold the quotes of a query."""
CONTENT: Final = "orchbench.content"
"""The tag for all that an entry was made of.

Whoever has a run can alter a copy, fingerprint and all. Where several people log their runs, an entry is therefore replaced
by one of the same content only, so that nothing is lost by it.
"""

COUNTED: Final[Sequence[Outcome]] = ("pass", "fail", "unsupported")

Kind = TypeVar("Kind", Estimate, Check, Sample)


@dataclass(frozen=True)
class Point:
    """A metric's value; the steps of a metric are runs in the order in which they were made."""

    key: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Entry:
    """What one run of MLflow's holds."""

    name: str
    params: Mapping[str, object]
    tags: Mapping[str, object]
    points: Sequence[Point]
    documents: Mapping[str, Any] = field(default_factory=dict)
    """Files, by name, in JSON."""


def entries(run: RunRecord, results: Results, samples: Iterable[Sample]) -> tuple[Entry, list[Entry]]:
    """Return what is logged of a run: the parent, and the children."""
    estimates, checks = _by_child(results.estimates), _by_child(results.checks)
    counted = _by_child(each for each in samples if each.counts)
    children = [
        _child(run, Measured(estimates[child], checks[child], counted[child]))
        for child in dict.fromkeys([*estimates, *checks])
    ]
    params = {
        "suite": run.suite["name"],
        "seed": run.seed,
        "width": run.width,
        "orchestrators": ", ".join(run.orchestrators),
        "scenarios": ", ".join(run.scenarios),
        "runs": run.trials_planned,
        "data": run.data.get("file"),
    }
    versions = {
        f"version.{tool}.{package}": version
        for tool, packages in run.versions.items()
        for package, version in packages.items()
    }
    return Entry(run.id, params, _provenance(run) | _machine(run.host) | versions, _counts(results.checks)), children


@dataclass(frozen=True)
class Measured:
    """What was measured of a setup in a scenario."""

    estimates: Sequence[Estimate]
    checks: Sequence[Check]
    samples: Sequence[Sample]

    @property
    def first(self) -> Estimate | Check:
        """Any of the rows: all of them name the scenario and the setup."""
        return self.estimates[0] if self.estimates else self.checks[0]


def _child(run: RunRecord, measured: Measured) -> Entry:
    scenario, setup = measured.first.scenario, measured.first.setup
    part = run.by_part[setup.part]
    params = {
        "scenario": scenario,
        "orchestrator": setup.orchestrator,
        "tier": setup.tier,
        "profile": setup.profile,
        "deployment": setup.deployment,
        "isolation": setup.isolation,
        "database": setup.database,
        "part": next(iter(setup.in_part), None),
        "scenario_version": part.scenarios.get(scenario),
        "suite": part.suite["name"],
        "seed": part.seed,
        "width": part.width,
    }
    versions = {f"version.{package}": version for package, version in part.versions.get(setup.orchestrator, {}).items()}
    points: list[Point] = []
    missing: list[dict[str, object]] = []
    for row in measured.estimates:
        name = metric_name(row.workload, row.metric)
        no_interval = "one run has no interval" if row.n < 2 else "the interval is open"
        for key, value in ((name, row.median), (f"{name}.low", row.low), (f"{name}.high", row.high)):
            if value is None:
                missing.append({"metric": key, "missing_because": row.missing_because or no_interval})
            else:
                points.append(Point(key, value))
    order = {trial: step for step, trial in enumerate(dict.fromkeys(each.trial for each in measured.samples), 1)}
    for each in measured.samples:
        key, step = f"{metric_name(each.workload, each.metric)}.run", order[each.trial]
        if each.value is None:
            missing.append({"metric": key, "step": step, "missing_because": each.missing_because or ""})
        else:
            points.append(Point(key, each.value, step))
    documents = {
        "missing.json": missing,
        "checks.json": [{"check": each.check, "verdict": each.verdict, "because": each.because} for each in measured.checks],
    }
    return Entry(
        ", ".join((scenario, setup.tier, *(f"part {each}" for each in setup.in_part))) + f": {setup.name}",
        params,
        _provenance(run) | _machine(part.host) | versions,
        [*points, *_counts(measured.checks)],
        {name: rows for name, rows in documents.items() if rows},
    )


def metric_name(workload: str, metric: str) -> str:
    """Name a metric of a workload, as MLflow takes it."""
    return f"{allowed(workload)}.{allowed(metric)}"


def _by_child(rows: Iterable[Kind]) -> defaultdict[tuple[str, str], list[Kind]]:
    """Put together what is of one setup in one scenario."""
    by_child: defaultdict[tuple[str, str], list[Kind]] = defaultdict(list)
    for row in rows:
        by_child[row.scenario, row.setup.path].append(row)
    return by_child


def _counts(checks: Iterable[Check]) -> list[Point]:
    verdicts = Counter(each.verdict for each in checks)
    return [Point(f"checks.{verdict}", verdicts[verdict]) for verdict in COUNTED]


def _provenance(run: RunRecord) -> dict[str, object]:
    """Return the tags that all entries of a run have; those with MLflow's own names are shown in its lists."""
    return {
        RUN: run.id,
        FINGERPRINT: fingerprint(run),
        "git.commit": run.git.id,
        "git.dirty": run.git.dirty,
        "mlflow.source.name": "orchbench",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": run.git.id,
    }


def _machine(host: Host) -> dict[str, object]:
    """Return the tags of the machine; those of a merged run have what all parts share."""
    return {"host.name": host.name, "host.cpu": host.cpu, "host.cores": host.cores}


def fingerprint(run: RunRecord) -> str:
    """Return what a run has from beginning to end, in every copy, and shares with no other run."""
    identity = (run.id, run.plan, run.seed, run.host.boot_id, run.segments[0].began)
    return hashlib.sha256(repr(identity).encode(errors="surrogatepass")).hexdigest()[:16]
