"""What lies in a run folder may be a stranger's: no command reads, writes or removes a file of the reader's through it."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Call, Done, refusal
from small_runs import block, edited, finished_run, suite_of

from bench.base import files
from bench.store.folder import RunFolder

SECRET = "a secret of the readers"  # which no page has to write otherwise

Trap = Callable[[Path, Path], object]
"""Prepares a run for whoever opens it; the other folder is the reader's."""


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python, with its report."""
    small = block("overhead", reference_starts=1, options={"sizes": {"chain": [1]}, "sweep_ms": []})
    return finished_run(tmp_path_factory.mktemp("strangers"), suite_of(small))


@pytest.fixture
def run(honest: Path, tmp_path: Path) -> Path:
    """A copy of the run, in which the record of a trial is missing, so that it can go on."""
    run = Path(shutil.copytree(honest, tmp_path / "run"))
    next(run.glob("trials/001.*/trial.json")).unlink()
    with edited(run / "run.json") as record:
        record["finished"] = False
    return run


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """Files of the reader's beside the run, all of which are the same after the test."""
    mine = tmp_path / "mine"
    for name in ("secret.py", "profile", "folder/home/letter", "another/letter"):
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text(f'"""{SECRET}"""\nx = 1\n')
    before = state_of(mine)
    yield mine
    assert state_of(mine) == before


