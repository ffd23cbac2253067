"""Traps in a run folder, which may be a stranger's: all of it is looked at before a command writes there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.base.files import MB, Files
from bench.base.problem import Problem

STORE: Final = "mlflow/mlflow.db"
"""The MLflow store, if there is one, in which the pipelines record their runs, and in which the run itself is logged."""

NAMES_A_FILE: Final = bytes.fromhex("d9d505f920a163d7")
"""The end of a journal that names another file, which SQLite deletes when it has rolled back what is in the journal.

SQLite writes such a journal for a transaction in several databases (https://www.sqlite.org/fileformat.html, section 3); ours
are always in one.
"""

_PLAIN: Final = re.compile(r"create (table|index|unique index)\b", re.IGNORECASE)
"""What a database is made of. SQLite goes by this text, whatever stands in the column `type` beside it."""

_COSTLY: Final = re.compile(
    r"\b(regexp|match|glob|like|printf|format|zeroblob|randomblob|replace|hex|quote|group_concat)\b|\|\|", re.IGNORECASE
)
"""What a constraint of a table may take for ever by, or all memory; MLflow's compare, and do no more."""

MOST: Final = 256 * MB
"""How large a store may be: that of the largest suite has some megabytes."""

_OF_MLFLOW: Final = (
    "CREATE TRIGGER prevent_secrets_aad_mutation BEFORE UPDATE ON secrets FOR EACH ROW "
    "WHEN OLD.secret_id != NEW.secret_id OR OLD.secret_name != NEW.secret_name BEGIN "
    "SELECT RAISE(ABORT, 'secret_id and secret_name are immutable (used as AAD in encryption)'); END"
)
"""The one trigger that MLflow makes, on a table that nobody uses here."""


def check(files: Files, ours: Iterable[str]) -> None:
    """Raise where anything of ours in the folder is neither a file nor a folder, or is a database with a trap.

    An engine may leave links and sockets in its home, which is not read, and deleted whole.
    """
    for name in ours:
        if name not in {"starts", "mlflow"}:
            files.check(name)
    for name in files.below("mlflow"):
        if name.endswith("-journal") and files.read_end(name, len(NAMES_A_FILE)) == NAMES_A_FILE:
            raise Problem(f"{files.root / name} names another file, which SQLite would delete; this may be a trap")
    if files.is_file(STORE):
        _check_database(files.file(STORE, MOST))
    for start in files.names("starts"):
        for name in files.names(f"starts/{start}"):
            if name == "home":
                files.path(f"starts/{start}/{name}")
            else:
                files.check(f"starts/{start}/{name}")


def _check_database(database: Path) -> None:
    """Raise where a database has triggers or views, which run whatever a stranger has written, and perhaps for ever."""
    try:
        with closing(sqlite3.connect(database)) as opened:
            made = opened.execute("select name, sql from sqlite_master where sql is not null").fetchall()
    except sqlite3.Error as error:
        raise Problem(f"{database} cannot be read ({error})") from None
    for name, sql in made:
        text = " ".join(str(sql).split())
        if text != _OF_MLFLOW and (not _PLAIN.match(text) or _COSTLY.search(text)):
            raise Problem(f"{database} has {str(name)[:100]!r}, which is no table or index of MLflow's; this may be a trap")
