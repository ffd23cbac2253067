"""Workloads and pipelines that show a pattern each, run by `dag.test()` in an engine as the harness starts it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from conftest import Engine

from churn_airflow.adapter.library import DagTest, DagTestObjects
from churn_airflow.adapter.service import LocalExecutor
from contract.adapter import State
from contract.editions import FIRST
from contract.pipeline import STEPS, Pipeline
from contract.workload import Fault, Node, Retry, Workload

SMALL = {"rows": 400, "n_estimators": 5, "min_roc_auc": 0.5, "tracking": "files"}
ONCE = {"begin": 1, "compute": 1, "use": 1}
KEPT = {"begin": 1, "use": 1}

OUT = Node("out")
GROUPED = (
    OUT,
    Node("first", after=("out",), group="outer"),
    Node("inside", after=("first",), group="outer.inner"),
    Node("beside", after=("out",)),
    Node("last", after=("inside", "beside"), group="outer"),
    Node("end", after=("inside",)),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Start one engine for all tests: its first task takes seconds."""
    engine = Engine(tmp_path_factory.mktemp("library")).up(DagTest)
    engine.adapter.deploy_pipelines(["cached", "passing", "train_whole"])
    yield engine
    engine.down()


@pytest.fixture
def emptied(engine: Engine) -> Engine:
    """The engine, as if it had never computed anything, and nobody had edited the pipeline."""
    engine.adapter.edit(FIRST)
    for file in engine.adapter.kept_files():
        file.unlink()
    return engine


@pytest.mark.parametrize(
    ("retry", "lower", "upper"),
    [
        (Retry(2, 0.2), (0.2, 0.2), (0.2, 0.2)),
        (Retry(2, None, delays_s=(1.2, 0.1)), (1.2, 0.1), (1.2, 0.1)),
        (Retry(2, 1.0, backoff=True), (1, 2), (1, 3)),
    ],
    ids=["constant", "sequence", "backoff"],
)
def test_a_retry_waits_as_long_as_it_is_told(
    engine: Engine, retry: Retry, lower: Sequence[float], upper: Sequence[float]
) -> None:
    """Two faults are survived by two retries, none of them early, and none late by much more than dag.test()'s pause."""
    workload = Workload("retried", (Node("a", retry=retry, fault=Fault(2)), Node("b", after=("a",))))
    engine.deploy(workload)
    ran = engine.run(workload)
    assert (ran.state, ran.tries, ran.reported.attempts) == (State.SUCCEEDED, {"a": 3, "b": 1}, {"a": 3, "b": 1})
    for least, waited, most in zip(lower, ran.waits("a"), upper, strict=True):
        assert least <= waited < most + 1.5


@pytest.mark.parametrize(("fault", "tries"), [(Fault(3, final=True), 1), (Fault(3), 2)], ids=["final", "exhausted"])
def test_a_failure_ends_its_own_branch_only(engine: Engine, fault: Fault, tries: int) -> None:
    """What is final is not tried again, all else as often as is allowed; below it nothing runs, and elsewhere everything."""
    nodes = (Node("a", retry=Retry(1, 0), fault=fault), Node("b", after=("a",)), Node("c"), Node("d", after=("c",)))
    workload = Workload("failing", nodes)
    engine.deploy(workload)
    ran = engine.run(workload)
    assert (ran.state, ran.tries) == (State.FAILED, {"a": tries, "c": 1, "d": 1})
    assert ran.reported.attempts == ran.tries


def test_tokens_travel_into_groups_and_out_of_them(engine: Engine) -> None:
    """Every body of a nested workload runs once, after its parents, wherever they are; Airflow's records name the nodes."""
    workload = Workload("nested", GROUPED)
    engine.deploy(workload)
    ran = engine.run(workload)
    once = {node.id: 1 for node in GROUPED}
    assert (ran.state, ran.tries, ran.reported.attempts) == (State.SUCCEEDED, once, once)
    assert ran.said == workload.tokens
    assert ran.reported.tasks.keys() == once.keys()


def test_a_failure_in_a_group_reaches_the_run(engine: Engine) -> None:
    """What waits for the failed node does not run, inside or outside of its group; the run has failed."""
    nodes = [
        Node("inside", after=("first",), group="outer.inner", fault=Fault(1)) if n.id == "inside" else n for n in GROUPED
    ]
    workload = Workload("nested_failing", tuple(nodes))
    engine.deploy(workload)
    ran = engine.run(workload)
    assert (ran.state, ran.tries) == (State.FAILED, {"out": 1, "first": 1, "inside": 1, "beside": 1})


def test_a_result_is_kept(emptied: Engine) -> None:
    """The second run with a value takes the result of the first one, byte by byte; another value is computed."""
    assert emptied.run_pipeline("cached", value=1).tries == ONCE
    warm = emptied.run_pipeline("cached", value=1)
    assert (warm.state, warm.tries, warm.said) == (State.SUCCEEDED, KEPT, {"use": "1/1/1"})
    assert warm.reported.cached == ()
    other = emptied.run_pipeline("cached", value=2)
    assert (other.tries, other.said) == (ONCE, {"use": "2/1/1"})
    assert len(emptied.adapter.kept_files()) == 2


