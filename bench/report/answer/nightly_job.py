"""A nightly training job: in which topics a tool meets its needs alone, and how long a training takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from bench.plan.tools import REFERENCE
from bench.report.answer.card import ASKED_TOO, NOT_MEASURED, Card, conjoined, picks
from bench.report.answer.training import trainings
from bench.report.facts import Facts
from bench.report.prose import Sentence

CACHING: Final = "caching"

TOPICS: Final = {
    "retries": {
        "A failed task is tried again as often as asked": "retries.tried_as_often_as_needed",
        "A failed task is not tried again sooner than asked": "retries.waits_are_kept",
        "An error that is final is not tried again": "retries.final_error_is_tried_once",
    },
    "going on after a failure": {
        "After a failure only what failed runs again": "granularity.only_what_failed_runs_again",
    },
    "parallelism": {
        "What can run at the same time does": "parallelism.tasks_overlap",
    },
    "parameters": {
        "A parameter of the wrong type is refused": "parameters.wrong_type_is_refused",
        "A parameter out of its range is refused": "parameters.out_of_range_is_refused",
        "A parameter that is not there is refused": "parameters.unknown_name_is_refused",
    },
    "composition": {
        "A failure inside a nested pipeline reaches its outside": "composition.failure_reaches_the_parent",
    },
    CACHING: {
        "What has not changed is not computed again": "caching.unchanged_is_not_computed_again",
        "An unchanged step of a training is not run again": "churn.features_not_computed_again",
        "A changed input is computed again": "caching.changed_input_is_seen",
        "A changed task is computed again": "caching.changed_body_is_seen",
        "A changed helper of a task is computed again": "caching.changed_helper_is_seen",
        "A spoiled result is computed again": "caching.spoiled_is_computed_again",
        "A result that is too old is computed again": "caching.expired_is_computed_again",
        "Of two runs that want the same at once, one computes it": "caching.two_at_once_compute_once",
        "What cannot be looked up is computed": "caching.unhashable_input_is_computed",
    },
}
"""What a nightly training job asks of a tool, by topic, and the check that verifies it.

Not what the shared core sees to, such as the gate, nor what only says that two runs did the same work. Topics are counted,
not needs: how many checks a scenario has is our doing, and nine of them are about one cache: all of the scenario
caching, and the one of churn that asks for more than computing everything again.
"""

KEEPS: Final = "What has not changed is not computed again"
"""What a cache is there for: who has none computes everything again, and would meet the rest of the topic for nothing."""

FEW: Final = 2
"""So many topics can be named in a pick; where tools differ in more, who meets the most of them in whole is picked."""

States = Mapping[str, Mapping[str, str]]
"""How each tool stands to each need of a topic: need -> tool -> state."""

Names = Mapping[str, str]
"""The tools of the run but the reference, each with the tool's name in a sentence."""


def nightly_job(facts: Facts) -> Card:
    """Say in which topics the tools differ, and who meets the most there."""
    need = "A nightly training job"
    tools = [name for name in facts.orchestrators if name != REFERENCE]
    topics = _topics(facts, tools)
    told = [said for tier in reversed(facts.tiers("churn")) if (said := trainings(facts, tier))]
    folded = [sentence for said in told[1:] for sentence in said]
    if len(tools) < 2 or not (topics or told):
        return Card(need, NOT_MEASURED)
    if not topics:
        return Card(need, "No pick: of its needs none was measured, but how long it takes", told[0], folded)
    differing = [topic for topic, states in topics.items() if any(len(set(each.values())) > 1 for each in states.values())]
    names = {tool: facts.tools.name(tool) for tool in tools}
    because = [_counted(topics, differing, names)]
    because += [
        _caches(topics[each], names) if KEEPS in topics[each] else _met(each, topics[each], names) for each in differing
    ]
    because += told[0] if told else []
    if open_ := [text for name, text in ASKED_TOO.items() if name not in facts.scenarios]:
        because.append(Sentence.of(f"A nightly job asks for more, which was not measured: {conjoined(open_[:3])}."))
    rows = [
        [Sentence.of(f"{topic}: {what[0].lower()}{what[1:]}"), *(Sentence.of(each[tool]) for tool in tools)]
        for topic, states in topics.items()
        for what, each in states.items()
    ]
    return Card(need, _pick(topics, differing, names), because, folded, ("", *names.values()), rows, "matrix")


def _topics(facts: Facts, tools: Sequence[str]) -> dict[str, States]:
    """Return how the tools stand to what all of them were asked: what one was not asked tells nothing of the others."""
    found: dict[str, States] = {}
    for topic, needs in TOPICS.items():
        states = {what: {tool: _state(facts, tool, check) for tool in tools} for what, check in needs.items()}
        if asked := {what: each for what, each in states.items() if "" not in each.values()}:
            found[topic] = _without_cache(asked) if topic == CACHING else asked
    return found


