"""The first screen: which orchestrator to pick for which need, in sentences that name their numbers.

A sentence whose data does not support it is not made. Where too little was measured to tell two tools apart, that is what
is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench import wording
from bench.excerpts import PIPELINE
from bench.orchestrators import REFERENCE
from bench.report import prose
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence
from bench.scenarios import SCENARIOS

Row = Mapping[str, Any]

NAMES: Final = {"airflow": "Airflow", "prefect": "Prefect", "dagster": "Dagster", "plain": "plain Python"}

NEEDS: Final = {
    "A failed task is tried again as often as asked": "retries.tried_as_often_as_needed",
    "A failed task is tried again after as long as asked": "retries.waits_are_kept",
    "An error that is final is not tried again": "retries.final_error_is_tried_once",
    "After a failure only what failed runs again": "granularity.only_what_failed_runs_again",
    "What can run at the same time does": "parallelism.tasks_overlap",
    "What has not changed is not computed again": "caching.unchanged_is_not_computed_again",
    "An unchanged step of a training is not run again": "churn.features_not_computed_again",
    "A changed input is computed again": "caching.changed_input_is_seen",
    "A changed task is computed again": "caching.changed_body_is_seen",
    "A changed helper of a task is computed again": "caching.changed_helper_is_seen",
    "A spoiled result is computed again": "caching.spoiled_is_computed_again",
    "A parameter of the wrong type is refused": "parameters.wrong_type_is_refused",
    "A parameter out of its range is refused": "parameters.out_of_range_is_refused",
    "A parameter that is not there is refused": "parameters.unknown_name_is_refused",
    "A failure inside a nested pipeline reaches its outside": "composition.failure_reaches_the_parent",
}
"""What a nightly training job asks of a tool, and the check that verifies it.

Not what the shared core sees to, such as the gate, nor what only says that two runs did the same work.
"""

ASKED_TOO: Final = {
    "scheduling": "scheduling",
    "recovery": "recovery after a crash",
    "notifications": "notifications",
    "operations": "operations",
    "campaign": "campaigns of thousands of jobs",
}
"""What engineers ask too, by the scenario that would measure it."""

PLAIN_TO_SEE: Final = 2.0
"""An engine start has a bias of its own, which its runs do not show; of a tenth, where we looked (tests/test_compare.py).

So the interval of a ratio between single starts must lie beyond a factor that no such bias comes near to.
"""

ABOUT: Final = 1.1
"""Within a tenth two counts of lines are about the same: style alone makes such a difference."""

NOT_MEASURED: Final = "not measured in this run"


@dataclass(frozen=True)
class Card:
    """One need: which tool to pick, and why."""

    need: str
    pick: str
    because: Sequence[Sentence] = ()
    heading: Sequence[str] = ()
    rows: Sequence[Sequence[Sentence]] = ()
    """A table of the numbers that it rests on."""
    evidence: str = ""
    """The id of the section that they are taken from."""


def cards(facts: Facts) -> list[Card]:
    """Answer what is asked most; of the reader's own workload first, if one was measured."""
    own = [_own_workload(facts, facts.run.own_workload)] if facts.run.own_workload else []
    return [*own, _short_tasks(facts), _nightly_job(facts), _least_to_look_after(facts)]


def not_measured(facts: Facts) -> list[str]:
    """Name what the answer does not rest on."""
    skipped = [f"{name} (not in this run)" for name in SCENARIOS if name not in facts.scenarios]
    beyond = [text for name, text in ASKED_TOO.items() if name not in SCENARIOS]
    narrow = [name for name in facts.scenarios if facts.tiers(name) == ["library"]]
    tier = [f"{_and(narrow)} at the service tier"] if narrow else []
    return [*skipped, *tier, *beyond, "other machines (the cluster tier)"]


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def name_of(tool: str) -> str:
    """Return how a tool is called."""
    return NAMES.get(tool, tool)


# The reader's own workload ---------------------------------------------------------------------------------------------


