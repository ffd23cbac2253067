"""A nightly training job: which of its needs a tool meets alone, and how long a training takes."""

from __future__ import annotations

from typing import Final

from bench import wording
from bench.orchestrators import REFERENCE
from bench.report import prose
from bench.report.answer.card import ASKED_TOO, NOT_MEASURED, Card, Row, conjoined, name_of
from bench.report.answer.ranking import stock
from bench.report.facts import Facts
from bench.report.prose import Part, Sentence

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


def nightly_job(facts: Facts) -> Card:
    """Say which tools meet the most of the needs."""
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
        because.append(Sentence.of(f"A nightly job asks for more, which was not measured: {conjoined(open_[:3])}."))
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
    return sorted(stock(facts, "churn", tier, "makespan_s", "train"), key=wording.subject)


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
