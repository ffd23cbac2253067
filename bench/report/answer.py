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

NEEDS: Final = (
    (
        "A failed task is tried again, as often and as late as asked",
        ("retries.tried_as_often_as_needed", "retries.waits_are_kept"),
    ),
    ("After a failure only what failed runs again", ("granularity.only_what_failed_runs_again",)),
    ("A retry leaves no duplicate in the registry", ("churn.retries_leave_no_duplicates",)),
    ("A model below the gate is kept out", ("churn.gate_keeps_bad_model_out",)),
    ("What can run at the same time does", ("parallelism.tasks_overlap",)),
    ("What has not changed is not computed again", ("caching.unchanged_is_not_computed_again",)),
    (
        "What has changed is computed again, be it code or input",
        ("caching.changed_input_is_seen", "caching.changed_body_is_seen"),
    ),
    ("A wrong parameter is refused", ("parameters.wrong_type_is_refused", "parameters.unknown_name_is_refused")),
    ("A failure inside a nested pipeline reaches its outside", ("composition.failure_reaches_the_parent",)),
)
"""What a nightly training job asks of a tool, and by which checks it is verified."""

BEYOND: Final = ("scheduling", "recovery after a crash", "notifications", "operations", "other machines (the cluster tier)")
"""What engineers ask too, and what no scenario measures yet."""

PLAIN_TO_SEE: Final = 2.0
"""One engine start has a bias that its runs cannot show, of some tenths at most; a factor of two is beyond that."""

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
    """Answer what is asked most."""
    return [_short_tasks(facts), _nightly_job(facts), _least_to_look_after(facts)]


def not_measured(facts: Facts) -> list[str]:
    """Name what the answer does not rest on."""
    skipped = [name for name in SCENARIOS if name not in facts.scenarios]
    return [*(f"{name} (not in this run)" for name in skipped), *BEYOND]


def name_of(tool: str) -> str:
    """Return how a tool is called."""
    return NAMES.get(tool, tool)


# Many short tasks ------------------------------------------------------------------------------------------------------


def _short_tasks(facts: Facts) -> Card:
    need = "Many short tasks"
    because: list[Sentence] = []
    rows: list[list[Sentence]] = []
    leaders: dict[str, list[str]] = {}
    for tier in facts.tiers("overhead"):
        ranked = _ranked(facts, "overhead", tier, "per_task_ms", "chain")
        if len({row["orchestrator"] for row in ranked}) > 1:
            leaders.setdefault(_leaders(facts, ranked), []).append(tier)
            because.append(_ranking(facts, ranked, tier))
            rows += [_short_task_row(facts, row, tier) for row in ranked]
    if not leaders:
        return Card(need, NOT_MEASURED)
    pick = "; ".join(
        f"{names}, at {'both tiers' if len(tiers) > 1 else f'the {tiers[0]} tier'}" for names, tiers in leaders.items()
    )
    return Card(need, pick, because, ("", "each task of a chain adds", "wait before the first task"), rows, "overhead")


def _short_task_row(facts: Facts, row: Row, tier: str) -> list[Sentence]:
    wait = facts.estimate("overhead", tier, "submit_to_first_s", "chain_1", wording.subject(row))
    return [Sentence.of(f"{wording.subject(row)}, {tier}"), _valued(row), _valued(wait)]


def _valued(row: Row | None) -> Sentence:
    if row is None or row["median"] is None:
        return Sentence.of("-")
    return Sentence.of(prose.median(row), *prose.bounds(row))


def _ranked(facts: Facts, scenario: str, tier: str, metric: str, workload: str) -> list[Row]:
    """Return the stock estimates of the orchestrators that have one, the lowest first."""
    found = [
        row
        for row in facts.estimates(scenario, tier)
        if (row["metric"], row["workload"], row["profile"]) == (metric, workload, "stock")
        and row["orchestrator"] != REFERENCE
        and wording.reading(row).kind == "value"
    ]
    return sorted(found, key=lambda row: row["median"])


def _leaders(facts: Facts, ranked: Sequence[Row]) -> str:
    """Name the first, and those that are not told apart from it."""
    best, *others = ranked
    close = [row for row in others if not _is_apart(facts.ratio(row, best))]
    names = list(dict.fromkeys(name_of(row["orchestrator"]) for row in [best, *close]))
    return names[0] if len(names) == 1 else f"{' or '.join(names)} (not told apart)"


def _is_apart(ratio: Row | None) -> bool:
    if ratio is None or ratio["low"] is None:
        return False
    return bool(ratio["above_noise"]) or (ratio["above_noise"] is None and ratio["low"] > PLAIN_TO_SEE)


def _ranking(facts: Facts, ranked: Sequence[Row], tier: str) -> Sentence:
    best, *others = ranked
    said: list[tuple[Part, ...]] = []
    for row in others:
        ratio = facts.ratio(row, best)
        who = wording.subject(row)
        if ratio is None or ratio["ratio"] is None:
            continue
        if _is_apart(ratio):
            said.append((f"{who} ", *prose.times(ratio), " as much"))
        else:
            said.append((f"{who} is not told apart from it",))
    once = " (one engine start each)" if any(row["starts"] == 1 for row in ranked) else ""
    first = f"At the {tier} tier{once} {wording.subject(best)} adds the least to a task, "
    tail: tuple[Part, ...] = ("; ", *prose.listed(said), ".") if said else (".",)
    return Sentence.of(first, prose.median(best), *prose.bounds(best), *tail)


