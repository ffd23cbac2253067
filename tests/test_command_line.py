"""The commands on plain Python: what they leave, and what they say of every mistake."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT, Call, call, copied_orchbench, mounted, refusal
from small_runs import edited, finished_run, record_of, results_of, samples_of

from bench import cli
from bench.plan import planning
from bench.plan.suite import available, load
from bench.plan.tools import TIERS, discover

pytestmark = pytest.mark.xdist_group("command_line")  # the run is made once

SUITE = """
name = "tiny"
about = "For tests."
[[blocks]]
scenario = "overhead"
tier = "library"
rounds = 2
repeat = 2
limit_s = 30
control = ["plain"]
[blocks.options]
sizes = { chain = [1, 4], fan_out = [4] }
sweep_ms = [0.01, 20]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite that takes seconds."""
    path = tmp_path / "tiny.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    return finished_run(tmp_path_factory.mktemp("finished"), SUITE, "--seed", "1")


def test_a_tool_of_one_lane_is_shown_as_such(orchbench: Call) -> None:
    """A width that it was not run at is named after the one that it was run at: to it they are the same."""
    shown = orchbench("show", ROOT / "reports/sample").out
    line = next(line for line in shown.split("parallelism, library tier")[1].splitlines() if "airflow/dag_test" in line)
    assert line.count("one lane:") >= 3


def test_a_run_leaves_what_is_promised(finished: Path) -> None:
    """Provenance, trials with events and log, samples, results and pytest-benchmark's format are there, and agree."""
    run, results, samples = record_of(finished), results_of(finished), samples_of(finished)
    trials = list(finished.glob("trials/*/trial.json"))
    assert run["finished"] and run["seed"] == 1 and run["host"]["boot_id"] and run["locks"]["plain"]
    assert results["schema"] == run["schema"] and set(results) >= {"run", "estimates", "ratios", "checks", "controls"}
    promised = results["estimates"][0].keys() - {"usual", "unstable"} | {"against", "ratio"}
    assert "median" in promised and all(promised <= row.keys() for row in results["ratios"]) and results["ratios"]
    assert {row["trial"] for row in samples} == {path.parent.name for path in trials}
    assert all((path.parent / "adapter.log").exists() and list(path.parent.glob("events*.jsonl")) for path in trials)
    metrics = {row["metric"] for row in results["estimates"] if row["median"] is not None}
    assert metrics >= {
        "makespan_s",
        "submit_to_first_s",
        "per_task_ms",
        "per_run_ms",
        "transition_ms",
        "finish_lag_s",
        "cold_run_s",
    }
    assert [row for row in results["checks"] if row["verdict"] != "pass"] == []
    assert not list(finished.rglob("home"))
    benchmarks = json.loads((finished / "pytest-benchmark.json").read_text())["benchmarks"]
    chain = next(each for each in benchmarks if each["name"] == "overhead/chain_4/makespan_s[plain-library-threads-stock]")
    its = [
        float(row["value"])
        for row in samples
        if row["metric"] == "makespan_s"
        and row["workload"] == "chain_4"
        and row["deployment"] == "threads"
        and row["control"] == "0"
    ]
    assert chain["stats"]["data"] == its


def test_report_derives_the_same_again(finished: Path, orchbench: Call, tmp_path: Path) -> None:
    """A run folder that was copied elsewhere yields the same results from its raw data."""
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    for name in ("results.json", "samples.csv", "pytest-benchmark.json"):
        (copy / name).unlink()
    assert orchbench("report", copy).code == 0
    assert (copy / "results.json").read_text() == (finished / "results.json").read_text()
    assert (copy / "samples.csv").read_text() == (finished / "samples.csv").read_text()


def test_show_prints_the_run(finished: Path, orchbench: Call) -> None:
    """The summary names the subjects, the control and the harness's own share; --json is results.json."""
    shown = orchbench("show", finished).out
    assert "plain/threads" in shown and "A/A control" in shown and "no engine was up for" in shown
    assert json.loads(orchbench("show", finished, "--json").out) == results_of(finished)


HOSTILE = "[/b]<i>[x]:x:\\"
"""What rich would take for markup, for an emoji, and for the escape of what comes behind it."""


def hostile(*what: str) -> dict[str, str]:
    """Name things so that each can be told from the others."""
    return {each: f"{each}{HOSTILE}" for each in what}


