"""Notifications: a script has to report its own failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from churn import notify
from churn.parameters import Common


@contextmanager
def failure_is_notified(pipeline: str, parameters: Common) -> Iterator[None]:
    """Post the exception that ends the pipeline to the webhook, and raise it again."""
    try:
        yield
    except Exception as error:
        notify.failure(parameters.webhook, "plain Python", pipeline, str(error))
        raise
