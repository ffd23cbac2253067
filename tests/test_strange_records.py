"""Records of a run may hold anything: whatever is wrong with them is one line, which names the file and the key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, refusal
from small_runs import block, edited, finished_run, suite_of

DEEP = "[" * 100_000
NESTED = json.loads("[" * 60 + "]" * 60)
HUGE = 10**400


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python."""
    small = block("overhead", reference_starts=1, options={"sizes": {"chain": [1]}, "sweep_ms": []})
    other = block("parallelism", reference_starts=1, widths=[1], options={"kinds": ["sleeping"]})
    return finished_run(tmp_path_factory.mktemp("records"), suite_of(small, other))


@pytest.fixture
def run(honest: Path, tmp_path: Path) -> Path:
    """A copy of the run."""
    return Path(shutil.copytree(honest, tmp_path / "run"))


Change = Callable[[Any], object]


def at(*keys: str | int) -> Callable[[object], Change]:
    """Return what puts a value at that place of a document."""

    def put(value: object) -> Change:
        def change(document: Any) -> None:
            for key in keys[:-1]:
                document = document[key]
            document[keys[-1]] = value

        return change

    return put


def without(*keys: str | int) -> Change:
    """Take a key out of a document."""

    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        del document[keys[-1]]

    return change


def many_setups(results: Any) -> None:
    """Let each of thousands of rows be of another deployment."""
    results["estimates"] = [results["estimates"][0] | {"deployment": f"d{number}"} for number in range(10_000)]


TRIAL, START = "trials/001.*/trial.json", "starts/*/start.json"
CHANGED: dict[str, tuple[str, Change, str, str]] = {
    "a run without an id": ("run.json", without("id"), "show", "id"),
    "a run without a name of the suite": ("run.json", without("suite", "name"), "show", "suite.name"),
    "a name of the suite that is none": ("run.json", at("suite", "name")([]), "show", "suite.name"),
    "a seed that is too large": ("run.json", at("seed")(HUGE), "show", "seed"),
    "a duration that is too large": ("run.json", at("segments", 0, "wall_s")(1e300), "show", "wall_s"),
    "a beginning that is none": ("run.json", at("segments", 0, "began")("yesterday"), "track", "segments[0].began"),
    "a run that never began": ("run.json", at("segments")([]), "track", "segments"),
    "tools twice": ("run.json", at("orchestrators")(["plain"] * 2), "report", "orchestrators"),
    "a case that is none": ("run.json", at("cases", "chain_1", "work")(DEEP), "report", "cases.chain_1"),
    "a case of no pipeline": (
        "run.json",
        at("cases", "chain_1", "work")('{"name": "chain_1", "pipeline": "none"}'),
        "report",
        "cases.chain_1",
    ),
    "an unknown key of a tool": ("run.json", at("tools", "plain", "colour")({"light": "red"}), "report", "tools"),
    "nesting in the suite": ("run.json", at("suite", "blocks")(NESTED), "show", "50"),
    "a workload that is none of the cases": (TRIAL, at("workload")("another"), "report", "workload"),
    "a scenario that is none of the run's": (TRIAL, at("scenario")("churn"), "report", "scenario"),
    "a scenario that is none": (TRIAL, at("scenario")("another"), "report", "scenario"),
    "a setup of no tool": (TRIAL, at("setup", "orchestrator")("another"), "report", "setup.orchestrator"),
    "a setup at no tier": (TRIAL, at("setup", "tier")("another"), "report", "setup.tier"),
    "a name that nobody can draw": (TRIAL, at("setup", "deployment")("x" * 100_000), "report", "deployment"),
    "a name that nobody can show": ("results.json", at("estimates", 0, "workload")("x" * 100_000), "show", "workload"),
    "a trial of another folder": (TRIAL, at("id")("../../../mine"), "report", "id"),
    "a trial without a setup": (TRIAL, without("setup"), "report", "setup"),
    "a size that is no number": (TRIAL, at("axes", "tasks")("3"), "report", "axes.tasks"),
    "a fact that is too large": (TRIAL, at("facts", "number")(HUGE), "report", "number"),
    "a round that is too large": (TRIAL, at("round")(HUGE), "report", "round"),
    "a start of another folder": (START, at("id")("another"), "report", "id"),
    "a start of no tool": (START, at("setup", "orchestrator")("another"), "report", "setup.orchestrator"),
    "a start without versions": (START, without("versions"), "report", "versions"),
    "a row without a scenario": ("results.json", without("estimates", 0, "scenario"), "show", "scenario"),
    "a row that is none": ("results.json", at("estimates", 0)(1), "show", "estimates"),
    "a median that is too large": ("results.json", at("estimates", 0, "median")(HUGE), "show", "median"),
    "rows that are none": ("results.json", at("estimates")({"a": 1}), "claims", "estimates"),
    "results of another time": ("results.json", at("schema")(99), "show", "schema"),
    "a number of no tool": ("results.json", at("estimates", 0, "orchestrator")("another"), "show", "another"),
    "more setups than there can be": ("results.json", many_setups, "show", "setups"),
    "more warnings than there can be": ("run.json", at("warnings")(["hot"] * 600_000), "show", "warnings"),
    "no table of rows": ("results.json", without("checks"), "claims", "checks"),
}


