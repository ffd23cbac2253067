"""What a run of a churn pipeline left behind, read from the files and the database, not from what a tool says."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from contract.pipeline import Pipeline

TAG: Final = "trial"
"""The tag of an MLflow run that names the engine start and the trial."""

PREDICTIONS: Final = "predictions.csv"

_RUNS: Final = """
    select kinds.value, runs.run_uuid from runs
    join tags as trials on trials.run_uuid = runs.run_uuid and trials.key = ? and trials.value = ?
    join params as kinds on kinds.run_uuid = runs.run_uuid and kinds.key = 'kind'
    where runs.lifecycle_stage = 'active'
"""

_PARAMETERS: Final = "select key, value from params where run_uuid = ? and key in ('max_depth', 'n_estimators', 'held_out')"

_VERSIONS: Final = """
    select versions.name || ' version ' || versions.version || coalesce(' @' || aliases.alias, '')
    from model_versions as versions
    left join registered_model_aliases as aliases on aliases.name = versions.name and aliases.version = versions.version
    where versions.run_id = ? and versions.current_stage != 'Deleted_Internal'
"""


def traces(work: Pipeline, tag: str, folder: Path, store: Path) -> dict[str, Any]:
    """Return what a run left in the folder, and in the MLflow store under the tag."""
    if work.pipeline == "infer":
        return _predictions(folder / PREDICTIONS)
    try:
        return _recorded(store, tag) if store.exists() else {}
    except sqlite3.Error as error:  # a look at what a run left must not lose a run that went well
        return {"missing_because": f"{store}: {error}"}


def _predictions(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    content = path.read_bytes()
    return {"predictions": hashlib.sha256(content).hexdigest(), "rows": content.count(b"\n") - 1}


def _recorded(store: Path, tag: str) -> dict[str, Any]:
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as database:
        runs = database.execute(_RUNS, (TAG, tag)).fetchall()
        versions: Iterable[str] = [
            version for _, run in runs for (version,) in database.execute(_VERSIONS, (run,)).fetchall()
        ]
        parameters = dict(database.execute(_PARAMETERS, (runs[0][1],)).fetchall()) if runs else {}
    return {"mlflow_runs": sorted(kind for kind, _ in runs), "versions": sorted(versions), "parameters": parameters}
