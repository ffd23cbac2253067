"""The asset by which Airflow runs the inference after a training: a task that has it as an outlet has renewed it.

A run that an asset starts has no parameters of its own, so the event of the asset says where the champion is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airflow.sdk import Asset

CHAMPION: Final = Asset("churn_champion")

_FOUND_BY: Final = ("model", "alias", "tracking")


def tell(outlet_events: Mapping[Asset, Any], params: Mapping[str, Any], version: str) -> None:
    """Put into the event where the training has left its champion, and which version that is."""
    outlet_events[CHAMPION].extra = {"version": version, **{name: params[name] for name in _FOUND_BY}}


def told(triggering_asset_events: Mapping[Asset, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a run; where trainings have started it, with where the last of them has left its champion."""
    events = triggering_asset_events.get(CHAMPION)
    # Nobody promises an order of the events.
    extra = max(events, key=lambda event: event.timestamp).extra if events else {}
    return {**params, **{name: extra[name] for name in _FOUND_BY if name in extra}}
