"""`python -m churn_plain train|infer|check`."""

from __future__ import annotations

from churn import command_line
from churn_plain.pipelines.inference import infer
from churn_plain.pipelines.training import train

if __name__ == "__main__":
    command_line.main("plain", train, infer)
