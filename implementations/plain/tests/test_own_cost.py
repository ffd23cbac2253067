"""What the plain walk costs: every ratio is taken against it, so it must be next to nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from churn_plain.adapter import shapes
from contract.events import Trial
from contract.workload import Node, Workload

pytestmark = pytest.mark.alone

SIZE = 100
CHAIN = Workload("chain", tuple(Node(f"n{i}", after=(f"n{i - 1}",) if i else ()) for i in range(SIZE)))
FAN_OUT = Workload("fan_out", tuple(Node(f"n{i}", after=("n0",) if i else ()) for i in range(SIZE)))


def test_a_noop_task_in_a_chain_costs_at_most_100_microseconds(benchmark: Any, tmp_path: Path) -> None:
    """A loop over bodies, two events each."""
    benchmark(shapes.run, CHAIN, Trial("t", str(tmp_path)), None)
    assert benchmark.stats.stats.median / SIZE <= 100e-6


@pytest.mark.parametrize("width", [1, 2])
def test_a_noop_task_in_a_pool_costs_at_most_a_millisecond(benchmark: Any, width: int, tmp_path: Path) -> None:
    """Handing a task to a thread of a pool and back is what costs here, not the body."""
    with ThreadPoolExecutor(width) as pool:
        benchmark(shapes.run, FAN_OUT, Trial("t", str(tmp_path)), pool)
    assert benchmark.stats.stats.median / SIZE <= 1e-3
