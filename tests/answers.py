"""Rows of results.json as the first screen of a report is made of, and the cards that come of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

import msgspec
from small_runs import made_up_record

from bench.events.timeline import Timeline
from bench.plan.tools import discover
from bench.report import answer
from bench.report.answer import Card
from bench.report.facts import Facts
from bench.store.rows import Check, Estimate, Range, Ratio, Results, flat, row_of

KNOWN = {each.name: each.about for each in discover().values()}

Kind = TypeVar("Kind", bound=msgspec.Struct)


def changed(row: Kind, **keys: Any) -> Kind:
    """Return the row with other values, by the keys that it has in results.json."""
    return row_of(type(row), flat(row) | keys)


def estimate(tool: str, median: float | None, **more: Any) -> Estimate:
    """Return a row of results.json: what a task of a chain costs, unless something else is said."""
    low, high, lack = (None, None, "lost") if median is None else (median * 0.95, median * 1.05, None)
    row = {
        "scenario": "overhead", "workload": "chain", "orchestrator": tool, "tier": "library", "profile": "stock",
        "deployment": "usual", "isolation": "one process", "metric": "per_task_ms", "unit": "ms", "better": "lower", "n": 20,
        "starts": 4, "usual": True, "median": median, "low": low, "high": high, "unstable": [], "missing_because": lack,
    }  # fmt: skip
    return row_of(Estimate, row | more)


def ratio(row: Estimate, best: Estimate, apart: bool | None, low: float) -> Ratio:
    """Return the ratio of one to the best."""
    setup, value = best.setup, (row.median or 0.0) / (best.median or 1.0)
    against = {"against": setup.orchestrator, "against_deployment": setup.deployment, "against_profile": setup.profile}
    return row_of(Ratio, flat(row) | against | {"ratio": value, "low": low, "high": value * 1.1, "above_noise": apart})


def check(tool: str, name: str, verdict: str = "pass", means: str = "native") -> Check:
    """Return a verdict."""
    scenario, _, its = name.partition(".")
    row = {
        "scenario": scenario, "orchestrator": tool, "tier": "library", "profile": "stock", "deployment": "usual",
        "isolation": "one process", "check": its, "verdict": verdict, "because": "seen", "means": means,
    }  # fmt: skip
    return row_of(Check, row)


SIZES = {"chain": (1, 10, 200), "fan_out": (4, 10, 200)}


def facts(own: str | None = None, **tables: Sequence[Any]) -> Facts:
    """Return what a report is made of."""
    trials: list[Any] = [
        SimpleNamespace(
            scenario="overhead",
            workload=f"{family}_{size}",
            axes={"shape": family, "tasks": size},
            warmup=False,
            polls=False,
        )
        for family, sizes in SIZES.items()
        for size in sizes
    ]
    run = made_up_record(suite={"name": "s", "about": "a"}, own_workload=own, tools=KNOWN)
    return Facts(run, results(**tables), [], [], trials, lambda _: Timeline())


def results(**tables: Sequence[Any]) -> Results:
    """Return the results that have these tables; the others are empty."""
    empty: dict[str, Any] = {"estimates": [], "ratios": [], "controls": [], "checks": []}
    return Results(run="made-up", **(empty | tables))


def cards(own: str | None = None, **tables: Sequence[Any]) -> dict[str, Card]:
    """Return the cards by what they are about."""
    return {card.need.partition(",")[0]: card for card in answer.cards(facts(own, **tables))}


def said(card: Card) -> str:
    """Return its sentences."""
    return " ".join(str(each) for each in (*card.because, *card.at_library_tier))


def says(card: Card, *parts: str) -> bool:
    """Whether one of its sentences names these, in this order, whatever words stand between them."""
    wanted = re.compile(".*".join(map(re.escape, parts)))
    return any(wanted.search(str(each)) for each in (*card.because, *card.at_library_tier))


def wait(tool: str, low: float, high: float, **more: Any) -> Range:
    """Return between which values the waits of a tool's runs lay, at the service tier, by an engine that polls."""
    row = flat(estimate(tool, (low + high) / 2, tier="service", metric="submit_to_first_s", unit="s", n=6))
    return row_of(Range, row | {"low": low, "high": high, "polls": True, "workloads": 3} | more)


def lag(tool: str, seconds: float, **more: Any) -> Range:
    """Return how long a tool's runs took to be called over, at the service tier."""
    return wait(tool, seconds, seconds, **{"metric": "finish_lag_s"} | more)


def at_service(*tools: str, beside: Sequence[Estimate] = (), ranges: Sequence[Range] = ()) -> Card:
    """Return the card of results in which the first tool adds the least to an empty task of a chain, at the service tier."""
    rows = [estimate(tool, 5.0 * 100**place, tier="service") for place, tool in enumerate(tools)]
    ratios = [ratio(row, rows[0], apart=True, low=50.0) for row in rows[1:]]
    return cards(estimates=[*rows, *beside], ratios=ratios, ranges=ranges)["Many short tasks"]
