"""A run can be carried out round by round, in turns with another, and comes to the same as one in one go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Call, Done, call
from small_runs import block, record_of, suite_of

SUITE = suite_of(
    block("overhead", rounds=3, reference_starts=2, options={"sizes": {"chain": [1, 4]}}),
    block("composition", joins=True, rounds=2, reference_starts=1, skip=["processes"]),
)

INTERLEAVE = ROOT / ".github" / "interleave.sh"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of three rounds, in which the runs of one block join the engine starts of the other."""
    path = tmp_path / "rounds.toml"
    path.write_text(SUITE)
    return path


def trials(run: Path) -> list[dict[str, Any]]:
    """Return the records of the finished trials, warm-ups left out."""
    found = [json.loads(path.read_text()) for path in sorted(run.glob("trials/*/trial.json"))]
    return [each for each in found if not each["warmup"]]


def finished(run: Path) -> bool:
    """Whether the run says that it is."""
    return bool(record_of(run)["finished"])


def test_a_run_goes_on_round_by_round(suite: Path, orchbench: Call, tmp_path: Path) -> None:
    """Each sitting ends behind its round with exit code 0 and says how to go on; nothing is measured twice."""
    choice = ("--suite", suite, "--on", "plain", "--seed", "1", "--no-mlflow")
    first = orchbench("run", *choice, "--out", "pieces", "--until-round", "1")
    assert first.code == 0 and not finished(tmp_path / "pieces")
    assert "round 1 of 3 is done; `orchbench run --resume pieces` goes on" in first.err
    made = trials(tmp_path / "pieces")
    assert {each["round"] for each in made} == {1} and {each["scenario"] for each in made} == {"overhead", "composition"}
    assert not (tmp_path / "pieces" / "report.html").exists()
    second = orchbench("run", "--resume", "pieces", "--until-round", "2")
    assert second.code == 0 and not finished(tmp_path / "pieces")
    assert {each["round"] for each in trials(tmp_path / "pieces")} == {1, 2}
    assert orchbench("run", "--resume", "pieces", "--no-mlflow").code == 0 and finished(tmp_path / "pieces")
    whole = trials(tmp_path / "pieces")
    assert [each for each in whole if each["round"] == 1] == made
    assert orchbench("run", *choice, "--out", "whole").code == 0
    places = [[(each["id"], each["start"]) for each in trials(tmp_path / name)] for name in ("pieces", "whole")]
    assert places[0] == places[1]
    assert {each["status"] for each in whole} == {"ok"}


def test_the_last_round_finishes_the_run(suite: Path, orchbench: Call, tmp_path: Path) -> None:
    """Where the round is the last one, or none is left, there is nothing to go on with, and the summary is shown."""
    done = orchbench(
        "run", "--suite", suite, "--on", "plain", "--rounds", "1", "--out", "run", "--until-round", "7", "--no-mlflow"
    )
    assert done.code == 0 and finished(tmp_path / "run") and "overhead, library tier" in done.out
    again = orchbench("run", "--resume", "run", "--until-round", "1", "--no-mlflow")
    assert again.code == 0 and finished(tmp_path / "run")


# Two checkouts in turns ------------------------------------------------------------------------------------------------


def checkout(folder: Path, orchbench: str = "") -> Path:
    """Make what passes for a checkout of this repository in which `make setup` was run."""
    if orchbench:
        command = folder / ".venv" / "bin" / "orchbench"
        command.parent.mkdir(parents=True)
        command.write_text(orchbench)
        command.chmod(0o755)
    else:
        folder.mkdir()
        (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def interleave(*arguments: object, cwd: Path) -> Done:
    """Measure two checkouts in turns."""
    return call(INTERLEAVE, *arguments, cwd=cwd, SEED="7")


def test_two_checkouts_are_measured_in_turns(suite: Path, orchbench: Call, tmp_path: Path) -> None:
    """Base and head have one seed and plan, take turns that swap each round, and are compared by the head."""
    base, head = checkout(tmp_path / "base"), checkout(tmp_path / "head")
    done = interleave(base, head, suite.name, 3, "out", "--on", "plain", "--scenario", "overhead", cwd=tmp_path)
    out = tmp_path / "out"
    assert finished(out / "base") and finished(out / "head"), done.err
    ended: dict[tuple[int, str], int] = {}
    for side in ("base", "head"):
        for path in (out / side).glob("trials/*/trial.json"):
            place = json.loads(path.read_text())["round"], side
            ended[place] = max(ended.get(place, 0), path.stat().st_mtime_ns)
    turns = [(1, "base"), (1, "head"), (2, "head"), (2, "base"), (3, "base"), (3, "head")]
    assert sorted(ended, key=lambda place: ended[place]) == turns
    assert [each["id"] for each in trials(out / "base")] == [each["id"] for each in trials(out / "head")]
    assert record_of(out / "head")["seed"] == 7
    compared = orchbench("compare", "out/base", "out/head", "--markdown", "-")
    assert (done.code, (out / "compare.md").read_text()) == (compared.code, compared.out.removesuffix("\n"))
    assert (out / "compare.html").is_file() and (out / "head" / "summary.md").is_file()


@pytest.mark.parametrize(("broken", "code"), [("base", 2), ("head", 1)])
def test_a_side_that_cannot_be_measured_is_named(broken: str, code: int, suite: Path, tmp_path: Path) -> None:
    """A broken base is no fault of the head's, a broken head is; either way there is something to show."""
    sides = [checkout(tmp_path / name, "#!/bin/sh\nexit 1\n" * (name == broken)) for name in ("base", "head")]
    done = interleave(*sides, suite, 1, "out", "--on", "plain", "--scenario", "overhead", cwd=tmp_path)
    assert done.code == code
    assert f"{broken} cannot be measured" in (tmp_path / "out" / "compare.md").read_text()


def test_the_interleaving_says_how_it_is_used(tmp_path: Path) -> None:
    """Without its arguments it prints one line and fails."""
    done = interleave(cwd=tmp_path)
    assert done.code == 2 and "BASE HEAD SUITE ROUNDS OUT" in done.err and done.err.count("\n") == 1
