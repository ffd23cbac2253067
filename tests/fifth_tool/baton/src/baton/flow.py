"""A flow of tasks: each starts when those before it have handed over, and is tried again if it may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

Baton = str
"""What a task hands on."""


class Hopeless(Exception):
    """What a task raises when another try makes no sense."""


class Failed(Exception):
    """A flow in which a task failed for good; the task's own error is the cause."""


@dataclass(frozen=True)
class Task:
    """A call that gets the batons of the tasks before it, by their names, and returns one."""

    name: str
    call: Callable[[Mapping[str, Baton]], Baton]
    after: tuple[str, ...] = ()
    pauses_s: tuple[float, ...] = ()
    """The pause before each further try."""

    def carry(self, batons: Mapping[str, Baton]) -> Baton:
        """Call until a try succeeds, none is left, or there is no hope."""
        for pause_s in self.pauses_s:
            try:
                return self.call(batons)
            except Hopeless:
                raise
            except Exception:  # noqa: BLE001 - whatever it is, another try is what was asked for
                time.sleep(pause_s)
        return self.call(batons)


@dataclass
class Flow:
    """Tasks that wait for each other."""

    tasks: Sequence[Task]
    batons: dict[str, Baton] = field(default_factory=dict)

    def run(self, pool: Executor) -> None:
        """Run every task whose predecessors succeed; raise when one failed."""
        by_name = {task.name: task for task in self.tasks}
        order = TopologicalSorter({task.name: task.after for task in self.tasks})
        order.prepare()
        running: dict[Future[Baton], str] = {}
        failure: BaseException | None = None
        while (ready := order.get_ready()) or running:
            for name in ready:
                handed = {before: self.batons[before] for before in by_name[name].after}
                running[pool.submit(by_name[name].carry, handed)] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                if error := future.exception():
                    failure = failure or error
                else:
                    self.batons[name] = future.result()
                    order.done(name)
        if failure:
            raise Failed from failure
