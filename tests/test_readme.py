"""The table on the README's first screen is that of the run that it names, to the last digit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import ROOT

from bench import wording

SAMPLE = ROOT / "reports" / "sample"
RESULTS = json.loads((SAMPLE / "results.json").read_text())
RUN = json.loads((SAMPLE / "run.json").read_text())
README = (ROOT / "README.md").read_text()

NAMES = {"airflow": "Airflow", "dagster": "Dagster", "prefect": "Prefect", "plain": "plain Python"}

Row = Mapping[str, Any]


def usual(rows: str, orchestrator: str, tier: str, **wanted: str) -> Row:
    """Return the row of such a list for an orchestrator as it usually is deployed, in stock settings."""
    engines = [each for each in RESULTS["engines"] if each["default"]]
    (deployment,) = {each["deployment"] for each in engines if (each["orchestrator"], each["tier"]) == (orchestrator, tier)}
    wanted |= {"orchestrator": orchestrator, "tier": tier, "profile": "stock", "deployment": deployment}
    (row,) = (each for each in RESULTS[rows] if wanted.items() <= each.items())
    return dict(row)


def median(orchestrator: str, tier: str, scenario: str, workload: str, metric: str) -> str:
    """Return a median in words."""
    row = usual("estimates", orchestrator, tier, scenario=scenario, workload=workload, metric=metric)
    return wording.reading(row).text


def over_all_runs(orchestrator: str, tier: str, metric: str) -> Row:
    """Return the least, the median and the most of all runs of *overhead*."""
    return usual("ranges", orchestrator, tier, scenario="overhead", metric=metric)


def cells(its: str) -> list[str]:
    """Return an orchestrator's row."""
    wait = over_all_runs(its, "service", "submit_to_first_s")
    lags = [wording.said("s", over_all_runs(its, tier, "finish_lag_s")["median"]) for tier in ("library", "service")]
    step, lag, without = (
        median(its, "service", "churn", "train", metric) for metric in ("makespan_s", "finish_lag_s", "between_steps_s")
    )
    (pipeline,) = (each for each in RESULTS["code"] if (each["orchestrator"], each["scenario"]) == (its, "pipeline"))
    engine = usual("engines", its, "service")
    memory = "-" if engine["idle_pss_mb"] is None else f"{engine['idle_pss_mb']:.0f} MB"
    versions = RUN["versions"][its]
    return [
        f"{NAMES[its]} {versions.get(its, versions.get('python'))}",
        median(its, "library", "overhead", "chain", "per_task_ms"),
        median(its, "service", "overhead", "chain", "per_task_ms"),
        f"{wording.said('s', wait['low'], wait['high'])} ({wait['n']} runs)",
        "; ".join(lags),
        f"{step} + {lag}; {without}",
        str(pipeline["lines"]),
        f"{engine['needed']}; {memory}",
    ]


@pytest.mark.parametrize("orchestrator", NAMES)
def test_the_table_is_the_samples(orchestrator: str) -> None:
    """Each cell begins with the number that results.json has."""
    rows = [line.strip("| ").split(" | ") for line in README.splitlines() if line.startswith(f"| {NAMES[orchestrator]} ")]
    assert len(rows) == 1
    wanted = cells(orchestrator)
    assert [cell[: len(number)] for cell, number in zip(rows[0], wanted, strict=True)] == wanted


def test_the_run_is_named() -> None:
    """By its id and its seed, and it is of a full suite."""
    assert f"`{RUN['id']}`" in README and f"seed {RUN['seed']}" in README
    assert RUN["suite"]["name"] == "full" and RUN["finished"] and not RUN["git"]["dirty"]
