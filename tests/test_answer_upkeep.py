"""The least code, and the fewest services to look after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from answers import cards, changed, estimate, facts, said, says

from bench.plan.about import About
from bench.plan.setup import Setup
from bench.report.answer import Card
from bench.report.answer.upkeep import least_to_look_after
from bench.store.rows import Code, ReadyEngine


def engine(tool: str, names: Sequence[str], by_choice: Sequence[str] = ()) -> ReadyEngine:
    """Return what has to be kept running, and which of it a user can do without."""
    return ReadyEngine(
        setup=Setup(tool, "service", "stock", "usual", "one process"), starts=1, ready_s=1.0, services=len(names),
        names=list(names), processes=5, by_choice=list(by_choice), needed=len(names) - len(by_choice),
        idle_pss_mb=500.0 if names else None, ports=1,
    )  # fmt: skip


def lines(**counts: int) -> list[Code]:
    """Return how many lines of code the pipelines of each tool have."""
    return [Code(orchestrator=tool, scenario="pipeline", lines=count, places=[]) for tool, count in counts.items()]


def test_code_and_services_are_picked_apart() -> None:
    """The shortest code and the fewest services may be two tools; within a tenth two counts of lines are equal."""
    code = lines(a=100, b=105, c=300)
    engines = [engine("a", ["server", "worker", "x"]), engine("c", ["server"]), engine("plain", [])]
    rows = [estimate(tool, 1.0) for tool in ("a", "b", "c", "plain")]
    card = cards(estimates=rows, code=code, engines=engines)["The least code"]
    assert card.pick == "a or b for code; c for services"
    assert says(card, "c 1", "server", "a 3", "server, worker, x")
    assert [str(cell) for cell in card.rows[-1]] == ["plain Python", "-", "0", "-"]


def test_a_service_of_our_choice_decides_nothing() -> None:
    """What the adapter starts though a user can do without it is named, and not counted."""
    engines = [engine("a", ["code-server", "daemon", "web"], ["code-server"]), engine("b", ["server", "worker"])]
    card = cards(estimates=[estimate("a", 1.0), estimate("b", 1.0)], engines=engines)["The least code"]
    assert card.pick == "a or b for services"
    assert says(card, "a 2", "daemon, web", "code-server", "b 2", "server, worker")
    assert [str(row[2]) for row in card.rows] == ["2, and code-server by our choice", "2"]
    engines[0] = changed(engines[0], by_choice=[], needed=3)
    alone = cards(estimates=[estimate("a", 1.0), estimate("b", 1.0)], engines=engines)["The least code"]
    assert alone.pick == "b for services"
    assert "choice" not in said(alone)


def test_one_tool_may_have_the_least_of_both() -> None:
    """Then it is named once."""
    code = lines(a=100, b=200)
    engines = [engine("a", ["server"]), engine("b", ["server", "worker"])]
    card = cards(estimates=[estimate("a", 1.0), estimate("b", 1.0)], code=code, engines=engines)["The least code"]
    assert card.pick == "a for code and services"


def test_who_has_the_least_of_one_and_shares_the_other_comes_first() -> None:
    """Nothing speaks for the others that does not speak for it."""
    code = lines(a=200, b=100)
    engines = [engine("a", ["server"]), engine("b", ["worker"]), engine("c", ["server", "worker"])]
    rows = [estimate(tool, 1.0) for tool in "abc"]
    card = cards(estimates=rows, code=code, engines=engines)["The least code"]
    assert card.pick == "b for code and, like a, for services"


def test_a_tool_with_two_styles_has_both_counts() -> None:
    """No headline rests on one of them unsaid: the pick names the style, if the tool would not lead with the other."""
    about = About(styles={"taskflow": ["pipelines/training_taskflow.py"]})
    made = facts(estimates=[estimate(tool, 1.0) for tool in ("a", "b", "plain")])
    made = replace(made, run=msgspec.structs.replace(made.run, tools={"a": about}))

    def card(usual: int, taskflow: int, other: int) -> Card:
        code = [
            *lines(a=usual, b=other, plain=50),
            Code(orchestrator="a", scenario="pipeline_taskflow", lines=taskflow, places=[]),
        ]
        return least_to_look_after(replace(made, results=msgspec.structs.replace(made.results, code=code)))

    assert says(card(300, 200, 250), "b 250 lines", "a 300 lines", "taskflow", "200")
    assert ["taskflow" in str(row[1]) for row in card(300, 200, 250).rows] == [True, False, False]
    assert card(300, 200, 250).pick == "a (in the style taskflow) for code"
    assert card(200, 300, 250).pick == "a (in the style usual) for code"
    assert card(200, 210, 250).pick == "a for code"
    assert card(300, 310, 250).pick == "b for code"
    assert card(300, 260, 250).pick == "a (in the style taskflow) or b for code"
