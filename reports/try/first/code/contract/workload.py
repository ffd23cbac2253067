"""A workload is data: a graph of nodes, checked when it is made. Every implementation makes a native pipeline of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

OPS: Final = {
    "noop": (),
    "sleep": ("seconds",),
    "cpu": ("rounds",),
}
"""What a body can be asked to do, and the number that each asks for."""

_COUNTS: Final = {"rounds": 1, "retry.times": 0, "fault.attempts": 0}
"""The numbers that are counts, and the least of each."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
"""The names that Airflow, Prefect, Dagster, file systems and URLs all accept as they are."""

MODULE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
"""The name of a module, as it stands behind `import`."""


class WorkloadError(ValueError):
    """The workload is not one that can be run; the message says where and why."""


@dataclass(frozen=True)
class Retry:
    """How often a failed body is tried again (`times`), and how long the tool waits before each try."""

    times: int
    delay_s: float | None = 1.0
    """Before every try, or before the first one if there is a backoff. None: the tool's own default."""
    backoff: bool = False
    """Whether the tool's own exponential backoff doubles each wait."""
    delays_s: tuple[float, ...] = ()
    """One wait for each try, if the waits are not all alike."""

    @property
    def asked_s(self) -> tuple[float, ...]:
        """The waits that were asked for, by the textbook formula where there is a backoff; none by default."""
        if self.delays_s or self.delay_s is None:
            return self.delays_s
        return tuple(self.delay_s * (2**i if self.backoff else 1) for i in range(self.times))


@dataclass(frozen=True)
class Fault:
    """A planned failure: the first `attempts` tries of the body raise `PlannedFault`."""

    attempts: int
    final: bool = False
    """Whether it is a `FinalFault` instead, after which another try makes no sense."""


@dataclass(frozen=True)
class Node:
    """One task: what it does, whom it waits for, how it is retried and how it is made to fail."""

    id: str
    op: str = "noop"
    after: tuple[str, ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)
    retry: Retry | None = None
    fault: Fault | None = None
    group: str = ""
    """The nested pipeline that the node is a part of, from the outermost on: `outer.inner`; empty at the top."""
    imports: tuple[str, ...] = ()
    """The modules that the body imports first, as a user's task does: it takes time if the process has not done so yet."""

    def token(self, inputs: Mapping[str, str]) -> str:
        """Name the work of this node, given the tokens of the parents: equal tokens mean the same work."""
        work: list[Any] = [self.op, self.params, [inputs[parent] for parent in sorted(self.after)]]
        if self.imports:  # otherwise the tokens are those of earlier runs
            work.append(self.imports)
        digest = hashlib.blake2b(json.dumps(work, sort_keys=True).encode(), digest_size=8).hexdigest()
        return f"{self.id}:{digest}"