def _own_workload(facts: Facts, workload: str) -> Card:
    need = f"Your workload {workload}"
    because: list[Sentence] = []
    rows: list[list[Sentence]] = []
    for scenario in facts.scenarios:
        for tier in facts.tiers(scenario):
            found = [row for row in facts.estimates(scenario, tier) if row["workload"] == workload]
            spans = [row for row in found if row["metric"] == "makespan_s" and row["median"] is not None]
            ranked = sorted((row for row in spans if row["orchestrator"] != REFERENCE), key=lambda row: row["median"])
            if len(ranked) > 1:
                because.append(_ranking(facts, ranked, tier, "takes the shortest"))
            rows += [[Sentence.of(f"{wording.subject(row)}, {tier}"), _valued(row)] for row in spans]
    return Card(need, "" if rows else NOT_MEASURED, because, ("", "makespan"), rows, "matrix")


# Many short tasks ------------------------------------------------------------------------------------------------------


def _short_tasks(facts: Facts) -> Card:
    need = "Many short tasks"
    because: list[Sentence] = []
    rows: list[list[Sentence]] = []
    leaders: dict[str, list[str]] = {}
    for tier in facts.tiers("overhead"):
        ranked = _stock(facts, "overhead", tier, "per_task_ms", "chain")
        if len({row["orchestrator"] for row in ranked}) > 1:
            leaders.setdefault(_leaders(facts, ranked), []).append(tier)
            because.append(_ranking(facts, ranked, tier, "adds the least to a task"))
            waits = _stock(facts, "overhead", tier, "submit_to_first_s", "chain_1")
            if waits and waits[0]["orchestrator"] != ranked[0]["orchestrator"]:
                because.append(_waits(waits, tier))
            rows += [_short_task_row(facts, row, tier) for row in ranked]
    if not leaders:
        return Card(need, NOT_MEASURED)
    pick = "; ".join(
        f"{names}, at {'both tiers' if len(tiers) > 1 else f'the {tiers[0]} tier'}" for names, tiers in leaders.items()
    )
    heading = ("", "isolation", "each task of a chain adds", "wait before the first task")
    return Card(need, pick, because, heading, rows, "overhead")


def _waits(waits: Sequence[Row], tier: str) -> Sentence:
    said = [(f"{wording.subject(row)} ", prose.median(row), *prose.bounds(row)) for row in waits]
    return Sentence.of(
        f"But at the {tier} tier a run waits before its first task, which decides where tasks are few: ",
        *prose.listed(said),
        ".",
    )


def _short_task_row(facts: Facts, row: Row, tier: str) -> list[Sentence]:
    wait = facts.estimate("overhead", tier, "submit_to_first_s", "chain_1", wording.subject(row))
    return [Sentence.of(f"{wording.subject(row)}, {tier}"), Sentence.of(row["isolation"]), _valued(row), _valued(wait)]


def _valued(row: Row | None) -> Sentence:
    if row is None or row["median"] is None:
        return Sentence.of("-")
    if wording.reading(row).kind == "noise":
        return Sentence.of("lost in noise, at most ", prose.at_most(row))
    return Sentence.of(prose.median(row), *prose.bounds(row))


def _stock(facts: Facts, scenario: str, tier: str, metric: str, workload: str) -> list[Row]:
    """Return the stock estimates of the orchestrators that have one, the lowest first."""
    found = [
        row
        for row in facts.estimates(scenario, tier)
        if (row["metric"], row["workload"], row["profile"]) == (metric, workload, "stock")
        and row["orchestrator"] != REFERENCE
        and row["median"] is not None
    ]
    return sorted(found, key=lambda row: row["median"])


def _leaders(facts: Facts, ranked: Sequence[Row]) -> str:
    """Name the first, and those that are not told apart from it."""
    best, *others = ranked
    close = [row for row in others if not _is_apart(facts, row, best)]
    names = list(dict.fromkeys(name_of(row["orchestrator"]) for row in [best, *close]))
    if len(close) == len(others):
        return "No tool alone (none is told apart)"
    return names[0] if len(names) == 1 else f"{' or '.join(names)} (not told apart)"


