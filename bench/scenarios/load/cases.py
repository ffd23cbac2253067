"""What runs: chains of tasks that sleep, that import, that follow each other from the start on, and many at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import floor
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from bench.scenarios.kit.families import MOST_PLACES
from bench.scenarios.kit.procedures import SeveralAtOnce
from contract.workload import MODULE, Node, Workload

TASKS: Final = 5
"""How long the chains are whose tasks sleep or import."""

ROW_TASKS: Final = 8
"""How long the chains are that run in a row: four have as many tasks as Airflow has workers, each of which has a first."""

SMALL: Final = 3
"""How long the chains are that run many times at once."""

SHORT_S: Final = 0.1
"""How long the tasks sleep of runs that are asked for at once."""

LONGEST_S: Final = 1.0
"""The longest task that is drawn: a whole number of seconds, so that all phases of a tick of a second are met alike."""

EMPTY: Final = "sleeps_0ms"
"""The chain that all others are compared with."""

DRAWN: Final = "sleeps_drawn"

DRAWS: Final = 8
"""How many durations are drawn, after each of which comes another task."""

IMPORTING: Final = "imports"

ROW: Final = "in_a_row"

Few = msgspec.Meta(max_length=MOST_PLACES)
Module = msgspec.Meta(pattern=f"^{MODULE.pattern}$")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    durations_s: Annotated[list[Annotated[float, msgspec.Meta(gt=0, le=60)]], Few] = msgspec.field(
        default_factory=lambda: [0.3, 0.7, 1.5]
    )
    """How long the tasks sleep, beside those that do not."""
    draws: Annotated[list[Annotated[int, msgspec.Meta(ge=1)]], Few] = msgspec.field(default_factory=lambda: [1])
    """A chain of tasks of drawn durations for each of these seeds."""
    imports: Annotated[list[Annotated[str, Module]], Few] = msgspec.field(
        default_factory=lambda: ["pandas", "sklearn.ensemble", "mlflow"]
    )
    """What a data scientist's task imports."""
    runs: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=1000)]], Few] = msgspec.field(default_factory=lambda: [1, 10])
    """How many runs are asked for at once; none, where the caller and not the tool runs them side by side."""
    places: Annotated[int, msgspec.Meta(ge=0, le=MOST_PLACES)] = 5
    """How often the chain runs in a row: from the start of the engine on, if the block joins no other."""


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the runs in a row first, because they begin with the engine; the many at once come last.

    The empty chain and the drawn ones, which are compared, follow each other, after the others: the first tasks after a
    start may meet fresh workers.
    """
    empty, short = _chain([0.0] * ROW_TASKS), _chain([SHORT_S] * SMALL)
    importing = _chain([0.0] * TASKS, tuple(options.imports))
    drawn = [Case(Workload(f"{DRAWN}_{seed}", _chain(_drawn(seed))), {"draw": seed}) for seed in options.draws]
    is_compared = options.durations_s or options.draws or options.imports
    return [
        *(Case(Workload(f"place_{place}", empty), {"place": place}) for place in range(1, options.places + 1)),
        *([Case(Workload(IMPORTING, importing))] if options.imports else []),
        *(_sleeping(task_s) for task_s in options.durations_s),
        *([_sleeping(0.0)] if is_compared else []),
        *drawn,
        *(Case(Workload(f"at_once_{runs}", short), {"runs": runs}, SeveralAtOnce(runs)) for runs in options.runs),
    ]


def _sleeping(task_s: float) -> Case:
    return Case(Workload(sleeps(task_s), _chain([task_s] * TASKS)), {"task_s": task_s})


def _chain(durations_s: Sequence[float], imports: tuple[str, ...] = ()) -> tuple[Node, ...]:
    return tuple(
        Node(f"n{i}", "sleep", (f"n{i - 1}",) if i else (), {"seconds": seconds}, imports=imports)
        for i, seconds in enumerate(durations_s)
    )


def sleeps(seconds: float) -> str:
    """Return the name of the chain of tasks that sleep that long."""
    return f"sleeps_{round(seconds * 1000)}ms"


def _drawn(seed: int) -> list[float]:
    """Return durations that are the same for all tools, in every round and on every machine.

    They lie evenly between none and the longest: a few free draws may all meet a tool's tick in one phase. An empty task
    ends the chain, so that something follows each of them.
    """
    draw = random.Random(seed)  # noqa: S311 - reproducible tasks, not a secret
    durations = [floor((part + draw.random()) / DRAWS * LONGEST_S * 1000) / 1000 for part in range(DRAWS)]
    draw.shuffle(durations)
    return [*durations, 0.0]
