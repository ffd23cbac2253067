"""The plain walk of a workload."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from churn_plain.adapter import shapes
from contract.body import PlannedFault
from contract.events import FinishedBodies, Trial
from contract.workload import Fault, Node, Retry, Workload


def test_a_diamond_runs_every_body_once(tmp_path: Path) -> None:
    """Each of the four bodies of a diamond finishes once."""
    diamond = Workload("diamond", (Node("a"), Node("b", after=("a",)), Node("c", after=("a",)), Node("d", after=("b", "c"))))
    trial = Trial("t", str(tmp_path))
    with ThreadPoolExecutor(2) as pool:
        shapes.run(diamond, trial, pool)
    assert FinishedBodies(trial)() == 4


def test_a_retry_survives_as_many_faults_as_it_allows(tmp_path: Path) -> None:
    """Two planned faults are survived with two retries, and not with one."""
    enough = Workload("enough", (Node("a", retry=Retry(2, 0), fault=Fault(2)),))
    shapes.run(enough, Trial("t", str(tmp_path)), None)
    too_few = Workload("too_few", (Node("b", retry=Retry(1, 0), fault=Fault(2)),))
    with pytest.raises(PlannedFault):
        shapes.run(too_few, Trial("t", str(tmp_path)), None)
