"""A message to a webhook, as Slack or Discord want it."""

from __future__ import annotations

import json
import logging
import urllib.parse
import urllib.request
from typing import Final

_LONGEST: Final = 2000
"""Characters of a message: Discord refuses longer ones."""


def failure(webhook: str, orchestrator: str, pipeline: str, what: str) -> None:
    """Tell the webhook that a pipeline failed. No webhook, no message; and one that is down must not hide the failure."""
    if not webhook:
        return
    try:
        post(webhook, f"{pipeline} failed on {orchestrator}: {what}")
    except OSError as error:
        logging.getLogger(__name__).warning("nobody was notified: %s", error)


def post(webhook: str, text: str) -> None:
    """Post a text in the payload format of the webhook's owner."""
    body = json.dumps(payload(webhook, text)).encode()
    request = urllib.request.Request(  # noqa: S310 - the user's own URL
        webhook, body, {"Content-Type": "application/json", "User-Agent": "churn"}
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
        pass


def payload(webhook: str, text: str) -> dict[str, str]:
    """Return `content` for Discord, `text` for Slack and all that take Slack's format (Discord does, at `.../slack`)."""
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    path = urllib.parse.urlsplit(webhook).path.rstrip("/")
    discord = ("discord" in webhook or path.endswith("/discord")) and not path.endswith("/slack")
    return {"content": text} if discord else {"text": text}
