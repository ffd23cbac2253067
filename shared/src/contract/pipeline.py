"""A run of a churn pipeline, as the harness asks for it, and the steps that every implementation must make.

The pipelines themselves are written by hand, in each tool's own way; this is what they have in common, seen from outside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from contract.workload import Workload

STEPS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "train": {
        "load": (),
        "validate": ("load",),
        "features": ("validate",),
        "train_random_forest": ("features",),
        "train_gradient_boosting": ("features",),
        "train_logistic_regression": ("features",),
        "select": ("train_random_forest", "train_gradient_boosting", "train_logistic_regression"),
        "gate": ("select",),
        "register": ("gate",),
    },
    "infer": {
        "load": (),
        "validate": ("load",),
        "score": ("validate",),
        "save": ("score",),
    },
}
"""The steps of each pipeline, and which ones each of them waits for."""


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
        return {name: 1 + self.faults.get(name, 0) + (len(self.source) if name == "load" else 0) for name in self.steps}

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
    return Pipeline(**document)
