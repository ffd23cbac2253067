"""The imports run one way, and nothing foreign gets into what is installed beside the tools."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
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


ADAPTER = ("__main__.py", "by_hand.py", "catalogue.py", "library.py", "service.py", "settings.py", "shapes.py")
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


# Dependencies ----------------------------------------------------------------------------------------------------------

OTHERWISE_CALLED = {
    "_pytest": "pytest",
    "airflow": "apache-airflow",
    "jwt": "pyjwt",
    "markdown_it": "markdown-it-py",
    "sklearn": "scikit-learn",
}
"""The distributions of modules that have another name."""

OURS = {"bench", "churn", "contract", "contract_testing"} | {source.name for source in SOURCES}


def needed(folder: Path) -> set[str]:
    """Return the distributions that the modules of a folder import, without Python's own, ours, and each other."""
    own = {path.stem for path in folder.rglob("*") if path.is_dir() or path.suffix == ".py"}
    modules = imported(folder) - set(sys.stdlib_module_names) - OURS - own
    return {OTHERWISE_CALLED.get(module, module.replace("_", "-")) for module in modules}


def declared(folder: Path, *, tests: bool = False) -> set[str]:
    """Return the distributions that the project in a folder asks for, and those that it gets with our shared code."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    requirements = project["project"]["dependencies"] + (project["dependency-groups"]["dev"] if tests else [])
    if "orchbench-shared[churn]" in requirements:
        requirements += churn_requirements()
    names = {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in requirements}
    return names | ({"mlflow"} if "mlflow-skinny" in names else set())


def churn_requirements() -> list[str]:
    """Return what the core of the pipelines asks for."""
    project = tomllib.loads((ROOT / "shared/pyproject.toml").read_text())["project"]
    requirements: list[str] = project["optional-dependencies"]["churn"]
    return requirements


@pytest.mark.parametrize("name", [".", *(f"implementations/{tool}" for tool in sorted(TOOLS))])
def test_what_is_imported_is_declared(name: str) -> None:
    """What only another package brings is gone when that one does without it."""
    project = ROOT / name
    sources = project / ("bench" if name == "." else "src")
    assert needed(sources) - declared(project) == set()
    assert needed(project / "tests") - declared(project, tests=True) == set()
    assert name == "." or needed(ROOT / "shared/src/churn") - declared(project) == set()


# One gate --------------------------------------------------------------------------------------------------------------

TOUCHING = {
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "touch", "truncate", "sendfile", "mkfifo", "mknod"),
    *("iterdir", "glob", "rglob", "walk", "fwalk", "scandir", "listdir", "readlink"),
    *("mkdir", "makedirs", "symlink", "symlink_to", "hardlink_to", "chmod", "chown", "utime", "copyfile", "copyfileobj"),
    *("copy2", "copytree", "copymode", "copystat", "move", "rename", "renames", "unlink", "rmdir", "removedirs", "rmtree"),
    *("TemporaryDirectory", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkdtemp", "mkstemp"),
    *("ZipFile", "TarFile", "make_archive", "unpack_archive", "save_svg", "save_html", "save_text", "savefig"),
}
"""Names by which a file or a folder is opened, listed, made, changed or removed, whatever has them."""

IN_A_MODULE = {
    "os": {"link", "remove", "replace"},
    "shutil": {"copy"},
    "sqlite3": {"connect"},
    "tempfile": set[str](),
}
"""Names that do so in this module only."""

PAST_THE_GATE = {
    "base/machine.py": ("glob open read_text", "/proc, /sys, the locks of this checkout, and the copy of the customers"),
    "claims/ledger.py": ("read_bytes", "a ledger that the user names, and trusts"),
    "cli/conform.py": ("TemporaryDirectory", "a new folder of our own"),
    "cli/duel.py": ("iterdir mkdir", "a new folder that the user names"),
    "cli/inputs.py": ("read_text", "a workload that the user names, and trusts"),
    "derive/floor.py": ("read_bytes", "a file of our own, beside the module"),
    "events/timeline.py": ("glob", "the names in a folder that the gate has looked at"),
    "export/mlflow/__init__.py": ("open", "a log, and no file"),
    "export/mlflow/log.py": (
        "TemporaryDirectory ZipFile connect mkdir open write_text",
        "files that the gate has looked at; a new folder",
    ),
    "plan/suite.py": ("glob read_bytes", "suites of this checkout, or one that the user names, and trusts"),
    "plan/tools.py": ("glob read_text", "the implementations of this checkout"),
    "report/charts/drawing.py": ("savefig", "memory"),
    "report/charts/theme.py": ("read_text", "the style of our page"),
    "report/pages.py": ("read_text", "the style and the script of our page"),
    "report/render.py": ("iterdir", "the names in a folder that the user names"),
    "run/conformance.py": ("mkdir", "a new folder of our own"),
    "run/duel.py": ("open read_text", "the log in a new folder of our own"),
    "run/engine.py": ("mkdir mkdtemp open read_text rmtree unlink", "the new folder of an engine start, and one of our own"),
    "run/footprint.py": ("walk", "the sizes in the home of an engine that we have started"),
    "run/keeper.py": ("rmtree write_text", "the new folder of an engine start, and one of our own"),
    "run/procedures/cancel_in_the_middle.py": ("read_text", "/proc"),
    "run/procedures/once.py": ("unlink write_bytes", "the home of an engine that we have started"),
    "scenarios/churn/runs.py": ("mkdir", "a folder that was checked when the run was locked"),
    "scenarios/churn/traces.py": (
        "connect read_bytes",
        "the new folder of a trial, and a database that was checked with the run",
    ),
    "store/finding.py": ("scandir", "the names in folders, of which no link is followed"),
    "store/traps.py": ("connect", "a database that the gate has looked at"),
    "store/folder.py": ("replace", "paths of the gate"),
    "store/place.py": ("TemporaryFile chmod mkdir open replace", "the folder itself; paths of the gate"),
    "store/sources.py": ("read_bytes rglob", "our own sources"),
}
"""What touches files without `bench/base/files.py`, and why no stranger can lead it astray."""


def touches(path: Path) -> Iterator[str]:
    """Yield the names in a module by which it touches files."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(ast.Name("ast")):
                continue  # it has a `walk` of its own
            case ast.Name("open"):
                yield "open"
            case ast.ImportFrom(module=str(module), names=names) if module in IN_A_MODULE:
                yield from {each.name for each in names} & (TOUCHING | IN_A_MODULE[module])
            case ast.Attribute(ast.Name(module), name) if name in IN_A_MODULE.get(module, ()):
                yield name
            case ast.Attribute(_, name) if name in TOUCHING:
                yield name
            case ast.Call(ast.Attribute(_, "replace"), args=[_], keywords=[]):  # a text's has two, a record's has keywords
                yield "replace"


def test_files_are_touched_through_one_gate() -> None:
    """Whoever touches them elsewhere says here why no stranger's folder is meant; who does so no more, is taken out."""
    paths = {str(path.relative_to(ROOT / "bench")): path for path in ROOT.glob("bench/**/*.py")}
    found = {name: " ".join(sorted(set(touches(path)))) for name, path in paths.items()}
    assert found.pop("base/files.py")
    assert {name: names for name, names in found.items() if names} == {name: its for name, (its, _) in PAST_THE_GATE.items()}
