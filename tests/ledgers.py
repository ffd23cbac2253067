"""Claims, and the golden run that they are settled by, for the tests about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT
from golden import pack
from small_runs import read_results

from bench.claims.known import Known
from bench.claims.ledger import LEDGER, read
from bench.claims.settle import Settled, settle
from bench.store.folder import RunFolder
from bench.store.rows import Check, Estimate, Results

SAMPLE = RunFolder(ROOT / "reports" / "sample")

OURS = read(LEDGER, Known(SAMPLE.results()))
"""The claims that orchbench comes with. Only what holds for any claim is asked of them."""

FAST = """
[fast]
claim = "A graph of ten tasks is done within a minute."
source = "this test"
tools = ["Prefect"]
scenario = "overhead"
number = { metric = "makespan_s", workload = "chain_10", at_most = 60 }
expected = true
"""

IN_TURN = """
[in_turn]
claim = "Tasks take turns."
source = "this test"
tools = ["prefect"]
scenario = "parallelism"
check = { name = "tasks_overlap", holds_if = ["fail", "unsupported"] }
expected = ["calls"]
"""

NO_CACHE = """
[no_cache]
claim = "There is no cache."
source = "this test"
scenario = "caching"
check = { name = "unchanged_is_not_computed_again", holds_if = ["by_hand", "unsupported"] }
"""

CACHE = """
[cache]
claim = "There is a cache."
source = "this test"
tools = ["Dagster"]
scenario = "caching"
check = { name = "unchanged_is_not_computed_again", holds_if = ["native"] }
expected = true
"""

GATE = """
[gate]
claim = "A gate keeps a bad model out."
source = "this test"
scenario = "churn"
check = { name = "gate_keeps_bad_model_out", holds_if = ["native"] }
"""

SMALL = """
[small]
claim = "No large frame arrives."
source = "this test"
tools = ["Airflow"]
scenario = "payload"
number = { metric = "largest_ok_mb", workload = "value", at_most = 0.05, needs = "value_1000kb" }
"""


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is derived from the golden run."""
    folder = tmp_path_factory.mktemp("golden")
    pack.derive(pack.unpack(folder / "raw"), folder / "derived")
    return folder / "derived"


@pytest.fixture(scope="session")
def results(golden: Path) -> Results:
    """The same, as the harness has it."""
    return read_results(golden)


@pytest.fixture
def settled(results: Results, tmp_path: Path) -> Callable[..., Settled]:
    """Settle a ledger of one claim, by the golden run or by other results."""

    def settled(text: str, by: Results = results) -> Settled:
        [its] = settle(read(ledger(tmp_path, text), Known(results)), by)
        return its

    return settled


def ledger(folder: Path, text: str) -> Path:
    """Write a ledger."""
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def with_checks(results: Results, change: Callable[[Check], Mapping[str, Any]]) -> Results:
    """Return the results with changes in the rows of checks."""
    checks = [msgspec.structs.replace(row, **change(row)) for row in results.checks]
    return msgspec.structs.replace(results, checks=checks)


def with_estimates(results: Results, change: Callable[[Estimate], Mapping[str, Any]]) -> Results:
    """Return the results with changes in the rows of estimates."""
    estimates = [msgspec.structs.replace(row, **change(row)) for row in results.estimates]
    return msgspec.structs.replace(results, estimates=estimates)