def state_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return all that can be seen of a folder."""
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def link(name: str, to: str) -> Trap:
    """Put a link in the place of a file or a folder of the run."""
    return lambda run, mine: cleared(run, name).symlink_to(mine / to)


def moved(name: str) -> Trap:
    """Move a file or a folder of the run elsewhere, and put a link to it there: what it leads to is as it should be."""

    def apply(run: Path, mine: Path) -> None:
        place = next(iter(sorted(run.glob(name))))
        place.rename(mine.with_name("elsewhere"))
        place.symlink_to(mine.with_name("elsewhere"))

    return apply


def pipe(name: str) -> Trap:
    """Put a pipe there, from which nothing ever comes."""
    return lambda run, _: os.mkfifo(cleared(run, name))


def endless(name: str) -> Trap:
    """Put a file there that is as large as no memory, and takes no space on a disk."""

    def apply(run: Path, _: Path) -> None:
        with cleared(run, name).open("wb") as file:
            file.truncate(10**13)

    return apply


def listener(name: str) -> Trap:
    """Put a socket there."""

    def apply(run: Path, _: Path) -> None:
        place = cleared(run, name)
        folder = os.open(place.parent, os.O_RDONLY)
        with closing(socket.socket(socket.AF_UNIX)) as bound:
            bound.bind(f"/proc/self/fd/{folder}/{place.name}")  # the path of a socket has to be short
        os.close(folder)

    return apply


def cleared(run: Path, name: str) -> Path:
    """Return the first path of that pattern, or else of that name, where nothing is any more."""
    place = next(iter(sorted(run.glob(name))), run / name)
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def called(orchbench: Call, command: str) -> Done:
    """Call a command on the run, soon over."""
    return orchbench(*command.split(), timeout=60)


def refused(done: Done) -> str:
    """Return why orchbench refused, perhaps after it has said what it is about to do."""
    said = [line for line in done.err.splitlines(keepends=True) if line.startswith(("orchbench: ", "Traceback"))]
    return refusal(Done(done.code, done.out, "".join(said)))


REFUSED: dict[str, tuple[Trap, str, str]] = {
    "track, the artifacts of the store": (link("mlflow/orchbench-artifacts", "folder"), "track run", "orchbench-artifacts"),
    "track, the store": (link("mlflow", "folder"), "track run", "mlflow"),
    "track, the database": (link("mlflow/mlflow.db", "profile"), "track run", "mlflow.db"),
    "report, the target": (link("report.html", "profile"), "report run", "report.html"),
    "report, the charts": (moved("charts"), "report run", "charts"),
    "report, the code": (link("code", "."), "report run", "code"),
    "report, the code of a tool": (link("code/plain", "."), "report run", "plain"),
    "report, the trials": (moved("trials"), "report run", "trials"),
    "report, the events of a trial": (moved("trials/*/events-*"), "report run", "events-"),
    "report, the record of a start": (moved("starts/*/start.json"), "report run", "start.json"),
    "report, the observations": (link("observations", "folder"), "report run", "observations"),
    "resume, a start": (link("starts/000-old", "folder"), "run --resume run", "000-old"),
    "resume, all starts": (link("starts", "."), "run --resume run", "starts"),
    "resume, the home of a start": (link("starts/000-old/home", "folder"), "run --resume run", "home"),
    "resume, the trials": (moved("trials"), "run --resume run", "trials"),
    "resume, the store": (link("mlflow", "folder"), "run --resume run", "mlflow"),
    "show, the record": (moved("run.json"), "show run", "run.json"),
    "show, the results": (moved("results.json"), "show run", "results.json"),
    "claims, the results": (moved("results.json"), "claims run", "results.json"),
    "compare, the trials": (moved("trials"), "compare run run", "trials"),
    "a pipe for the record": (pipe("run.json"), "show run", "run.json"),
    "a pipe for the results": (pipe("results.json"), "show run", "results.json"),
    "a pipe for a record of a trial": (pipe("trials/*/trial.json"), "report run", "trial.json"),
    "a pipe for events": (pipe("trials/*/events-*"), "report run", "events-"),
    "a pipe for the samples": (pipe("samples.csv"), "track run", "samples.csv"),
    "a pipe for a chart": (pipe("charts/a.svg"), "track run", "a.svg"),
    "a pipe for a log": (pipe("trials/*/adapter.log"), "track run", "adapter.log"),
    "a socket for a log": (listener("trials/*/adapter.log"), "track run", "adapter.log"),
    "an endless record": (endless("run.json"), "show run", "run.json"),
    "endless results": (endless("results.json"), "show run", "results.json"),
    "endless samples": (endless("samples.csv"), "track run", "samples.csv"),
    "an endless record of a trial": (endless("trials/*/trial.json"), "report run", "trial.json"),
    "endless events": (endless("trials/*/events-*"), "report run", "events-"),
    "an endless log": (endless("trials/*/adapter.log"), "track run", "adapter.log"),
    "an endless page": (endless("report.html"), "track run", "report.html"),
}


@pytest.mark.parametrize(("trap", "command", "named"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_plain_file_is_refused(
    trap: Trap, command: str, named: str, run: Path, mine: Path, orchbench: Call
) -> None:
    """In one line that names the file, soon, and before anything is written."""
    trap(run, mine)
    before = {path for path in run.rglob("*") if not path.is_symlink()}
    done = called(orchbench, command)
    said = refused(done)
    assert named in said and SECRET not in done.out + done.err
    assert {path for path in run.rglob("*") if not path.is_symlink()} == before


@pytest.mark.parametrize("name", ["summary.md", "charts/a.svg", "trials/001/adapter.log", "code/plain/notes.txt"])
def test_no_file_of_the_readers_is_uploaded(name: str, run: Path, mine: Path, orchbench: Call, tmp_path: Path) -> None:
    """Through a link in what a run hands on to MLflow."""
    link(name, "profile")(run, mine)
    done = called(orchbench, f"track run --uri sqlite:///{tmp_path}/shared/shared.db")
    assert Path(name).name in refused(done)
    assert not (tmp_path / "shared").exists()


PLANTED: dict[str, Trap] = {
    "a probe": link(".probe", "profile"),
    "a pipe as probe": pipe(".probe"),
    "a file that is not written yet": link(".run.json.new", "profile"),
    "a page that is not written yet": link(".report.html.new", "profile"),
    "charts that are not drawn yet": link(".charts.new", "folder"),
    "a link that is nothing to us": link("notes", "folder"),
}


@pytest.mark.parametrize("trap", PLANTED.values(), ids=PLANTED)
def test_a_report_is_written_past_what_was_planted(trap: Trap, run: Path, mine: Path, orchbench: Call) -> None:
    """A file that is written has a name that nobody could know before."""
    kept = {path.name for path in run.iterdir()}
    trap(run, mine)
    planted = {path.name for path in run.iterdir()} - kept
    done = called(orchbench, "report run")
    assert done.code == 0, done.err
    assert {path.name for path in run.iterdir()} >= planted


def test_no_code_of_the_readers_is_shown(run: Path, mine: Path, orchbench: Call) -> None:
    """A name in a record leads nowhere but to the code that the run has kept."""
    outside = ["../../mine/secret.py", "../../../mine/secret.py", str(mine / "secret.py"), "../run.json", "secret.py"]
    with edited(run / "run.json") as record:
        record["tools"]["plain"]["excerpts"] = {"overhead": outside}
    done = called(orchbench, "report run")
    assert done.code == 0, done.err
    assert SECRET not in (run / "report.html").read_text()


def test_links_in_the_home_of_an_engine_are_deleted_and_not_followed(run: Path, mine: Path) -> None:
    """An interrupted engine may have left some: what they lead to stays, and nothing of it is kept as a log."""
    home = run / "starts" / "000-old" / "home" / "engine"
    home.mkdir(parents=True)
    (home / "own.log").write_text("what the engine said")
    (home / "theirs.log").symlink_to(mine / "profile")
    (home / "folder").symlink_to(mine / "folder")
    os.mkfifo(home / "pipe.log")
    folder = RunFolder(run)
    with folder.locked():
        folder.close_interrupted_starts()
    assert [path.name for path in (run / "starts" / "000-old").rglob("*")] == ["logs", "own.log"]


def test_the_folder_itself_may_be_reached_through_a_link(run: Path, orchbench: Call, tmp_path: Path) -> None:
    """Which way somebody takes to a folder is their own choice; a copy of it, however made, is as good."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to(run)
    assert called(orchbench, "show elsewhere/link").code == 0
    assert called(orchbench, "report elsewhere/link").code == 0
    assert (elsewhere / "link").is_symlink()