@pytest.mark.parametrize(("file", "change", "command", "named"), CHANGED.values(), ids=CHANGED)
def test_what_a_record_should_not_hold_is_named(
    file: str, change: Change, command: str, named: str, run: Path, orchbench_here: Call
) -> None:
    """By the file and the key."""
    path = next(run.glob(file))
    with edited(path) as document:
        change(document)
    said = refusal(orchbench_here(command, "run"))
    assert path.name in said and named in said and len(said) < 1000


def test_a_line_has_no_more_places_than_somebody_measures(run: Path, orchbench_here: Call) -> None:
    """Each is compared with each."""
    one = next(run.glob("trials/*chain_1"))
    for size in range(2, 103):
        copy = Path(shutil.copytree(one, one.with_name(f"{one.name}-{size}")))
        with edited(copy / "trial.json") as record:
            record["id"], record["axes"]["tasks"] = copy.name, size
    assert "axes.tasks" in refusal(orchbench_here("report", "run"))


def test_records_that_make_no_sense_together_are_refused(run: Path, orchbench_here: Call) -> None:
    """Each may be right by itself, and name a case that another scenario has asked for."""
    for path in run.glob("trials/*sleeping*/trial.json"):
        with edited(path) as record:
            record["workload"], record["axes"] = "chain_1", {}
    assert "run" in refusal(orchbench_here("report", "run"))
    assert "run" in refusal(orchbench_here("compare", "run", "run"))


TEXTS: dict[str, bytes] = {
    "a list": b"[]",
    "half of it": b'{"id": "',
    "no text": b"\xff\xfe\x00",
    "lists in each other": DEEP.encode(),
    "lists in each other that end": b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a number of many digits": b'{"schema": 3, "seed": ' + b"9" * 100_000 + b"}",
    "half of a character": b'{"schema": 3, "id": "\\ud800"}',
}
FILES = {"run.json": "show", "results.json": "claims", TRIAL: "report", START: "report", "trials/*/events-*": "report"}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("file", "command"), FILES.items(), ids=FILES)
def test_what_is_no_record_is_named(file: str, command: str, text: str, run: Path, orchbench_here: Call) -> None:
    """By the file."""
    path = next(run.glob(file))
    path.write_bytes(TEXTS[text])
    assert path.name in refusal(orchbench_here(command, "run"))


SAMPLES: dict[str, Callable[[str], str]] = {
    "other columns": lambda text: text.replace("scenario", "drama", 1),
    "no number": lambda text: text.replace("makespan_s,s,", "makespan_s,s,nan", 1),
    "a number that is too large": lambda text: text.replace("makespan_s,s,", "makespan_s,s,9e99", 1),
    "a cell without an end": lambda text: text + '"' + "x" * 200_000,
}


@pytest.mark.parametrize("change", SAMPLES)
def test_samples_that_are_none_are_named(change: str, run: Path, orchbench_here: Call) -> None:
    """They are read when a run is tracked."""
    path = run / "samples.csv"
    text = SAMPLES[change](path.read_text())
    assert text != path.read_text()
    path.write_text(text)
    assert path.name in refusal(orchbench_here("track", "run"))


SOURCES: dict[str, str] = {
    "a sum of many": "x = 1" + "+1" * 50_000,
    "signs of many": "x = " + "-" * 50_000 + "1",
    "attributes of many": "x = a" + ".b" * 50_000,
    "a string without an end": "x = '''",
    "brackets without an end": "x = " + "(" * 1000,
    "a text of zeros": "\0" * 1000,
}


@pytest.mark.parametrize("source", SOURCES)
def test_code_that_cannot_be_read_is_left_out(source: str, run: Path, orchbench_here: Call) -> None:
    """A report names the part that is missing, and shows the rest."""
    (run / "code" / "plain" / "adapter" / "by_hand.py").write_text(SOURCES[source])
    done = orchbench_here("report", "run")
    assert done.code == 0, done.err


def test_code_that_is_too_large_is_refused(run: Path, orchbench_here: Call) -> None:
    """Nobody has written that much into one file."""
    (run / "code" / "plain" / "adapter" / "by_hand.py").write_text("x = 1\n" * 100_000)
    assert "by_hand.py" in refusal(orchbench_here("report", "run"))
