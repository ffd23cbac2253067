"""Each exercise of the course can be solved with each tool, starts unsolved, and is judged by what really runs."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT, Done, call, copied_checkout, processes_of

from bench.plan.tools import discover

COURSE = ROOT / "course"
EXERCISES = sorted(check.parent for check in COURSE.glob("*/check.py"))
WRONG = sorted(COURSE.glob("*/*/wrong_*.py"))

SOLVED, NOT_SOLVED, CANNOT_SAY = 0, 1, 2

OF_THE_COURSE = {"airflow", "dagster", "plain", "prefect"}

MAKES_A_DATABASE = pytest.mark.slow("the tool makes a database first")

of_each = pytest.mark.parametrize(
    ("exercise", "tool"),
    [
        pytest.param(exercise, tool, marks=MAKES_A_DATABASE if tool in {"airflow", "prefect"} else ())
        for exercise in EXERCISES
        for tool in discover()
        if (exercise / tool).is_dir()
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
in_each = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda folder: folder.name)


def tried(exercise: Path, tool: str, home: Path, *options: str, **more: str) -> Done:
    """Run an exercise as `make exercise` does, as a user with that home, and with settings that lead nowhere."""
    # More patient than a user, for a busy machine.
    command = (sys.executable, COURSE / "exercise.py", "--limit", "240", exercise, tool, *options)
    nowhere = dict.fromkeys(("AIRFLOW_HOME", "DAGSTER_HOME", "PREFECT_HOME", "PYTHONPATH"), str(home / "nowhere"))
    variables = nowhere | {"PREFECT_API_URL": "http://127.0.0.1:1/api", "HOME": str(home), "TMPDIR": str(home)} | more
    return call(*command, cwd=home, timeout=600, **variables)


@in_each
def test_it_can_be_done_with_each_tool_of_the_course(exercise: Path) -> None:
    """Another tool may be left out; but a folder that is no tool's would never be run."""
    folders = {path.name for path in exercise.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert OF_THE_COURSE <= folders <= discover().keys()


@pytest.mark.slow("each tool once more, beside the solutions")
@of_each
def test_it_starts_unsolved(exercise: Path, tool: str, tmp_path: Path) -> None:
    """What a student gets runs, though not to the end that it should have."""
    done = tried(exercise, tool, tmp_path)
    assert done.code == NOT_SOLVED, done
    assert list(tmp_path.iterdir()) == [], "something was left in the user's home"


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


def made_up(folder: Path, pipeline: str, check: str, tool: str = "plain") -> Path:
    """Make an exercise for a tool."""
    exercise = folder / "exercise"
    (exercise / tool).mkdir(parents=True)
    (exercise / "check.py").write_text(textwrap.dedent(check))
    (exercise / tool / "pipeline.py").write_text(textwrap.dedent(pipeline))
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
    exercise = made_up(tmp_path, hangs, CHECK)
    # How long Python needs until the first step is the machine's to say; until then, nothing can be judged.
    limits = (tried(exercise, "plain", tmp_path, "--limit", str(2**doubled)) for doubled in range(8))
    done = next(done for done in limits if done.code != CANNOT_SAY)
    assert (done.code, processes_of(tmp_path)) == (NOT_SOLVED, {})


def harness_where_plain_needs(script: str, world: Path) -> Path:
    """Copy the harness, and say in the folder of plain Python what its scripts need."""
    about = copied_checkout(world) / "implementations" / "plain" / "pyproject.toml"
    about.write_text(f"{about.read_text()}\n[tool.orchbench.script]\n{script}\n")
    return world


def test_what_a_tool_needs_is_said_in_its_folder(tmp_path: Path) -> None:
    """It is called in the home of the script, which knows the variables."""
    script = """
        before = ["-c", "from pathlib import Path; (Path.home() / 'made').touch()"]
        variables = { ITSELF = "{script}" }
        """
    world = harness_where_plain_needs(textwrap.dedent(script), tmp_path / "world")
    needy = """
        import os
        from pathlib import Path
        from contract.steps import step
        if (Path.home() / "made").exists():
            with step("first"):
                pass
        if os.environ["ITSELF"] == __file__:
            with step("second"):
                pass
        """
    done = tried(made_up(tmp_path, needy, CHECK), "plain", tmp_path, PYTHONPATH=str(world))
    assert done.code == SOLVED, done


def test_the_server_of_an_exercise_asks_for_a_password(tmp_path: Path) -> None:
    """A flow call starts one, which any page in a browser could reach."""
    script = """
        import httpx
        from contract.steps import step
        from prefect import flow
        from prefect.client.orchestration import get_client

        @flow
        def nightly() -> None:
            with get_client(sync_client=True) as client:
                if httpx.post(f"{client.api_url}flows/filter", json={}).status_code == 401:
                    step("first")(int)()
                if client.read_flows():
                    step("second")(int)()

        nightly()
        """
    assert tried(made_up(tmp_path, script, CHECK, tool="prefect"), "prefect", tmp_path).code == SOLVED


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("before = ['-c', 'import time; time.sleep(900)']", "time.sleep"),
        ("before = ['-c', 'raise SystemExit(\"no room\")']", "no room"),
        ("befor = []", "befor"),
    ],
    ids=("hangs", "fails", "misspelt"),
)
def test_what_a_tool_needs_may_fail(script: str, names: str, tmp_path: Path) -> None:
    """It has a limit like the script's, and one line says what was wrong with it."""
    world = harness_where_plain_needs(script, tmp_path / "world")
    limit = ("--limit", "0.5") if "sleep" in script else ()
    done = tried(made_up(tmp_path, "", CHECK), "plain", tmp_path, *limit, PYTHONPATH=str(world))
    assert (done.code, processes_of(tmp_path)) == (CANNOT_SAY, {})
    (line,) = done.err.splitlines()
    assert names in line


@pytest.mark.parametrize(
    ("exercise", "tool", "script", "names"),
    [
        ("nowhere", "plain", "pipeline", "nowhere"),
        ("exercise", "nothing", "pipeline", "nothing"),
        ("exercise", next(iter(discover())), "pipeline", "plain"),  # the only one that it has a folder for
        ("exercise", "plain", "solution", "solution.py"),
        ("exercise", "plain", "pipeline", "pipeline"),
        ("broken", "plain", "pipeline", "FAULTS"),
    ],
)
def test_a_mistake_is_one_line(exercise: str, tool: str, script: str, names: str, tmp_path: Path) -> None:
    """It says what cannot be found, and is no verdict."""
    made_up(tmp_path, "", CHECK)
    made_up(tmp_path / "other", "", "def mistakes(ran): ...")
    (tmp_path / "broken").symlink_to(tmp_path / "other" / "exercise")
    done = tried(tmp_path / exercise, tool, tmp_path, script)
    assert done.code == CANNOT_SAY
    (line,) = done.err.splitlines()
    assert names in line
