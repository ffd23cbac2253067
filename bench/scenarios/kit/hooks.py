"""What surrounds the runs of a scenario: a source to be served, files to be weighed, traces to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.scenarios.kit.case import Case

KeptFiles = Mapping[str, tuple[int, int]]
"""Files in which an engine keeps results, each with its size and the time of its last change."""


class Environment(Protocol):
    """The environment of a tool, in which modules can be run that the harness must not import."""

    def ask(self, module: str, *arguments: str, **variables: str) -> str:
        """Run a module to its end; return why it failed, in one line, or nothing."""
        ...

    def serve(self, module: str, *arguments: str) -> AbstractContextManager[str]:
        """Start a module that prints one line when it is ready; it is over with the context. Yield the line."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """What the hooks of a trial may look at and use."""

    folder: Path
    """Of the trial: events go there, and whatever a run is to leave."""
    shared: Path
    """What all trials of the run share: a folder."""
    tag: str
    """The name of the trial, and of this try of it."""
    environment: Environment
    kept: Callable[[], KeptFiles]
    """Looks at the files in which the engine keeps results now."""


@dataclass
class Touch:
    """What a hook adds to a trial: parameters of its runs, before they are asked for, and facts, once they are over."""

    parameters: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def nothing(case: Case, parameters: Mapping[str, Any], surroundings: Surroundings) -> Iterator[Touch]:
    """Surround a trial with nothing."""
    yield Touch()


@dataclass(frozen=True)
class Hooks:
    """What a scenario does around its runs."""

    around: Callable[[Case, Mapping[str, Any], Surroundings], AbstractContextManager[Touch]] = nothing
    """Around each trial; what was done before the runs is undone, however they end."""
    prepare: Callable[[Path, Environment], None] | None = None
    """Once, before the first engine starts: makes what all trials share, in that folder."""
    variables: Callable[[Path, Path], Mapping[str, str]] | None = None
    """What the environment of an engine has to say, of what all trials share and of the engine's home."""
    leaves_bytes: int = 0
    """What a trial leaves on disk."""
    data_problem: Callable[[Path, Environment], str] | None = None
    """Says what is wrong with a file of the reader's own data, where the scenario takes any; nothing, if it is good."""


def own_home(_shared: Path, home: Path) -> Mapping[str, str]:
    """Say where the pipelines of an engine keep what is their own."""
    return {"CHURN_HOME": str(home / "churn")}


def all_variables(hooks: Sequence[Hooks], shared: Path, home: Path) -> dict[str, str]:
    """Put together what several scenarios want the environment of their engine to say."""
    return {name: value for each in hooks if each.variables for name, value in each.variables(shared, home).items()}
