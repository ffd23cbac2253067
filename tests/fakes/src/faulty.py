"""A small honest engine, and one variant of it for every way in which an adapter can be wrong."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from contract import body
from contract.adapter import Adapter, LocalRuns, Setup, Started, State
from contract.body import PlannedFault
from contract.events import Trial
from contract.host import serve
from contract.workload import Node, Workload


class Honest(Adapter):
    """Runs one node after another."""

    def start(self, setup: Setup) -> Started:
        self.runs = LocalRuns()
        self.workloads: dict[str, Workload] = {}
        return Started({"faulty": "1"}, ())

    def deploy(self, workloads: Sequence[Workload]) -> None:
        self.workloads |= {workload.name: workload for workload in workloads}

    def submit(self, workload: str, trial: Trial) -> str:
        return self.runs.submit(trial.id, lambda: self.walk(self.workloads[workload], trial))

    def walk(self, workload: Workload, trial: Trial) -> None:
        tokens: dict[str, str] = {}
        for node in workload.nodes:
            tokens[node.id] = self.attempt(node, trial, {parent: tokens[parent] for parent in node.after})

    def attempt(self, node: Node, trial: Trial, inputs: dict[str, str]) -> str:
        for _ in range(node.retry.times if node.retry else 0):
            try:
                return body.run(node, trial, inputs)
            except PlannedFault:
                time.sleep((node.retry.delay_s or 0) if node.retry else 0)
        return body.run(node, trial, inputs)

    def state(self, run: str) -> State:
        return self.runs.state(run)

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return self.runs.wait(run, limit_s)

    def stop(self) -> None:
        self.runs.stop()


class DropsAnEdge(Honest):
    def attempt(self, node: Node, trial: Trial, inputs: dict[str, str]) -> str:
        return super().attempt(node, trial, dict(list(inputs.items())[:-1] if len(inputs) > 1 else inputs))


class ForgesTokens(Honest):
    def attempt(self, node: Node, trial: Trial, inputs: dict[str, str]) -> str:
        return super().attempt(node, trial, {parent: f"{parent}:forged" for parent in inputs})


class IgnoresOrder(Honest):
    def walk(self, workload: Workload, trial: Trial) -> None:
        for node in reversed(workload.nodes):
            self.attempt(node, trial, {parent: workload.tokens[parent] for parent in node.after})


class RunsANodeTwice(Honest):
    def attempt(self, node: Node, trial: Trial, inputs: dict[str, str]) -> str:
        super().attempt(node, trial, inputs)
        return super().attempt(node, trial, inputs)


class SucceedsTooEarly(Honest):
    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return State.SUCCEEDED


class LosesAnEvent(Honest):
    def walk(self, workload: Workload, trial: Trial) -> None:
        super().walk(workload, trial)
        path = os.path.join(trial.events, f"events-{os.getpid()}.jsonl")
        with open(path, "r+b") as log:
            lines = [line for line in log if b'"finished","node":"last"' not in line]
            log.seek(0)
            log.truncate()
            log.writelines(lines)


class ExceedsTheWidth(Honest):
    def walk(self, workload: Workload, trial: Trial) -> None:
        tokens: dict[str, str] = {}
        waiting = list(workload.nodes)
        with ThreadPoolExecutor(16) as pool:
            while waiting:
                ready = [node for node in waiting if set(node.after) <= set(tokens)]
                waiting = [node for node in waiting if node not in ready]
                inputs = [{parent: tokens[parent] for parent in node.after} for node in ready]
                done = pool.map(self.attempt, ready, [trial] * len(ready), inputs)
                tokens |= {node.id: token for node, token in zip(ready, done, strict=True)}


class HidesFailures(Honest):
    def walk(self, workload: Workload, trial: Trial) -> None:
        try:
            super().walk(workload, trial)
        except PlannedFault:
            return


class RetriesWithoutBeingAsked(Honest):
    def attempt(self, node: Node, trial: Trial, inputs: dict[str, str]) -> str:
        try:
            return super().attempt(node, trial, inputs)
        except PlannedFault:
            return super().attempt(replace(node, fault=None), trial, inputs)


class NeverStops(Honest):
    def stop(self) -> None:
        time.sleep(3600)


class LeavesAProcess(Honest):
    def stop(self) -> None:
        super().stop()
        # In a session of its own and a parent that is gone: what a daemon of a real tool looks like.
        subprocess.run(["/bin/sh", "-c", "setsid sleep 3600 >/dev/null 2>&1 &"], check=True)


class ListensEverywhere(Honest):
    def start(self, setup: Setup) -> Started:
        self.door = socket.socket()
        self.door.bind(("0.0.0.0", 0))
        self.door.listen()
        return super().start(setup)


class Crashes(Honest):
    def submit(self, workload: str, trial: Trial) -> str:
        print("the engine is on fire", flush=True)
        os._exit(3)


if __name__ == "__main__":
    serve(
        {
            "honest": Honest,
            "drops_an_edge": DropsAnEdge,
            "forges_tokens": ForgesTokens,
            "ignores_order": IgnoresOrder,
            "runs_a_node_twice": RunsANodeTwice,
            "succeeds_too_early": SucceedsTooEarly,
            "loses_an_event": LosesAnEvent,
            "exceeds_the_width": ExceedsTheWidth,
            "hides_failures": HidesFailures,
            "retries_without_being_asked": RetriesWithoutBeingAsked,
            "never_stops": NeverStops,
            "leaves_a_process": LeavesAProcess,
            "listens_everywhere": ListensEverywhere,
            "crashes": Crashes,
        }
    )
