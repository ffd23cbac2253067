"""The asset by which Airflow runs the inference after each training: a task that has it as an outlet has renewed it."""

from __future__ import annotations

from typing import Final

from airflow.sdk import Asset

CHAMPION: Final = Asset("churn_champion")
