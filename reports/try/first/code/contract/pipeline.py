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
class Pipeline:
    """A run of a pipeline: which pipeline, with which parameters, and which steps fail."""

    name: str
    pipeline: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, int] = field(default_factory=dict)
    """How often each step fails, once the work of the step is done."""

    @property
    def last(self) -> str:
        """The step after which nothing is left to do."""
        return list(STEPS[self.pipeline])[-1]

    def to_json(self) -> str:
        """Write it as JSON; `read` reads it back as an equal one."""
        return json.dumps(asdict(self))


def read(text: str) -> Workload | Pipeline:
    """Read what was written by the `to_json` of either kind."""
    document = json.loads(text)
    return Pipeline(**document) if "pipeline" in document else Workload.from_json(text)
