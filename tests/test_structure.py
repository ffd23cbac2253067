"""The imports run one way, and nothing foreign gets into what is installed beside three tools."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
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


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.parent.name)
def test_a_service_of_our_choice_is_one_that_is_started(source: Path) -> None:
    """Another name would not be found among the services, and would count as one that a user needs."""
    about = tomllib.loads((source.parent.parent / "pyproject.toml").read_text())["tool"]["orchbench"]
    started = (source / "service.py").read_text()
    assert [name for name in about.get("by_choice", {}) if f'start("{name}"' not in started] == []


@pytest.mark.parametrize("name", ["preparation.py", "training.py", "inference.py", "notifications.py", "__main__.py"])
def test_the_churn_pipelines_lie_side_by_side(name: str) -> None:
    """The shop window: each part of the pipelines is in the file of the same name in all four."""
    assert [source.name for source in SOURCES if not (source / name).is_file()] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.parent.name)
def test_a_workload_does_not_pay_for_the_pipelines(source: Path) -> None:
    """What runs workloads imports none of the numeric stack, which takes seconds that no workload needs."""
    python, name = source.parent.parent / ".venv/bin/python", source.name
    code = f"import sys, {name}.adapter, {name}.shapes; print(*{{'pandas', 'sklearn', 'mlflow'}} & set(sys.modules))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_core_knows_no_orchestrator() -> None:
    """The churn pipeline's core imports the numeric stack, and nothing of ours."""
    ours = {"bench", "contract"} | {source.name for source in SOURCES}
    assert imported(ROOT / "shared/src/churn") & (ours | TOOLS) == set()


def test_the_numeric_stack_is_the_same_in_every_lock() -> None:
    """Other versions could train another model, or the same one faster."""
    stack = ("numpy", "pandas", "scipy", "scikit-learn", "pyarrow", "mlflow", "threadpoolctl", "skops", "sqlalchemy")
    locks = {path.parent.name: tomllib.loads(path.read_text()) for path in ROOT.glob("implementations/*/uv.lock")}
    versions = {
        name: sorted((package["name"], package["version"]) for package in lock["package"] if package["name"] in stack)
        for name, lock in locks.items()
    }
    assert len(versions) == len(SOURCES)
    assert {name for name, _ in versions["plain"]} == set(stack)
    assert [name for name, found in versions.items() if found != versions["plain"]] == []


def test_the_harness_writes_the_database_that_the_pipelines_write() -> None:
    """A run's own MLflow store has tables of one version, whoever creates it."""
    names = {"mlflow-skinny", "sqlalchemy", "alembic"}
    found = [
        {package["name"]: package["version"] for package in tomllib.loads(path.read_text())["package"]}
        for path in (ROOT / "uv.lock", ROOT / "implementations/plain/uv.lock")
    ]
    harness, plain = ({name: versions.get(name) for name in names} for versions in found)
    assert harness == plain and None not in plain.values()
