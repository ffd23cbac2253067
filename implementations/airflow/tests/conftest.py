"""Keeps Airflow, which makes a home for itself when it is imported, away from the user's own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_HOME = tempfile.TemporaryDirectory(prefix="airflow-home-")
os.environ |= {
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parents[1] / "src" / "churn_airflow"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
