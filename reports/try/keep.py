"""Keep the raw part of a run in the repository: `.venv/bin/python reports/try/keep.py RUN reports/try/first`.

That is all that `orchbench report` derives and draws from. What the tools printed is left out, because logs have paths of
the machine. `--without-code` leaves the sources out too, which are most of the size; the report then shows no code.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.base.problem import Problem
from bench.store.folder import RunFolder


def keep(run: RunFolder, target: RunFolder, *, code: bool) -> None:
    """Copy the raw part of a run to a new folder."""
    record, names = run.run(), run.raw_files(without_data=True)
    if target.path.exists():
        raise Problem(f"{target.path} is there already; remove it first")
    target.make()
    target.write_run(record)
    for name in names:
        if code or not name.startswith("code/"):
            target.take(name, run, name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--without-code", action="store_true")
    given = parser.parse_args()
    try:
        keep(RunFolder(given.run), RunFolder(given.target), code=not given.without_code)
    except Problem as problem:
        sys.exit(f"keep.py: {problem}")
