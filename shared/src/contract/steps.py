"""The one line by which a step of a churn pipeline is seen: `@step("load")`, under the tool's own decorator.

Which run a step belongs to does not travel through the pipelines, which are written as their readers would write them. The
harness makes one run at a time in an engine, and keeps a file that says which: its path is in ORCHBENCH_TRIAL. Where
that is not set, a step is what it would be without this line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from contract.body import fail_as_planned
from contract.events import Trial, emit

VARIABLE: Final = "ORCHBENCH_TRIAL"


@contextmanager
def step(name: str, token: str = "") -> Iterator[dict[str, str]]:
    """Log when the step begins and ends; fail it at its end, all work done, as often as the trial plans to.

    `token`, or what is put under that key of the dict, is what the step says of what it has got or made.
    """
    says = {"token": token} if token else {}
    if not (current := os.environ.get(VARIABLE)):
        yield says
        return
    about = json.loads(Path(current).read_bytes())
    trial = Trial(about["id"], about["events"])
    emit(trial, "started", name)
    try:
        yield says
        fail_as_planned(name, about["faults"].get(name, 0), trial)
    except BaseException as error:
        emit(trial, "failed", name, {"error": f"{type(error).__name__}: {error}"})
        raise
    emit(trial, "finished", name, says)


def announce(path: Path, trial: Trial, faults: Mapping[str, int]) -> None:
    """Say which run comes next, in one piece."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps({**trial.to_dict(), "faults": dict(faults)}))
    new.replace(path)
