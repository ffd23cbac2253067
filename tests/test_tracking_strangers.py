"""A stranger's run, logged to MLflow: it replaces nothing of others, writes nowhere else, and takes no customers along."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Call
from small_runs import edited
from tracked_runs import another_store, client_of, digest, logged, store_of

from bench.base.problem import Problem
from bench.export.mlflow import track
from bench.store.folder import RunFolder

pytestmark = pytest.mark.xdist_group("tracked")  # as in test_tracking


def test_a_copy_that_was_altered_stands_beside_the_true_one(tracked: Path, tracked_copy: Path, tmp_path: Path) -> None:
    """In a store that several people share: results, records or pages may be another's; what is the same is there once."""
    shared = another_store(tracked, tmp_path)
    track(RunFolder(tracked_copy), shared)
    (true,), _ = logged(shared)
    for name in ("results.json", next(tracked_copy.glob("trials/*/adapter.log")).relative_to(tracked_copy), "summary.md"):
        altered = Path(shutil.copytree(tracked_copy, tmp_path / Path(name).name))
        with (altered / name).open("a") as file:
            file.write("\n")
        track(RunFolder(altered), shared)
    for _ in range(2):
        track(RunFolder(altered), shared)
    parents, _ = logged(shared)
    assert len(parents) == 4 and true.info.run_id in {each.info.run_id for each in parents}
    track(RunFolder(tracked_copy), shared)
    assert len(logged(shared)[0]) == 4


ELSEWHERE = "update runs set artifact_uri = '{mine}'"

