"""Keep the raw part of a run in the repository: `.venv/bin/python reports/try/keep.py RUN reports/try/first`.

That is all that `orchbench report` derives and draws from. What the tools printed is left out, because logs have paths of
the machine. So are the sources that ran: they are in the commit that `run.json` names, and the report shows no code.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.base.problem import Problem
from bench.store.folder import RunFolder


def keep(run: RunFolder, target: RunFolder) -> None:
    """Copy the raw part of a run to a new folder."""
    record, names = run.run(), run.raw_files(without_data=True)
    if target.path.exists():
        raise Problem(f"{target.path} is there already; remove it first")
    target.make()
    target.write_run(record)
    for name in names:
        if not name.startswith("code/"):
            target.take(name, run, name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    try:
        keep(RunFolder(given.run), RunFolder(given.target))
    except Problem as problem:
        sys.exit(f"keep.py: {problem}")
