"""The graphs of the scenarios."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from contract.workload import Node, Workload


def chain(size: int) -> tuple[Node, ...]:
    """Nodes one after another."""
    return tuple(Node(f"n{i}", after=(f"n{i - 1}",) if i else ()) for i in range(size))


def fan_out(size: int) -> tuple[Node, ...]:
    """One node, and all others after it."""
    return tuple(Node(f"n{i}", after=("n0",) if i else ()) for i in range(size))


def fan_in(size: int) -> tuple[Node, ...]:
    """Independent nodes, and one after them all."""
    last = size - 1
    return tuple(Node(f"n{i}", after=tuple(f"n{j}" for j in range(last)) if i == last else ()) for i in range(size))


def diamonds(size: int) -> tuple[Node, ...]:
    """Layers of one and three nodes in turn, where every node waits for the whole layer before it."""
    nodes: list[Node] = []
    above: list[str] = []
    wide = False
    while len(nodes) < size:
        count = min(3 if wide else 1, size - len(nodes))
        layer = [f"n{len(nodes) + i}" for i in range(count)]
        nodes += [Node(name, after=tuple(above)) for name in layer]
        above, wide = layer, not wide
    return tuple(nodes)


def scattered(size: int) -> tuple[Node, ...]:
    """A random graph, the same for the same size: every node waits for up to three nodes before it."""
    draw = random.Random(size)  # noqa: S311 - a reproducible graph, not a secret
    return tuple(
        Node(f"n{i}", after=tuple(f"n{j}" for j in sorted(draw.sample(range(i), min(i, draw.randint(0, 3))))))
        for i in range(size)
    )


def lanes(width: int, depth: int, op: str, params: Mapping[str, float]) -> tuple[Node, ...]:
    """Chains side by side, one for each lane."""
    return tuple(
        Node(f"n{lane}_{i}", op, (f"n{lane}_{i - 1}",) if i else (), params) for i in range(depth) for lane in range(width)
    )


SHAPES: Mapping[str, Callable[[int], tuple[Node, ...]]] = {
    "chain": chain,
    "fan_out": fan_out,
    "fan_in": fan_in,
    "diamonds": diamonds,
    "scattered": scattered,
}


def shaped(shape: str, size: int) -> Workload:
    """Return the workload `shape_size` of no-op nodes."""
    return Workload(f"{shape}_{size}", SHAPES[shape](size))
