"""The one line by which a step of a churn pipeline is seen: `@step("load")`, under the tool's own decorator.

Which run a step belongs to does not travel through the pipelines, which are written as their readers would write them. The
harness asks an engine for the runs of one trial at a time, and keeps a file that says which trial. ORCHBENCH_TRIAL holds the
path of the file. Where it is not set, the step does nothing but the work.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ContextDecorator, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from contract.body import fail_as_planned
from contract.events import Trial, emit, named

VARIABLE: Final = "ORCHBENCH_TRIAL"

MEETING_S: Final = 30.0


class step(ContextDecorator):  # noqa: N801 - a decorator
    """Log when the step begins and ends; fail it at the end, after all work, as often as the trial plans.

    `token`, or what the step puts under that key of the dict, names what the step got or made. The generator below would do
    but for one thing: a tool may send a decorated function to another process, and a generator cannot be pickled.
    """

    def __init__(self, name: str, token: str = "") -> None:
        """Name the step, and what it gets."""
        self._name, self._token = name, token

    def _recreate_cm(self) -> Self:
        return type(self)(self._name, self._token)  # for each call of a decorated function

    def __enter__(self) -> dict[str, str]:
        self._logged = _logged(self._name, self._token)
        return self._logged.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._logged.__exit__(kind, error, trace)


@contextmanager
def _logged(name: str, token: str) -> Iterator[dict[str, str]]:
    report = {"token": token} if token else {}
    if not (current := os.environ.get(VARIABLE)):
        yield report
        return
    about = json.loads(Path(current).read_bytes())
    trial = Trial(about["id"], about["events"])
    emit(trial, "started", name)
    try:
        yield report
        _meet(name, about["meet"].get(name, 1), trial)
        fail_as_planned(name, about["faults"].get(name, 0), trial)
    except BaseException as error:
        emit(trial, "failed", name, {"error": named(error)})
        raise
    emit(trial, "finished", name, report)


def _meet(name: str, runs: int, trial: Trial) -> None:
    """Wait until so many runs have come to the end of this step, so that all go on at one moment.

    A tool that makes one run after another would wait here for ever, so the wait has a limit.
    """
    if runs == 1:
        return
    file = Path(trial.events, f"met-{name}")
    with file.open("ab") as here:
        here.write(b".")
    deadline = time.monotonic() + MEETING_S
    while file.stat().st_size < runs and time.monotonic() < deadline:
        time.sleep(0.005)


def announce(path: Path, trial: Trial, faults: Mapping[str, int], meet: Mapping[str, int] | None = None) -> None:
    """Write, in one piece, which trial comes next, and how many runs are to meet at the end of which step."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps({**trial.to_dict(), "faults": dict(faults), "meet": dict(meet or {})}))
    new.replace(path)