def foreign_run(folder: Path) -> Path:
    """Make a run of the sample, as somebody might hand it out whose names are hostile."""
    run, results = record_of(ROOT / "reports/sample"), results_of(ROOT / "reports/sample")
    run |= hostile("id") | {"warnings": [f"warning{HOSTILE}"], "versions": {f"tool{HOSTILE}": hostile("python")}}
    run["suite"] |= hostile("name")
    run["host"] |= hostile("name", "cpu", "python")
    its = hostile("orchestrator", "deployment", "profile", "isolation")
    run["orchestrators"].append(its["orchestrator"])
    of = {"scenario": "overhead", "metric": "per_task_ms", "workload": "chain"}
    row = next(row for row in results["estimates"] if of.items() <= row.items()) | its
    missing = {"median": None, "low": None, "high": None}
    results["estimates"] = [row, row | missing | hostile("workload", "missing_because"), row | hostile("scenario")]
    results["checks"] = [results["checks"][0] | its | {"verdict": "fail"} | hostile("check", "because")]
    results["controls"] = [results["controls"][0] | its]
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "results.json").write_text(json.dumps(results))
    return folder


def test_names_from_a_run_are_printed_as_they_are(orchbench: Call, tmp_path: Path) -> None:
    """Whatever is in a run's files, `show` and `trend` say it letter by letter: it is neither markup nor an emoji."""
    runs = [foreign_run(tmp_path / name) for name in ("a", "b")]
    shown, trend = orchbench("show", runs[0]), orchbench("trend", *runs)
    for done, also in (
        (shown, ("tool", "name", "warning", "isolation", "workload", "missing_because", "scenario", "check", "because")),
        (trend, ("name",)),
    ):
        assert done.code == 0, done.err
        names = hostile("id", "cpu", "orchestrator", "deployment", "profile", *also)
        assert [name for name in names.values() if name not in done.out] == []


def test_the_seed_is_that_of_the_plan(suite: Path, finished: Path) -> None:
    """What `--seed` says is what the run was planned with: the same makes the same plan, and another one another."""
    record, tools = record_of(finished), discover()

    def planned(seed: int) -> str:
        of_suite = load(str(suite), tools)
        return planning.make(planning.Choice(of_suite, [tools["plain"]], seed), record["cpu_rounds_per_s"]).digest

    assert planned(1) == record["plan"] != planned(2)


def test_a_finished_run_compares_equal_to_itself(finished: Path, orchbench: Call) -> None:
    """Comparing a run with itself finds no regression."""
    done = orchbench("compare", finished, finished)
    assert (done.code, done.err) == (0, "")


def test_what_is_not_comparable_is_refused(finished: Path, orchbench: Call, tmp_path: Path) -> None:
    """Another host and another scenario version are named, and the exit code is 2, unless told otherwise."""
    other = tmp_path / "other"
    shutil.copytree(finished, other)
    with edited(other / "run.json") as run:
        run["host"]["cpu"], run["scenarios"]["overhead"] = "abacus", 99
    done = orchbench("compare", finished, other)
    assert done.code == 2 and "abacus" in done.err and "99" in done.err and done.err.count("\n") == 1
    assert orchbench("compare", finished, other, "--anyway").code == 0


def test_a_workload_of_ones_own_is_measured(suite: Path, orchbench: Call, tmp_path: Path) -> None:
    """--workload takes the place of the suite's workloads."""
    (tmp_path / "w.json").write_text('{"name": "mine", "nodes": [{"id": "a"}, {"id": "b", "after": ["a"]}]}')
    done = orchbench("run", "--suite", suite, "--on", "plain", "--workload", "w.json", "--out", "mine", "--rounds", "1")
    assert done.code == 0, done.err
    assert {row["workload"] for row in results_of(tmp_path / "mine")["estimates"]} == {"mine", "warm_up"}
    assert "first_to_last_s" in done.out, "the numbers of the workload head the summary"


def test_list_and_doctor_say_what_there_is(orchbench: Call) -> None:
    """Every tool, scenario and suite is listed; doctor finds the environments."""
    listed = json.loads(orchbench("list", "--json").out)
    assert set(listed["orchestrators"]) == set(discover()) and "overhead" in listed["scenarios"]
    assert set(listed["suites"]) == {"try", "quick", "full"}
    assert orchbench("doctor").code == 0


