"""Each exercise of the course can be solved with each tool, starts unsolved, and is judged by what really runs."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT, Done, call, processes_of

from bench.plan.tools import discover

COURSE = ROOT / "course"
EXERCISES = sorted(check.parent for check in COURSE.glob("*/check.py"))
WRONG = sorted(COURSE.glob("*/*/wrong_*.py"))

SOLVED, NOT_SOLVED, CANNOT_SAY = 0, 1, 2

of_each = pytest.mark.parametrize("tool", discover())
in_each = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda folder: folder.name)


def tried(exercise: Path, tool: str, home: Path, *options: str) -> Done:
    """Run an exercise as `make exercise` does, as a user with that home, and with settings that lead nowhere."""
    command = (sys.executable, COURSE / "exercise.py", exercise, tool, *options)
    nowhere = dict.fromkeys(("AIRFLOW_HOME", "DAGSTER_HOME", "PREFECT_HOME", "PYTHONPATH"), str(home / "nowhere"))
    variables = nowhere | {"PREFECT_API_URL": "http://127.0.0.1:1/api", "HOME": str(home), "TMPDIR": str(home)}
    return call(*command, cwd=home, timeout=300, **variables)


@in_each
@of_each
def test_it_starts_unsolved(exercise: Path, tool: str, tmp_path: Path) -> None:
    """What a student gets runs, though not to the end that it should have."""
    done = tried(exercise, tool, tmp_path)
    assert done.code == NOT_SOLVED, done
    assert list(tmp_path.iterdir()) == [], "something was left in the user's home"


@in_each
@of_each
def test_its_solution_solves_it(exercise: Path, tool: str, tmp_path: Path) -> None:
    """With the real tool, whose processes and files are gone afterwards."""
    done = tried(exercise, tool, tmp_path, "solution")
    assert done.code == SOLVED, done
    assert (list(tmp_path.iterdir()), processes_of(tmp_path)) == ([], {})


@in_each
def test_it_explains_itself(exercise: Path) -> None:
    """A page comes with it, and what a student might try in vain."""
    assert (exercise / "README.md").is_file()
    assert exercise in {script.parents[1] for script in WRONG}


def test_the_course_is_never_a_package() -> None:
    """A folder there has the name of a tool, which as a package would hide the tool from its own pipelines."""
    assert list(COURSE.rglob("__init__.py")) == []


@pytest.mark.parametrize("script", WRONG, ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_what_is_wrong_is_seen(script: Path, tmp_path: Path) -> None:
    """A script that runs to its end, but asks for too much or too little, does not pass."""
    assert tried(script.parents[1], script.parent.name, tmp_path, script.stem).code == NOT_SOLVED


def made_up(folder: Path, pipeline: str, check: str) -> Path:
    """Make an exercise for plain Python."""
    exercise = folder / "exercise"
    (exercise / "plain").mkdir(parents=True)
    (exercise / "check.py").write_text(textwrap.dedent(check))
    (exercise / "plain" / "pipeline.py").write_text(textwrap.dedent(pipeline))
    return exercise


CHECK = """
FAULTS = {"second": 1}

def mistakes(ran):
    if ran.attempts.keys() != {"first", "second"}:
        yield "both have to run"
"""


def test_an_exercise_is_a_folder(tmp_path: Path) -> None:
    """Nothing else has to know it; the checks are its own."""
    both = """
        from contract.steps import step
        with step("first"):
            pass
        with step("second"):
            pass
        """
    assert tried(made_up(tmp_path, both, CHECK), "plain", tmp_path).code == SOLVED


def test_a_pipeline_that_hangs_is_ended(tmp_path: Path) -> None:
    """With all that it has started, and what ran until then is judged."""
    hangs = """
        import subprocess
        from contract.steps import step
        with step("first"):
            subprocess.Popen(["sleep", "60"], start_new_session=True).wait()
        """
    done = tried(made_up(tmp_path, hangs, CHECK), "plain", tmp_path, "--limit", "2")
    assert (done.code, processes_of(tmp_path)) == (NOT_SOLVED, {})


@pytest.mark.parametrize(
    ("exercise", "tool", "names"),
    [
        ("nowhere", "plain", "nowhere"),
        ("exercise", "nothing", "nothing"),
        ("exercise", next(iter(discover())), "pipeline.py"),
        ("exercise", "plain", "pipeline"),
        ("broken", "plain", "FAULTS"),
    ],
)
def test_a_mistake_is_one_line(exercise: str, tool: str, names: str, tmp_path: Path) -> None:
    """It says what cannot be found, and is no verdict."""
    made_up(tmp_path, "", CHECK)
    made_up(tmp_path / "other", "", "def mistakes(ran): ...")
    (tmp_path / "broken").symlink_to(tmp_path / "other" / "exercise")
    done = tried(tmp_path / exercise, tool, tmp_path)
    assert done.code == CANNOT_SAY
    (line,) = done.err.splitlines()
    assert names in line
