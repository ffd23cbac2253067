"""The numbers on the README are those of the runs that it names, to the last digit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import ROOT

from bench.base import wording
from bench.base.stats import MIN_RUNS

SAMPLE = "reports/sample"
KEPT = (
    "reports/earlier/2026-11-20-quick",
    "reports/earlier/2026-11-21-quick",
    "reports/earlier/2026-11-21T10-03-15-quick",
    SAMPLE,
)
README = (ROOT / "README.md").read_text()
SENTENCES = " ".join(README.split())
"""All of it without its line breaks."""

NAMES = {
    "airflow": ("Airflow", "LocalExecutor"),
    "dagster": ("Dagster", "multiprocess executor"),
    "prefect": ("Prefect", "`serve`"),
    "plain": ("plain Python", "a process per run"),
}
"""How the README calls each, and the deployment at the service tier."""

DEPLOYMENTS = {
    "library": {"airflow": "dag_test", "dagster": "in_process", "prefect": "flow_call", "plain": "threads"},
    "service": {"airflow": "local_executor", "dagster": "multiprocess", "prefect": "serve", "plain": "process"},
}

Row = Mapping[str, Any]


def read(run: str, name: str) -> Any:
    """Return what a file of a run holds."""
    return json.loads((ROOT / run / name).read_text())


RESULTS = {run: read(run, "results.json") for run in KEPT}
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


def added(tool: str, tier: str, profile: str = "stock") -> str:
    """Return the same in words."""
    return wording.reading(a_task(tool, tier, profile)).text


def with_interval(row: Row) -> str:
    """Return a median in words with its interval, if it is a number at all."""
    its = wording.reading(row)
    return f"{its.text} [{its.spread}]" if its.kind == "value" else its.text


def said_range(row: Row) -> str:
    """Return the least and the most of all runs."""
    return wording.said("s", row["low"], row["high"])


def waits(tool: str, profile: str = "stock") -> Row:
    """Return how long the runs waited before their first task, at the service tier."""
    return usual("ranges", tool, "service", "submit_to_first_s", profile)


def cells(tool: str) -> list[str]:
    """Return a tool's row."""
    (pipeline,) = (
        each for each in RESULTS[SAMPLE]["code"] if (each["orchestrator"], each["scenario"]) == (tool, "pipeline")
    )
    its = {"orchestrator": tool, "tier": "service", "profile": "stock", "deployment": DEPLOYMENTS["service"][tool]}
    (engine,) = (each for each in RESULTS[SAMPLE]["engines"] if its.items() <= each.items())
    versions, (name, deployment) = RUN["versions"][tool], NAMES[tool]
    return [
        f"{name} {versions.get(tool, versions.get('python'))}, {deployment}",
        with_interval(a_task(tool, "service")),
        said_range(waits(tool)),
        str(pipeline["lines"]),
        str(engine["needed"]),
    ]


def rows_of(table: str) -> list[list[str]]:
    """Return the rows below the heading of a table, which has to be there once."""
    lines = [line.strip() for line in README.splitlines()]
    (start,) = (place for place, line in enumerate(lines) if line == table)
    end = next(place for place in range(start, len(lines)) if not lines[place].startswith("|"))
    return [line.strip("| ").split(" | ") for line in lines[start + 2 : end]]


def test_the_table_is_the_samples() -> None:
    """Each cell is what results.json has."""
    heading = "| | a task of a chain adds | wait before the first task | lines of the churn pipelines | services needed |"
    assert rows_of(heading) == [cells(tool) for tool in NAMES]


def test_the_table_says_of_how_many_runs_it_is() -> None:
    """Medians of five runs, ranges of twenty; plain Python has more of both."""
    counted = {tool: (a_task(tool, "service")["n"], waits(tool)["n"]) for tool in NAMES}
    assert counted == {"airflow": (5, 20), "dagster": (5, 20), "prefect": (5, 20), "plain": (40, 160)}
    said = "medians of five runs, 95 % intervals; waits: the range of all 20 runs of *overhead* (plain Python: 40, and 160)."
    assert said in SENTENCES


