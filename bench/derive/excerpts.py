"""The code of each tool for a scenario, side by side, taken from the sources that the run has kept.

A run names the parts (see `bench.plan.about`): `adapter/shapes.py:build` is a function, a class, or any other statement at
the top level that gives the name to something; `adapter/library.py:Threads._make_pool` is a method; `pipelines/training.py`
is the whole file without the imports. What begins with `shared/` belongs to all tools.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.base.problem import Problem
from bench.derive.source import Source
from bench.plan.tools import package_of
from bench.scenarios.kit.observation import PIPELINE, pipeline_in
from bench.store.folder import RunFolder
from bench.store.records import RunRecord
from bench.store.rows import Code
from bench.store.sources import SHARED

_ROOMS: Final = ("pipelines/", "")
"""The folder of the pipelines among the sources of a tool; in older runs they are beside all other sources."""

_PIPELINES: Final = ("training.py", "inference.py")
_DEPLOYMENT: Final = "deployment.py"

BY_HAND: Final = "adapter/by_hand.py"
"""Where an implementation has small graphs as a user writes them. Those that are measured are made of data, in all sizes."""

MOST_SHOWN: Final = 100_000
"""How many characters of code a report shows of a tool for a scenario; of ours, none has a tenth of it."""


@dataclass(frozen=True)
class Excerpt:
    """The code of one tool for one scenario."""

    tool: str
    scenario: str
    places: tuple[str, ...]
    """Where each part is: the file, the first line and the last."""
    text: str
    lines: int
    """How many lines are code; blank lines, comments and docstrings are none."""
    missing: tuple[str, ...] = ()
    """The parts that are asked for, and are not in the kept sources."""

    @property
    def rows(self) -> Mapping[str, list[str]]:
        """The rows that are shown of each file, such as 11-12 and 15-16."""
        found: dict[str, list[str]] = {}
        for place in self.places:
            file, _, rows = place.rpartition(":")
            found.setdefault(file, []).append(rows)
        return found

    @property
    def is_by_hand(self) -> bool:
        """Whether it shows a graph by hand, and not what was measured."""
        return BY_HAND in self.rows


def excerpts(folder: RunFolder, run: RunRecord, scenario: str) -> list[Excerpt]:
    """Return the code of each tool of the run; none, if the run has kept no sources."""
    if not folder.sources.are_kept():
        return []
    named = {tool: run.about(tool).excerpts.get(scenario) for tool in run.orchestrators}
    return [_excerpt(folder, tool, scenario, names) for tool, names in named.items() if names]


def counted(folder: RunFolder, run: RunRecord) -> list[Code]:
    """Return how many lines of code each tool has for each scenario, and for the pipelines as a whole, in each style."""
    styles = {style: pipeline_in(style) for tool in run.orchestrators for style in run.about(tool).styles}
    return [
        *(
            Code(orchestrator=each.tool, scenario=scenario, lines=each.lines, places=list(each.places))
            for scenario in run.scenarios
            for each in excerpts(folder, run, scenario)
            if not each.missing
        ),
        *(
            Code(orchestrator=tool, scenario=part, lines=_all_lines(folder, tool, files), places=list(files))
            for style, part in {"": PIPELINE, **styles}.items()
            for tool, files in pipeline_files(folder, run, style).items()
        ),
    ]


def pipeline_lines(folder: RunFolder, run: RunRecord, style: str = "") -> dict[str, int]:
    """Return how many lines of code the pipelines are for each tool: training, inference and their deployment.

    The lines of code in the files of `pipeline_files` count. Blank lines, comments and docstrings are no code; imports are.

    The core that all implementations share does not count, nor the parameters and the command line of plain Python, which
    are in it. Settings and code for the harness alone do not count either, except one or two lines in each step by which the
    harness sees it; all implementations have these.
    """
    return {tool: _all_lines(folder, tool, files) for tool, files in pipeline_files(folder, run, style).items()}


def pipeline_files(folder: RunFolder, run: RunRecord, style: str = "") -> dict[str, tuple[str, ...]]:
    """Return the files that a user of each tool writes for the pipelines, where the run has kept them.

    These are `training.py`, `inference.py` and, where there is one, `deployment.py`, with whatever of the same package they
    import, and whatever that imports in turn. Of another style, the tool names the files to begin with, its deployment too.
    """
    if style:
        by_tool = {tool: _reached(folder, tool, run.about(tool).styles.get(style, [])) for tool in run.orchestrators}
    else:
        by_tool = {tool: _pipeline_files(folder, tool) for tool in run.orchestrators}
    return {tool: files for tool, files in by_tool.items() if files}


def _pipeline_files(folder: RunFolder, tool: str) -> tuple[str, ...]:
    room = next((room for room in _ROOMS if _read(folder, f"{tool}/{room}{_PIPELINES[0]}")), "")
    deployment = [room + _DEPLOYMENT] if _read(folder, f"{tool}/{room}{_DEPLOYMENT}") else []
    return _reached(folder, tool, [*(room + file for file in _PIPELINES), *deployment])


def _reached(folder: RunFolder, tool: str, files: Sequence[str]) -> tuple[str, ...]:
    """Return the files and all that they import of the same package; none, if one of the files is not there."""
    reached: dict[str, None] = {}
    look_at = list(files)
    while look_at:
        file = look_at.pop(0)
        if file not in reached and (source := _read(folder, f"{tool}/{file}")):
            reached[file] = None
            look_at += sorted(each for files in source.imports(package_of(tool)) for each in files)
    return tuple(reached) if reached.keys() >= set(files) else ()


def _all_lines(folder: RunFolder, tool: str, files: Sequence[str]) -> int:
    return sum(len(source.code) for file in files if (source := _read(folder, f"{tool}/{file}")))


def _excerpt(folder: RunFolder, tool: str, scenario: str, names: Sequence[str]) -> Excerpt:
    parts = {name: _part(folder, tool, name) for name in names}
    present = [part for part in parts.values() if part]
    text = "\n\n".join(part.text for part in present)
    if len(text) > MOST_SHOWN:
        raise Problem(f"{folder.path / 'run.json'}: `tools.{tool}.excerpts.{scenario}` is {len(text)} characters of code")
    return Excerpt(
        tool,
        scenario,
        places=tuple(part.place for part in present),
        text=text,
        lines=sum(part.lines for part in present),
        missing=tuple(name for name, part in parts.items() if part is None),
    )


@dataclass(frozen=True)
class _Part:
    place: str
    text: str
    lines: int


def _part(folder: RunFolder, tool: str, name: str) -> _Part | None:
    file, _, path = name.partition(":")
    source = _read(folder, file if file.startswith(f"{SHARED}/") else f"{tool}/{file}")
    if source is None or not (rows := source.rows_of(path.split(".")) if path else source.rows_without_imports()):
        return None
    text = textwrap.dedent("\n".join(source.lines[row - 1] for row in rows))
    where = f"{rows[0]}" if len(rows) == 1 else f"{rows[0]}-{rows[-1]}"
    return _Part(f"{file}:{where}", text, len(source.code & set(rows)))


def _read(folder: RunFolder, name: str) -> Source | None:
    text = folder.sources.text(name)
    return None if text is None else _parsed(text)


@functools.cache  # a file has several parts
def _parsed(text: str) -> Source | None:
    try:
        return Source(text)
    except (SyntaxError, ValueError):  # not Python, or not the Python that this is
        return None
