"""The imports run one way, and nothing foreign gets into what is installed beside three tools."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from conftest import ROOT

SOURCES = sorted(ROOT.glob("implementations/*/src/churn_*"))
TOOLS = {"airflow", "prefect", "dagster"}


def imported(folder: Path) -> set[str]:
    """Return the top-level packages that the modules of a folder import."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(str(node.module).partition(".")[0])
    return found


def test_the_contract_needs_the_standard_library_only() -> None:
    """It is installed beside tools whose dependencies cannot meet."""
    assert imported(ROOT / "shared/src/contract") - set(sys.stdlib_module_names) == {"contract"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.parent.name)
def test_an_implementation_knows_its_own_tool_only(source: Path) -> None:
    """No implementation imports the harness, another implementation, or another one's tool."""
    own = source.parent.parent.name
    others = {other.name for other in SOURCES if other != source} | (TOOLS - {own}) | {"bench"}
    assert imported(source) & others == set()


def test_an_implementation_is_never_a_package() -> None:
    """Airflow extends its own package path, and would absorb a folder called airflow."""
    assert not list(ROOT.glob("implementations/__init__.py")) + list(ROOT.glob("implementations/*/__init__.py"))


@pytest.mark.parametrize("name", ["__init__.py", "adapter.py", "shapes.py", "library.py", "service.py", "settings.py"])
def test_all_implementations_have_the_same_files(name: str) -> None:
    """A reader who knows one folder knows all four."""
    assert [source.name for source in SOURCES if not (source / name).is_file()] == []
