"""The training as one task: what one gets by wrapping a script that is there, and what one gives up."""

from __future__ import annotations

from uuid import uuid4

from churn import script
from churn.parameters import Training
from churn_plain.pipelines.notifications import failure_is_notified
from churn_plain.pipelines.retries import retry
from contract.steps import step


def train_whole(parameters: Training) -> str:
    """Run the script, and notify of its failure."""
    with failure_is_notified("train_whole", parameters):
        return train(parameters, str(uuid4()))


@retry(times=2, delay_s=1)
def train(parameters: Training, run: str) -> str:
    """Be the one task, which is tried again as a whole."""
    return script.train(parameters, "plain", run, step)
