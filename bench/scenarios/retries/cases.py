"""The graphs of retries, and how their tasks are made to fail.

An engine that looks for what is due in a loop starts a retry late by what is left of the loop. Where all tasks wait equally
long, they meet the loop in one phase. So the lateness is taken from waits that are spread over a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from bench.scenarios.kit.capacity import Capacity
from bench.scenarios.kit.case import Case
from contract.workload import Fault, Node, Retry, Workload

RECOVERS: Final = "retries_recovers"
SPREAD: Final = "retries_spread"
SEQUENCE: Final = "retries_sequence"
BACKOFF: Final = "retries_backoff"
EXHAUSTED: Final = "retries_exhausted"
FINAL: Final = "retries_final"
WIDE: Final = "retries_wide"
DEFAULT: Final = "retries_default"

FOR_EVER: Final = 1000

LONGER: Final = (0.25, 0.5, 1.0)
"""An explicit sequence of waits, in seconds."""

SPREAD_S: Final = 1.0
"""Over how long the waits are spread: a period of Airflow's loop, and several of a faster one."""

TASKS: Final = 6
"""How many waits are spread: their mean lateness is off by a twelfth of a second at most, whatever the phase of the loop."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite chooses."""

    delay_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 0.5
    """The constant wait, and the shortest of those that are spread."""
    backoff_tries: Annotated[int, msgspec.Meta(ge=1, le=4)] = 3
    """Retries with the tool's own exponential backoff, which begins with a second."""
    width: Annotated[int, msgspec.Meta(ge=2, le=50)] = 6
    """Tasks of the wide layer, half of which fail."""
    default_delay: bool = False
    """Whether to wait for the tool's own default delay too, which may be minutes."""


def cases(options: Options, capacity: Capacity) -> Sequence[Case]:
    """Return the graphs, with the faults in them."""
    constant = Retry(3, options.delay_s)
    wide = [Node(f"n{i}", after=("first",), retry=constant, fault=Fault(1) if i % 2 else None) for i in range(options.width)]
    tail = (Node("below", after=("faulty",)), Node("beside", after=("first",)))
    # One after another: beside each other, a retry would wait for a free lane too.
    spread = [
        Node(f"n{i}", after=(f"n{i - 1}" if i else "first",), retry=Retry(1, _spread_s(options, i)), fault=Fault(1))
        for i in range(TASKS)
    ]
    graphs = {
        RECOVERS: (Node("first"), Node("faulty", after=("first",), retry=constant, fault=Fault(2)), *tail),
        SPREAD: (Node("first"), *spread),
        SEQUENCE: (Node("faulty", retry=Retry(len(LONGER), delays_s=LONGER), fault=Fault(len(LONGER))),),
        BACKOFF: (Node("faulty", retry=Retry(options.backoff_tries, 1, backoff=True), fault=Fault(options.backoff_tries)),),
        EXHAUSTED: (
            Node("first"),
            Node("faulty", after=("first",), retry=Retry(2, options.delay_s), fault=Fault(FOR_EVER)),
            *tail,
            Node("far_below", after=("below", "beside")),
        ),
        FINAL: (
            Node("first"),
            Node("faulty", after=("first",), retry=constant, fault=Fault(FOR_EVER, final=True)),
            *tail,
        ),
        WIDE: (Node("first"), *wide, Node("last", after=tuple(node.id for node in wide))),
    }
    if options.default_delay:
        graphs[DEFAULT] = (Node("faulty", retry=Retry(1, None), fault=Fault(1)),)
    return [Case(Workload(name, nodes)) for name, nodes in graphs.items()]


def _spread_s(options: Options, number: int) -> float:
    return round(options.delay_s + number * SPREAD_S / TASKS, 3)
