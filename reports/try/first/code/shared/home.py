"""Where the pipelines keep what they write: `$CHURN_HOME`, or the folder `churn-home` of the project."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def folder(*parts: str) -> Path:
    """Return a folder of the home, made if it is not there."""
    project = Path(__file__).resolve().parents[3]
    if not (project / "implementations").is_dir():  # installed, not a checkout
        project = Path.cwd()
    home = Path(os.environ.get("CHURN_HOME") or project / "churn-home")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)  # customers, and what is predicted of them: for no other user
    path = home.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside the given one, which replaces it when all went well: readers see all of a file or nothing.

    It is not synced to the disk: what is kept so can be computed again, and no tool's own storage waits for the disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield new
        new.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