def _without_cache(states: States) -> States:
    """Return the states with what a tool meets only because it has no cache called so."""
    none = {tool for tool, state in states.get(KEEPS, {}).items() if state in _LACKS.values()}
    return {
        what: {tool: "no cache" if state == "yes" and tool in none else state for tool, state in each.items()}
        for what, each in states.items()
    }


def _alone(states: States, tool: str) -> int:
    """Return how many needs of a topic the tool meets alone."""
    return sum(each[tool] == "yes" for each in states.values())


def _in_whole(topics: Mapping[str, States], tool: str) -> int:
    return sum(_alone(states, tool) == len(states) for states in topics.values())


def _pick(topics: Mapping[str, States], differing: Sequence[str], names: Names) -> str:
    if not differing:
        return "No difference in features"
    if len(differing) <= FEW and len(differing) < len(topics):
        return f"{picks({topic: _most(topics[topic], names) for topic in differing})}; otherwise alike in features"
    most = max(_in_whole(topics, tool) for tool in names)
    leaders = [names[tool] for tool in names if _in_whole(topics, tool) == most]
    return "No tool in all topics" if len(leaders) == len(names) else f"{' or '.join(leaders)}, by what was measured"


def _most(states: States, names: Names) -> list[str]:
    """Name who meets the most of a topic."""
    most = max(_alone(states, tool) for tool in names)
    return [names[tool] for tool in names if _alone(states, tool) == most]


def _counted(topics: Mapping[str, States], differing: Sequence[str], names: Names) -> Sentence:
    ordered = sorted(names, key=lambda tool: -_in_whole(topics, tool))
    whole = ", ".join(f"{names[tool]} {_in_whole(topics, tool)}" for tool in ordered)
    alike = [topic for topic in topics if topic not in differing]
    said = [f"alike in {conjoined(alike)}"] if alike else []
    said += [f"not in {conjoined(differing)}" if alike else f"not alike in {conjoined(differing)}"] if differing else []
    met = f"Topics whose needs are all met, with nothing written by hand or declared, of {len(topics)}: {whole}."
    return Sentence.of(f"The tools are {', but '.join(said)}. {met}")


def _met(topic: str, states: States, names: Names) -> Sentence:
    """Say how much of a topic each tool meets alone, and how it stands to the rest."""
    said = []
    for tool in sorted(names, key=lambda tool: -_alone(states, tool)):
        rest = Counter(each[tool] for each in states.values() if each[tool] != "yes")
        lacks = ", ".join(f"{count} {state}" for state, count in rest.items())
        said.append(f"{names[tool]} {_alone(states, tool)}" + (f" ({lacks})" if lacks else ""))
    return Sentence.of(f"{topic.capitalize()}, of {_needs(states)} to be met alone: {', '.join(said)}.")


def _needs(states: States) -> str:
    return f"{len(states)} need{'s' if len(states) > 1 else ''}"


def _caches(states: States, names: Names) -> Sentence:
    """Say what each tool's cache is, if it has one, besides how much it does."""
    said = []
    for tool in sorted(names, key=lambda tool: -_alone(states, tool)):
        found = Counter(each[tool] for each in states.values())
        keeps = states[KEEPS][tool]
        if keeps == "by hand":
            said.append(f"{names[tool]} has none, and one was written by hand")
        elif keeps in _LACKS.values():
            said.append(f"{names[tool]} has none")
        elif found["if declared"]:
            met = f"{found['yes']} alone, and {found['if declared']} more if declared"
            said.append(f"{names[tool]}'s goes by what the author declares, and meets {met}")
        else:
            said.append(f"{names[tool]}'s own meets {found['yes']}")
    return Sentence.of(f"Caching, of {_needs(states)}: {'; '.join(said)}.")


def _state(facts: Facts, tool: str, check: str) -> str:
    """Say whether the tool meets a need: where one of its deployments does, that is what its users would take."""
    scenario, _, name = check.partition(".")
    stock = [row for row in facts.checks(scenario) if row.check == name and row.setup.profile == "stock"]
    rows = [row for row in stock if row.setup.orchestrator == tool]
    found = {_MEANS[row.means] if row.verdict == "pass" else _LACKS[row.verdict] for row in rows}
    return next((state for state in ("yes", "if declared", "by hand", "no", "unsupported") if state in found), "")


_MEANS: Final = {"native": "yes", "declared": "if declared", "by_hand": "by hand"}
_LACKS: Final = {"fail": "no", "unsupported": "unsupported"}