TRAPS = {
    "a trigger": f"create trigger trap after insert on runs begin {ELSEWHERE}; end",
    "a trigger that is called otherwise": f"create trigger trap after insert on runs begin {ELSEWHERE}; end;"
    "pragma writable_schema = on; update sqlite_master set type = 'Trigger' where name = 'trap'",
    "a trigger on the table that has one": f"create trigger trap after insert on secrets begin {ELSEWHERE}; end",
    "another trigger by the name of MLflow's": "drop trigger prevent_secrets_aad_mutation;"
    f"create trigger prevent_secrets_aad_mutation before update on secrets begin {ELSEWHERE}; end",
    "a view": "create view trap as select 1",
    "a table of another kind": "create virtual table trap using fts5(x)",
    "a table that takes for ever": "create table trap (x check (x regexp '(a+)+$'))",
    "an index that takes all memory": "create index trap on runs (printf('%.*c', 900000000, name))",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_database_with_a_trap_is_refused(trap: str, tracked_copy: Path, tmp_path: Path) -> None:
    """What is in it would run with each entry, and perhaps for ever."""
    mine = tmp_path / "mine"
    mine.mkdir()
    with closing(sqlite3.connect(tracked_copy / "mlflow" / "mlflow.db")) as database:
        database.create_function("regexp", 2, lambda *_: True)  # which SQLAlchemy has
        database.executescript(TRAPS[trap].format(mine=mine))
    before = digest(tracked_copy)
    with pytest.raises(Problem, match="trap"):
        track(RunFolder(tracked_copy))
    assert not list(mine.iterdir()) and digest(tracked_copy) == before


@pytest.mark.parametrize(
    "spelled", ["", "sqlite:///{run}/mlflow/mlflow.db", "sqlite+pysqlite:///{run}/../copy/mlflow/mlflow.db"]
)
def test_the_database_has_no_say_in_where_files_go(spelled: str, tracked_copy: Path, tmp_path: Path) -> None:
    """Whatever it says, they go below the run's folder; also where the reader names the store, however it is spelled."""
    mine = tmp_path / "mine"
    mine.mkdir()

    def lie(_done: int, _total: int) -> None:
        with closing(sqlite3.connect(tracked_copy / "mlflow" / "mlflow.db")) as database, database:
            database.execute(ELSEWHERE.format(mine=mine))

    track(RunFolder(tracked_copy), spelled.format(run=tracked_copy), tell=lie)
    assert not list(mine.iterdir())
    assert list(tracked_copy.glob("mlflow/orchbench-artifacts/*/artifacts/events.zip"))


def test_a_store_that_is_too_large_is_refused(tracked_copy: Path) -> None:
    """Before it is opened."""
    with (tracked_copy / "mlflow" / "mlflow.db").open("ab") as file:
        file.truncate(10**12)
    with pytest.raises(Problem, match="at most"):
        track(RunFolder(tracked_copy))


def numbers(*values: int) -> bytes:
    """Return numbers as SQLite writes them."""
    return b"".join(value.to_bytes(4, "big") for value in values)


def test_a_journal_deletes_no_other_file(tracked_copy: Path, tmp_path: Path) -> None:
    """That of a database may name a file, which SQLite deletes when it has rolled back what is in the journal."""
    mine, database = tmp_path / "letter", tracked_copy / "mlflow" / "mlflow.db"
    mine.write_text("mine")
    magic, name = bytes.fromhex("d9d505f920a163d7"), str(mine).encode()
    # No page to be rolled back; then the pages of the database, and the sizes of a sector and of a page.
    header = magic + numbers(0, 0, database.stat().st_size // 4096, 512, 4096)
    end = numbers(2**31) + name + numbers(len(name), sum(name)) + magic
    database.with_name("mlflow.db-journal").write_bytes(header.ljust(512, b"\0") + end)
    with pytest.raises(Problem, match="journal"):
        track(RunFolder(tracked_copy))
    assert mine.read_text() == "mine"


def test_what_a_journal_brings_back_is_looked_at(tracked_copy: Path) -> None:
    """The first page of a database may be garbage, and another one with a trap may wait in the journal."""
    database = tracked_copy / "mlflow" / "mlflow.db"
    with closing(sqlite3.connect(database)) as opened:
        opened.executescript(TRAPS["a trigger"])
    content = database.read_bytes()
    size = int.from_bytes(content[16:18], "big")
    page, nonce = content[:size], 7
    checksum = (nonce + sum(page[size - 200 : 0 : -200])) % 2**32
    header = bytes.fromhex("d9d505f920a163d7") + numbers(1, nonce, len(content) // size, 512, size)
    journal = header.ljust(512, b"\0") + numbers(1) + page + numbers(checksum)
    database.with_name("mlflow.db-journal").write_bytes(journal)
    database.write_bytes(b"X" * 16 + content[16:])
    with pytest.raises(Problem, match="trap"):
        track(RunFolder(tracked_copy))


def test_no_customer_goes_to_a_store(tracked: Path, tracked_copy: Path, tmp_path: Path) -> None:
    """Neither those of the reader nor what was predicted of each of them."""
    trial = next(tracked_copy.glob("trials/*"))
    for name in ("predictions.csv", "adapter.log", "frame.parquet"):
        (trial / name).write_text("Anna,0.9\n")
    (tracked_copy / "data").mkdir()
    (tracked_copy / "data" / "customers.csv").write_text("Anna\n")
    with edited(tracked_copy / "run.json") as record:
        record["data"] = {"file": "customers.csv", "sha256": "0"}
    shared = another_store(tracked, tmp_path)
    track(RunFolder(tracked_copy), shared)
    (parent,), _ = logged(shared)
    (tmp_path / "fetched").mkdir()
    folder = Path(client_of(shared).download_artifacts(parent.info.run_id, "", str(tmp_path / "fetched")))
    with zipfile.ZipFile(folder / "events.zip") as archive:
        archive.extractall(folder / "events")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("events-") for path in files)
    assert not [path for path in files if b"Anna" in path.read_bytes()]


def test_the_store_of_a_run_has_it_once(tracked_copy: Path, orchbench: Call) -> None:
    """Whatever has changed since: in a run's own folder there is no other run's entry to be lost."""
    with edited(tracked_copy / "results.json") as results:
        results["estimates"][0]["median"] = 1.0
    assert orchbench("track", tracked_copy).code == 0
    parents, _ = logged(store_of(tracked_copy))
    assert len(parents) == 1
