"""Nothing waits for ever: what does not answer is given up after a limit, and leaves no process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from conftest import processes_of

from bench.plan.setup import setups_of
from bench.plan.tools import Tool, discover
from bench.run import channel, environment
from bench.run import engine as engines
from bench.run.channel import EngineError
from bench.run.engine import Asked, Engine, Place
from bench.run.environment import ToolEnvironment
from contract.events import Trial
from contract.tree import descendants

SLEEPS = ("timeit", "-n1", "-r1", "__import__('time').sleep(600)")
HALF_A_LINE = ("timeit", "-n1", "-r1", "print('half', end='', flush=True); __import__('time').sleep(600)")


@pytest.fixture
def plain() -> ToolEnvironment:
    """The environment of plain Python."""
    return ToolEnvironment(discover()["plain"])


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a second where an adapter is to read a call."""
    monkeypatch.setattr(channel, "SEND_LIMIT_S", 1)


@pytest.fixture
def engine(fakes: Tool, tmp_path: Path) -> Engine:
    """A fake engine, started."""
    setup = next(each for each in setups_of(fakes) if each.deployment == "separate")
    (tmp_path / "home").mkdir()
    engine = Engine(fakes, setup, Place(tmp_path, 2, {}))
    engine.start()
    return engine


def test_a_module_that_does_not_end_is_given_up(plain: ToolEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names it."""
    monkeypatch.setattr(environment, "ASK_LIMIT_S", 0.5)
    assert SLEEPS[0] in plain.ask(*SLEEPS)


@pytest.mark.parametrize("module", [SLEEPS, HALF_A_LINE], ids=["silent", "half a line"])
def test_a_server_that_is_never_ready_is_given_up(
    module: tuple[str, ...], plain: ToolEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And ended, though it does not look at the leash."""
    monkeypatch.setattr(environment, "READY_LIMIT_S", 0.5)
    monkeypatch.setattr(environment, "END_LIMIT_S", 0.5)
    began = time.monotonic()
    with pytest.raises(EngineError), plain.serve(*module):
        pass
    assert time.monotonic() - began < 30


@pytest.mark.usefixtures("no_patience")
def test_an_adapter_that_reads_nothing_is_given_up(engine: Engine) -> None:
    """Once the pipe is full a call fails, instead of waiting."""
    adapter, *_ = descendants(engine.root)
    asked = Asked("chain", Trial("trial", ""), 1, {"long": "x" * 100_000})

    def ask_for_many_runs() -> None:
        for _ in range(100):
            engine.submit(asked)

    os.kill(adapter, signal.SIGSTOP)
    try:
        with pytest.raises(EngineError):
            ask_for_many_runs()
    finally:
        os.kill(adapter, signal.SIGCONT)
        engine.kill()


def test_an_engine_whose_keeper_was_killed_says_so(engine: Engine) -> None:
    """What it left behind is unknown then, and that is no good end."""
    os.kill(engine.root, signal.SIGKILL)
    assert engine.stop()


def test_a_keeper_that_hangs_leaves_nothing(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed, after all that it keeps."""
    monkeypatch.setattr(engines, "STOP_LIMIT_S", 0.5)
    os.kill(engine.root, signal.SIGSTOP)
    engine.kill()
    assert processes_of(tmp_path) == {}
