"""A plan: the same for the same seed, complete in every round, and in order by number."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.events.timeline import Attempt, Timeline
from bench.plan import planning, warmups
from bench.plan.plan import Plan
from bench.plan.setup import Setup
from bench.plan.suite import Block, Suite, available, load
from bench.plan.tools import UNBOUNDED, Deployment, Tool, discover
from bench.scenarios import SCENARIOS, Capacity, Case
from bench.scenarios.caching.cases import result_of
from bench.scenarios.kit.check import Seen
from bench.scenarios.kit.draw import seed_of
from bench.store.folder import RunFolder
from bench.store.records import StartRecord, TrialRecord

CPU_ROUNDS_PER_S = 1e6
SEEDS = st.integers(0, 2**31)

TOOLS = (
    Tool(
        "one",
        Path("one"),
        "one",
        (
            Deployment("threads", "library", "one process", profiles=("stock", "tuned"), own_width="unbounded"),
            Deployment("in_turn", "library", "one process", lanes=1),
            Deployment(
                "server",
                "service",
                "a process per run",
                polls_every_s={"stock": 5.0, "tuned": 0.5},
                polls_jitter=0.2,
                polls_grain_s=1.0,
                pool={"stock": 7},
                own_width=16,
            ),
        ),
    ),
    Tool("plain", Path("plain"), "plain", (Deployment("threads", "library", ""), Deployment("processes", "service", ""))),
)
OPTIONS: dict[str, dict[str, Any]] = {
    "overhead": {"sizes": {"chain": [1, 3], "fan_out": [4]}, "sweep_ms": [1, 10]},
    "parallelism": {"kinds": ["sleeping"]},
    "caching": {"cases": ["cold", "warm"]},
    "composition": {"depths": [0, 1]},
}


def block_of(scenario: str, **more: Any) -> Block:
    """Return a block of the scenario, with few cases."""
    return Block(scenario=scenario, limit_s=30, **({"tier": "library", "options": OPTIONS.get(scenario, {})} | more))


BLOCKS = st.builds(
    block_of,
    scenario=st.sampled_from(sorted(OPTIONS)),
    tier=st.sampled_from(["library", "service"]),
    rounds=st.integers(1, 3),
    repeat=st.integers(1, 3),
    reference_starts=st.integers(1, 3),
    joins=st.booleans(),
    widths=st.sampled_from([[], [2], [1, 4]]),
    profiles=st.sampled_from([["stock"], ["tuned"], ["stock", "tuned"]]),
    control=st.sampled_from([[], ["plain"], ["one", "plain"]]),
)
SUITES = st.builds(
    lambda blocks: Suite(name="any", about="", blocks=blocks),
    st.lists(BLOCKS, min_size=1, max_size=4, unique_by=lambda block: block.scenario),
)


def planned(suite: Suite, seed: int) -> Plan:
    """Return the plan for the made-up tools."""
    return planning.make(planning.Choice(suite, TOOLS, seed), CPU_ROUNDS_PER_S)


def cases_of(block: Block, width: int, *lanes: int) -> list[Case]:
    """Return what the scenario asks of an engine that has so many lanes; of the reference, for several numbers of them."""
    scenario = SCENARIOS[block.scenario]
    options = scenario.parse(block.options)
    return [case for each in lanes for case in scenario.cases(options, Capacity(width, each, CPU_ROUNDS_PER_S))]


def lanes_of(setup: Setup, width: int) -> set[int]:
    """Return how many lanes a made-up tool has, and for how many plain Python stands beside it."""
    if setup.orchestrator == "plain":
        return {1, width}
    return {1} if setup.deployment == "in_turn" else {width}


@given(SUITES, SEEDS)
def test_the_same_seed_makes_the_same_plan(suite: Suite, seed: int) -> None:
    """Starts, runs, their order, their phases and what they are told: all of it."""
    assert planned(suite, seed) == planned(suite, seed)


@given(SEEDS, SEEDS)
def test_another_seed_makes_another_order(seed: int, other: int) -> None:
    """Of the same runs: which setup comes first, and which case, is drawn."""
    suite = Suite(name="any", about="", blocks=[block_of("overhead", rounds=4, repeat=4)])
    one, two = planned(suite, seed), planned(suite, other)

    def runs(of: Plan) -> Counter[tuple[Setup, int, str]]:
        return Counter((start.setup, start.round, trial.case.name) for start in of.starts for trial in start.trials)

    assert runs(one) == runs(two)
    order = [[trial.case.name for trial in each.trials] for each in (one, two)]
    assert (order[0] == order[1]) == (seed == other)


@given(SUITES, SEEDS)
def test_submissions_are_spread_over_the_period(suite: Suite, seed: int) -> None:
    """One in each of as many equal parts of it as a setup has runs in a block; where nobody polls, there is no phase."""
    phases: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for start in planned(suite, seed).starts:
        for trial in start.trials:
            assert (
                (trial.phase is None)
                == (start.polls_every_s == 0)
                == (start.polls_jitter == 0)
                == (start.polls_grain_s == 0)
            )
            assert start.spread_s == max(start.polls_every_s, start.polls_grain_s)
            if trial.phase is not None:
                phases[trial.scenario, start.setup.path, start.width].append(trial.phase)
    for drawn in phases.values():
        assert [int(phase * len(drawn)) for phase in sorted(drawn)] == list(range(len(drawn)))


@given(SUITES, SEEDS)
def test_the_widths_of_a_setup_run_side_by_side(suite: Suite, seed: int) -> None:
    """In each round: what they are divided by is not minutes away."""
    places: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for place, start in enumerate(planned(suite, seed).starts):
        if start.setup.orchestrator != "plain":  # which has several such groups of starts in a round
            places[start.trials[0].scenario, start.setup.path, start.round].append(place)
    for taken in places.values():
        assert taken == list(range(taken[0], taken[0] + len(taken)))


def test_each_tool_runs_as_many_tasks_at_once_as_it_does_by_itself() -> None:
    """Where a block asks for that: the same work for all, and none for what has no width of its own."""
    blocks = [
        Block(scenario="parallelism", tier=tier, rounds=1, repeat=1, limit_s=30, own_width=True)
        for tier in ("library", "service")
    ]
    starts = planned(Suite(name="any", about="", blocks=blocks), 1).starts
    assert {start.setup.deployment: start.width for start in starts} == {"threads": UNBOUNDED, "server": 16}
    assert len({tuple(case.name for case in start.cases if case.axes) for start in starts}) == 1


@given(SUITES, SEEDS)
def test_ids_are_unique(suite: Suite, seed: int) -> None:
    """Those of engine starts and those of runs, also where blocks join others: each is the name of a folder."""
    made = planned(suite, seed)
    for ids in ([start.id for start in made.starts], [trial.id for trial in made.trials]):
        assert len(set(ids)) == len(ids)


@settings(max_examples=60)
@given(SUITES, SEEDS)
def test_every_round_has_every_case_as_often_as_it_is_asked_for(suite: Suite, seed: int) -> None:
    """In each engine start of the setup; of a long sweep, which plain Python has many starts for, once a start."""
    made = planned(suite, seed)
    for block in suite.blocks:
        starts = [start for start in made.starts if any(trial.scenario == block.scenario for trial in start.trials)]
        for start in starts:
            setup = start.setup
            cases = {case.name: case for case in cases_of(block, start.width, *lanes_of(setup, start.width))}
            swept = [name for name, case in cases.items() if SCENARIOS[block.scenario].is_swept(case)]
            once = setup.orchestrator == "plain"
            wanted = {name: 1 if once and name in swept else block.repeat for name in cases}
            assert Counter(trial.case.name for trial in start.trials if trial.scenario == block.scenario) == wanted
        setups = {start.setup for start in starts}
        in_rounds = Counter((start.setup, start.width, start.round) for start in starts)
        for setup in setups:
            widths = {start.width for start in starts if start.setup == setup}
            of_plain = setup.orchestrator == "plain" and setup.default
            for width in widths:
                per_round = [in_rounds[setup, width, number] for number in range(1, block.rounds + 1)]
                assert per_round == [block.reference_starts if of_plain else 1] * block.rounds
        assert {setup.orchestrator for setup in setups if not setup.control} == {"one", "plain"}
        assert {setup.orchestrator for setup in setups if setup.control} <= set(block.control)


def test_cases_that_build_on_each_other_stay_in_their_order() -> None:
    """A warm run comes after the cold one that it is warm by, in each repetition."""
    block = block_of("caching", rounds=2, repeat=3)
    for start in planned(Suite(name="any", about="", blocks=[block]), 1).starts:
        assert [(trial.case.name, trial.repeat) for trial in start.trials] == [
            (name, repeat) for repeat in (1, 2, 3) for name in ("cold", "warm")
        ]


MANY = 1005


def test_no_two_repetitions_have_the_same_seed() -> None:
    """The first and the last rounds with all repetitions that there can be, warm-ups too; each is a seed for a pipeline."""
    rounds, repeats = [*range(1, 16), *range(9_985, 10_001)], range(10_001)
    seeds = {seed_of(round_, repeat) for round_ in rounds for repeat in repeats}
    assert len(seeds) == len(rounds) * len(repeats)
    assert max(seeds) < 2**31


@given(st.integers(1, 10_000), st.integers(0, 999))
def test_a_seed_is_what_it_was(round_: int, repeat: int) -> None:
    """So that an earlier run can be made again on the same customers."""
    assert seed_of(round_, repeat) == round_ * 1000 + repeat


def test_the_repetitions_of_a_run_do_different_work() -> None:
    """The thousandth of a round does not find the results of the next round in a cache."""
    suite = Suite(name="any", about="", blocks=[block_of("caching", rounds=2, repeat=MANY, reference_starts=1)])
    values = Counter(
        (start.setup, trial.parameters["value"])
        for start in planned(suite, 1).starts
        for trial in start.trials
        if trial.case.name == "cold"
    )
    assert len(values) == 3 * 2 * MANY and set(values.values()) == {1}


def test_many_runs_and_starts_are_read_in_their_order(tmp_path: Path) -> None:
    """The thousandth comes after the 999th, however their ids are sorted as text."""
    folder, setup = RunFolder(tmp_path), Setup("one", "library", "stock", "threads", "one process")
    ids = [f"{number:03d}" for number in range(1, MANY)]
    for number, name in enumerate(ids, 1):
        folder.new_trial(f"001.{name}-one")
        folder.write_trial(
            TrialRecord(
                id=f"001.{name}-one", number=number, scenario="overhead", workload="chain_1", setup=setup,
                start="001-one", round=1, repeat=number, end="over",
            ),
            b"",
        )  # fmt: skip
        folder.new_start(f"{name}-one")
        folder.write_start(
            StartRecord(
                id=f"{name}-one", number=number, setup=setup, start_s=1, deploy_s=1, versions={}, settings=[], listening=[]
            )
        )
    assert [trial.id for trial in folder.trials()] == [f"001.{name}-one" for name in ids]
    assert [start.id for start in folder.starts()] == [f"{name}-one" for name in ids]


def test_a_cached_result_is_judged_by_the_run_before_it() -> None:
    """Also where that one is the 999th and this one the thousandth: a run that does nothing uses what was made before."""
    of_block = cases_of(block_of("caching", rounds=1, repeat=1), 2, 2)
    cold, warm = (next(case for case in of_block if case.name == name) for name in ("cold", "warm"))
    token = result_of(cold, 1, 1)
    made = Timeline(attempts={step: [Attempt(1, 2, token=token)] for step in ("begin", "compute", "use")})
    runs = [
        Seen("001.999-one-cold", cold, 1, 1, made, {}, number=999),
        Seen("001.1000-one-warm", warm, 1, 1, Timeline(), {}, number=1000),
    ]
    verdict = SCENARIOS["caching"].checks["unchanged_is_not_computed_again"].judge(runs, [])
    assert verdict and verdict.passed, verdict


def test_an_older_record_is_in_order_by_the_digits_of_its_id(tmp_path: Path) -> None:
    """Records had no number before schema 3: the start's number came first, and then that of the run in it."""
    old = {
        "scenario": "overhead", "workload": "chain_1", "start": "002-plain", "round": 1, "repeat": 1, "status": "ok",
        "subject": dict.fromkeys(("orchestrator", "tier", "profile", "deployment", "isolation"), "plain"),
    }  # fmt: skip
    in_order = ["002-plain-warm_up", "002.001-plain", "002.999-plain", "002.1000-plain", "010.001-plain", "1000.001-plain"]
    for name in in_order:
        folder = RunFolder(tmp_path).new_trial(name)
        (folder / "trial.json").write_bytes(msgspec.json.encode({"id": name} | old))
    assert [trial.id for trial in RunFolder(tmp_path).trials()] == in_order


