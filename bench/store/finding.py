"""Finding: the runs below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bench.base.files import DEEPEST
from bench.base.problem import Problem
from bench.store.folder import RunFolder


def find(places: Sequence[Path]) -> tuple[list[RunFolder], list[Path]]:
    """Return the runs that are named or below a named folder, and apart from them the runs below that have no results."""
    found: dict[Path, RunFolder] = {}
    without: list[Path] = []
    for place in places:
        inside = [place] if (place / "run.json").is_file() else list(_below(place))
        if not inside:
            raise Problem(f"{place} is not a run, and no folder of runs: there is no run.json in it, or in a folder below")
        for each in inside:
            if each == place or (each / "results.json").is_file():
                found.setdefault(each.resolve(), RunFolder(each))
            else:
                without.append(each)
    return list(found.values()), without


def _below(place: Path) -> Iterator[Path]:
    """Yield the runs below a folder; hidden folders and those of a run are left out, and links, which may lead anywhere."""
    waiting = [(place, 0)]
    while waiting:
        folder, depth = waiting.pop()
        # os.access takes a folder without read permission, such as lost+found, for one without a run.
        if depth and os.access(folder / "run.json", os.F_OK):
            yield folder
        elif depth < DEEPEST:
            with suppress(OSError), os.scandir(folder) as entries:
                inside = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
                names = sorted((name for name in inside if not name.startswith(".")), reverse=True)
                waiting += [(folder / name, depth + 1) for name in names]
