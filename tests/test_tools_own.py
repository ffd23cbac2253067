"""The tests that a tool's folder has of its own run in its own environment, beside all others."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from _pytest.mark import ParameterSet
from conftest import call

from bench.plan.tools import Tool, discover

NONE_CHOSEN = 5
"""pytest's exit code where no test is left."""


def stages(tool: Tool) -> Iterator[ParameterSet]:
    """Return what is run of a folder's tests at a time: those that measure alone, where it declares that it has such."""
    about = tomllib.loads((tool.folder / "pyproject.toml").read_text())
    declared = about["tool"].get("pytest", {}).get("ini_options", {}).get("markers", [])
    markers = {each.partition(":")[0].partition("(")[0] for each in declared}
    yield pytest.param(tool, "not alone and not slow", id=tool.name)
    if "alone" in markers:
        yield pytest.param(tool, "alone and not slow", id=f"{tool.name}-alone", marks=pytest.mark.alone)
    if "slow" in markers:
        slow = [pytest.mark.alone, pytest.mark.slow(reason="the folder's own tests say why")]
        yield pytest.param(tool, "slow", id=f"{tool.name}-slow", marks=slow)


@pytest.mark.parametrize(("tool", "marked"), [each for tool in discover().values() for each in stages(tool)])
def test_its_own_tests_pass(tool: Tool, marked: str) -> None:
    """Where one does not, all that pytest says of it is shown here."""
    done = call(tool.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", marked, "tests", cwd=tool.folder)
    assert done.code in {0, NONE_CHOSEN}, done.out + done.err
