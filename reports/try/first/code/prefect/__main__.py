"""`python -m churn_prefect train|infer|check`."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict

from churn import command_line, home
from churn.parameters import Inference, Training


def settings() -> dict[str, str]:
    """Return the settings for a call from a shell, unless the user has chosen others."""
    quiet = {
        # Prefect logs a traceback to stderr for each level that an exception passes. The server keeps all of it.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    }
    if "PREFECT_API_URL" in os.environ:
        return quiet
    # Without a password a web page in a browser of this machine may drive the temporary server.
    password = os.environ.get("PREFECT_API_AUTH_STRING") or f"churn:{secrets.token_urlsafe(16)}"
    return quiet | {
        "PREFECT_API_AUTH_STRING": password,
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_HOME": str(home.folder("prefect")),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
        # With an empty home the temporary server takes longer than the 20 s that Prefect would give it on a busy machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


# Prefect reads its settings on the first import, so the flows are imported after this.


def train(parameters: Training) -> object:
    """Call the flow."""
    from churn_prefect.pipelines import training
    from churn_prefect.pipelines.parameters import TrainingParameters

    return training.train(TrainingParameters(**asdict(parameters)))


def infer(parameters: Inference) -> object:
    """Call the flow."""
    from churn_prefect.pipelines import inference
    from churn_prefect.pipelines.parameters import InferenceParameters

    return inference.infer(InferenceParameters(**asdict(parameters)))


if __name__ == "__main__":
    os.environ.update(settings() | dict(os.environ))
    command_line.main("prefect", train, infer)