def _is_apart(facts: Facts, row: Row, best: Row) -> bool:
    """Whether the difference of two estimates is beyond noise; of what is lost in noise there is no ratio, but a limit."""
    if wording.reading(best).kind == "noise":
        return row["low"] is not None and best["high"] is not None and row["low"] > PLAIN_TO_SEE * max(best["high"], 0)
    ratio = facts.ratio(row, best)
    if ratio is None or ratio["low"] is None:
        return False
    return bool(ratio["above_noise"]) or (ratio["above_noise"] is None and ratio["low"] > PLAIN_TO_SEE)


def _ranking(facts: Facts, ranked: Sequence[Row], tier: str, leads: str) -> Sentence:
    best, *others = ranked
    said: list[tuple[Part, ...]] = []
    for row in others:
        who, ratio = wording.subject(row), facts.ratio(row, best)
        if not _is_apart(facts, row, best):
            said.append((f"{who} is not told apart from it, ", *_valued(row).parts))
        elif ratio and ratio["ratio"] is not None and wording.reading(best).kind == "value":
            said.append((f"{who} ", *prose.times(ratio), " as much"))
        else:
            said.append((f"{who} ", *_valued(row).parts))
    once = " (one engine start each)" if any(row["starts"] == 1 for row in ranked) else ""
    first = f"At the {tier} tier{once} {wording.subject(best)} {leads}: "
    tail: tuple[Part, ...] = ("; ", *prose.listed(said), ".") if said else (".",)
    return Sentence.of(first, *_valued(best).parts, *tail)


# A nightly training job ------------------------------------------------------------------------------------------------


def _nightly_job(facts: Facts) -> Card:
    need = "A nightly training job"
    tools = [name for name in facts.orchestrators if name != REFERENCE]
    states = {what: {tool: _state(facts, tool, check) for tool in tools} for what, check in NEEDS.items()}
    # What one of them was not asked tells nothing of the others.
    asked = {what: each for what, each in states.items() if "" not in each.values()}
    if len(tools) < 2 or not asked:
        return Card(need, NOT_MEASURED)
    met = {tool: sum(each[tool] == "yes" for each in asked.values()) for tool in tools}
    leaders = [name_of(tool) for tool in tools if met[tool] == max(met.values())]
    counted = ", ".join(f"{name_of(tool)} {met[tool]}" for tool in sorted(tools, key=lambda tool: -met[tool]))
    open_ = [text for name, text in ASKED_TOO.items() if name not in facts.scenarios]
    because = [
        Sentence.of(f"Of {len(asked)} needs that were verified, the tool alone meets: {counted}. The table says which.")
    ]
    because += [_training(facts, tier) for tier in reversed(facts.tiers("churn")) if _trainings(facts, tier)]
    if open_:
        because.append(Sentence.of(f"A nightly job asks for more, which was not measured: {_and(open_[:3])}."))
    rows = [[Sentence.of(what), *(Sentence.of(each[tool]) for tool in tools)] for what, each in asked.items()]
    pick = (
        f"{' or '.join(leaders)}, by what was measured"
        if len(leaders) < len(tools)
        else "No difference in what was measured"
    )
    return Card(need, pick, because, ("", *map(name_of, tools)), rows, "matrix")


def _state(facts: Facts, tool: str, check: str) -> str:
    """Say whether the tool meets a need: where one of its deployments does, that is what its users would take."""
    scenario, _, name = check.partition(".")
    rows = [
        row for row in facts.checks(scenario) if (row["check"], row["profile"], row["orchestrator"]) == (name, "stock", tool)
    ]
    found = {_MEANS[row["means"]] if row["verdict"] == "pass" else _LACKS[row["verdict"]] for row in rows}
    return next((state for state in ("yes", "if declared", "by hand", "no", "unsupported") if state in found), "")


_MEANS: Final = {"native": "yes", "declared": "if declared", "by_hand": "by hand"}
_LACKS: Final = {"fail": "no", "unsupported": "unsupported"}


