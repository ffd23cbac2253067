"""A run of one of the pipelines, as the harness asks for it, and the steps that every implementation must make.

The pipelines themselves are written by hand, in each tool's own way; this is what they have in common, seen from outside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from contract.workload import Workload

_TRAINING: Final[Mapping[str, tuple[str, ...]]] = {
    "load": (),
    "validate": ("load",),
    "features": ("validate",),
    "train_random_forest": ("features",),
    "train_gradient_boosting": ("features",),
    "train_logistic_regression": ("features",),
    "select": ("train_random_forest", "train_gradient_boosting", "train_logistic_regression"),
    "gate": ("select",),
    "register": ("gate",),
}

STEPS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "train": _TRAINING,
    "infer": {"load": (), "validate": ("load",), "score": ("validate",), "save": ("score",)},
    "train_whole": _TRAINING,
    "cached": {"begin": (), "compute": ("begin",), "use": ("compute",)},
    "passing": {"make": (), "take": ("make",)},
}
"""The steps of each pipeline, and which ones each of them waits for.

`train` and `infer` are the churn pipelines; `train_whole` is the training as a single task; `cached` and `passing` are small
ones, which show a pattern each: a step whose result is kept, and a frame that goes from one step to the next.
"""

ONE_TASK: Final = frozenset({"train_whole"})
"""The pipelines whose steps are all in one task: what fails runs again from the first of them on."""


@dataclass(frozen=True)
class Before:
    """What is done before a run is asked for, in this order; none of it is timed."""

    new_process: bool = False
    """Stop the engine and start it again on what it left: nothing that a process keeps in its memory is there."""
    wait_s: float = 0.0
    """Let that much time pass."""
    editions: Mapping[str, int] = field(default_factory=dict)
    """Edit the pipeline's source: which edition each part of it has; see `contract.editions`."""
    spoil: str = ""
    """`delete` the files in which results are kept, or `corrupt` them."""


@dataclass(frozen=True)
class Pipeline:
    """One run of a pipeline: with which parameters, what goes wrong in it, and how it must end."""

    name: str
    pipeline: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: tuple[str, ...] = ()
    """How requests to the source of the customers fail, in order; without any, there is no source but the parameters."""
    faults: Mapping[str, int] = field(default_factory=dict)
    """How often each step fails once its work is done."""
    may_skip: tuple[str, ...] = ()
    """The steps whose result an earlier run may have left in a cache."""
    fails_at: str = ""
    """The step that refuses, so that the run must fail and nothing after it may run."""
    before: Before = Before()
    at_once: int = 1
    """How many runs of it are asked for at the same moment."""
    watched: bool = False
    """Whether memory and disk are looked at all the time, which takes CPU time: such a run yields no other number."""
    may_be_refused: bool = False
    """Whether the parameters are wrong, so that whatever the tool does with them is an answer."""

    @property
    def steps(self) -> Mapping[str, tuple[str, ...]]:
        """The steps that have to run, and which ones each of them waits for."""
        every = STEPS[self.pipeline]
        if not self.fails_at:
            return every
        names = list(every)
        return {name: every[name] for name in names[: names.index(self.fails_at) + 1]}

    @property
    def attempts(self) -> Mapping[str, int]:
        """How often each step must be tried."""
        names = list(self.steps)

        def failures(name: str) -> int:
            again = names[names.index(name) :] if self.pipeline in ONE_TASK else [name]
            own = len(self.source) if name == "load" else 0
            return own + sum(self.faults.get(each, 0) for each in again)

        return {name: self.at_once + failures(name) for name in names}

    @property
    def last(self) -> str:
        """The step after which nothing is left to do."""
        return list(STEPS[self.pipeline])[-1]

    def to_json(self) -> str:
        """Write it as JSON; `read` reads it back as an equal one."""
        return json.dumps(asdict(self))


def read(text: str) -> Workload | Pipeline:
    """Read what was written by either kind's `to_json`."""
    document = json.loads(text)
    if "pipeline" not in document:
        return Workload.from_json(text)
    for key in ("source", "may_skip"):
        document[key] = tuple(document[key])
    if "before" in document:
        document["before"] = Before(**document["before"])
    return Pipeline(**document)
