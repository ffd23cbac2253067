"""A message to a webhook, as Slack or Discord want it."""

from __future__ import annotations

import json
import logging
import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException, InvalidURL
from typing import Final

from churn.parameters import or_secret
from churn.uri import shown

_LONGEST: Final = 2000
"""Characters of a message: Discord refuses longer ones."""


class BadWebhook(ValueError):
    """The URL cannot be posted to; the message says why, and quotes nothing of it."""


def failure(webhook: str, orchestrator: str, pipeline: str, what: str) -> None:
    """Tell the webhook that a pipeline failed. No webhook, no message; and one that is down must not hide the failure."""
    webhook = or_secret(webhook, "webhook")
    if not webhook:
        return
    try:
        post(webhook, f"{pipeline} failed on {orchestrator}: {what}")
    except (OSError, HTTPException, ValueError) as error:  # the latter two: the URL is none
        logging.getLogger(__name__).warning("nobody was notified: %s: %s", _host(webhook), _reason(error))


def post(webhook: str, text: str) -> None:
    """Post a text in the payload format of the webhook's owner."""
    url = urllib.parse.urlsplit(webhook)
    if url.scheme not in {"http", "https"}:
        raise BadWebhook("it does not begin with http:// or https://")
    if "@" in url.netloc:
        raise BadWebhook("a user name in the address is not supported")
    body = json.dumps(payload(webhook, text)).encode()
    request = urllib.request.Request(  # noqa: S310 - http(s), see above
        webhook, body, {"Content-Type": "application/json", "User-Agent": "churn"}
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
        pass


def _host(webhook: str) -> str:
    """Return all that may be shown: whoever knows the URL can post."""
    found = re.match(r"https?://([A-Za-z0-9][A-Za-z0-9.-]*)(?=[:/]|$)", shown(webhook))
    return found[1] if found else "the webhook"


def _reason(error: Exception) -> str:
    # The texts of most of these errors quote the URL, or what a server wrote; the kind of the error does not.
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered {error.code}"
    if isinstance(error, BadWebhook):
        return str(error)
    if isinstance(error, ValueError | InvalidURL):
        return "it is not a URL"
    cause = getattr(error, "reason", error)
    return type(cause if isinstance(cause, Exception) else error).__name__


def payload(webhook: str, text: str) -> dict[str, str]:
    """Return `content` for Discord, `text` for Slack and all that take Slack's format (Discord does, at `.../slack`)."""
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    path = urllib.parse.urlsplit(webhook).path.rstrip("/")
    discord = ("discord" in webhook or path.endswith("/discord")) and not path.endswith("/slack")
    return {"content": text} if discord else {"text": text}
