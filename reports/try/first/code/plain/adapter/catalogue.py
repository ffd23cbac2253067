"""The pipelines by their names, as the adapter calls them; `python -m churn_plain.adapter.catalogue` calls one in a process.

What takes long to import is imported by the pipeline that needs it.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from churn import home
from churn.parameters import Inference, Training
from churn.patterns import Cached, Passing
from churn.problem import BadParameters
from churn_plain import pipelines
from churn_plain.pipelines.settings import THREADS
from contract import editions
from contract.adapter import Refused
from contract.events import named
from contract.pipeline import Pipeline
from contract.workload import Workload

_PARAMETERS: Final[Mapping[str, type]] = {
    "train": Training,
    "infer": Inference,
    "train_whole": Training,
    "cached": Cached,
    "passing": Passing,
}

_CACHING: Final = Path(pipelines.__file__).with_name("caching.py")


def parameters_of(pipeline: str, values: Mapping[str, Any]) -> object:
    """Return the checked parameters."""
    try:
        return _PARAMETERS[pipeline](**values)
    except (TypeError, BadParameters) as error:  # a name that nobody knows is a TypeError
        raise Refused(named(error)) from error


def run(pipeline: str, parameters: Any, pool: Executor, caching: Path) -> None:
    """Run a pipeline; `caching` is the file of the one that may have been edited."""
    match pipeline:
        case "train":
            from churn_plain.pipelines.training import train

            train(parameters, pool)
        case "infer":
            from churn_plain.pipelines.inference import infer

            infer(parameters)
        case "train_whole":
            from churn_plain.pipelines.whole import train_whole

            train_whole(parameters)
        case "cached":
            runpy.run_path(str(caching))["cached"](parameters)
        case "passing":
            from churn_plain.pipelines.passing import passing

            passing(parameters, pool)


def unsupported(work: Workload | Pipeline) -> str:
    """Say what plain Python has no way to do."""
    if isinstance(work, Pipeline) and work.parameters.get("way") == "store":
        return "plain Python has no storage for the values between calls; a file is what one writes"
    return ""


def write_caching(folder: Path, numbers: Mapping[str, int]) -> Path:
    """Write the edited source of the pipeline `cached`, and return the file."""
    editions.write(_CACHING, folder / "caching.py", numbers)
    return folder / "caching.py"


def kept_files() -> Sequence[Path]:
    """Return the files in which `kept` keeps results."""
    return list(home.folder("plain-kept").iterdir())


def main() -> None:
    """Be the process of one run."""
    pipeline, parameters, caching = sys.argv[1:]
    with ThreadPoolExecutor(int(os.environ[THREADS])) as pool:
        run(pipeline, parameters_of(pipeline, json.loads(parameters)), pool, Path(caching))


if __name__ == "__main__":
    main()