@dataclass(frozen=True)
class Group:
    """A nested pipeline: nodes and groups, each of them behind all that it waits for."""

    name: str
    members: tuple[Node | Group, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node of the group, and of the groups in it."""
        return tuple(node for each in self.members for node in ([each] if isinstance(each, Node) else each.nodes))


@dataclass(frozen=True)
class Workload:
    """A named graph of nodes, in an order in which every node stands behind its parents."""

    name: str
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise WorkloadError(f"workload name {self.name!r}: a letter, then at most 62 letters, digits or _")
        if not self.nodes:
            raise WorkloadError(f"workload {self.name}: it has no nodes")
        known: dict[str, Node] = {}
        for node in self.nodes:
            if node.id in known:
                raise WorkloadError(f"workload {self.name}: two nodes are called {node.id!r}")
            _check_node(node, self.name)
            known[node.id] = node
        for node in self.nodes:
            for parent in node.after:
                if parent not in known:
                    raise WorkloadError(f"workload {self.name}: node {node.id} comes after {parent!r}, which is not a node")
        try:
            order = TopologicalSorter({node.id: node.after for node in self.nodes}).static_order()
            object.__setattr__(self, "nodes", tuple(known[name] for name in order))
        except CycleError as error:
            cycle = " -> ".join(reversed(error.args[1]))
            raise WorkloadError(f"workload {self.name}: nodes wait for each other in a cycle: {cycle}") from None
        self.tree  # noqa: B018 - raises, if the groups wait for each other in a cycle

    @cached_property
    def tree(self) -> Group:
        """The nodes as they are nested; the outermost group is the workload itself."""
        return _nested(self.name, self.nodes, 0)

    @cached_property
    def tokens(self) -> Mapping[str, str]:
        """The token that each node's body must end with."""
        tokens: dict[str, str] = {}
        for node in self.nodes:
            tokens[node.id] = node.token(tokens)
        return tokens

    @property
    def is_chain(self) -> bool:
        """Whether the nodes can only run one after another."""
        return all(node.after == (before.id,) for before, node in zip(self.nodes, self.nodes[1:], strict=False))

    def to_json(self) -> str:
        """Write the workload as JSON; `from_json` reads it back as an equal one."""
        nodes = [{key: value for key, value in asdict(node).items() if value or key == "op"} for node in self.nodes]
        return json.dumps({"name": self.name, "nodes": nodes})

    @classmethod
    def from_json(cls, text: str) -> Workload:
        """Read a workload, or raise `WorkloadError` that says what is wrong with it."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise WorkloadError(f"this is not JSON: {error}") from None
        if not isinstance(document, dict) or set(document) != {"name", "nodes"} or not isinstance(document["nodes"], list):
            raise WorkloadError('a workload is {"name": "...", "nodes": [...]}')
        return cls(str(document["name"]), tuple(_node(item, f"node {i + 1}") for i, item in enumerate(document["nodes"])))


def _nested(name: str, nodes: Sequence[Node], depth: int) -> Group:
    """Put the nodes that have another group at this depth into it."""
    units: dict[str, list[Node]] = {}
    place: dict[str, str] = {}
    for node in nodes:
        path = node.group.split(".") if node.group else []
        # A group may be called as a node is; a dot tells them apart.
        unit = place[node.id] = f".{path[depth]}" if len(path) > depth else node.id
        units.setdefault(unit, []).append(node)
    waits = {
        unit: {place[parent] for node in members for parent in node.after if parent in place} - {unit}
        for unit, members in units.items()
    }
    try:
        order = list(TopologicalSorter(waits).static_order())
    except CycleError as error:
        cycle = " -> ".join(each.lstrip(".") for each in reversed(error.args[1]))
        raise WorkloadError(f"group {name}: the members wait for each other in a cycle: {cycle}") from None
    return Group(
        name, tuple(_nested(unit[1:], units[unit], depth + 1) if unit[0] == "." else units[unit][0] for unit in order)
    )


def _node(item: object, where: str) -> Node:
    values = _fields(Node, item, where)
    where = f"node {values.get('id', where)}"
    for key, of in (("after", "node ids"), ("imports", "modules")):
        names = values.get(key, ())
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise WorkloadError(f"{where}: `{key}` is a list of {of}")
        values[key] = tuple(names)
    for key, kind in (("retry", Retry), ("fault", Fault)):
        if values.get(key) is not None:
            values[key] = kind(**_fields(kind, values[key], f"{where}, {key}"))
    if values.get("retry"):
        delays = values["retry"].delays_s
        if not isinstance(delays, list | tuple):
            raise WorkloadError(f"{where}: retry.delays_s is a list of numbers")
        values["retry"] = replace(values["retry"], delays_s=tuple(delays))
    for key in ("id", "op", "group"):
        if not isinstance(values.get(key, ""), str):
            raise WorkloadError(f"{where}: `{key}` is a string")
    return Node(**values)


def _fields(kind: type[Node | Retry | Fault], item: object, where: str) -> dict[str, Any]:
    known = [each.name for each in fields(kind)]
    if not isinstance(item, dict):
        raise WorkloadError(f"{where}: it should be an object with {', '.join(known)}")
    if unknown := sorted(set(item) - set(known)):
        raise WorkloadError(f"{where}: unknown key {unknown[0]!r}; it has {', '.join(known)}")
    if known[0] not in item:
        raise WorkloadError(f"{where}: `{known[0]}` is missing")
    return dict(item)


def _check_node(node: Node, name: str) -> None:
    where = f"workload {name}: node {node.id!r}"
    if not isinstance(node.id, str) or not _NAME.fullmatch(node.id):
        raise WorkloadError(f"{where}: an id is a letter, then at most 62 letters, digits or _")
    if node.op not in OPS:
        raise WorkloadError(f"{where}: unknown op {node.op!r}; it is one of {', '.join(OPS)}")
    if len(set(node.after)) != len(node.after):
        raise WorkloadError(f"{where}: it names a parent twice")
    if not isinstance(node.params, Mapping) or set(node.params) != set(OPS[node.op]):
        raise WorkloadError(f"{where}: {node.op} takes the params {list(OPS[node.op])}, not {list(node.params)}")
    if node.group and not all(_NAME.fullmatch(part) for part in node.group.split(".")):
        raise WorkloadError(f"{where}: group {node.group!r} is not made of names with dots between them")
    for module in node.imports:
        if not MODULE.fullmatch(module):
            raise WorkloadError(f"{where}: imports has {module!r}, which is not the name of a module")
    if node.retry and node.retry.delays_s and len(node.retry.delays_s) != node.retry.times:
        raise WorkloadError(f"{where}: retry.times is {node.retry.times}, but retry.delays_s has {len(node.retry.delays_s)}")
    _check_numbers(node, where)


def _check_numbers(node: Node, where: str) -> None:
    numbers: dict[str, object] = dict(node.params)
    if node.retry:
        numbers["retry.times"] = node.retry.times
        if node.retry.delay_s is not None:
            numbers["retry.delay_s"] = node.retry.delay_s
        numbers |= {f"retry.delays_s[{i}]": delay for i, delay in enumerate(node.retry.delays_s)}
    if node.fault:
        numbers["fault.attempts"] = node.fault.attempts
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise WorkloadError(f"{where}: {key} is {value!r}; it should be a number of at least 0")
        if key in _COUNTS and (value != int(value) or value < _COUNTS[key]):
            raise WorkloadError(f"{where}: {key} is {value!r}; it should be a whole number of at least {_COUNTS[key]}")
