"""The forecast: right about runs that were measured, and about more than it has seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT, Call
from small_runs import block, suite_of

from bench.plan import planning, suite
from bench.plan.plan import Plan
from bench.plan.suite import Block, Suite
from bench.plan.tools import Deployment, Tool, discover
from bench.run import forecast
from bench.run.forecast import Forecast
from bench.scenarios import Case
from bench.store.folder import RunFolder

SAMPLE = "reports/sample"
EARLIER = ("reports/earlier/2026-11-21-quick", "reports/earlier/2026-11-21T10-03-15-quick")

PACE = 1e6
"""CPU work is asked for as a time, so that any pace makes the same forecast."""


def planned(*blocks: Block, tools: list[Tool] | None = None) -> Plan:
    """Return the plan of a suite of such blocks, for the tools of this checkout unless others are named."""
    chosen = Suite(name="any", about="", blocks=list(blocks))
    return planning.make(planning.Choice(chosen, tools or list(discover().values()), seed=1), PACE)


def overhead(**more: Any) -> Block:
    """Return a block of overhead."""
    asked: dict[str, Any] = {"tier": "service", "rounds": 1, "repeat": 1, "limit_s": 600.0, "reference_starts": 1} | more
    return Block(scenario="overhead", **{"options": {"sizes": {"chain": [1, 10]}}} | asked)


def ahead(plan: Plan, done: set[str] | None = None) -> Forecast:
    """Return the forecast by the sample."""
    return forecast.of(plan, PACE, forecast.recorded(), done or set())


def replanned(run: Path) -> Plan:
    """Plan a recorded run again, with the deployments that it had."""
    folder = RunFolder(run)
    record = folder.run()
    known = discover()
    chosen = msgspec.convert(record.suite, Suite)
    tools = [known[name] for name in record.orchestrators]
    measured = {row.setup.key for row in folder.results().estimates}
    plan = planning.make(planning.Choice(chosen, tools, record.seed or 0), record.cpu_rounds_per_s)
    return Plan(tuple(start for start in plan.starts if start.setup.key in measured))


@pytest.mark.parametrize(("run", "within"), [(SAMPLE, 1.25), *((each, 1.35) for each in EARLIER)])
def test_it_is_right_about_runs_that_were_measured(run: str, within: float) -> None:
    """Within a quarter of the wall time of the run that it learns from, and a third of runs that it does not know."""
    record = RunFolder(ROOT / run).run()
    wall_s = sum(segment.wall_s for segment in record.segments)
    guessed = forecast.of(replanned(ROOT / run), record.cpu_rounds_per_s, forecast.recorded()).seconds
    assert wall_s / within < guessed < wall_s * within


def test_each_tool_has_its_own_pace() -> None:
    """Not one number a tier: an engine that polls takes longer than plain Python, which has none."""
    by_tool = {name: ahead(planned(overhead(), tools=[tool])).seconds for name, tool in discover().items()}
    assert len({round(seconds, 2) for seconds in by_tool.values()}) == len(by_tool)
    assert min(by_tool, key=lambda name: by_tool[name]) == "plain"


def test_a_larger_graph_than_any_recorded_one_takes_longer() -> None:
    """Its tasks are counted."""
    small, large = (ahead(planned(overhead(options={"sizes": {"chain": [tasks]}}))).seconds for tasks in (50, 500))
    assert large > 2 * small


def test_a_tool_that_nobody_measured_takes_what_others_take() -> None:
    """The forecast lies among those of the tools at the tier."""
    stranger = Tool("stranger", Path("stranger"), "stranger", (Deployment("server", "service", "a process per run"),))
    seconds = ahead(planned(overhead(), tools=[stranger])).seconds
    others = [ahead(planned(overhead(), tools=[tool])).seconds for tool in discover().values()]
    assert min(others) < seconds < max(others)


def test_what_the_work_itself_takes_is_in_it() -> None:
    """Twenty seconds of CPU work on two lanes take ten more."""
    plain = [discover()["plain"]]
    without, with_work = (
        ahead(planned(overhead(tier="library", options={"sizes": {}, "sweep_ms": [ms], "sweep_depth": 10}), tools=plain))
        for ms in (1, 1001)
    )
    runs = with_work.runs
    assert with_work.seconds - without.seconds == pytest.approx(10 * runs, rel=0.01)


def test_a_run_takes_no_longer_than_its_limit() -> None:
    """It would be ended then."""
    slow = {"sizes": {"chain": [1000]}}
    unlimited, limited = (ahead(planned(overhead(limit_s=limit, options=slow))) for limit in (86_400.0, 1.0))
    assert limited.seconds < unlimited.seconds / 5


def test_without_a_recorded_run_no_time_is_said(tmp_path: Path) -> None:
    """A checkout without the sample says how many runs there are, and that nothing is known of the time."""
    assert forecast.recorded(tmp_path) == []
    assert not forecast.of(planned(overhead()), PACE, forecast.recorded(tmp_path)).is_informed
    assert ahead(planned(overhead())).is_informed


@pytest.mark.parametrize(("name", "minutes"), [("try", 3), ("quick", 15), ("full", 120)])
def test_the_suites_take_no_longer_than_they_say(name: str, minutes: int) -> None:
    """By the forecast, with all tools."""
    known = discover()
    plan = planning.make(planning.Choice(suite.load(name, known), list(known.values()), seed=1), PACE)
    assert ahead(plan).seconds < 60 * minutes


@pytest.mark.parametrize("name", ["quick", "full"])
def test_a_suite_compares_by_three_engine_starts(name: str) -> None:
    """Fewer starts carry no interval: each deployment that is measured has three of overhead, at both tiers."""
    known = discover()
    plan = planning.make(planning.Choice(suite.load(name, known), list(known.values()), seed=1), PACE)
    starts: dict[str, int] = {}
    for start in plan.starts:
        if any(trial.scenario == "overhead" for trial in start.trials):
            starts[start.setup.label] = starts.get(start.setup.label, 0) + 1
    assert {start.setup.tier for start in plan.starts} == {"library", "service"}
    assert min(starts.values()) >= 3


# On the command line ---------------------------------------------------------------------------------------------------

SUITE = suite_of(
    block("overhead", rounds=2, reference_starts=2, options={"sizes": {"chain": [1, 3]}}),
    block("retries", joins=True, reference_starts=1, default_only=True),
)


def test_a_dry_run_says_what_would_be_and_writes_nothing(orchbench_here: Call, tmp_path: Path) -> None:
    """Every setup, with its scenarios; the folder stays as it was."""
    (tmp_path / "suite.toml").write_text(SUITE)
    before = sorted(tmp_path.iterdir())
    done = orchbench_here("run", "--suite", "suite.toml", "--on", "plain", "--dry-run", "--out", "out")
    assert done.code == 0, done.err
    assert sorted(tmp_path.iterdir()) == before
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    assert "retries" in lines["plain/threads"] and "retries" not in lines["plain/processes"]
    assert "overhead" in lines["plain/processes"]
    plan = planning.make(planning.Choice(suite.load("suite.toml", discover()), [discover()["plain"]], seed=1), PACE)
    assert f"{len(plan.trials)} runs in {len(plan.starts)} engine starts" in done.out


def test_a_dry_run_of_a_run_that_is_done_has_nothing_left(orchbench: Call, tmp_path: Path) -> None:
    """With --resume, only what is left counts."""
    (tmp_path / "suite.toml").write_text(SUITE)
    made = orchbench("run", "--suite", "suite.toml", "--on", "plain", "--scenario", "retries", "--out", "run")
    assert made.code == 0, made.err
    record = (tmp_path / "run" / "run.json").read_bytes()
    left = orchbench("run", "--resume", "run", "--dry-run")
    assert left.code == 0 and "0 runs in 0 engine starts" in left.out
    assert (tmp_path / "run" / "run.json").read_bytes() == record


def test_try_is_the_suite_of_that_name(orchbench_here: Call, tmp_path: Path) -> None:
    """The same runs, and the default deployment of each tool."""
    one, other = orchbench_here("try", "--dry-run"), orchbench_here("run", "--suite", "try", "--dry-run")
    assert one.code == 0, one.err
    setups = [[line.split()[0] for line in done.out.splitlines()[1:-1]] for done in (one, other)]
    assert setups[0] == setups[1]
    assert sorted(name.partition("/")[0] for name in setups[0]) == sorted(discover())
    assert not list(tmp_path.iterdir())


def test_try_measures_and_answers(orchbench: Call, tmp_path: Path) -> None:
    """It leaves a run folder, and prints the summary."""
    done = orchbench("try", "--on", "plain", "--out", "run")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "run" / "run.json").read_text())["suite"]["name"] == "try"
    assert done.out


def test_list_says_how_long_each_suite_takes(orchbench_here: Call) -> None:
    """With the tools that are installed, in minutes or hours."""
    lines = [line for line in orchbench_here("list").out.splitlines() if line.startswith("suite ")]
    assert {line.split()[1] for line in lines} == set(suite.available())
    assert all(" min" in line.partition(".")[0] for line in lines)


def test_list_explains_every_case(orchbench_here: Call) -> None:
    """Each case of each suite has a line with its name and what it is."""
    done = orchbench_here("list", "--cases")
    said = {line.split()[0]: line.split(maxsplit=1)[1] for line in done.out.splitlines() if line.startswith("  ")}
    names = {case.name for name in suite.available() for case in _cases(name)}
    assert names <= set(said)
    assert "10 tasks" in said["chain_10"] and "3 made to fail" in said["retries_wide"]


def _cases(name: str) -> list[Case]:
    known = discover()
    plan = planning.make(planning.Choice(suite.load(name, known), list(known.values()), seed=1), PACE)
    return [trial.case for trial in plan.trials]
