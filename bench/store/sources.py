"""The sources that a run has measured, kept in its folder, so that a report shows what ran even after an edit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.base.files import Files, is_plain

SHARED = "shared"
"""The name in code/ of the sources that all tools share."""

MOST_OF_SOURCE: Final = 200_000
"""How large a kept source may be that is read: it is parsed."""


@dataclass(frozen=True)
class Sources:
    """The folder code/ of a run: a folder for each tool, and one for what all tools share."""

    _files: Files

    def keep(self, owner: str, source: Path) -> None:
        """Copy the sources of a tool, or those that all tools share."""
        for name, file in _below(source).items():
            self._files.make(f"code/{owner}/{name}".rpartition("/")[0])
            self._files.copy(file, f"code/{owner}/{name}")

    def by_name(self) -> dict[str, bytes]:
        """Return all sources that the run has kept, by their names, such as `code/plain/shapes.py`."""
        return {name: self._files.read(name) for name in self._files.below("code")}

    def changed(self, owner: str, source: Path) -> list[Path]:
        """Return the sources that are not as the run has kept them: edited, new or gone; none, where it kept nothing."""
        folder = f"code/{owner}"
        kept = {name.removeprefix(f"{folder}/") for name in self._files.below(folder) if name.endswith(".py")}
        now = _below(source)
        if not kept:
            return []  # a run of an early version
        return [
            source / name
            for name in sorted(kept | now.keys())
            if name not in kept or name not in now or self._files.read(f"{folder}/{name}") != now[name].read_bytes()
        ]

    def are_kept(self) -> bool:
        """Whether the run has kept the sources that it measured."""
        return self._files.is_folder("code")

    def text(self, name: str) -> str | None:
        """Return a kept source, such as `plain/shapes.py`, if there is one of that name."""
        # The name comes from a run, perhaps a stranger's; it must not lead to other files of this machine.
        if not all(map(is_plain, name.split("/"))) or not self._files.is_file(f"code/{name}"):
            return None
        return self._files.read(f"code/{name}", MOST_OF_SOURCE).decode(errors="replace")


def _below(folder: Path) -> dict[str, Path]:
    """Return the sources below a folder, by their names there."""
    return {str(file.relative_to(folder)): file for file in folder.rglob("*.py")}
