"""Upgrades records of earlier schemas to that of today, so that an old run is derived like a new one.

Axes and numbers were not recorded before schema 3. Here alone they are read out of the names that cases and runs had then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from bench.base.stats.quantity import MIN_STARTS
from bench.plan.tools import REFERENCE
from bench.store.rows import PLAIN
from contract.pipeline import STEPS

Document = dict[str, Any]


def run(document: Document) -> Document:
    """Return run.json as schema 3 has it: the notes on a tool in one entry, and cases, which were workloads with flags."""
    if "tools" not in document:
        tables = {note: document.pop(note, {}) for note in _NOTES}
        document.pop("styles", None)
        tools = {tool: {note: table.get(tool, {}) for note, table in tables.items()} for tool in document["orchestrators"]}
        document["tools"] = tools
    if "cases" not in document:
        document["cases"] = {name: _case(text) for name, text in document.pop("workloads", {}).items()}
    return document


_NOTES: Final = ("unsupported", "by_hand", "declared", "remarks", "by_choice", "excerpts")


def trial(document: Document) -> Document:
    """Return a trial's record as schema 3 has it.

    The keys of the record tell how old it is. run.json does not: a later version may have written it again.
    """
    document = start(document)
    if "axes" in document:
        return document
    place = {key: document.pop(key, None) for key in ("family", "size", "work_s")}
    axes_of = _AXES.get(document["scenario"])
    return _ended(document) | {"axes": axes_of(document["workload"], place) if axes_of else {}}


def _ended(document: Document) -> Document:
    """Return a trial's record with the end and the run, which schema 3 has in place of a judgement of ours."""
    status = document.pop("status")
    run = {new: document.pop(old) for old, new in _OF_A_RUN.items() if document.get(old) is not None}
    return document | {"end": "over" if status in {"ok", "failed"} else status, "runs": [run] if "id" in run else []}


_OF_A_RUN: Final = {"run": "id", "clock_offset": "clock_offset", "reported": "reported"}


def _case(text: str) -> Document:
    flags: Document = json.loads(text)
    if "pipeline" not in flags:
        return {"work": text}
    work = {key: flags[key] for key in ("name", "pipeline", "parameters", "faults") if key in flags}
    source = flags.get("source") or ()
    expectation = {
        "may_skip": flags.get("may_skip") or (),
        "fails_at": flags.get("fails_at") or "",
        "more_tries": {"load": len(source)} if source else {},
        "is_open": flags.get("may_be_refused") or False,
    }
    return {"work": json.dumps(work), "procedure": _procedure(flags), "expectation": expectation}


def _procedure(flags: Mapping[str, Any]) -> Document:
    if (runs := flags.get("at_once", 1)) > 1:
        return {"type": "several_at_once", "runs": runs, "meet": next(iter(STEPS[flags["pipeline"]]))}
    return {"type": "once", "before": flags.get("before") or {}, "watched": flags.get("watched", False)}


def start(document: Document) -> Document:
    """Return an engine start's record as schema 3 has it, with a number and a setup. A trial's record needs the same."""
    if "subject" not in document:
        return document
    subject = document.pop("subject")
    return document | {"number": _number(document["id"]), "setup": setup(subject)}


def _number(name: str) -> int:
    """Return where a trial stands: by the number of the planned start, then by the place in there, 0 for a warm-up."""
    start, _, run = name.partition("-")[0].partition(".")
    return int(start) * 1_000_000 + int(run or 0)


def setup(keys: Document) -> Document:
    """Return a setup with a database: every tool had the one that it brings along."""
    return {"database": "none" if keys["orchestrator"] == REFERENCE else "sqlite"} | keys


def results(document: Document) -> Document:
    """Return results.json with a setup in each row."""
    tables = {name: value for name, value in document.items() if isinstance(value, list) and name not in PLAIN}
    for name, rows in tables.items():
        if not all(isinstance(keys, dict) for keys in rows):
            raise TypeError(f"`{name}` is no list of rows")
    return document | {
        name: [_without_range(row(keys) if "tier" in keys else keys) for keys in rows] for name, rows in tables.items()
    }


def _without_range(keys: Document) -> Document:
    """Return a row of results.json without what was called an interval, and was the range of one engine start or two."""
    if not isinstance(starts := keys.get("starts"), int) or not 0 < starts < MIN_STARTS or "low" not in keys:
        return keys
    return keys | {"low": None, "high": None} | ({"above_noise": None} if "above_noise" in keys else {})


def row(keys: Document) -> Document:
    """Return a row of results.json, or one of samples.csv, with the setup, and with axes where the name tells them."""
    named = _AXES.get(keys["scenario"]) if keys.get("scenario") in _TOLD_BY_NAMES else None
    axes = {"axes": named(keys["workload"], {})} if named and "workload" in keys else {}
    return setup({"isolation": "", "default": True} | axes | keys)


def _of_overhead(_name: str, place: Mapping[str, Any]) -> Document:
    if place["work_s"] is None:
        return {"shape": place["family"], "tasks": place["size"]} if place["family"] else {}
    lanes, depth = place["family"].removeprefix("lanes_").split("x")
    return {"lanes": int(lanes), "depth": int(depth), "work_s": place["work_s"]}


def _of_composition(_name: str, place: Mapping[str, Any]) -> Document:
    return {"depth": place["size"]} if place["family"] else {}


def _of_parallelism(name: str, _place: Mapping[str, Any]) -> Document:
    match = re.fullmatch(r"(\w+)_w(\d+)", name)
    return {"kind": match[1], "width": int(match[2])} if match else {}


def _of_payload(name: str, _place: Mapping[str, Any]) -> Document:
    match = re.fullmatch(r"(\w+?)_(\d+)kb(_watched)?", name)
    return {"way": match[1], "kb": int(match[2]), "watched": bool(match[3])} if match else {}


def _of_granularity(name: str, _place: Mapping[str, Any]) -> Document:
    match = re.fullmatch(r"(steps|whole)(?:_(again|faulty))?", name)
    return {"form": match[1], "run": match[2] or "first"} if match else {}


_AXES: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Document]]] = {
    "overhead": _of_overhead,
    "composition": _of_composition,
    "parallelism": _of_parallelism,
    "payload": _of_payload,
    "granularity": _of_granularity,
}
"""By scenario: the axes of a case, read from the name of the case and from the family, the size and the duration."""

_TOLD_BY_NAMES: Final = ("parallelism", "payload", "granularity")
"""The scenarios of which a case's name says all of it: rows of results have nothing else."""