# Files are there whole, and for one harness at a time ------------------------------------------------------------------


def written_by_a_run(page: Path) -> None:
    """Write it as a file of a run's folder."""
    RunFolder(page.parent).write_page(page.name, "a page")


def named_by_the_reader(page: Path) -> None:
    """Write it as a file that a reader names."""
    files.write(page, b"a page")


@pytest.mark.parametrize("write", [written_by_a_run, named_by_the_reader])
def test_a_file_is_on_the_disk_before_it_has_its_name(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that loses power meanwhile keeps the old file or the new one."""
    done: list[str] = []

    def noted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def noting(*arguments: object) -> object:
            done.append(name)
            return call(*arguments)

        return noting

    monkeypatch.setattr(os, "fsync", noted("on the disk", os.fsync))
    monkeypatch.setattr(os, "replace", noted("renamed", os.replace))
    write(tmp_path / "report.html")
    assert done == ["on the disk", "renamed"] and (tmp_path / "report.html").read_text() == "a page"


def test_nothing_is_written_to_a_folder_that_another_harness_has(orchbench: Call, tmp_path: Path) -> None:
    """Not even the code and the customers of a new run."""
    (tmp_path / "suite.toml").write_text(suite_of(block("overhead", options={"sizes": {"chain": [1]}, "sweep_ms": []})))
    (tmp_path / "run").mkdir()
    with RunFolder(tmp_path / "run").locked():
        done = called(orchbench, "run --suite suite.toml --on plain --out run")
    assert "another" in refused(done)
    assert not list((tmp_path / "run").iterdir())


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EBADF, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named(number: int, orchbench_here: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS may have none, which is said in one line."""

    def no_lock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_lock)
    assert "run" in refusal(orchbench_here("report", "run"))


def test_a_question_mark_in_a_path_is_refused_at_once(orchbench: Call, tmp_path: Path) -> None:
    """A database's URI would end there, and the database would lie elsewhere."""
    done = called(orchbench, "run --suite try --on plain --out what?/run")
    assert "?" in refused(done)
    assert not list(tmp_path.iterdir())


# A reader's customers --------------------------------------------------------------------------------------------------


def test_the_customers_are_the_readers_alone(tmp_path: Path) -> None:
    """Whatever the umask says, nobody else reads the copy, or what a tool makes of it."""
    (tmp_path / "customers.csv").write_text("name\nAnna\n")
    folder = RunFolder(tmp_path / "run")
    folder.make()
    before = os.umask(0)
    try:
        folder.keep_data(tmp_path / "customers.csv")
        trial, start = folder.new_trial("001"), folder.new_start("001")
    finally:
        os.umask(before)
    copy = folder.data(tmp_path / "customers.csv")
    assert copy.read_text() == "name\nAnna\n" and stat.S_IMODE(copy.stat().st_mode) == 0o600
    for place in (copy.parent, trial.parent, start.parent, folder.shared / "mlflow"):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700, place


def test_customers_without_an_end_are_not_read(run: Path, orchbench: Call) -> None:
    """Whoever resumes a run reads the copy of them first."""
    (run / "data").mkdir()
    with (run / "data" / "x.csv").open("wb") as file:
        file.truncate(10**13)
    with edited(run / "run.json") as record:
        record["data"] = {"file": "x.csv", "sha256": "0"}
    assert "x.csv" in refused(called(orchbench, "run --resume run"))


def test_no_customer_is_among_the_raw_files(run: Path) -> None:
    """What was predicted of each customer, and what a tool said of them, is not handed on; all that is derived from is."""
    trial = next(run.glob("trials/*"))
    (trial / "predictions.csv").write_text("customer,churn\nAnna,0.9\n")
    (run / "data").mkdir()
    (run / "data" / "customers.csv").write_text("name\nAnna\n")
    every, without = set(RunFolder(run).raw_files()), set(RunFolder(run).raw_files(without_data=True))
    assert {Path(name).name for name in every - without} == {"adapter.log"}
    assert not {name for name in every if "predictions" in name or name.startswith("data")}
    assert {str(path.relative_to(run)) for path in run.rglob("*.jsonl")} < without
