"""Secrets of a user stay secret: all that a run writes, at both tiers of each tool, is searched for them, and all processes.

The search is known to find: the same one finds what is given in plain sight, and what is no longer masked.
"""

from __future__ import annotations

import base64
import gzip
import io
import os
import re
import sqlite3
import subprocess
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from canaries import OTHERS, PASSWORD, SIGNATURE, TRACKING, WEBHOOK, Canaries, Services, Watch
from conftest import ORCHBENCH, Call
from small_runs import block, edited, suite_of
from test_churn import customers
from tracked_runs import mlflow_served

from bench.base import text
from bench.plan.setup import Setup, setups_of
from bench.plan.tools import Tool, discover
from bench.run import environment
from bench.run.engine import Asked, Engine, Place
from contract.events import Trial
from contract.pipeline import Pipeline
from contract.servers import free_port

TOOLS = discover()
SERVICES = [
    pytest.param(tool, each, id=each.label)
    for tool in TOOLS.values()
    for each in setups_of(tool)
    if each.tier == "service" and each.default
]

USERS_OWN = ("AWS_SECRET_ACCESS_KEY", "DAGSTER_CLOUD_API_TOKEN", "GITHUB_TOKEN")
"""Variables that a tool is given with everything else when it is started by hand, and that are no business of it."""

TOOLS_OWN = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "PREFECT_API_KEY", "DAGSTER_HOME")
"""Variables by which a user has set up a tool; a tool that is measured must not see them."""

IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
"""Otherwise MLflow tries for minutes before it says what is wrong."""


class World:
    """A user's folder, with all that is written, and the services that the secrets open."""

    def __init__(self, folder: Path, mlflow: str = "", store: Path | None = None) -> None:
        """Make the folders."""
        self.folder, self.canaries = folder, Canaries()
        self.home, self.temporary = folder / "home", folder / "tmp"
        for each in (self.home, self.temporary):
            each.mkdir(parents=True)
        customers(folder / "customers.csv", 300)
        self.services = Services(self.canaries, (folder / "customers.csv").read_bytes(), folder / "told", mlflow)
        self._searched = [folder, store] if store else [folder]

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a user who gives the secrets to the pipelines."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "CHURN_HOME": str(self.folder / "churn"),
            "CHURN_WEBHOOK": self.services.webhook,
            "CHURN_DATA": self.services.data,
            "MLFLOW_TRACKING_URI": self.services.tracking,
            "MLFLOW_TRACKING_PASSWORD": self.canaries.tokens[PASSWORD],
            **dict.fromkeys(USERS_OWN, self.canaries.tokens[OTHERS]),
            **IMPATIENT,
        }

    def close(self) -> None:
        """End the services."""
        self.services.close()

    def watch(self) -> Watch:
        """Return what searches everything."""
        return Watch(self.canaries, *self._searched)

    def call(self, *argv: object, **more: str) -> tuple[int, Watch]:
        """Call a command; return its exit code, and what was found of it. What it says is searched, too."""
        with self.watch() as watch, (self.folder / "said").open("ab") as said:
            done = subprocess.run(
                [*map(str, argv)],
                cwd=self.folder,
                env=self.variables | more,
                stdout=said,
                stderr=said,
                timeout=900,
                check=False,
            )
        return done.returncode, watch

    def said(self) -> str:
        """Return what commands have said."""
        return (self.folder / "said").read_text()