def test_list_imports_nothing_that_draws() -> None:
    """What takes long to import is imported by what needs it: colours for code, charts, and MLflow."""
    script = "import sys, bench.cli as cli; cli.orchbench.main(['list'], standalone_mode=False); print(*sys.modules)"
    done = call(sys.executable, "-c", script, cwd=ROOT)
    loaded = set(done.out.splitlines()[-1].split())
    assert done.code == 0 and "bench.plan.tools" in loaded
    assert loaded & {"pygments", "matplotlib", "mlflow", "jinja2"} == set()


def test_list_marks_the_default_deployment(orchbench: Call) -> None:
    """Each tool has one at each of its tiers, and both ways to print the list mark the same ones."""
    marked = [
        (deployment["tier"], deployment["name"])
        for each in json.loads(orchbench("list", "--json").out)["orchestrators"].values()
        for deployment in each["deployments"]
        if deployment["default"]
    ]
    defaults = [
        (tier, next(d.name for d in tool.deployments if d.tier == tier)) for tool in discover().values() for tier in TIERS
    ]
    assert sorted(marked) == sorted(defaults)
    printed = [tuple(line.split()[1:3]) for line in orchbench("list").out.splitlines() if line.startswith("* ")]
    assert printed == marked


@pytest.mark.parametrize("name", available())
def test_each_suite_is_sound(name: str) -> None:
    """The suites that come with orchbench load."""
    assert load(name, discover()).blocks


