"""`track`: a run, logged to MLflow; `run` logs a new run in the same way."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from bench.base.problem import Problem
from bench.cli.console import complain, err, out
from bench.cli.progress import waiting
from bench.export import mlflow as tracking
from bench.plan import tools
from bench.store.folder import RunFolder


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--uri", help="An MLflow server or store.  [default: MLFLOW_TRACKING_URI, or a store in the run's folder]")
def track(run_dir: Path, uri: str | None) -> None:
    """Log a run to MLflow; what was logged of it there before is replaced."""
    log_to_mlflow(RunFolder(run_dir), uri)


def log_finished(folder: RunFolder, *, wanted: bool) -> None:
    """Log a run that has ended, if that is wanted; a failure costs a line, and nothing else."""
    try:
        if wanted:
            log_to_mlflow(folder)
    except Problem as problem:
        complain(f"{problem}; nothing of the run is lost, and `orchbench track {folder.path}` logs it later")


def log_to_mlflow(folder: RunFolder, uri: str | None = None) -> None:
    """Log a run, and say where."""
    with waiting(err, "logging the run to MLflow") as tell:
        store = tracking.track(folder, uri, tell)
    where = f"tracked in MLflow: {store}, experiment {tracking.EXPERIMENT}"
    if store.embedded:
        mlflow = tools.IMPLEMENTATIONS / tools.REFERENCE / ".venv" / "bin" / "mlflow"
        where += f"; to look at it: {shlex.join([str(mlflow), 'ui', '--backend-store-uri', store.uri])}"
    out.print(where, soft_wrap=True)
