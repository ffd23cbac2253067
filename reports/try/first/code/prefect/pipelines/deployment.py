"""Both pipelines with a daily schedule: `python -m churn_prefect.pipelines.deployment`, beside a `prefect server start`."""

from __future__ import annotations

from prefect import serve
from prefect.deployments.runner import EntrypointType

from churn_prefect.pipelines.inference import infer
from churn_prefect.pipelines.training import train

if __name__ == "__main__":
    # By default Prefect would look for the flows' files relative to the folder that this was started in.
    module = EntrypointType.MODULE_PATH
    serve(
        train.to_deployment("daily", cron="0 3 * * *", entrypoint_type=module),
        infer.to_deployment("daily", cron="0 4 * * *", entrypoint_type=module),
    )
