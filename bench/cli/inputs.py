"""What a reader gives to `run`: lists of names, a workload, customers; and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bench.base.problem import Problem
from bench.plan import suite, tools, warmups, workflows
from bench.run.environment import ToolEnvironment
from bench.scenarios import SCENARIOS
from contract.workload import Workload, WorkloadError


class Names(click.ParamType[list[str]]):
    """A list of names with commas between them."""

    name = "a,b"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Split it."""
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


def read_workload(path: Path, time_scale: float | None) -> tuple[Workload, bool]:
    """Read a workload file, or say what is wrong with it; and say whether it is the record of a real workflow."""
    try:
        text = path.read_text()
        document = json.loads(text)
        if recorded := workflows.is_wfformat(document):
            workload = workflows.convert(document, path.stem, 1.0 if time_scale is None else time_scale)
        else:
            workload = Workload.from_json(text)
    except (OSError, UnicodeDecodeError, WorkloadError) as error:
        raise Problem(f"--workload {path}: {getattr(error, 'strerror', None) or error}") from None
    except (ValueError, RecursionError) as error:
        raise Problem(f"--workload {path}: this is not JSON: {error}") from None
    if time_scale is not None and not recorded:
        raise Problem(f"--workload {path}: it is not a WfCommons instance, whose times --time-scale is for; leave that out")
    if workload.name in warmups.NAMES:
        raise Problem(f"--workload {path}: {workload.name} is the name of the harness's own warm-up; choose another")
    return workload, recorded


def check_data(path: Path, chosen: suite.Suite, known: dict[str, tools.Tool]) -> None:
    """Say what is wrong with the reader's customers before anything is started."""
    taking = [SCENARIOS[block.scenario] for block in chosen.blocks if SCENARIOS[block.scenario].takes_data]
    if not taking:
        takers = [name for name, scenario in SCENARIOS.items() if scenario.takes_data]
        raise Problem(f"--data is for the scenarios {' and '.join(takers)}, of which none is among those chosen")
    plain = ToolEnvironment(tools.choose(known, [tools.REFERENCE])[0])
    for check in {scenario.hooks.data_problem for scenario in taking}:
        if check and (problem := check(path, plain)):
            raise Problem(f"--data {problem}")
