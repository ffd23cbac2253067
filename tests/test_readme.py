"""The numbers on the README are those of the runs that it names, to the last digit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import ROOT
from pages import Page

from bench.base import wording
from bench.base.stats.quantity import MIN_STARTS
from bench.derive.reading import reading
from bench.report import prose
from bench.report.prose import Sentence
from bench.store import earlier
from bench.store.rows import Estimate, Range, row_of

SAMPLE = "reports/sample"
KEPT = (
    "reports/earlier/2026-11-20-quick",
    "reports/earlier/2026-11-21-quick",
    "reports/earlier/2026-11-21T10-03-15-quick",
    SAMPLE,
)
README = (ROOT / "README.md").read_text()

NAMES = {
    "airflow": ("Airflow", "LocalExecutor"),
    "dagster": ("Dagster", "multiprocess executor"),
    "prefect": ("Prefect", "`serve`"),
    "plain": ("plain Python", "a process per run"),
}
"""How the README calls each, and the deployment at the service tier."""

SHARES = {"tasks": "nothing", "runs": "the process of their run"}
"""What the tasks of a deployment share, by its class of isolation."""

DEPLOYMENTS = {
    "library": {"airflow": "dag_test", "dagster": "in_process", "prefect": "flow_call", "plain": "threads"},
    "service": {"airflow": "local_executor", "dagster": "multiprocess", "prefect": "serve", "plain": "process"},
}

Row = Mapping[str, Any]


def read(run: str, name: str) -> Any:
    """Return what a file of a run holds."""
    return json.loads((ROOT / run / name).read_text())


RESULTS = {run: earlier.results(read(run, "results.json")) for run in KEPT}
RUN = read(SAMPLE, "run.json")


def usual(rows: str, tool: str, tier: str, metric: str, profile: str = "stock", run: str = SAMPLE, **more: str) -> Row:
    """Return the row of such a list for a tool in the deployment that the README names."""
    wanted = {"scenario": "overhead", "orchestrator": tool, "tier": tier, "profile": profile, "metric": metric, **more}
    wanted |= {"deployment": DEPLOYMENTS[tier][tool]}
    (row,) = (each for each in RESULTS[run][rows] if wanted.items() <= each.items())
    return dict(row)


def a_task(tool: str, tier: str, profile: str = "stock", run: str = SAMPLE) -> Row:
    """Return what a task of a chain adds."""
    return usual("estimates", tool, tier, "per_task_ms", profile, run, workload="chain")


def with_interval(row: Row) -> str:
    """Return a median in words with its interval, if it is a number at all."""
    its = reading(row_of(Estimate, row))
    return f"{its.text} [{its.spread}]" if its.kind == "value" else its.text


def cells(tool: str) -> list[str]:
    """Return a tool's row."""
    (pipeline,) = (
        each for each in RESULTS[SAMPLE]["code"] if (each["orchestrator"], each["scenario"]) == (tool, "pipeline")
    )
    its = {"orchestrator": tool, "tier": "service", "profile": "stock", "deployment": DEPLOYMENTS["service"][tool]}
    (engine,) = (each for each in RESULTS[SAMPLE]["engines"] if its.items() <= each.items())
    wait = row_of(Range, usual("ranges", tool, "service", "submit_to_first_s"))
    versions, (name, deployment) = RUN["versions"][tool], NAMES[tool]
    return [
        f"{name} {versions.get(tool, versions.get('python'))}, {deployment}",
        with_interval(a_task(tool, "service")),
        "-" if tool == "plain" else with_interval(a_task(tool, "service", "tuned")),
        with_interval(a_task(tool, "library")),
        SHARES[wait.setup.apart],
        str(Sentence.of(*(prose.waiting(wait) if wait.polls else prose.between(wait)))),
        str(pipeline["lines"]),
        str(engine["needed"]),
    ]


def rows_of(table: str) -> list[list[str]]:
    """Return the rows below the heading of a table, which has to be there once."""
    lines = [line.strip() for line in README.splitlines()]
    (start,) = (place for place, line in enumerate(lines) if line == table)
    end = next(place for place in range(start, len(lines)) if not lines[place].startswith("|"))
    return [line.strip("| ").split(" | ") for line in lines[start + 2 : end]]


HEADING = (
    "| | a task of a chain adds | the same, tuned | the same, from a script | on the servers, tasks share"
    " | wait before the first task | lines of the churn pipelines | services needed |"
)


def test_the_table_is_the_samples() -> None:
    """Each cell is what results.json has."""
    assert rows_of(HEADING) == [cells(tool) for tool in NAMES]


def test_the_run_is_named() -> None:
    """By its id, and by what measures it again; an id in its evidence is one that is in its results."""
    assert RUN["suite"]["name"] == "full" and RUN["finished"] and not RUN["git"]["dirty"] and not RUN["own_workload"]
    assert f"`{RUN['id']}`" in README
    assert f"git checkout {RUN['git']['id'][:7]}\n" in README
    assert f"make bench SUITE=full ARGS='--seed {RUN['seed']}'\n" in README
    (evidence,) = re.findall(r"`(\d{3}\.\d{3}-[\w-]+)`", README)
    assert any(evidence in each["because"] for each in RESULTS[SAMPLE]["checks"])


def test_what_is_kept_of_the_sample_can_be_linked_to() -> None:
    """The page leads to no file that is not beside it."""
    page = Page((ROOT / SAMPLE / "report.html").read_text())
    files = [link for link in page.links if not link.startswith(("#", "data:", "http"))]
    assert files and [link for link in files if not (ROOT / SAMPLE / link).exists()] == []


@pytest.mark.parametrize("run", KEPT)
def test_what_another_run_had_is_its_own(run: str) -> None:
    """The pace of the machine, and the same number of two tools with its interval, in each run that is kept."""
    heading = "| run | million rounds of CPU work a second | Dagster, multiprocess | Airflow, LocalExecutor |"
    found = {row[0]: row[1:] for row in rows_of(heading)}
    assert found.keys() == {f"`{each}`" for each in KEPT}
    numbers = [reading(row_of(Estimate, a_task(tool, "service", run=run))) for tool in ("dagster", "airflow")]
    pace = wording.digits(read(run, "run.json")["cpu_rounds_per_s"] / 1e6)
    assert found[f"`{run}`"] == [pace, *(f"{each.text} [{each.spread}]" for each in numbers)]


def test_quick_has_too_few_starts_to_compare() -> None:
    """No number of a tool has as many as a comparison asks for."""
    rows = RESULTS["reports/earlier/2026-11-21T10-03-15-quick"]["estimates"]
    assert max(row["starts"] for row in rows if row["orchestrator"] != "plain") < MIN_STARTS