def _line(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


BROKEN_SUITES = {
    "syntax": ("name = ", "name == "),
    "unknown key": ('about = "For tests."', 'colour = "blue"'),
    "missing key": ("rounds = 2\n", ""),
    "unknown scenario": ('scenario = "overhead"', 'scenario = "underhead"'),
    "unknown tier": ('tier = "library"', 'tier = "moon"'),
    "unknown shape": ("chain = [1, 4]", "knot = [1, 4]"),
    "size": ("[1, 4]", "[0, 4]"),
    "type": ("rounds = 2", 'rounds = "two"'),
    "unknown control": ('control = ["plain"]', 'control = ["plian"]'),
    "a width of its own where none is asked for": ("rounds = 2\n", "rounds = 2\nown_width = true\n"),
    "negative sweep": ("[0.01, 20]", "[-1]"),
    "more sizes than a report takes": ("[1, 4]", str(list(range(1, 102)))),
    "more durations than a report takes": ("[0.01, 20]", str(list(range(1, 102)))),
}


@pytest.mark.parametrize("case", BROKEN_SUITES)
def test_a_broken_suite_is_refused(case: str, orchbench_here: Call, tmp_path: Path) -> None:
    """One line names the file and the mistake; nothing is written."""
    (tmp_path / "broken.toml").write_text(_line(SUITE, *BROKEN_SUITES[case]))
    assert "broken.toml" in refusal(orchbench_here("run", "--suite", "broken.toml", "--on", "plain", "--out", "out"))
    assert not (tmp_path / "out").exists()


MISTAKES = {
    "suite": (["run", "--suite", "nope"], "'nope'"),
    "orchestrator": (["run", "--on", "luigi"], "'luigi'"),
    "tier": (["run", "--tier", "moon"], "'moon'"),
    "scenario": (["run", "--scenario", "nope"], "'nope'"),
    "profile": (["run", "--profile", "nope"], "'nope'"),
    "workload file": (["run", "--workload", "none.json"], "none.json"),
    "cyclic workload": (["run", "--workload", "cycle.json"], "cycle.json"),
    "own warm-up": (["run", "--workload", "warm.json"], "warm_up"),
    "resume and more": (["run", "--resume", "x", "--seed", "1"], "--resume"),
    "resume nothing": (["run", "--resume", "nowhere"], "nowhere"),
    "show nothing": (["show", "nowhere"], "nowhere"),
    "report nothing": (["report", "nowhere"], "nowhere"),
    "compare nothing": (["compare", "nowhere", "nowhere"], "nowhere"),
    "threshold": (["compare", "a", "b", "--fail-over", "lots"], "--fail-over lots"),
    "a file as folder": (["run", "--on", "plain", "--out", "cycle.json"], "cycle.json"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_gets_one_line(case: str, orchbench_here: Call, tmp_path: Path) -> None:
    """One line says what is wrong, the exit code is 2, and nothing is written."""
    (tmp_path / "cycle.json").write_text(
        '{"name": "w", "nodes": [{"id": "a", "after": ["b"]}, {"id": "b", "after": ["a"]}]}'
    )
    arguments, message = MISTAKES[case]
    (tmp_path / "warm.json").write_text('{"name": "warm_up", "nodes": [{"id": "a"}]}')
    assert message in refusal(orchbench_here(*arguments))
    assert {path.name for path in tmp_path.iterdir()} == {"cycle.json", "warm.json"}


MISUSES = {
    "repeat": (["run", "--repeat", "0"], "--repeat"),
    "seed": (["run", "--seed", "x"], "--seed"),
    "time scale": (["run", "--workload", "real.json", "--time-scale", "0"], "--time-scale"),
    "option": (["run", "--fast"], "--fast"),
    "argument": (["show"], "RUN_DIR"),
    "command": (["race"], "race"),
}


@pytest.mark.parametrize("case", MISUSES)
def test_a_misuse_gets_the_usage_and_a_hint(case: str, orchbench: Call, tmp_path: Path) -> None:
    """What is wrong stands below the usage of the command and a pointer to the help, and the exit code is 2."""
    arguments, culprit = MISUSES[case]
    done = orchbench(*arguments)
    usage, hint, *_, said = done.err.splitlines()
    assert (done.code, done.out, list(tmp_path.iterdir())) == (2, "", [])
    assert usage.startswith("Usage: orchbench") and "--help" in hint and culprit in said


def test_orchbench_alone_prints_its_help(orchbench: Call) -> None:
    """It is the text of --help, line by line, with every command in it."""
    alone, asked = orchbench(), orchbench("--help")
    assert alone.err.splitlines() == asked.out.splitlines()
    assert (alone.code, asked.code) == (2, 0)
    assert len(alone.err.splitlines()) > len(cli.orchbench.commands)


def test_it_says_its_version(orchbench: Call) -> None:
    """It is that of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = orchbench("--version")
    assert (said.code, said.out.split()[-1]) == (0, project["version"])


def test_a_folder_that_holds_a_run_is_not_overwritten(finished: Path, suite: Path, orchbench: Call) -> None:
    """A second run into the same folder is refused."""
    before = (finished / "run.json").read_bytes()
    assert "already holds a run" in refusal(orchbench("run", "--suite", suite, "--on", "plain", "--out", finished))
    assert (finished / "run.json").read_bytes() == before


@pytest.mark.parametrize("options", ["ro", "size=1m"])
def test_a_folder_that_cannot_take_a_run_is_refused(options: str, suite: Path, orchbench: Call, tmp_path: Path) -> None:
    """A read-only and a full file system are told before anything runs."""
    place = tmp_path / "place"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", options, "tmpfs"):
        assert str(place) in refusal(orchbench("run", "--suite", suite, "--on", "plain", "--out", place / "run"))


def test_a_broken_event_line_is_named(finished: Path, orchbench: Call, tmp_path: Path) -> None:
    """A truncated line is reported with its file and number, and the results stay as they were."""
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    log = min(copy.glob("trials/*chain_4*/events*.jsonl"))
    log.write_bytes(log.read_bytes()[:-20])
    before = (copy / "results.json").read_bytes()
    assert f"{log.name}, line " in refusal(orchbench("report", copy))
    assert (copy / "results.json").read_bytes() == before


@pytest.mark.parametrize("name", ["run.json", "results.json", "trials/*/trial.json"])
def test_a_broken_record_is_named(name: str, finished: Path, orchbench: Call, tmp_path: Path) -> None:
    """A truncated record is reported by its path."""
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    path = min(copy.glob(name))
    path.write_bytes(path.read_bytes()[:-30])
    assert str(path) in refusal(orchbench("report" if "trial" in name else "show", copy))


def test_a_deleted_environment_is_named(tmp_path: Path) -> None:
    """Without its environment a tool cannot be chosen, and the message says what to do."""
    world = tmp_path / "world"
    (world / "implementations").mkdir(parents=True)
    shutil.copytree(ROOT / "implementations/plain", world / "implementations/plain", ignore=shutil.ignore_patterns(".venv"))
    shutil.copytree(ROOT / "bench", world / "bench")
    (world / "tiny.toml").write_text(SUITE)
    said = refusal(copied_orchbench(world, "run", "--suite", "tiny.toml", "--out", tmp_path / "out"))
    assert "plain: the environment" in said and "make setup" in said and not (tmp_path / "out").exists()
