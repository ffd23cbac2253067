"""What a procedure does with an engine, in which order: held with a fake engine, which writes down every call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from bench.run.channel import UnsupportedWork
from bench.run.engine import Accepted, Asked, Engine, Run
from bench.run.procedures import Scene, cancel_in_the_middle, several_at_once
from bench.scenarios import Case, Work
from bench.scenarios.kit.graphs import shaped
from bench.scenarios.kit.procedures import CancelInTheMiddle, SeveralAtOnce
from bench.store.records import Reported
from contract.events import Trial, emit

WORK = shaped("chain", 1)
NODE = WORK.nodes[0].id

LINGERS = """
import json, signal, sys, time
from contract.events import Trial, emit
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), sys.exit()))
emit(Trial(**json.loads(sys.argv[1])), "started", sys.argv[2])
time.sleep(60)
"""
"""A body that takes a moment to end when it is told to."""


class FakeEngine:
    """Answers at once, and writes down what it was asked for. Each run of it has a body in a process."""

    root = os.getpid()
    """The bodies are children of the test."""
    took_up: float | None = None

    def __init__(self, can_cancel: bool = True) -> None:
        """Start with no run."""
        self.calls: list[tuple[str, int]] = []
        """Each call, and how many bodies were alive then."""
        self.can_cancel = can_cancel
        self.bodies: dict[str, subprocess.Popen[bytes]] = {}

    def unsupported(self, work: Work, runs_at_once: int) -> str:
        """Support everything."""
        return ""

    def submit(self, asked: Asked) -> Run:
        """Start the body."""
        argv = [sys.executable, "-c", LINGERS, json.dumps(asked.trial.to_dict()), NODE]
        self.bodies[asked.trial.run] = subprocess.Popen(argv)
        return cast("Run", FakeRun(asked.trial.run, self))

    def edit(self, editions: Mapping[str, int]) -> None:
        """Have no source that could be edited."""

    def log_size(self) -> int:
        """Have no log."""
        return 0

    def log_since(self, offset: int) -> bytes:
        """Have no log."""
        return b""


class FakeRun:
    """A run of the fake engine: over when somebody looks for the end."""

    def __init__(self, name: str, engine: FakeEngine) -> None:
        """Belong to the engine."""
        self.name, self.engine = name, engine

    def accepted(self) -> Accepted:
        """Be taken at once."""
        return Accepted(f"id {self.name}", "", 0.0)

    def end(self, limit_s: float) -> str:
        """End the body, if it is still alive."""
        self._note("end")
        self.engine.bodies[self.name].kill()
        self.engine.bodies[self.name].wait()
        return "cancelled"

    def cancel(self) -> None:
        """Tell the body to end."""
        if not self.engine.can_cancel:
            raise UnsupportedWork("there is no way to cancel a run")
        self._note("cancel")
        self.engine.bodies[self.name].terminate()

    def reported(self) -> Reported:
        """Have no records."""
        self._note("reported")
        return Reported()

    def _note(self, call: str) -> None:
        alive = sum(body.poll() is None for body in self.engine.bodies.values())
        self.engine.calls.append((call, alive))


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """An engine, of which no body is left afterwards."""
    fake = FakeEngine()
    yield fake
    for body in fake.bodies.values():
        body.kill()
        body.wait()


def scene_of(engine: FakeEngine, folder: Path) -> Scene:
    """Return a trial that is to be made."""
    return Scene(cast("Engine", engine), Case(WORK), Trial("trial", str(folder)), limit_s=10)


def test_nothing_is_asked_between_a_cancel_and_the_end_of_the_body(engine: FakeEngine, tmp_path: Path) -> None:
    """The time until the body is gone holds no other answer of the tool."""
    scene = scene_of(engine, tmp_path)
    cancel_in_the_middle.carry_out(scene, CancelInTheMiddle(NODE))
    assert engine.calls == [("cancel", 1), ("end", 0), ("reported", 0)]
    assert 0.3 <= scene.facts["gone_s"] < 5


def test_records_are_asked_for_when_all_runs_are_over(engine: FakeEngine, tmp_path: Path) -> None:
    """Asking for the records of one run disturbs no other that still goes on."""
    scene = scene_of(engine, tmp_path)
    several_at_once.carry_out(scene, SeveralAtOnce(3))
    assert [call for call in engine.calls if call[0] == "reported"] == [("reported", 0)] * 3
    assert [run.name for run in scene.runs] == ["1", "2", "3"]


def test_a_run_that_cannot_be_cancelled_still_goes_on(engine: FakeEngine, tmp_path: Path) -> None:
    """Where the tool has no way to do what was to be done with a run, the trial knows that the run is not over."""
    engine.can_cancel = False
    scene = scene_of(engine, tmp_path)
    with pytest.raises(UnsupportedWork):
        cancel_in_the_middle.carry_out(scene, CancelInTheMiddle(NODE))
    assert len(scene.going_on) == 1


@pytest.mark.parametrize("phase", [0.1, 0.9])
def test_a_run_is_submitted_in_its_phase(tmp_path: Path, phase: float) -> None:
    """So long after the engine took up the run before, or whole periods later; the pause is on record."""
    engine, spread_s = FakeEngine(), 0.4
    engine.took_up = time.monotonic() - 1.3
    scene = Scene(cast("Engine", engine), Case(WORK), Trial("t", str(tmp_path)), 5.0, phase=phase, spread_s=spread_s)
    before = time.monotonic()
    scene.wait_for_phase()
    now = time.monotonic()
    assert (now - engine.took_up) % spread_s == pytest.approx(phase * spread_s, abs=0.1)
    assert scene.pause_s == pytest.approx(now - before, abs=0.1)


def test_the_first_body_tells_when_the_engine_took_up_a_run(tmp_path: Path) -> None:
    """By it the next run finds its phase; a run without a body, and an engine that does not poll, tell nothing."""
    engine = FakeEngine()
    polling = Scene(cast("Engine", engine), Case(WORK), Trial("t", str(tmp_path)), 5.0, spread_s=1.0)
    polling.note_poll()
    assert engine.took_up is None
    emit(Trial("t", str(tmp_path)), "started", NODE)
    Scene(cast("Engine", engine), Case(WORK), Trial("t", str(tmp_path)), 5.0).note_poll()
    assert engine.took_up is None
    polling.note_poll()
    assert engine.took_up == pytest.approx(time.monotonic(), abs=5)
