"""A setup: what tells two of them apart, in every name that is made of one."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from bench.base.problem import Problem
from bench.plan import planning, suite, tools
from bench.plan.setup import Setup

SETUP = Setup("prefect", "service", "stock", "serve", "a process per run")
OTHERS = [
    msgspec.structs.replace(SETUP, **{key: value})
    for key, value in {
        "orchestrator": "airflow", "tier": "library", "profile": "tuned", "deployment": "worker", "database": "postgres",
    }.items()
]  # fmt: skip


def names(setup: Setup) -> dict[str, str]:
    """Return all the names that are made of a setup."""
    return {each: getattr(setup, each) for each in ("full_name", "label", "path", "settings_of")}


@pytest.mark.parametrize(("one", "other"), itertools.combinations([SETUP, *OTHERS], 2), ids=lambda setup: setup.label)
def test_two_setups_have_no_name_in_common(one: Setup, other: Setup) -> None:
    """Whatever they differ in: a tool, a tier, settings, a deployment, or a database that was chosen."""
    assert one.key != other.key
    assert not set(names(one).items()) & set(names(other).items())


def test_the_database_that_a_tool_brings_along_is_in_no_name() -> None:
    """Names of runs that were made before a database could be chosen stay what they were."""
    assert names(SETUP) == names(msgspec.structs.replace(SETUP, database="none"))
    assert not any("sqlite" in name for name in names(SETUP).values())


def test_the_second_of_a_pair_is_the_same_setup_with_other_draws() -> None:
    """It has the key of the first, by which the two are put together, and a path of its own, by which draws are made."""
    again = msgspec.structs.replace(SETUP, control=True)
    assert again.key == SETUP.key
    assert again.path != SETUP.path and again.label != SETUP.label


def test_a_plan_takes_the_database_from_the_deployment() -> None:
    """Each start says it, in its own tool's words."""
    known = tools.discover()
    made = planning.make(planning.Choice(suite.load("quick", known), list(known.values()), seed=1), 1e6)
    said = {(start.setup.orchestrator, start.setup.deployment): start.setup.database for start in made.starts}
    databases = {(tool.name, each.name): each.database for tool in known.values() for each in tool.deployments}
    assert said and said.items() <= databases.items()
    assert {database for (tool, _), database in said.items() if tool == tools.REFERENCE} == {"none"}


TOOL = """
[tool.orchbench]
adapter = "odd"

[[tool.orchbench.deployments]]
name = "usual"
tier = "library"
isolation = "one process"
"""


@pytest.mark.parametrize(
    ("more", "is_known"),
    [
        ('profiles = ["stock", "tuned"]\npolls_every_s = { stock = 5, tuned = 1 }\napart = "pool"', True),
        ('profiles = ["fast"]', False),
        ("polls_every_s = { fast = 1 }", False),
        ('apart = "threads"', False),
    ],
)
def test_a_folder_names_only_settings_and_classes_that_there_are(more: str, is_known: bool, tmp_path: Path) -> None:
    """What nothing else knows is a mistake of the folder, which is told of as one."""
    (tmp_path / "pyproject.toml").write_text(TOOL + more)
    if is_known:
        assert tools.read(tmp_path).deployments[0].apart == "pool"
    else:
        with pytest.raises(Problem, match="cannot be read"):
            tools.read(tmp_path)
