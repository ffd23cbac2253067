"""A nightly training job: in which topics a tool meets the needs by itself, and how long a training takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from bench.plan.tools import REFERENCE
from bench.report.answer.card import ASKED_TOO, NOT_MEASURED, Card, conjoined, picks
from bench.report.answer.training import trainings
from bench.report.facts import Facts
from bench.report.prose import Sentence
from bench.report.settings import unusual

CACHING: Final = "caching"

TOPICS: Final = {
    "retries": {
        "A failed task is tried again as often as asked": "retries.tried_as_often_as_needed",
        "A failed task is not tried again sooner than asked": "retries.constant_waits_are_kept",
        "Nor is it where each wait is another one": "retries.sequences_of_waits_are_kept",
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
        "It is, where a result goes by the whole source file": "caching.changed_helper_is_seen_by_file",
        "A spoiled result is computed again": "caching.spoiled_is_computed_again",
        "A result that is too old is computed again": "caching.expired_is_computed_again",
        "Of two runs that want the same at once, one computes it": "caching.two_at_once_compute_once",
        "What cannot be looked up is computed": "caching.unhashable_input_is_computed",
    },
}
"""The needs of a nightly training job by topic, each with the check that verifies it.

What the shared core takes care of, such as the gate, is no need, and neither is that two runs did the same work. Topics are
counted, not needs: the number of checks is our choice, and ten of them are about one cache. These are all checks of the
scenario caching, and the one of churn that asks for more than computing everything again.
"""

KEEPS: Final = "What has not changed is not computed again"
"""The purpose of a cache. A tool without one computes everything again, which would meet the rest of the topic too."""

FEW: Final = 2
"""A pick names at most so many topics; where tools differ in more, it names the tools that meet most topics in whole."""

OWN: Final = frozenset({"yes", "opt-in"})
"""The states of a need that the tool meets alone: what a documented argument asks for is a feature of the tool too."""

NOT_APPLICABLE: Final = "not applicable"
"""The state of a need that does not arise with the tool: it counts neither for the tool nor against it."""

States = Mapping[str, Mapping[str, str]]
"""Whether each tool meets each need of a topic: need -> tool -> state."""

Names = Mapping[str, str]
"""The tools of the run without the reference: their keys, and their names in a sentence."""


def nightly_job(facts: Facts) -> Card:
    """Say in which topics the tools differ, and who meets the most there."""
    need = "A nightly training job"
    tools = [name for name in facts.orchestrators if name != REFERENCE]
    topics = _topics(facts, tools)
    by_tier = [trainings(facts, tier) for tier in reversed(facts.tiers("churn"))]
    measured = [sentences for sentences in by_tier if sentences]
    if len(tools) < 2 or not (topics or measured):
        return Card(need, NOT_MEASURED)
    first = measured[0] if measured else []
    folded = [sentence for sentences in measured[1:] for sentence in sentences]
    if not topics:
        return Card(need, "No pick: no need was checked, only the time of a training was measured", first, folded)
    differing = [topic for topic, states in topics.items() if _differ(states)]
    names = {tool: facts.tools.name(tool) for tool in tools}
    because = [_counted(topics, differing, names)]
    for topic in differing:
        explained = _caches(topics[topic], names) if KEEPS in topics[topic] else _met(topic, topics[topic], names)
        because.append(explained)
    because += [*_settings(facts, topics), *first]
    if unmeasured := [text for name, text in ASKED_TOO.items() if name not in facts.scenarios]:
        because.append(Sentence.of(f"A nightly job asks for more, which was not measured: {conjoined(unmeasured[:3])}."))
    rows = [
        [Sentence.of(f"{topic}: {what[0].lower()}{what[1:]}"), *(Sentence.of(by_tool[tool]) for tool in tools)]
        for topic, states in topics.items()
        for what, by_tool in states.items()
    ]
    return Card(need, _pick(topics, differing, names), because, folded, ("", *names.values()), rows, "matrix")


def _differ(states: States) -> bool:
    """Whether the tools differ in any need that arises with them."""
    return any(
        len({"own" if state in OWN else state for state in by_tool.values() if state != NOT_APPLICABLE}) > 1
        for by_tool in states.values()
    )


def _topics(facts: Facts, tools: Sequence[str]) -> dict[str, States]:
    """Return whether the tools meet the needs that were checked of all of them; the others compare nothing."""
    topics: dict[str, States] = {}
    for topic, needs in TOPICS.items():
        states = {what: {tool: _state(facts, tool, check) for tool in tools} for what, check in needs.items()}
        asked = {what: by_tool for what, by_tool in states.items() if "" not in by_tool.values()}
        if asked:
            topics[topic] = _without_cache(asked) if topic == CACHING else asked
    return topics


def _without_cache(states: States) -> States:
    """Mark the needs that a tool meets only because it has no cache."""
    none = {tool for tool, state in states.get(KEEPS, {}).items() if state in _LACKS.values()}
    return {
        what: {tool: "no cache" if state in OWN and tool in none else state for tool, state in by_tool.items()}
        for what, by_tool in states.items()
    }


def _alone(states: States, tool: str) -> int:
    """Return how many needs of a topic the tool meets by itself."""
    return sum(by_tool[tool] in OWN for by_tool in states.values())


def _asked(states: States, tool: str) -> int:
    """Return how many needs of a topic arise with the tool."""
    return sum(by_tool[tool] != NOT_APPLICABLE for by_tool in states.values())


def _share(states: States, tool: str) -> float:
    """Return which part of the needs that arise with it the tool meets by itself."""
    return _alone(states, tool) / asked if (asked := _asked(states, tool)) else 0.0


def _counts(states: States, tool: str) -> str:
    """Return how many needs the tool meets by itself, and of how many, where some do not arise with it."""
    alone, asked = _alone(states, tool), _asked(states, tool)
    return str(alone) if asked == len(states) else f"{alone} of {asked}"


def _in_whole(topics: Mapping[str, States], tool: str) -> int:
    return sum(0 < _asked(states, tool) == _alone(states, tool) for states in topics.values())


def _pick(topics: Mapping[str, States], differing: Sequence[str], names: Names) -> str:
    if not differing:
        return "No difference in features"
    if len(differing) <= FEW and len(differing) < len(topics):
        return f"{picks({topic: _most(topics[topic], names) for topic in differing})}; otherwise alike in features"
    most = max(_in_whole(topics, tool) for tool in names)
    leaders = [names[tool] for tool in names if _in_whole(topics, tool) == most]
    if len(leaders) == len(names):
        return "No tool in all topics"
    return f"{' or '.join(leaders)}, by what was measured"


def _most(states: States, names: Names) -> list[str]:
    """Name the tools that meet the largest part of the needs of a topic."""
    most = max(_share(states, tool) for tool in names)
    return [names[tool] for tool in names if _share(states, tool) == most]


def _counted(topics: Mapping[str, States], differing: Sequence[str], names: Names) -> Sentence:
    ordered = sorted(names, key=lambda tool: -_in_whole(topics, tool))
    whole = ", ".join(f"{names[tool]} {_in_whole(topics, tool)}" for tool in ordered)
    alike = [topic for topic in topics if topic not in differing]
    parts = [f"alike in {conjoined(alike)}"] if alike else []
    if differing:
        parts.append(f"{'not in' if alike else 'not alike in'} {conjoined(differing)}")
    by_itself = "as the tool comes or by its documented arguments"
    met = f"Topics whose needs are all met, {by_itself}, of {len(topics)}: {whole}."
    return Sentence.of(f"The tools are {', but '.join(parts)}. {met}")


def _met(topic: str, states: States, names: Names) -> Sentence:
    """Say how many needs of a topic each tool meets by itself, and what it lacks."""
    counts = []
    for tool in sorted(names, key=lambda tool: -_share(states, tool)):
        rest = Counter(by_tool[tool] for by_tool in states.values() if by_tool[tool] not in {*OWN, NOT_APPLICABLE})
        lacks = ", ".join(f"{count} {state}" for state, count in rest.items())
        counts.append(f"{names[tool]} {_counts(states, tool)}" + (f" ({lacks})" if lacks else ""))
    return Sentence.of(f"{topic.capitalize()}, of {_needs(states)} to be met alone: {', '.join(counts)}.")


def _needs(states: States) -> str:
    return f"{len(states)} need{'s' if len(states) > 1 else ''}"


def _caches(states: States, names: Names) -> Sentence:
    """Say what kind of cache each tool has, if any, and how many needs it meets."""
    caches = []
    for tool in sorted(names, key=lambda tool: -_share(states, tool)):
        counts = Counter(by_tool[tool] for by_tool in states.values())
        keeps, alone = states[KEEPS][tool], _counts(states, tool)
        if keeps == "by hand":
            caches.append(f"{names[tool]} has none, and one was written by hand")
        elif keeps in _LACKS.values():
            caches.append(f"{names[tool]} has none")
        elif counts["if declared"]:
            more = f"{counts['if declared']} more by what the author declares"
            caches.append(f"{names[tool]}'s own meets {alone}, and {more}")
        else:
            caches.append(f"{names[tool]}'s own meets {alone}")
    return Sentence.of(f"Caching, of {_needs(states)}: {'; '.join(caches)}.")


def _settings(facts: Facts, topics: Mapping[str, States]) -> list[Sentence]:
    """Name the topics with verdicts on runs in other settings than the default ones."""
    told: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for topic, states in topics.items():
        for check in (TOPICS[topic][what] for what in states):
            for setup in (row.setup for row in facts.judged(check)):
                if settings := unusual([setup]):
                    told[settings, setup.tier][topic] = None
    return [
        Sentence.of(f"Checked in {settings} at the {tier} tier: {conjoined(list(names))}.")
        for (settings, tier), names in told.items()
    ]


def _state(facts: Facts, tool: str, check: str) -> str:
    """Say whether the tool meets a need: it is enough that one deployment does, unless another one tried and failed."""
    rows = [row for row in facts.judged(check) if row.setup.orchestrator == tool]
    if any(row.verdict == "fail" for row in rows):
        return _LACKS["fail"]
    states = {_MEANS[row.means] if row.verdict == "pass" else _VERDICTS[row.verdict] for row in rows}
    return next((state for state in (*_MEANS.values(), *_VERDICTS.values()) if state in states), "")


_MEANS: Final = {"native": "yes", "opt_in": "opt-in", "declared": "if declared", "by_hand": "by hand"}
_LACKS: Final = {"fail": "no", "unsupported": "unsupported"}
_VERDICTS: Final = {**_LACKS, "not_applicable": NOT_APPLICABLE}
