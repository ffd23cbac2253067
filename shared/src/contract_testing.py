"""For the tests of a tool: what a trial has logged and its bodies did, and a webhook that keeps what is posted to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


def events_of(folder: Path | str) -> list[dict[str, Any]]:
    """Return what has been logged in the folder of a trial, in the order of time."""
    events = [json.loads(line) for log in Path(folder).glob("events-*.jsonl") for line in log.read_text().splitlines()]
    return sorted(events, key=lambda event: event["t"])


def bodies_in(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return which tasks began and ended, and with which token, a hash of the parents' tokens; in no order of time."""
    return sorted((event["kind"], event["node"], event.get("data", {}).get("token", "")) for event in events)


@contextmanager
def webhook(path: str = "") -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Listen at a loopback URL with that path; yield the URL, and what has been posted there."""
    posted: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{path}", posted
        finally:
            server.shutdown()
