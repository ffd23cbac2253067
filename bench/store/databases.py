"""The databases in a run folder, which may be a stranger's: opening one must touch no file beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.base.problem import Problem

NAMES_A_FILE: Final = bytes.fromhex("d9d505f920a163d7")
"""The end of a journal that names another file, which SQLite deletes when it has rolled back what is in the journal.

SQLite writes such a journal for a transaction in several databases (https://www.sqlite.org/fileformat.html, section 3); ours
are always in one.
"""

_TRAPS: Final = "select name from sqlite_master where type = 'view' or (type = 'trigger' and tbl_name != 'secrets')"
"""What makes a database do something else than it is told. MLflow has one trigger, on a table that nobody uses here."""

_BEGINS: Final = b"SQLite format 3\0"


def check_journal(journal: Path, end: bytes) -> None:
    """Raise where a journal, of which this is the end, names another file."""
    if end.endswith(NAMES_A_FILE):
        raise Problem(f"{journal} names another file, which SQLite would delete; this may be a trap")


def check_database(database: Path) -> None:
    """Raise where a database has triggers or views, by which it could have files written elsewhere."""
    with database.open("rb") as file:
        if file.read(len(_BEGINS)) != _BEGINS:
            return  # whoever opens it will say so
    try:
        with closing(sqlite3.connect(database)) as opened:
            trap = opened.execute(_TRAPS).fetchone()
    except sqlite3.Error as error:
        raise Problem(f"{database} cannot be read ({error})") from None
    if trap:
        raise Problem(f"{database} has a view or a trigger, {str(trap[0])[:100]!r}, which MLflow has not made")
