"""What the core raises when the reader, and not the program, has to act."""

from __future__ import annotations

from collections.abc import Sequence


class BadData(ValueError):
    """The customers cannot be used; the message names every problem at once."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        """Keep the problems."""
        super().__init__(f"{where}: {'; '.join(problems)}")
        self.where, self.problems = where, list(problems)

    def __reduce__(self) -> tuple[type[BadData], tuple[str, list[str]]]:
        """Travel between processes as what it is."""
        return BadData, (self.where, self.problems)


class BadParameters(ValueError):
    """A parameter has a value that makes no sense; the message says which, and what would."""


class GateFailed(ValueError):
    """The best model is not good enough to be registered."""


class NoChampion(LookupError):
    """No model is registered under the name and alias."""
