"""What doctor says of an environment: the environment's own Python is asked."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from conftest import stand_in

from bench.plan.tools import Tool, discover
from bench.run.environment import ToolEnvironment


def lacks(folder: Path, *dependencies: str) -> list[str]:
    """Return what the environment in the folder lacks of these."""
    return list(ToolEnvironment(Tool(folder.name, folder, "any", (), dependencies=dependencies)).lacks())


def environment(tmp_path: Path) -> Path:
    """Return the folder of a tool whose environment has what that of the harness has."""
    stand_in(tmp_path / "tool" / ".venv", Path(sys.executable), tmp_path / "tool")
    return tmp_path / "tool"


def test_what_is_there_is_not_missing(tmp_path: Path) -> None:
    """Whether any version will do, or exactly one; with extras and markers."""
    pinned = f"msgspec=={version('msgspec')}"
    assert lacks(environment(tmp_path), pinned, "rich>=1", "orchbench-shared[churn]", "click ; python_version > '3'") == []


def test_a_package_that_is_missing_is_named(tmp_path: Path) -> None:
    """A Python that runs is not enough."""
    (lack,) = lacks(environment(tmp_path), "rich", "no-such-package[more]>=1")
    assert "no-such-package" in lack and "rich" not in lack


def test_another_version_is_named(tmp_path: Path) -> None:
    """That which is there, and that which is asked for."""
    (lack,) = lacks(environment(tmp_path), "msgspec==0.0.1")
    assert version("msgspec") in lack and "0.0.1" in lack


def test_an_environment_that_is_missing_or_broken_is_one_line(tmp_path: Path) -> None:
    """Without a Python, and with one that does not run."""
    (missing,) = lacks(tmp_path / "nothing", "rich")
    broken = tmp_path / "broken"
    (broken / ".venv/bin").mkdir(parents=True)
    (broken / ".venv/bin/python").symlink_to("/bin/false")
    (said,) = lacks(broken, "rich")
    assert "nothing" in missing and "broken" in said and "\n" not in said


def test_every_tool_says_what_it_needs() -> None:
    """Otherwise doctor would find nothing missing."""
    assert [name for name, tool in discover().items() if not tool.dependencies] == []