def test_tuned_settings_are_the_samples() -> None:
    """What the vendors' settings for latency bring, of two engine starts each."""
    task = {tool: added(tool, "service", "tuned") for tool in NAMES if tool != "plain"}
    wait = {tool: waits(tool, "tuned") for tool in task}
    assert {a_task(tool, "service", "tuned")["starts"] for tool in task} == {2}
    assert {row["n"] for row in wait.values()} == {8}
    said = f"adds {task['airflow']} (Airflow), {task['dagster']} (Dagster) and {task['prefect']} (Prefect), after waits of"
    ranges = f"{said_range(wait['airflow'])}, {said_range(wait['dagster'])} and {said_range(wait['prefect'])} (8 runs each)."
    assert f"{said} {ranges}" in SENTENCES


def test_the_library_tier_is_the_samples() -> None:
    """Its numbers stand in a sentence."""
    task = {tool: added(tool, "library") for tool in NAMES}
    assert f"At the library tier it adds {task['airflow']} (Airflow, [more the larger the graph](" in SENTENCES
    others = f"{task['dagster']} (Dagster), {task['prefect']} (Prefect) and {task['plain']} (plain Python)."
    assert f"), {others}" in SENTENCES


def test_the_lag_of_a_flow_call_is_the_samples() -> None:
    """From its last task until it returns."""
    lag = usual("ranges", "prefect", "library", "finish_lag_s")
    said = f"{wording.said('s', lag['low'])} to {wording.said('s', lag['high'])} in the sample"
    for page in (ROOT / "README.md", ROOT / "docs/scenarios/overhead.md", ROOT / "implementations/prefect/README.md"):
        text = " ".join(page.read_text().split())
        assert "ends on a whole second after its start" in text and said in text, page


def test_the_run_is_named() -> None:
    """By its id, and by how it is measured again; what is not kept of it is said with an example."""
    assert RUN["suite"]["name"] == "full" and RUN["finished"] and not RUN["git"]["dirty"] and not RUN["own_workload"]
    minutes = sum(each["wall_s"] for each in RUN["segments"]) / 60
    assert f"`{RUN['id']}` ([the sample](#the-sample))" in SENTENCES
    commit = RUN["git"]["id"][:7]
    assert f"at commit {commit}, in {minutes:.0f} minutes" in SENTENCES
    assert f"git checkout {commit} make bench SUITE=full ARGS='--seed {RUN['seed']}'" in SENTENCES
    evidence = "097.004-dagster-changed_helper"
    assert f"`{evidence}`" in README and any(evidence in each["because"] for each in RESULTS[SAMPLE]["checks"])
    assert not (ROOT / SAMPLE / "trials").exists()


@pytest.mark.parametrize("run", KEPT)
def test_what_another_run_had_is_its_own(run: str) -> None:
    """The pace of the machine, and the same number of two tools with its interval, in each run that is kept."""
    heading = "| run | million rounds of CPU work a second | Dagster, multiprocess | Airflow, LocalExecutor |"
    found = {row[0]: row[1:] for row in rows_of(heading)}
    assert found.keys() == {f"`{each}`" for each in KEPT}
    numbers = [wording.reading(a_task(tool, "service", run=run)) for tool in ("dagster", "airflow")]
    pace = wording.digits(read(run, "run.json")["cpu_rounds_per_s"] / 1e6)
    assert found[f"`{run}`"] == [pace, *(f"{each.text} [{each.spread}]" for each in numbers)]


def test_the_chains_of_the_runs_were_as_long_as_said() -> None:
    """A slope over other sizes is another number."""
    longest = {
        run: max(
            max(block["options"]["sizes"]["chain"])
            for block in read(run, "run.json")["suite"]["blocks"]
            if (block["scenario"], block["tier"]) == ("overhead", "service")
        )
        for run in KEPT
    }
    *quick, full = longest.values()
    assert set(quick) == {8}
    assert f"chains of up to {quick[0]} tasks, in the sample {full})" in SENTENCES


def test_quick_has_too_few_runs_to_compare() -> None:
    """Of no number that a tool has; and what is to be told of it is told."""
    rows = RESULTS["reports/earlier/2026-11-21T10-03-15-quick"]["estimates"]
    assert max(row["n"] for row in rows if row["orchestrator"] != "plain") == 4 < MIN_RUNS == 5
    assert "judges only numbers with five runs or more" in SENTENCES and "has more than four" in SENTENCES