@pytest.mark.parametrize(("name", "said"), [("body", "1/1/2"), ("helper", "1/2/1")])
def test_edited_code_is_noticed(emptied: Engine, name: str, said: str) -> None:
    """An edit of the function or of its helper makes the result anew; when it is undone, the old result is good again."""
    emptied.run_pipeline("cached")
    emptied.adapter.edit({**FIRST, name: 2})
    assert emptied.run_pipeline("cached").said == {"use": said}
    emptied.adapter.edit(FIRST)
    back = emptied.run_pipeline("cached")
    assert (back.tries, back.said) == (KEPT, {"use": "1/1/1"})


def test_a_result_gets_old(emptied: Engine) -> None:
    """A result that is kept for a second is computed again after one."""
    emptied.adapter.edit({**FIRST, "KEPT_S": 1})
    first = emptied.run_pipeline("cached")
    time.sleep(1)
    assert [first.tries, emptied.run_pipeline("cached").tries] == [ONCE, ONCE]


def _corrupt(file: Path) -> None:
    file.write_bytes(b"\0 this is not a result")


@pytest.mark.parametrize("spoil", [Path.unlink, _corrupt], ids=["del", "bad"])
def test_a_spoiled_file_is_made_anew(emptied: Engine, spoil: Callable[[Path], None]) -> None:
    """Where the file is gone, or holds something else, the result is computed, and kept again."""
    emptied.run_pipeline("cached")
    for file in emptied.adapter.kept_files():
        spoil(file)
    ran = [emptied.run_pipeline("cached") for _ in range(2)]
    assert [each.tries for each in ran] == [ONCE, KEPT]
    assert [each.said for each in ran] == [{"use": "1/1/1"}] * 2


def test_what_cannot_be_hashed_is_not_kept(emptied: Engine) -> None:
    """With a lock among the arguments, the result is computed in each run."""
    assert [emptied.run_pipeline("cached", unhashable=True).tries for _ in range(2)] == [ONCE, ONCE]
    assert not emptied.adapter.kept_files()


@pytest.mark.parametrize("way", ["value", "file"])
def test_a_frame_is_passed(engine: Engine, way: str) -> None:
    """What is taken is what was made, and a file does not stay."""
    ran = engine.run_pipeline("passing", size=100_000, way=way)
    assert (ran.state, ran.tries) == (State.SUCCEEDED, {"make": 1, "take": 1})
    assert ran.said["make"] == ran.said["take"]
    assert not list(engine.folder.glob("churn/frames/*"))


def test_the_whole_training_is_tried_again_as_a_whole(engine: Engine) -> None:
    """A fault in its gate makes every step before it run twice; Airflow knows of one task, tried twice."""
    ran = engine.run_pipeline("train_whole", {"gate": 1}, **SMALL)
    assert (ran.state, ran.reported.attempts) == (State.SUCCEEDED, {"train": 2})
    assert ran.tries == {step: 1 if step == "register" else 2 for step in STEPS["train_whole"]}
    assert len(list(engine.folder.glob("churn/registry/*@*.json"))) == 1


def test_another_deployment_goes_on_where_this_one_has_stopped(emptied: Engine) -> None:
    """A new process on the old home takes the result that was kept; with object storage, a frame arrives from a file there.

    This is the last test with the engine, which is another one afterwards.
    """
    emptied.run_pipeline("cached")
    emptied.down()
    emptied.up(DagTestObjects)
    emptied.adapter.deploy_pipelines(["cached", "passing"])
    warm = emptied.run_pipeline("cached")
    assert (warm.state, warm.tries, warm.said) == (State.SUCCEEDED, KEPT, {"use": "1/1/1"})
    passed = emptied.run_pipeline("passing", size=100_000, way="store")
    assert (passed.state, passed.said["make"]) == (State.SUCCEEDED, passed.said["take"])
    stored = [file for file in emptied.folder.glob("engine/xcom/churn_passing/*/make/*") if file.is_file()]
    assert [file.stat().st_size > 100_000 for file in stored] == [True]


STORE = Pipeline("p", "passing", {"way": "store"})
VALUE = Pipeline("p", "passing", {"way": "value"})
CACHED = Pipeline("p", "cached")
NAMESAKES = Workload("w", (Node("a", group="b"), Node("b", after=("a",))))


def test_what_a_deployment_cannot_do_has_a_reason() -> None:
    """Each deployment refuses what it is not there for, and nothing else."""
    works = {"store": STORE, "value": VALUE, "names": NAMESAKES, "nested": Workload("w", GROUPED)}

    def refused(adapter: DagTest | LocalExecutor) -> set[str]:
        found = {name for name, work in works.items() if adapter.unsupported(work)}
        return found | ({"twice"} if adapter.unsupported(CACHED, runs_at_once=2) else set())

    assert refused(DagTest()) == {"store", "twice", "names"}
    assert refused(DagTestObjects()) == {"value", "twice", "names"}
    assert refused(LocalExecutor()) == {"store", "names"}
