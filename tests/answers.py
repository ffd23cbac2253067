"""Rows of results.json as the first screen of a report is made of, and the cards that come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from small_runs import made_up_record

from bench.events.timeline import Timeline
from bench.plan.tools import discover
from bench.report import answer
from bench.report.answer import Card
from bench.report.facts import Facts

Row = dict[str, Any]

KNOWN = {each.name: each.about for each in discover().values()}


def estimate(tool: str, median: float | None, **more: Any) -> Row:
    """Return a row of results.json: what a task of a chain costs, unless something else is said."""
    low, high, lack = (None, None, "lost") if median is None else (median * 0.95, median * 1.05, None)
    row = {
        "scenario": "overhead", "workload": "chain", "orchestrator": tool, "tier": "library", "profile": "stock",
        "deployment": "usual", "isolation": "one process", "metric": "per_task_ms", "unit": "ms", "better": "lower", "n": 20,
        "starts": 4, "usual": True, "median": median, "low": low, "high": high, "unstable": [], "missing_because": lack,
    }  # fmt: skip
    return row | more


def ratio(row: Row, best: Row, apart: bool | None, low: float) -> Row:
    """Return the ratio of one to the best."""
    against = {"against": best["orchestrator"], "against_deployment": best["deployment"], "against_profile": best["profile"]}
    value = row["median"] / best["median"]
    return row | against | {"ratio": value, "low": low, "high": value * 1.1, "above_noise": apart}


def check(tool: str, name: str, verdict: str = "pass", means: str = "native") -> Row:
    """Return a verdict."""
    scenario, _, its = name.partition(".")
    return {
        "scenario": scenario, "orchestrator": tool, "tier": "library", "profile": "stock", "deployment": "usual",
        "isolation": "one process", "check": its, "verdict": verdict, "because": "seen", "means": means,
    }  # fmt: skip


SIZES = {"chain": (1, 10, 200), "fan_out": (4, 10, 200)}


def facts(own: str | None = None, **results: Sequence[Mapping[str, Any]]) -> Facts:
    """Return what a report is made of."""
    trials: list[Any] = [
        SimpleNamespace(
            scenario="overhead", workload=f"{family}_{size}", axes={"shape": family, "tasks": size}, warmup=False
        )
        for family, sizes in SIZES.items()
        for size in sizes
    ]
    run = made_up_record(suite={"name": "s", "about": "a"}, own_workload=own, tools=KNOWN)
    empty: dict[str, Any] = {name: [] for name in ("estimates", "ratios", "controls", "checks", "engines", "code")}
    return Facts(run, empty | results, [], [], trials, lambda _: Timeline())


def cards(own: str | None = None, **results: Sequence[Mapping[str, Any]]) -> dict[str, Card]:
    """Return the cards by what they are about."""
    return {card.need.partition(",")[0]: card for card in answer.cards(facts(own, **results))}


def said(card: Card) -> str:
    """Return its sentences."""
    return " ".join(str(each) for each in (*card.because, *card.at_library_tier))


def wait(tool: str, low: float, high: float, **more: Any) -> Row:
    """Return between which values the waits of a tool's runs lay, at the service tier, by an engine that polls."""
    row = estimate(tool, (low + high) / 2, tier="service", metric="submit_to_first_s", unit="s", n=6)
    return row | {"low": low, "high": high, "polls": True, "workloads": 3} | more


def lag(tool: str, seconds: float, **more: Any) -> Row:
    """Return how long a tool's runs took to be called over, at the service tier."""
    return wait(tool, seconds, seconds, **{"metric": "finish_lag_s"} | more)


def at_service(*tools: str, beside: Sequence[Row] = (), ranges: Sequence[Row] = ()) -> Card:
    """Return the card of results in which the first tool adds the least to an empty task of a chain, at the service tier."""
    rows = [estimate(tool, 5.0 * 100**place, tier="service") for place, tool in enumerate(tools)]
    ratios = [ratio(row, rows[0], apart=True, low=50.0) for row in rows[1:]]
    return cards(estimates=[*rows, *beside], ratios=ratios, ranges=ranges)["Many short tasks"]
