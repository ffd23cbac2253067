"""What Dagster's own commands load: `dagster dev -m churn_dagster.pipelines.deployment`."""

from __future__ import annotations

import dagster as dg

from churn_dagster.pipelines import inference, training
from churn_dagster.pipelines.notifications import notify_failure
from churn_dagster.pipelines.resources import RESOURCES

defs = dg.Definitions(
    # The job of each pipeline selects the assets of its group.
    assets=[
        *dg.load_assets_from_modules([training], group_name="training"),
        *dg.load_assets_from_modules([inference], group_name="inference"),
    ],
    asset_checks=dg.load_asset_checks_from_modules([training]),
    jobs=[training.train, inference.infer],
    schedules=[dg.ScheduleDefinition(job=training.train, cron_schedule="0 3 * * *")],
    sensors=[inference.infer_with_new_champion, notify_failure],
    resources=RESOURCES,
)
