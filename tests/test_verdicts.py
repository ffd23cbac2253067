"""What becomes of runs that do not end as they should: a verdict, beside the numbers of those that do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import orchbench_in
from small_runs import block, edited, finished_run, results_of, suite_of

SUITE = suite_of(block("overhead", repeat=3, reference_starts=1, options={"sizes": {"chain": [1, 5]}}))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python in which all went well."""
    return finished_run(tmp_path_factory.mktemp("sound"), SUITE)


def ends(run: Path) -> dict[str, tuple[str, str]]:
    """Return what is said of each deployment's runs."""
    rows = [row for row in results_of(run)["checks"] if row["check"] == "comes_to_its_end"]
    return {row["deployment"]: (row["verdict"], row["because"]) for row in rows}


def test_runs_that_end_as_they_should_pass(sound: Path) -> None:
    """Every deployment has the verdict, and the number of its runs."""
    assert ends(sound).keys() == {"threads", "processes"}
    assert {verdict for verdict, _ in ends(sound).values()} == {"pass"}


@pytest.mark.parametrize("end", ["over", "timeout", "crashed", "not_started"])
def test_one_run_that_is_lost_is_a_failure(sound: Path, end: str, tmp_path: Path) -> None:
    """Of three runs two have their numbers still, so that nothing else would tell of the third."""
    run = tmp_path / "run"
    shutil.copytree(sound, run)
    lost = min(run.glob("trials/*-plain-chain_5/trial.json"))
    with edited(lost) as record:
        record.update(end=end, because="it was planted")
    if end == "over":  # and the tool calls it failed, which nobody had asked for
        (log,) = (each for each in lost.parent.glob("events-*.jsonl") if "settled" in each.read_text())
        log.write_text(log.read_text().replace('"state":"succeeded"', '"state":"failed"'))
    assert orchbench_in(tmp_path, "report", "run").code == 0
    verdict, because = ends(run)[record["setup"]["deployment"]]
    assert verdict == "fail" and f"{lost.parent.name}: it was planted" in because
    assert [row["verdict"] for row in results_of(run)["checks"] if row["verdict"] != "pass"] == ["fail"]
    compared = orchbench_in(tmp_path, "compare", sound, "run")
    assert compared.code == 1 and "comes_to_its_end" in compared.out


def test_what_a_tool_has_no_way_to_do_is_no_loss(sound: Path, tmp_path: Path) -> None:
    """An unsupported run is told as such elsewhere."""
    run = tmp_path / "run"
    shutil.copytree(sound, run)
    with edited(min(run.glob("trials/*-plain-chain_5/trial.json"))) as record:
        record.update(end="unsupported", because="unsupported: planted")
    assert orchbench_in(tmp_path, "report", "run").code == 0
    assert {verdict for verdict, _ in ends(run).values()} == {"pass"}
