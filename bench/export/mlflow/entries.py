"""What is logged of a run: the entries, read from its own files."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.base import wording
from bench.export.mlflow.limits import allowed
from bench.store.records import RunRecord

Row = Mapping[str, Any]

RUN: Final = "orchbench.run"
FINGERPRINT: Final = "orchbench.fingerprint"
"""The tag by which a run is found again: two runs may have one name, and a name may hold the quotes of a query."""

SUBJECT: Final = ("scenario", "orchestrator", "tier", "profile", "deployment")
"""What makes a child: it is one of the parts of results.json that has these in common."""


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


def entries(run: RunRecord, results: Row, samples: Iterable[Row]) -> tuple[Entry, list[Entry]]:
    """Return what is logged of a run: the parent, and its children."""
    estimates, checks = _by_subject(results["estimates"]), _by_subject(results["checks"])
    counted = _by_subject(row for row in samples if (row["warmup"], row["control"]) == ("0", "0"))
    children = [
        _child(run, [*estimates[key], *checks[key]][0], estimates[key], checks[key], counted[key])
        for key in dict.fromkeys([*estimates, *checks])
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
    return Entry(run.id, params, _provenance(run) | versions, _counts(results["checks"])), children


def _child(run: RunRecord, its: Row, estimates: Sequence[Row], checks: Sequence[Row], samples: Sequence[Row]) -> Entry:
    params = {key: its[key] for key in (*SUBJECT, "isolation")} | {
        "scenario_version": run.scenarios.get(its["scenario"]),
        "suite": run.suite["name"],
        "seed": run.seed,
        "width": run.width,
    }
    versions = {f"version.{package}": version for package, version in run.versions.get(its["orchestrator"], {}).items()}
    points: list[Point] = []
    missing: list[dict[str, Any]] = []
    for row in estimates:
        name = metric_name(row["workload"], row["metric"])
        no_interval = "one run has no interval" if row["n"] < 2 else "the interval is open"
        for key, column in ((name, "median"), (f"{name}.low", "low"), (f"{name}.high", "high")):
            if row[column] is None:
                missing.append({"metric": key, "missing_because": row["missing_because"] or no_interval})
            else:
                points.append(Point(key, row[column]))
    order = {trial: step for step, trial in enumerate(dict.fromkeys(row["trial"] for row in samples), 1)}
    for row in samples:
        key, step = f"{metric_name(row['workload'], row['metric'])}.run", order[row["trial"]]
        if row["value"] == "":
            missing.append({"metric": key, "step": step, "missing_because": row["missing_because"]})
        else:
            points.append(Point(key, float(row["value"]), step))
    documents = {
        "missing.json": missing,
        "checks.json": [{key: row[key] for key in ("check", "verdict", "because")} for row in checks],
    }
    return Entry(
        f"{its['scenario']}, {its['tier']}: {wording.subject(its)}",
        params,
        _provenance(run) | versions,
        [*points, *_counts(checks)],
        {name: rows for name, rows in documents.items() if rows},
    )


def metric_name(workload: str, metric: str) -> str:
    """Name a metric of a workload, as MLflow takes it."""
    return f"{allowed(workload)}.{allowed(metric)}"


def _by_subject(rows: Iterable[Row]) -> defaultdict[tuple[str, ...], list[Row]]:
    found: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[key] for key in SUBJECT)].append(row)
    return found


def _counts(checks: Iterable[Row]) -> list[Point]:
    verdicts = Counter(row["verdict"] for row in checks)
    return [Point(f"checks.{verdict}", verdicts[verdict]) for verdict in ("pass", "fail", "unsupported")]


def _provenance(run: RunRecord) -> dict[str, object]:
    """Return the tags that all entries of a run have; those with MLflow's own names are shown in its lists."""
    return {
        RUN: run.id,
        FINGERPRINT: fingerprint(run),
        "git.commit": run.git.get("id"),
        "git.dirty": run.git.get("dirty"),
        "host.name": run.host.get("name"),
        "host.cpu": run.host.get("cpu"),
        "host.cores": run.host.get("cores"),
        "mlflow.source.name": "orchbench",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": run.git.get("id"),
    }


def fingerprint(run: RunRecord) -> str:
    """Return what a run has from its beginning to its end, in every copy, and shares with no other."""
    its = (run.id, run.plan, run.seed, run.host.get("boot_id"), run.segments[0].began)
    return hashlib.sha256(repr(its).encode(errors="surrogatepass")).hexdigest()[:16]
