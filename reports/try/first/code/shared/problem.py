"""What the core raises when the reader, and not the program, has to act."""

from __future__ import annotations

from collections.abc import Sequence

from churn.uri import shown


class BadData(ValueError):
    """The customers cannot be used; the message names every problem at once."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        """Keep the problems."""
        self.where, self.problems = shown(where), list(problems)
        super().__init__(f"{self.where}: {'; '.join(problems)}")

    def __reduce__(self) -> tuple[type[BadData], tuple[str, list[str]]]:
        """Travel between processes as what it is."""
        return BadData, (self.where, self.problems)


class BadParameters(ValueError):
    """A parameter has a value that makes no sense; the message says which, and what would."""


class GateFailed(ValueError):
    """The best model is not good enough to be registered."""


class NoChampion(LookupError):
    """No model is registered under the name and alias."""


class UnsafeModel(ValueError):
    """The registered model is not of our making, and reading it might run code."""
