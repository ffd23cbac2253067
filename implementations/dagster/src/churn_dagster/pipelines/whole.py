"""The training as one asset: what you get by wrapping an existing script, and what you give up."""

# Without `from __future__ import annotations`: Dagster wants the class that `context` is annotated with, not its name.

import dagster as dg

from churn import script
from churn.parameters import Training
from churn_dagster.pipelines.notifications import notify_failure
from churn_dagster.pipelines.resources import RESOURCES
from contract.steps import step


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=2, delay=1))
def trained_by_script(context: dg.AssetExecutionContext, training: dg.ResourceParam[Training]) -> str:
    """Run the script; a retry runs all of it again."""
    return script.train(training, "dagster", context.run.run_id, step)


train_whole = dg.define_asset_job("train_whole", [trained_by_script])

defs = dg.Definitions(assets=[trained_by_script], jobs=[train_whole], sensors=[notify_failure], resources=RESOURCES)
