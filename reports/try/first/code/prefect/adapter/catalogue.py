"""The pipelines by their names, as the adapter calls them: where Prefect finds their flows, and the names of their tasks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from churn_prefect import pipelines
from contract import editions
from contract.pipeline import ONE_TASK, STEPS

MODULES: Final = {
    "train": "churn_prefect.pipelines.training.train",
    "infer": "churn_prefect.pipelines.inference.infer",
    "train_whole": "churn_prefect.pipelines.whole.train_whole",
    "passing": "churn_prefect.pipelines.passing.passing",
}
"""The pipelines that stay as they are, in modules. `cached` is edited, and is a file."""

TASKS: Final = {name: ["train"] if name in ONE_TASK else list(steps) for name, steps in STEPS.items()}
"""The tasks of each pipeline: a task a step, or one task for all of them."""

CACHING: Final = "caching.py"


def entrypoint(pipeline: str, folder: Path) -> str:
    """Return where Prefect finds the flow; `folder` has the edited source."""
    return MODULES.get(pipeline) or f"{folder / CACHING}:{pipeline}"


def write_caching(folder: Path, numbers: Mapping[str, int]) -> None:
    """Write the edited source of the pipeline `cached`, which the next process that loads its flow reads."""
    editions.write(Path(pipelines.__file__).with_name(CACHING), folder / CACHING, numbers)


def kept_files() -> Sequence[Path]:
    """Return the files in Prefect's result storage, which all flows share: a flow that fails leaves its exception there."""
    storage = Path(os.environ["PREFECT_HOME"], "storage")
    return [file for file in storage.iterdir() if file.is_file()] if storage.exists() else []
