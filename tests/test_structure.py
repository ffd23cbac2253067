"""The imports run one way, and nothing foreign gets into what is installed beside the tools."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.util import resolve_name
from pathlib import Path

import pytest
from conftest import ROOT

from bench.plan.tools import REFERENCE

SOURCES = sorted(ROOT.glob("implementations/*/src/churn_*"))
TOOLS = {path.parent.name for path in ROOT.glob("implementations/*/pyproject.toml")}


def imports(folder: Path, package: str = "") -> set[str]:
    """Return the dotted names that the modules of a folder import, which is the package of that name."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                origin = resolve_name("." * node.level + (node.module or ""), package)
                found |= {f"{origin}.{alias.name}" for alias in node.names}
    return found


def imported(folder: Path) -> set[str]:
    """Return the top-level packages that the modules of a folder import."""
    return {name.partition(".")[0] for name in imports(folder)}


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


ADAPTER = ("__main__.py", "catalogue.py", "library.py", "service.py", "settings.py", "shapes.py")
PIPELINES = ("caching.py", "inference.py", "notifications.py", "passing.py", "preparation.py", "training.py", "whole.py")


@pytest.mark.parametrize(
    "name", ["__main__.py", *(f"adapter/{name}" for name in ADAPTER), *(f"pipelines/{name}" for name in PIPELINES)]
)
def test_all_implementations_have_the_same_files(name: str) -> None:
    """A reader who knows one folder knows all four, and lays any file of one beside that of another."""
    assert [source.name for source in SOURCES if not (source / name).is_file()] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.parent.name)
def test_an_implementation_has_two_rooms(source: Path) -> None:
    """Beside the command line, a module is something that a user would write, or something that the harness needs."""
    found = {path.relative_to(source).parts[0] for path in source.rglob("*.py")}
    assert found == {"__init__.py", "__main__.py", "adapter", "pipelines"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.parent.name)
def test_the_pipelines_do_not_know_the_adapter(source: Path) -> None:
    """What a user would write needs nothing that is there for the harness, but for the contract's events."""
    room = f"{source.name}.pipelines"
    own = {name for name in imports(source / "pipelines", room) if name.startswith(f"{source.name}.")}
    assert {name for name in own if not name.startswith(f"{room}.")} == set()
    assert {name for name in imports(source / "pipelines", room) if name.startswith("contract.")} == {"contract.steps.step"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.parent.name)
def test_a_service_of_our_choice_is_one_that_is_started(source: Path) -> None:
    """Another name would not be found among the services, and would count as one that a user needs."""
    about = tomllib.loads((source.parent.parent / "pyproject.toml").read_text())["tool"]["orchbench"]
    started = (source / "adapter/service.py").read_text()
    assert [name for name in about.get("by_choice", {}) if f'start("{name}"' not in started] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.parent.name)
def test_a_workload_does_not_pay_for_the_pipelines(source: Path) -> None:
    """What runs workloads imports none of the numeric stack, which takes seconds that no workload needs."""
    python, name = source.parent.parent / ".venv/bin/python", source.name
    code = f"import sys, {name}.adapter.__main__, {name}.adapter.shapes; print(*sys.modules)"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert {"pandas", "sklearn", "mlflow"} & set(done.stdout.split()) == set()


def test_the_harness_imports_no_tool() -> None:
    """It runs where none is installed."""
    assert imported(ROOT / "bench") & TOOLS == set()


@pytest.mark.parametrize(
    "places", ["bench/**/*", "Makefile", "pyproject.toml", ".github/**/*", ".ci/**/*", "course/*.py", "course/*/check.py"]
)
def test_nothing_of_ours_knows_a_tool_by_its_folder(places: str) -> None:
    """What is to be known of a tool stands in the tool's folder; only the reference is known by its name."""
    files = [path for path in ROOT.glob(places) if path.is_file() and path.suffix != ".pyc"]
    word = re.compile(rf"\b({'|'.join(TOOLS - {REFERENCE})})\b")
    assert files and [(path, found[0]) for path in files if (found := word.search(path.read_text()))] == []


def test_the_core_knows_no_tool() -> None:
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
    assert {name for name, _ in versions["plain"]} == set(stack)
    assert [name for name, found in versions.items() if not set(found) <= set(versions["plain"])] == []
    with_pipelines = {source.parent.parent.name for source in SOURCES}
    assert [name for name in with_pipelines if len(versions[name]) < len(stack)] == []


def test_the_harness_writes_the_database_that_the_pipelines_write() -> None:
    """A run's own MLflow store has tables of one version, whoever creates it."""
    names = {"mlflow-skinny", "sqlalchemy", "alembic"}
    found = [
        {package["name"]: package["version"] for package in tomllib.loads(path.read_text())["package"]}
        for path in (ROOT / "uv.lock", ROOT / "implementations/plain/uv.lock")
    ]
    harness, plain = ({name: versions.get(name) for name in names} for versions in found)
    assert harness == plain and None not in plain.values()
