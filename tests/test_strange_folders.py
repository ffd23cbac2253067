"""A run folder that anybody may have made: whatever is in it, a command ends soon, in one line, and touches nothing else.

`make fuzz MUTATIONS=10000 SEED=1` tries as many as you like; without more said, fifty are tried, always the same.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fuzzing import Ended, Mutation, World, call, mutations, state_of, traps
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from small_runs import block, finished_run, suite_of

pytestmark = pytest.mark.xdist_group("strange_folders")  # the run is made once

MUTATIONS = int(os.environ.get("ORCHBENCH_MUTATIONS", "50"))
SEED = int(os.environ.get("ORCHBENCH_SEED", "0"))

HONEST = "@honest@"
"""Stands for the run that nobody has changed."""

READING = (
    ("show", "run"),
    ("show", "run", "--json"),
    ("claims", "run"),
    ("trend", ".", HONEST, "--out", "out/trend.html"),
    ("compare", "run", HONEST),
    ("compare", HONEST, "run"),
    ("report", "run"),
    ("report", "run"),
)
LOGGING = ("track", "run")
RESUMING = ("run", "--resume", "run", "--no-mlflow")
"""These two take seconds: so they are tried less often."""


@dataclass
class Tally:
    """How the calls ended, and what the most expensive ones took."""

    codes: Counter[tuple[str, int]] = field(default_factory=Counter)
    cpu_s: float = 0.0
    memory: int = 0

    def add(self, command: str, done: Ended) -> None:
        """Count a call."""
        self.codes[command, done.code] += 1
        self.cpu_s, self.memory = max(self.cpu_s, done.cpu_s), max(self.memory, done.memory)


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    """What was counted is printed in the end, for `make fuzz`."""
    counted = Tally()
    yield counted
    for (command, code), times in sorted(counted.codes.items()):
        sys.stdout.write(f"{command}: exit code {code} {times} times\n")
    sys.stdout.write(f"the longest took {counted.cpu_s:.1f} s of CPU time, the largest {counted.memory / 1e6:.0f} MB\n")


SMALL = (
    block("overhead", reference_starts=1, options={"sizes": {"chain": [1, 3]}, "sweep_ms": []}),
    block("retries", options={"delay_s": 0.02, "backoff_tries": 1}),
)
MORE = (
    block("parallelism", widths=[1, 2], options={"kinds": ["sleeping"]}, skip=["processes"]),
    block("caching", skip=["processes"]),
    block("payload", options={"sizes_kb": [1]}, skip=["processes"]),
    block("parameters", skip=["processes"]),
    block("churn", options={"rows": 1000, "n_estimators": 5, "cases": ["train", "infer"]}, skip=["processes"]),
)
"""These take a minute: only many mutations are worth it."""


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of plain Python: a graph and retries, and for many mutations all that there is to be derived."""
    blocks = (*SMALL, *(MORE if MUTATIONS > 1000 else ()))
    run = finished_run(tmp_path_factory.mktemp("honest"), suite_of(*blocks))
    before = state_of(run)
    yield run
    assert state_of(run) == before


def check(world: World, done: Ended, before: dict[str, object], what: str) -> None:
    """Hold what must hold of any command on any folder."""
    assert done.code in {0, 1, 2}, f"{what}: exit code {done.code}: {done.err[-2000:]}"
    assert "Traceback" not in done.err, f"{what}: {done.err[-2000:]}"
    if done.code == 2:
        said = [line for line in done.err.splitlines() if line.startswith("orchbench: ")]
        assert len(said) == 1, f"{what}: {done.err[-2000:]}"
    assert world.others() == before, what


def tried(honest: Path, command: Sequence[str], planned: Sequence[Mutation]) -> Ended:
    """Make a world, change it, and call the command there."""
    with tempfile.TemporaryDirectory(prefix="orchbench-fuzz-") as place:
        world = World.of(honest, Path(place))
        (world.folder / "out").mkdir()
        what = f"{' '.join(command)}, after {'; '.join([mutate(world) for mutate in planned])}"
        before = world.others()
        done = call(world.folder, *(str(honest) if each == HONEST else each for each in command))
        shutil.rmtree(world.folder / "out")
        (world.folder / "out").mkdir()
        check(world, done, before, what)
    return done


def drawn(examples: int) -> settings:
    """Return how examples are drawn: so many, and none of them made simpler, which would take long."""
    every = list(HealthCheck)
    return settings(max_examples=examples, derandomize=False, phases=[Phase.generate], suppress_health_check=every)


@seed(SEED)
@drawn(MUTATIONS)
@given(command=st.sampled_from(READING * 8 + (LOGGING,)), planned=st.lists(mutations(), min_size=1, max_size=3))
def test_no_folder_does_harm(honest: Path, tally: Tally, command: Sequence[str], planned: Sequence[Mutation]) -> None:
    """One line or success; no traceback, nothing that takes long or much memory, and no change outside the folder."""
    tally.add(command[0], tried(honest, command, planned))


@seed(SEED)
@drawn(max(5, MUTATIONS // 100))
@given(planned=st.lists(traps(), min_size=1, max_size=3))
def test_no_folder_does_harm_when_it_is_resumed(honest: Path, tally: Tally, planned: Sequence[Mutation]) -> None:
    """Whoever measures on in a folder with traps loses nothing; what is planned there is the reader's own to judge."""
    tally.add("run", tried(honest, RESUMING, planned))


@pytest.mark.parametrize("command", [*dict.fromkeys(READING), LOGGING, RESUMING], ids=" ".join)
def test_an_honest_folder_is_read(honest: Path, command: Sequence[str]) -> None:
    """Without a mutation the same calls succeed, so that their limits are no hindrance."""
    assert tried(honest, command, []).code == 0
