"""The training as one task: what you get by wrapping an existing script, and what you give up."""

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
    """Run the script; a retry runs all of it again."""
    return script.train(parameters, "plain", run, step)
