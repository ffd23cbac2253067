"""The numbers that stand for a scenario: which columns its summary has, on the terminal and in a report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
Column = tuple[str, str, str | None]
"""A heading, a metric, and the workload (or family) that stands for it; None: the one that most subjects have."""

COLUMNS: Mapping[str, Sequence[Column]] = {
    "overhead": (
        ("per task, chain", "per_task_ms", "chain"),
        ("per task, wide", "per_task_ms", "fan_out"),
        ("per run", "per_run_ms", "chain"),
        ("to first body", "submit_to_first_s", "chain_1"),
        ("transition", "transition_ms", None),
        ("finish lag", "finish_lag_s", "chain_1"),
        ("cold run", "cold_run_s", "warm_up"),
        ("METG(50 %)", "metg50_ms", None),
    ),
    "retries": (
        ("late, constant wait", "delay_error_ms", "retries_recovers"),
        ("late, sequence", "delay_error_ms", "retries_sequence"),
        ("backoff, 1st wait", "delay_1_s", "retries_backoff"),
        ("2nd", "delay_2_s", "retries_backoff"),
        ("3rd", "delay_3_s", "retries_backoff"),
        ("recovery, wide", "recovery_s", "retries_wide"),
    ),
    "caching": (
        ("a hit", "hit_cost_ms", "warm"),
        ("first run", "ready_s", "cold"),
        ("second run", "ready_s", "warm"),
        ("speed-up", "warm_speedup", "warm"),
        ("in a new process", "hit_cost_ms", "warm_new_process"),
        ("stored", "stored_bytes", "cold"),
    ),
    "parallelism": (
        ("at once", "max_concurrency", "sleeping_w2"),
        ("efficiency", "efficiency", "sleeping_w2"),
        ("speed-up", "speedup", "sleeping_w2"),
        ("speed-up", "speedup", "computing_w2"),
        ("speed-up", "speedup", "five_models_w2"),
        ("processes", "processes", "computing_w2"),
    ),
    "payload": (
        ("1 MB", "mb_per_s", "value_1000kb"),
        ("1 MB", "mb_per_s", "store_1000kb"),
        ("1 MB", "mb_per_s", "file_1000kb"),
        ("16 MB", "mb_per_s", "value_16000kb"),
        ("16 MB", "mb_per_s", "store_16000kb"),
        ("16 MB", "mb_per_s", "file_16000kb"),
        ("stored", "stored_bytes", "value_16000kb_watched"),
        ("largest", "largest_ok_mb", "value"),
    ),
    "parameters": (
        ("refused after", "rejection_s", "wrong_type"),
        ("refused after", "rejection_s", "out_of_range"),
        ("refused after", "rejection_s", "unknown_name"),
        ("overridden", "makespan_s", "several_overridden"),
    ),
    "composition": (
        ("per level", "per_level_ms", "nested"),
        ("flat", "makespan_s", "nested_0"),
        ("3 levels", "makespan_s", "nested_3"),
        ("its finish lag", "finish_lag_s", "nested_3"),
        ("shared", "makespan_s", "nested_shared"),
    ),
    "granularity": (
        ("native", "makespan_s", "steps"),
        ("one task", "makespan_s", "whole"),
        ("again", "makespan_s", "steps_again"),
        ("again", "makespan_s", "whole_again"),
        ("a failure costs", "retry_cost_s", "steps_faulty"),
        ("a failure costs", "retry_cost_s", "whole_faulty"),
        ("bodies run", "attempts", "steps_faulty"),
        ("bodies run", "attempts", "whole_faulty"),
    ),
    "churn": (
        ("training", "makespan_s", "train"),
        ("no step runs after the first began", "between_steps_s", "train"),
        ("training", "makespan_s", "train_files"),
        ("faulty", "makespan_s", "train_faulty"),
        ("inference", "makespan_s", "infer"),
        ("cold run", "cold_run_s", "warm_up_train"),
    ),
}
"""The summary of each scenario; what stands first stands for it where there is room for one number."""

TIMELINES: Mapping[str, Sequence[str]] = {"overhead": ("chain_10", "chain_8")}
"""Which workload a timeline shows best, where it is not the first that the summary has."""

WIDTH: Final = re.compile(r"_w[0-9]+$")
"""The end of a workload's name that is the width it was run at, as `bench.scenarios.parallelism.name_of` puts it there."""

OWN_WORKLOAD: Sequence[str] = ("makespan_s", "submit_to_first_s", "transition_ms", "finish_lag_s")


def columns_of(scenario: str, rows: Sequence[Row]) -> list[Column]:
    """Return the columns that the estimates of one scenario and tier fill."""
    filled = [column for column in COLUMNS[scenario] if any(matches(row, column) for row in rows)]
    if any(workload and metric != "cold_run_s" for _, metric, workload in filled):
        return [_settled(column, rows) for column in filled]
    own = next((row["workload"] for row in rows if row["metric"] == "makespan_s"), "")  # no workload of the scenario's
    return [(name, name, own) for name in OWN_WORKLOAD]


def matches(row: Row, column: Column) -> bool:
    """Whether an estimate belongs in the column."""
    _, metric, workload = column
    return bool(row["metric"] == metric and workload in (None, row["workload"]))


def stand_in(rows: Sequence[Row], column: Column) -> Row | None:
    """Return what a subject of one lane has in place of a column's workload: it was run at one other width, for all."""
    _, metric, workload = column
    if workload is None or not WIDTH.search(workload):
        return None
    kind = WIDTH.sub("", workload)
    found = [row for row in rows if row["metric"] == metric and WIDTH.sub("", row["workload"]) == kind]
    return found[0] if len(found) == 1 and found[0]["workload"] != workload else None


def _settled(column: Column, rows: Sequence[Row]) -> Column:
    """Choose, where a column leaves it open, the workload that most subjects have: one column shows one workload."""
    heading, metric, workload = column
    if workload is None and metric != "metg50_ms":  # whose graph has as many lanes as the subject
        workload = Counter(sorted(row["workload"] for row in rows if row["metric"] == metric)).most_common(1)[0][0]
    return heading, metric, workload