@pytest.fixture(scope="session")
def mlflow() -> Iterator[tuple[str, Path]]:
    """An MLflow server, and the folder in which it keeps everything."""
    with tempfile.TemporaryDirectory() as folder, mlflow_served(f"sqlite:///{folder}/mlflow.db", Path(folder)) as uri:
        yield uri, Path(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: below it are Unix sockets, whose paths may have about 100 bytes."""
    with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
        yield Path(folder)


@pytest.fixture
def offline(folder: Path) -> Iterator[World]:
    """A user whose MLflow server is gone."""
    with closing(World(folder / "user")) as world:
        yield world


@pytest.fixture
def world(folder: Path, mlflow: tuple[str, Path]) -> Iterator[World]:
    """A user with everything."""
    with closing(World(folder / "user", *mlflow)) as world:
        yield world


# By hand ---------------------------------------------------------------------------------------------------------------


def train(tool: Tool, *options: str) -> list[object]:
    """Return the command by which a user of the tool trains, so that the gate refuses what comes out."""
    return [tool.python, "-m", f"churn_{tool.name}", "train", "--n-estimators=5", "--min-roc-auc=1", *options]


@pytest.mark.slow("each of the tools trains")
@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_a_pipeline_that_is_run_by_hand_keeps_them(tool: Tool, world: World) -> None:
    """Each service fails once, so that there are errors to be logged; the models are recorded, and the failure is told."""
    world.services.failing = {TRACKING, SIGNATURE, WEBHOOK}
    code, watch = world.call(*train(tool))
    assert code == 1 and "nothing was registered" in world.said()
    assert world.services.are_opened_by(TRACKING, SIGNATURE, WEBHOOK) and world.services.failing == set()
    assert watch.found == set()


def test_a_script_whose_mlflow_is_gone_keeps_them(offline: World) -> None:
    """The error of the library below ends the run, and is told to the webhook."""
    code, watch = offline.call(*train(TOOLS["plain"]))
    assert code == 1 and "Traceback" in offline.said()
    assert offline.services.are_opened_by(TRACKING, SIGNATURE, WEBHOOK) and offline.services.told.exists()
    assert watch.found == set()


# On servers ------------------------------------------------------------------------------------------------------------


@contextmanager
def started(tool: Tool, setup: Setup, world: World, **variables: str) -> Iterator[Engine]:
    """An engine with more variables than the harness would give it, as on servers of the user's own."""
    place = Place(world.folder / "start", 2, {"CHURN_HOME": str(world.folder / "churn"), **IMPATIENT, **variables})
    (place.folder / "home").mkdir(parents=True)
    engine = Engine(tool, setup, place)
    try:
        engine.start()
        engine.deploy([Pipeline("train", "train")])
        yield engine
        assert engine.stop() == []
    finally:
        engine.kill()


def end(engine: Engine, events: Path, **parameters: Any) -> str:
    """Train, so that the gate refuses what comes out; return how the tool says that the run has ended."""
    events.mkdir()
    trial = Trial(events.name, str(events))
    return engine.submit(Asked("train", trial, 300, {"n_estimators": 5, "min_roc_auc": 1.0} | parameters)).end(300)


@pytest.mark.slow("an engine of each tool, which trains twice")
@pytest.mark.parametrize(("tool", "setup"), SERVICES)
def test_servers_keep_what_is_in_their_environment_and_tell_what_is_a_parameter(
    tool: Tool, setup: Setup, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same search finds nothing of the secrets in variables, and in each tool's own records those of the parameters."""
    monkeypatch.setattr(tempfile, "tempdir", str(world.temporary))
    variables = {name: world.variables[name] for name in ("CHURN_WEBHOOK", "CHURN_DATA", "MLFLOW_TRACKING_PASSWORD")}
    variables |= {"MLFLOW_TRACKING_URI": f"http://{world.services.address}", "MLFLOW_TRACKING_USERNAME": "anna"}
    world.services.failing = {TRACKING, SIGNATURE, WEBHOOK}
    with (
        closing(World(world.folder / "plain_sight")) as plain_sight,
        Watch(plain_sight.canaries, world.folder) as shown,
        world.watch() as watch,
        started(tool, setup, world, **variables) as engine,
    ):
        assert end(engine, world.folder / "hidden") == "failed"
        assert world.services.are_opened_by(PASSWORD, SIGNATURE, WEBHOOK) and world.services.failing == set()
        given = {"webhook": plain_sight.services.webhook, "data": plain_sight.services.data}
        assert end(engine, world.folder / "shown", **given) == "failed"
        assert plain_sight.services.are_opened_by(SIGNATURE, WEBHOOK)
    assert watch.found == set()
    # Plain Python keeps no records, and its adapter hands such parameters on by environment.
    records = {kind for kind, place in shown.found if ".db" in place}
    assert records == (set() if setup.is_plain else {SIGNATURE, WEBHOOK}), shown.found


# Measured --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow("two engines of each tool, which train")
@pytest.mark.parametrize("tool", TOOLS)
def test_a_run_of_the_harness_keeps_them(tool: str, world: World) -> None:
    """At both tiers, with a source and a model that fail; no process of an engine sees any of the user's variables."""
    options = {"rows": 300, "n_estimators": 5, "cases": ["train_faulty"]}
    common = {"reference_starts": 1, "limit_s": 300, "skip": ["worker", "processes"], "options": options}
    blocks = [block("churn", **common | {"tier": tier}) for tier in ("library", "service")]
    (world.folder / "suite.toml").write_text(suite_of(*blocks))
    tools_own = dict.fromkeys(TOOLS_OWN, world.canaries.tokens[OTHERS])
    code, watch = world.call(ORCHBENCH, "run", "--suite", "suite.toml", "--on", tool, "--out", "run", **tools_own)
    assert code == 0 and "tracked in MLflow: http://" in world.said(), world.said()
    assert world.services.are_opened_by(TRACKING)
    assert watch.found == set()
    assert watch.engines and set().union(*watch.engines.values()) == set(), watch.engines


# The search finds ------------------------------------------------------------------------------------------------------


def _zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.gz", gzip.compress(content))
    return archive.getvalue()


def _in_a_database(content: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table kept (value blob)")
        database.execute("insert into kept values (?)", [content])
        database.commit()
        return database.serialize()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "in an archive in an archive": _zipped,
    "compressed behind something else": lambda content: b"behind" + zlib.compress(content),
    "in base64": lambda content: base64.b64encode(b"a" + content),
    "in hexadecimal digits": lambda content: content.hex().encode(),
    "in a database": _in_a_database,
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("place", [0, 1, 2, *range(5000, 5032, 5)])
def test_it_finds_a_secret_however_it_is_packed(packed: str, place: int) -> None:
    """In archives, in other digits, and where a database splits a value in two; and only the secret that is there."""
    canaries = Canaries()
    # SQLite fills its pages from the end of a value: 4092 bytes each, of which the secret is to be on both sides.
    content = (b"?" * place + canaries.tokens[WEBHOOK].encode()).ljust(5016 + 4092, b"?")
    assert canaries.inside(PACKED[packed](content)) == {WEBHOOK}
    assert Canaries().inside(PACKED[packed](content)) == set()


UNMASKED = """
import runpy
from churn import registry
registry._without_password = str
runpy.run_module("churn_plain", run_name="__main__", alter_sys=True)
"""
"""The plain pipelines, without what keeps MLflow from quoting a password."""


def test_it_finds_what_a_script_tells_and_what_a_command_line_shows(offline: World) -> None:
    """A password in an error is found in what is printed and posted, and a signed URL among the processes."""
    python = TOOLS["plain"].python
    code, watch = offline.call(python, "-c", UNMASKED, "train", "--n-estimators=5", f"--data={offline.services.data}")
    assert code == 1
    said, told = str(offline.folder / "said"), str(offline.services.told)
    assert {(TRACKING, said), (TRACKING, told)} <= watch.found
    (shown,) = watch.found - {(TRACKING, said), (TRACKING, told)}
    assert shown[0] == SIGNATURE and shown[1].startswith(str(python))


@pytest.mark.xdist_group("tracked")  # as in test_tracking
def test_it_finds_what_the_harness_tells(tracked_copy: Path, orchbench_here: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its masking, `track` quotes a password in its error, and hands a signature to MLflow."""
    canaries = Canaries()
    with edited(tracked_copy / "run.json") as record:
        record["data"] = {"file": f"https://store.example/customers.csv?signature={canaries.tokens[SIGNATURE]}"}

    def found() -> set[str]:
        for options in (["--uri", f"http://anna:{canaries.tokens[TRACKING]}@127.0.0.1:{free_port()}"], []):
            done = orchbench_here("track", tracked_copy, *options)
            with (tracked_copy / "said").open("a") as said:
                said.write(done.out + done.err)
        with Watch(canaries, tracked_copy) as watch:
            pass
        return {kind for kind, place in watch.found if place.endswith(("said", "mlflow.db"))}

    assert found() == set()
    monkeypatch.setattr(text, "_login", lambda _url: (0, 0))
    monkeypatch.setattr(text, "_SECRET", re.compile("(?!)"))
    assert found() == {TRACKING, SIGNATURE}


@pytest.mark.parametrize("guarded", [True, False])
def test_it_finds_what_an_engine_sees(*, guarded: bool, offline: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the user's variables; and if they were handed on, they would be found."""
    monkeypatch.setenv(USERS_OWN[0], offline.canaries.tokens[OTHERS])
    if not guarded:
        monkeypatch.setattr(environment, "clean", lambda: dict(os.environ))
    tool = TOOLS["plain"]
    deadline = time.monotonic() + 30
    with offline.watch() as watch, started(tool, setups_of(tool)[0], offline):
        while not watch.engines and time.monotonic() < deadline:
            time.sleep(0.05)
    assert watch.engines and set().union(*watch.engines.values()) == (set() if guarded else {OTHERS})
