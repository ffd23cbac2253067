"""The command `claims`: what it prints, and its exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, refusal
from ledgers import FAST, GATE, NO_CACHE, OURS, SAMPLE, ledger
from small_runs import edited

pytestmark = pytest.mark.xdist_group("claims")  # the golden run is derived once


def test_the_table_has_every_claim(orchbench_here: Call) -> None:
    """Of a run of an older schema too."""
    done = orchbench_here("claims", SAMPLE.path)
    assert (done.code, done.err) == (0, "")
    # A cell goes over several lines: its first words stand in one.
    assert [each.claim for each in OURS.values() if " ".join(each.claim.split()[:4]) not in done.out] == []


def test_the_table_names_tools_as_readers_do(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """Whatever the ledger calls them."""
    named = ledger(tmp_path, FAST.replace("Prefect", "prefect"))
    assert "Prefect" in orchbench_here("claims", golden, "--ledger", named).out


def test_a_claim_on_all_tools_names_those_that_were_seen(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """In the golden run only Dagster's runs can tell of the gate: the others may say something else."""
    call = ("claims", golden, "--ledger", ledger(tmp_path, GATE))
    named = [name for name in ("Airflow", "Dagster", "Prefect") if name in orchbench_here(*call).out]
    [its] = json.loads(orchbench_here(*call, "--json").out)
    assert (its["verdict"], its["seen"], named) == ("holds", ["dagster"], ["Dagster"])


def test_strict_fails_where_a_verdict_is_another(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """What is not as expected is named in either case."""
    for expected, code in ((True, 0), (False, 1)):
        mine = ledger(tmp_path, FAST.replace("expected = true", f"expected = {str(expected).lower()}"))
        done = orchbench_here("claims", golden, "--ledger", mine, "--strict")
        assert (done.code, "fast" in done.err) == (code, bool(code))
        assert orchbench_here("claims", golden, "--ledger", mine).code == 0


def test_the_verdict_is_that_of_the_file(golden: Path, tmp_path: Path, orchbench_here: Call) -> None:
    """It is derived anew each time, from results.json."""
    run = tmp_path / "run"
    shutil.copytree(golden, run)
    mine = ledger(tmp_path, NO_CACHE)

    def verdict() -> Any:
        [its] = json.loads(orchbench_here("claims", run, "--ledger", mine, "--json").out)
        return its["verdict"]

    assert verdict() == "depends on the tool"
    with edited(run / "results.json") as document:
        for row in document["checks"]:
            row["means"] = "native"
    assert verdict() == "does not hold"


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path, orchbench_here: Call) -> None:
    """It names the folder, and does not send the reader to `report`, which could make nothing of it either."""
    said = refusal(orchbench_here("claims", tmp_path / "nothing"))
    assert "nothing" in said and "orchbench report" not in said
