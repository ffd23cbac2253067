"""What `adapter/by_hand.py` of each implementation writes by hand: small graphs, as data, and the work of their tasks.

A report shows that code. The graphs that are measured come in all sizes, so `adapter/shapes.py` makes them of data. Tests
run the graphs below in both ways, and expect the same of both.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from contract import body, steps
from contract.events import Trial
from contract.workload import Fault, Node, Retry, Workload

CHAIN: Final = Workload(
    "chain",
    (
        Node("extract"),
        Node("transform", after=("extract",)),
        Node("load", after=("transform",)),
    ),
)

INDEPENDENT: Final = Workload("independent", (Node("customers"), Node("orders"), Node("products")))

TRAINING: Final = Workload(
    "training",
    (
        Node("fetch", group="preparation"),
        Node("clean", after=("fetch",), group="preparation"),
        Node("train", after=("clean",)),
    ),
)
"""A pipeline that calls another one, `preparation`."""

FLAKY: Final = Workload(
    "flaky",
    (
        Node("download", retry=Retry(3, 0.5), fault=Fault(2)),
        Node("upload", after=("download",), retry=Retry(3, delays_s=(0.25, 0.5, 1.0)), fault=Fault(3)),
    ),
)
"""Two tasks that are tried again: after one wait each time, and after a longer one each time."""

REFUSED: Final = Workload("refused", (Node("login", retry=Retry(3, 0.5), fault=Fault(1, final=True)),))
"""A task whose error is final: another try makes no sense."""

_FAULTS: Final = {node.id: node.fault for graph in (FLAKY, REFUSED) for node in graph.nodes}


def work(task: str, *parents: str) -> str:
    """Do the work of a task that was given what its parents returned. The trial is the one that `steps.announce` names."""
    about = json.loads(Path(os.environ[steps.VARIABLE]).read_bytes())
    inputs = {token.partition(":")[0]: token for token in parents}
    node = Node(task, after=tuple(inputs), fault=_FAULTS.get(task))
    return body.run(node, Trial(about["id"], about["events"]), inputs)
