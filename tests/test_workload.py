"""Workloads: JSON in and out, and a clear word about each way to get one wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench.scenarios.kit.graphs import SHAPES, shaped
from contract import body
from contract.events import Trial
from contract.workload import Fault, Node, Retry, Workload, WorkloadError


@pytest.mark.parametrize("size", [1, 2, 7, 50])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_has_its_size_and_survives_json(shape: str, size: int) -> None:
    """Each shape has as many nodes as asked for, and reads back equal."""
    workload = shaped(shape, size)
    assert len(workload.nodes) == size
    assert Workload.from_json(workload.to_json()) == workload


def test_all_that_a_node_can_say_survives_json() -> None:
    """Params, retry, fault and imports come back as they were."""
    last = Node("b", after=("a",), imports=("json", "os.path"))
    workload = Workload("w", (Node("a", "sleep", (), {"seconds": 0.5}, Retry(3, 0.1), Fault(2)), last))
    assert Workload.from_json(workload.to_json()) == workload


def test_nodes_stand_behind_their_parents() -> None:
    """Whatever the order in the file, a node comes after its parents."""
    text = '{"name": "w", "nodes": [{"id": "b", "after": ["a"]}, {"id": "a"}]}'
    assert [node.id for node in Workload.from_json(text).nodes] == ["a", "b"]


def test_a_token_tells_the_work_that_led_to_it() -> None:
    """Two nodes have the same token only if their work and all the work before it is the same."""
    one = Workload("w", (Node("a"), Node("b", after=("a",))))
    other = Workload("w", (Node("a", "sleep", (), {"seconds": 1}), Node("b", after=("a",))))
    assert one.tokens["b"] != other.tokens["b"]
    assert one.tokens == Workload("again", one.nodes).tokens
    importing = Workload("w", (Node("a", imports=("json",)), Node("b", after=("a",))))
    assert one.tokens["b"] != importing.tokens["b"]


def test_an_import_is_a_part_of_the_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes between the start and the end of the body, and only the first body of a process pays for it."""
    (tmp_path / "module_of_a_user.py").write_text("import time\ntime.sleep(0.1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    events = tmp_path / "events"
    events.mkdir()
    node = Node("a", imports=("module_of_a_user",))
    for _ in range(2):
        body.run(node, Trial("t", str(events)), {})
    del sys.modules["module_of_a_user"]
    (log,) = events.iterdir()
    times = [json.loads(line)["t"] / 1e9 for line in log.read_text().splitlines()]
    first, second = times[1] - times[0], times[3] - times[2]
    assert first >= 0.1 > second


def test_a_module_that_is_not_there_fails_the_body(tmp_path: Path) -> None:
    """And the event says which one it is."""
    with pytest.raises(ModuleNotFoundError):
        body.run(Node("a", imports=("no_such_module",)), Trial("t", str(tmp_path)), {})
    (log,) = tmp_path.iterdir()
    assert "no_such_module" in json.loads(log.read_text().splitlines()[-1])["data"]["error"]


NODE = {"id": "a"}
BROKEN = {
    "not JSON": ("{", "this is not JSON"),
    "a list": ("[]", 'a workload is {"name"'),
    "no nodes": ('{"name": "w", "nodes": []}', "has no nodes"),
    "bad name": ('{"name": "../w", "nodes": [{"id": "a"}]}', "workload name '../w'"),
    "cycle": ([{"id": "a", "after": ["b"]}, {"id": "b", "after": ["a"]}], "in a cycle: "),
    "own parent": ([{"id": "a", "after": ["a"]}], "in a cycle: a -> a"),
    "unknown parent": ([{"id": "a", "after": ["z"]}], "node a comes after 'z', which is not a node"),
    "duplicate": ([NODE, NODE], "two nodes are called 'a'"),
    "parent twice": ([NODE, {"id": "b", "after": ["a", "a"]}], "names a parent twice"),
    "no id": ([{"op": "noop"}], "node 1: `id` is missing"),
    "bad id": ([{"id": "a b"}], "node 'a b': an id is a letter"),
    "unknown key": ([{"id": "a", "colour": 1}], "unknown key 'colour'"),
    "unknown op": ([{"id": "a", "op": "fly"}], "unknown op 'fly'"),
    "params": ([{"id": "a", "op": "sleep"}], "sleep takes the params ['seconds'], not []"),
    "negative": ([{"id": "a", "op": "sleep", "params": {"seconds": -1}}], "seconds is -1"),
    "not a number": ([{"id": "a", "op": "cpu", "params": {"rounds": "many"}}], "rounds is 'many'"),
    "after": ([{"id": "a", "after": "b"}], "`after` is a list"),
    "half a round": ([{"id": "a", "op": "cpu", "params": {"rounds": 0.5}}], "rounds is 0.5; it should be a whole number"),
    "no round": ([{"id": "a", "op": "cpu", "params": {"rounds": 0}}], "a whole number of at least 1"),
    "id type": ([{"id": ["a"]}], "`id` is a string"),
    "op type": ([{"id": "a", "op": ["noop"]}], "`op` is a string"),
    "retry": ([{"id": "a", "retry": {"times": -1}}], "retry.times is -1"),
    "imports": ([{"id": "a", "imports": "json"}], "`imports` is a list"),
    "no module": ([{"id": "a", "imports": ["os; x"]}], "imports has 'os; x'"),
    "retry key": ([{"id": "a", "retry": {"often": 1}}], "unknown key 'often'"),
    "node": (["a"], "node 1: it should be an object"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_workload_is_refused_with_the_reason(case: str) -> None:
    """Each mistake has a message that names the node and the mistake."""
    content, message = BROKEN[case]
    text = content if isinstance(content, str) else json.dumps({"name": "w", "nodes": content})
    with pytest.raises(WorkloadError) as caught:
        Workload.from_json(text)
    assert message in str(caught.value)
