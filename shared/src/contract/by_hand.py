"""What `adapter/by_hand.py` of each implementation writes by hand: three small graphs, as data, and the work of their tasks.

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
from contract.workload import Node, Workload

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


def work(task: str, *parents: str) -> str:
    """Do the work of a task that was given what its parents returned. The trial is the one that `steps.announce` names."""
    about = json.loads(Path(os.environ[steps.VARIABLE]).read_bytes())
    inputs = {token.partition(":")[0]: token for token in parents}
    return body.run(Node(task, after=tuple(inputs)), Trial(about["id"], about["events"]), inputs)
