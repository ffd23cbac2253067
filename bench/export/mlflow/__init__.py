"""A run in MLflow: one parent for the run, and below it a child for each setup in each scenario.

All of it is read from the run's files, after they are written: logging can neither disturb a measurement nor lose one, and
can be done again at any time. `entries` is what is logged, `store` where, and `log` how: MLflow is imported in there only,
and only when a run is logged, since that takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.base.problem import Problem
from bench.export.mlflow.entries import entries, metric_name
from bench.export.mlflow.log import Log
from bench.export.mlflow.manners import quiet, why
from bench.export.mlflow.store import EXPERIMENT, Store
from bench.store.folder import RunFolder

__all__ = ["EXPERIMENT", "metric_name", "track"]


def track(folder: RunFolder, uri: str | None = None, tell: Callable[[int, int], None] = lambda _done, _total: None) -> Store:
    """Log the run, and delete what was logged of it before; `tell` hears how many of the children are logged."""
    run = folder.run()
    if not run.segments:
        raise Problem(f"{folder.path / 'run.json'}: `segments` is empty; a run that never began is not tracked")
    parent, children = entries(run, folder.results(), folder.samples())
    store = Store.choose(folder, uri)
    try:
        with folder.locked(), quiet():
            log = Log.open(store, run, folder)
            home = log.create(parent)
            logged = [home]
            for done, child in enumerate(children):
                tell(done, len(children))
                logged.append(log.create(child, home, behind=len(children) - done))
                log.end(logged[-1])
            log.keep_files(home)
            log.end(home)
            log.forget_all_but(logged)
    except Problem:
        raise
    except Exception as error:  # noqa: BLE001 - MLflow's own, or one of the database, the network or the disk
        raise Problem(f"the run is not tracked in MLflow ({store}): {why(error, store.uri)}") from None
    return store
