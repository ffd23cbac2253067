"""Baton's adapter, as the harness starts it: `python -m baton.adapter`. It has no pipelines, and says so by having none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from baton.flow import Flow, Hopeless, Task
from contract import body
from contract.adapter import Adapter, LocalRuns, Setup, Started, State
from contract.events import Trial
from contract.host import serve
from contract.workload import Node, Workload


def flow_of(workload: Workload, trial: Trial) -> Flow:
    """Return a flow that does the work of the graph."""

    def call(node: Node, tokens: Mapping[str, str]) -> str:
        try:
            return body.run(node, trial, dict(tokens))
        except body.FinalFault as fault:
            raise Hopeless from fault

    return Flow([Task(node.id, partial(call, node), node.after, _pauses(node)) for node in workload.nodes])


def _pauses(node: Node) -> tuple[float, ...]:
    if node.retry is None:
        return ()
    return node.retry.asked_s or (0.0,) * node.retry.times


class Relay(Adapter):
    """A run is a flow in a pool of threads."""

    def start(self, setup: Setup) -> Started:
        self._runs = LocalRuns()
        self._pool = ThreadPoolExecutor(setup.width)
        self._workloads: dict[str, Workload] = {}
        return Started({"baton": "0.1.0"}, ())

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self._workloads |= {each.name: each for each in workloads}

    def submit(self, workload: str, trial: Trial) -> str:
        flow = flow_of(self._workloads[workload], trial)
        return self._runs.submit(trial.id, partial(flow.run, self._pool))

    def state(self, run: str) -> State:
        return self._runs.state(run)

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return self._runs.wait(run, limit_s)

    def stop(self) -> None:
        self._runs.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)


if __name__ == "__main__":
    serve({"relay": Relay})