# A nightly training job ------------------------------------------------------------------------------------------------


def _nightly_job(facts: Facts) -> Card:
    need = "A nightly training job"
    tools = [name for name in facts.orchestrators if name != REFERENCE]
    asked = [(what, checks) for what, checks in NEEDS if all(_verdicts(facts, check) for check in checks)]
    if not asked or not tools:
        return Card(need, NOT_MEASURED)
    states = {what: {tool: _state(facts, tool, checks) for tool in tools} for what, checks in asked}
    met = {tool: sum(each[tool] == "yes" for each in states.values()) for tool in tools}
    leaders = [name_of(tool) for tool in tools if met[tool] == max(met.values())]
    pick = f"{' or '.join(leaders)}, as far as it was measured"
    counted = ", ".join(f"{name_of(tool)} {met[tool]}" for tool in sorted(tools, key=lambda tool: -met[tool]))
    because = [Sentence.of(f"Of {len(asked)} needs that were verified, the tool itself meets: {counted}.")]
    because += [_training(facts, tier) for tier in reversed(facts.tiers("churn")) if _trainings(facts, tier)]
    because.append(Sentence.of("Whether a schedule fires, and what happens after a crash, was not measured."))
    rows = [[Sentence.of(what), *(Sentence.of(each[tool]) for tool in tools)] for what, each in states.items()]
    return Card(need, pick, because, ("", *map(name_of, tools)), rows, "churn")


def _verdicts(facts: Facts, name: str, tool: str | None = None) -> list[Row]:
    scenario, _, check = name.partition(".")
    return [
        row
        for row in facts.checks(scenario)
        if row["check"] == check and row["profile"] == "stock" and tool in (None, row["orchestrator"])
    ]


def _state(facts: Facts, tool: str, checks: Sequence[str]) -> str:
    """Say whether the tool meets a need: where one of its deployments does, that is what its users would take."""
    states: list[str] = []
    for check in checks:
        rows = _verdicts(facts, check, tool)
        if not rows:
            return "not measured"
        if any(row["verdict"] == "pass" and not _by_hand(row) for row in rows):
            states.append("yes")
        elif any(row["verdict"] == "pass" for row in rows):
            states.append("by hand")
        else:
            states.append("no" if any(row["verdict"] == "fail" for row in rows) else "unsupported")
    return next((state for state in ("no", "unsupported", "by hand") if state in states), "yes")


def _by_hand(row: Row) -> bool:
    return str(row["because"]).startswith("written by hand")


def _trainings(facts: Facts, tier: str) -> list[Row]:
    return _ranked(facts, "churn", tier, "makespan_s", "train")


def _training(facts: Facts, tier: str) -> Sentence:
    said: list[tuple[Part, ...]] = []
    for row in _trainings(facts, tier):
        between = facts.estimate("churn", tier, "between_steps_s", "train", wording.subject(row))
        idle: tuple[Part, ...] = (
            (", of which no step ran for ", prose.median(between)) if between and between["median"] is not None else ()
        )
        said.append((f"{wording.subject(row)} ", prose.median(row), *prose.bounds(row), *idle))
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
    picks: list[str] = []
    because: list[Sentence] = []
    if len(lines) > 1:
        picks.append(f"{_fewest(lines)} for code")
        written = [(f"{name_of(tool)} ", prose.lines(code[tool]), " lines") for tool in sorted(lines, key=lines.__getitem__)]
        because.append(
            Sentence.of("The same training and inference, beside the core that all share: ", *prose.listed(written), ".")
        )
    if len(services) > 1:
        picks.append(f"{_fewest(services)} for services")
        kept = [_kept_running(engines[tool]) for tool in sorted(services, key=services.__getitem__)]
        because.append(Sentence.of("To be kept running at the service tier: ", *prose.listed(kept), "."))
    if not picks:
        return Card(need, NOT_MEASURED)
    rows = [_upkeep_row(tool, code.get(tool), engines.get(tool)) for tool in facts.orchestrators]
    heading = ("", "lines of code", "services", "their memory, idle")
    return Card(need, "; ".join(picks), because, heading, rows, "engines")


def _fewest(counts: Mapping[str, int]) -> str:
    return " or ".join(name_of(tool) for tool, count in counts.items() if count == min(counts.values()))


def _kept_running(row: Row) -> tuple[Part, ...]:
    services = prose.engine(row, "services", str(row["services"]))
    return (f"{name_of(row['orchestrator'])} ", services, f" ({', '.join(row['commands'])})")


def _upkeep_row(tool: str, code: Row | None, engine: Row | None) -> list[Sentence]:
    if engine is None:
        services = memory = Sentence.of("-")
    else:
        services = Sentence.of(prose.engine(engine, "services", str(engine["services"])))
        memory = Sentence.of(prose.engine(engine, "idle_pss_mb", f"{engine['idle_pss_mb']:.0f} MB"))
    return [Sentence.of(name_of(tool)), Sentence.of(prose.lines(code)) if code else Sentence.of("-"), services, memory]
