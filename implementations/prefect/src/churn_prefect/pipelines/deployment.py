"""The training every night, and the inference with each new champion, beside a `prefect server start`.

Start it with `python -m churn_prefect.pipelines.deployment`.
"""

from __future__ import annotations

from prefect import serve
from prefect.events import DeploymentEventTrigger
from prefect.types.entrypoint import EntrypointType

from churn_prefect.pipelines.inference import infer
from churn_prefect.pipelines.training import train

champion = DeploymentEventTrigger(
    name="a new champion",
    expect={"churn.champion.registered"},
    parameters={
        "parameters": {
            "model": "{{ event.payload.model }}",
            "alias": "{{ event.payload.alias }}",
            "tracking": "{{ event.payload.tracking }}",
        }
    },
)

if __name__ == "__main__":
    # By default Prefect would look for the flows' files relative to the folder that this was started in.
    module = EntrypointType.MODULE_PATH
    serve(
        # A training moves the alias, and an inference writes the file of predictions: one of each at a time.
        train.to_deployment("daily", cron="0 3 * * *", concurrency_limit=1, entrypoint_type=module),
        infer.to_deployment("with_each_champion", triggers=[champion], concurrency_limit=1, entrypoint_type=module),
        pause_on_shutdown=False,  # a restart keeps the schedule
    )
