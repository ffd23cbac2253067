"""A small honest engine, and one variant of it for every way in which an adapter can be wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from contract import body
from contract.adapter import Adapter, LocalRuns, Refused, Setup, Started, State
from contract.body import PlannedFault
from contract.events import Trial
from contract.host import serve
from contract.servers import Servers
from contract.tree import kill_descendants
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
        (path,) = Path(trial.events).glob(f"events-*-{os.getpid()}.jsonl")
        with path.open("r+b") as log:
            lines = [line for line in log if b'"finished","node":"last"' not in line]
            log.seek(0)
            log.truncate()
            log.writelines(lines)


class Beside(Honest):
    """Runs two nodes at once, in threads."""

    lanes = 2

    def walk(self, workload: Workload, trial: Trial) -> None:
        tokens: dict[str, str] = {}
        waiting = list(workload.nodes)
        with ThreadPoolExecutor(self.lanes) as pool:
            while waiting:
                ready = [node for node in waiting if set(node.after) <= set(tokens)]
                waiting = [node for node in waiting if node not in ready]
                inputs = [{parent: tokens[parent] for parent in node.after} for node in ready]
                done = pool.map(self.attempt, ready, [trial] * len(ready), inputs)
                tokens |= {node.id: token for node, token in zip(ready, done, strict=True)}


class ExceedsTheWidth(Beside):
    lanes = 16


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


class Refuses(Honest):
    def submit(self, workload: str, trial: Trial) -> str:
        raise Refused("not today")


class FallsOverASubmission(Honest):
    def submit(self, workload: str, trial: Trial) -> str:
        raise RuntimeError("not today")


class Separate(Honest):
    """A process for each run, and one service, which keeps nothing that the runs need."""

    def start(self, setup: Setup) -> Started:
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.cancelled: set[str] = set()
        self.servers = Servers(setup.home / "logs")
        self.servers.start("clerk", ["sleep", "3600"], os.environ)
        return super().start(setup)

    def submit(self, workload: str, trial: Trial) -> str:
        run = f"run-{len(self.children)}"
        argv = [sys.executable, "-m", "faulty", self.workloads[workload].to_json(), json.dumps(trial.to_dict())]
        self.children[run] = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        return run

    def state(self, run: str) -> State:
        code = self.children[run].poll()
        if run in self.cancelled:
            return State.CANCELLED
        return State.RUNNING if code is None else State.SUCCEEDED if code == 0 else State.FAILED

    def wait(self, run: str, bodies_done: Callable[[], bool], limit_s: float) -> State:
        return Adapter.wait(self, run, bodies_done, limit_s)

    def cancel(self, run: str) -> None:
        self.cancelled.add(run)
        self.children[run].kill()
        self.children[run].wait()

    def services(self) -> dict[str, int]:
        return self.servers.pids()

    def kill(self, service: str) -> None:
        self.servers.kill(service)

    def restart(self, service: str) -> None:
        self.servers.restart(service)

    def stop(self) -> None:
        kill_descendants()


class CancelsByNameOnly(Separate):
    def cancel(self, run: str) -> None:
        self.cancelled.add(run)


class IgnoresACancel(Separate):
    def cancel(self, run: str) -> None:
        return


class ForgetsItsRuns(Separate):
    def restart(self, service: str) -> None:
        super().restart(service)
        self.children = {f"lost-{run}": child for run, child in self.children.items()}


class LeavesABusyBody(Separate):
    def stop(self) -> None:
        for service in self.services():
            self.servers.kill(service)


class IsNotBackAfterARestart(Separate):
    def restart(self, service: str) -> None:
        return

    def submit(self, workload: str, trial: Trial) -> str:
        if "clerk" not in self.servers.running:
            raise ConnectionRefusedError("nobody answers")
        return super().submit(workload, trial)


if __name__ == "__main__" and len(sys.argv) > 1:
    Honest().walk(Workload.from_json(sys.argv[1]), Trial(**json.loads(sys.argv[2])))
elif __name__ == "__main__":
    serve(
        {
            "separate": Separate,
            "cancels_by_name_only": CancelsByNameOnly,
            "ignores_a_cancel": IgnoresACancel,
            "forgets_its_runs": ForgetsItsRuns,
            "is_not_back_after_a_restart": IsNotBackAfterARestart,
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
            "leaves_a_busy_body": LeavesABusyBody,
            "listens_everywhere": ListensEverywhere,
            "crashes": Crashes,
            "refuses": Refuses,
            "claims_a_process_per_task": Honest,
            "claims_a_pool": Beside,
            "hides_its_processes": Separate,
            "falls_over_a_submission": FallsOverASubmission,
        }
    )