def _trainings(facts: Facts, tier: str) -> list[Row]:
    return sorted(_stock(facts, "churn", tier, "makespan_s", "train"), key=wording.subject)


def _training(facts: Facts, tier: str) -> Sentence:
    """Say how long it takes, by name: a single run, which has waited for a poll or not, makes no order."""
    said: list[tuple[Part, ...]] = []
    for row in _trainings(facts, tier):
        its = [
            facts.estimate("churn", tier, metric, "train", wording.subject(row))
            for metric in ("between_steps_s", "submit_to_first_s")
        ]
        parts: tuple[Part, ...] = (f"{wording.subject(row)} ", prose.median(row), *prose.bounds(row))
        if all(each and each["median"] is not None for each in its):
            idle, first = (prose.median(each) for each in its if each)
            parts = (*parts, ", of which no step ran for ", idle, " (", first, " before the first)")
        said.append(parts)
    return Sentence.of(f"A training at the {tier} tier took: ", *prose.listed(said), ".")


# Little to write, and little to look after -----------------------------------------------------------------------------


def _least_to_look_after(facts: Facts) -> Card:
    need = "The least code, and the fewest services to look after"
    code = {row["orchestrator"]: row for row in facts.results.get("code", ()) if row["scenario"] == PIPELINE}
    engines = {
        row["orchestrator"]: row
        for row in facts.results.get("engines", ())
        if row["tier"] == "service" and row["profile"] == "stock" and row["default"] and row["services"] is not None
    }
    tools = [name for name in facts.orchestrators if name != REFERENCE]
    lines = {tool: code[tool]["lines"] for tool in tools if tool in code}
    services = {tool: engines[tool]["services"] for tool in tools if tool in engines}
    picks: dict[str, str] = {}
    because: list[Sentence] = []
    if len(lines) > 1:
        picks["code"] = _fewest(lines, ABOUT)
        written = [(f"{name_of(tool)} ", prose.lines(code[tool]), " lines") for tool in sorted(lines, key=lines.__getitem__)]
        because.append(
            Sentence.of("The same training and inference, on a core that all share: ", *prose.listed(written), ".")
        )
    if len(services) > 1:
        picks["services"] = _fewest(services)
        kept = [_kept_running(engines[tool]) for tool in sorted(services, key=services.__getitem__)]
        because.append(Sentence.of("To be kept running, as deployed here on SQLite: ", *prose.listed(kept), "."))
    if not picks:
        return Card(need, NOT_MEASURED)
    rows = [_upkeep_row(tool, code.get(tool), engines.get(tool)) for tool in facts.orchestrators]
    heading = ("", "lines of code", "services", "their memory, idle")
    if len(picks) == 2 and len(set(picks.values())) == 1:
        pick = f"{picks['code']}, for both"
    else:
        pick = "; ".join(f"{who} for {what}" for what, who in picks.items())
    return Card(need, pick, because, heading, rows, "engines")


def _fewest(counts: Mapping[str, int], about: float = 1.0) -> str:
    least = min(counts.values())
    return " or ".join(name_of(tool) for tool, count in counts.items() if count <= least * about)


def _kept_running(row: Row) -> tuple[Part, ...]:
    services = prose.engine(row, "services", str(row["services"]))
    return (f"{name_of(row['orchestrator'])} ", services, f" ({', '.join(row['names'])})" if row["names"] else "")


def _upkeep_row(tool: str, code: Row | None, engine: Row | None) -> list[Sentence]:
    none = Sentence.of("-")
    lines = Sentence.of(prose.lines(code)) if code else none
    services = Sentence.of(prose.engine(engine, "services", str(engine["services"]))) if engine else none
    pss = engine["idle_pss_mb"] if engine else None
    memory = Sentence.of(prose.engine(engine, "idle_pss_mb", f"{pss:.0f} MB")) if engine and pss is not None else none
    return [Sentence.of(name_of(tool)), lines, services, memory]
