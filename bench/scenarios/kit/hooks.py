"""Hooks: what a scenario does around the runs, such as to serve a source, weigh files, or read traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.scenarios.kit.case import Case

KeptFiles = Mapping[str, tuple[int, int]]
"""Files in which an engine keeps results, each with size and time of the last change."""


class Environment(Protocol):
    """The environment of a tool, which runs modules that the harness must not import."""

    def ask(self, module: str, *arguments: str, **variables: str) -> str:
        """Run a module to the end, and return in one line why it failed, or nothing."""
        ...

    def serve(self, module: str, *arguments: str) -> AbstractContextManager[str]:
        """Start a module that prints one line when it is ready, yield the line, and end the module with the context."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """What the hooks around a trial may look at and use."""

    folder: Path
    """The folder of the trial, for events and for whatever a run has to leave there."""
    shared: Path
    """The folder that all trials of the run share."""
    tag: str
    """A name for this try of the trial."""
    environment: Environment
    kept: Callable[[], KeptFiles]
    """Lists the files in which the engine keeps results now."""


@dataclass
class Touch:
    """What a hook adds to a trial: parameters before the runs, and facts after them."""

    parameters: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def nothing(case: Case, parameters: Mapping[str, Any], surroundings: Surroundings) -> Iterator[Touch]:
    """Do nothing around a trial."""
    yield Touch()


@dataclass(frozen=True)
class Hooks:
    """What a scenario does around the runs."""

    around: Callable[[Case, Mapping[str, Any], Surroundings], AbstractContextManager[Touch]] = nothing
    """Entered before each trial, and left after it, however the runs end."""
    prepare: Callable[[Path, Environment], None] | None = None
    """Called once with the shared folder, before the first engine starts."""
    variables: Callable[[Path, Path], Mapping[str, str]] | None = None
    """From the shared folder and the home of an engine to the variables of the engine's environment."""
    leaves_bytes: int = 0
    """How much a trial leaves on disk."""
    data_problem: Callable[[Path, Environment], str] | None = None
    """Says what is wrong with a file of the reader's own data, or nothing; None where the scenario takes no data."""


def own_home(_shared: Path, home: Path) -> Mapping[str, str]:
    """Say where the pipelines of an engine keep their own files."""
    return {"CHURN_HOME": str(home / "churn")}


def all_variables(hooks: Sequence[Hooks], shared: Path, home: Path) -> dict[str, str]:
    """Return the variables that several scenarios want in the environment of one engine."""
    return {name: value for one in hooks if one.variables for name, value in one.variables(shared, home).items()}