def test_the_suites_that_come_along_can_be_planned() -> None:
    """Whatever is shipped makes a plan of runs for all tools, in which each is named once."""
    tools = discover()
    for name in available():
        choice = planning.Choice(load(name, tools), list(tools.values()), 1)
        ids = [trial.id for trial in planning.make(choice, CPU_ROUNDS_PER_S).trials]
        assert len(ids) == len(set(ids)) > 0


@given(SUITES, SEEDS)
def test_each_process_of_a_pool_has_a_first_task_before_it_counts(suite: Suite, seed: int) -> None:
    """Where the folder of a tool declares a pool; but not where all scenarios of the start ask about its first tasks."""
    for start in planned(suite, seed).starts:
        asks = all(SCENARIOS[trial.scenario].in_order for trial in start.trials)
        has_pool = (start.setup.orchestrator, start.setup.tier, start.setup.profile) == ("one", "service", "stock")
        tasks = [len(trial.case.expected.attempts) for trial in start.warmups if trial.case.name == warmups.POOL]
        assert tasks == ([7] if has_pool and not asks else [])


@given(SEEDS)
def test_what_is_watched_has_an_engine_of_its_own(seed: int) -> None:
    """What other runs have left in memory and on disk is not what is looked for, and neither do their blocks join it."""
    payload = block_of("payload", rounds=2, repeat=1, options={"sizes_kb": [1, 100], "watch": True})
    blocks = [
        payload,
        block_of("overhead", rounds=2, repeat=1, joins=True),
        msgspec.structs.replace(payload, joins=True, rounds=3),
    ]
    seen: Counter[str] = Counter()
    for start in planned(Suite(name="any", about="", blocks=blocks), seed).starts:
        watched = [trial.case.name for trial in start.trials if trial.case.is_watched]
        assert not watched or len(start.trials) == 1
        seen.update(watched)
    ways = {"value_100kb_watched", "store_100kb_watched", "file_100kb_watched"}
    assert seen.keys() == ways and len({*seen.values()}) == 1
