"""Polls: the folder declares how often Prefect looks for runs, and by how much that varies."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
DEPLOYMENTS: list[dict[str, Any]] = [each for each in PROJECT["tool"]["orchbench"]["deployments"] if "polls_every_s" in each]


@pytest.mark.usefixtures("engine")  # Prefect reads its settings once, and has to find those of the engine
def test_the_jitter_is_that_of_the_loops_that_poll() -> None:
    """Of the runner that `serve` starts, and of the worker: what they draw is never more than the period and the jitter."""
    from prefect.runner._scheduled_run_poller import ScheduledRunPoller
    from prefect.utilities.math import clamped_poisson_interval
    from prefect.workers.base import BaseWorker

    (jitter,) = {each["polls_jitter"] for each in DEPLOYMENTS}
    for loop in (ScheduledRunPoller.run, BaseWorker.start):
        assert {float(found) for found in re.findall(r"jitter_range=([\d.]+)", inspect.getsource(loop))} == {jitter}
    drawn = [clamped_poisson_interval(10, jitter) for _ in range(10_000)]
    assert 10 * (1 + jitter) * 0.99 < max(drawn) <= 10 * (1 + jitter)
    assert abs(sum(drawn) / len(drawn) - 10) < 0.1 and min(drawn) >= 10 * (1 - jitter)
