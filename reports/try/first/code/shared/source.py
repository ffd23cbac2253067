"""A source of customers that fails by plan, and the client that meets it: a flaky API is why retries exist."""

from __future__ import annotations

import http.client
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from churn.problem import BadData
from churn.uri import shown

FAULTS: Final = ("429", "500", "timeout", "truncated")

TIMEOUT_S: Final = 5.0
"""How long a client waits for an answer."""

WHOLE_S: Final = 600.0
"""How long a client waits for the whole of it, however steadily it comes."""

LARGEST: Final = 1_000_000_000
"""How many bytes customers may have: some millions of them."""

RETRY_AFTER_S: Final = 1


class SourceUnavailable(ConnectionError):
    """The source did not deliver; asking again may help. When, each tool's own backoff says, whatever Retry-After does."""


def fetch(url: str, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return what the URL serves, whole, or raise `SourceUnavailable`; a URL that cannot be asked is `BadData`."""
    name = shown(url)
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - http(s), the caller has looked
            content = _content(response)
    except urllib.error.HTTPError as error:
        raise SourceUnavailable(f"{name} answered {error.code}") from None
    except http.client.IncompleteRead as error:
        raise SourceUnavailable(f"{name} broke off after {len(error.partial)} bytes") from None
    except OSError as error:  # URLError and TimeoutError among them
        raise SourceUnavailable(f"{name} did not answer: {error}") from None
    except (http.client.InvalidURL, ValueError):  # UnicodeError among them; each of them quotes the URL
        raise BadData(url, ["it is not a URL that can be asked; one with a user or a password in it cannot"]) from None
    if len(content) > LARGEST:
        raise BadData(url, [f"it has more than {LARGEST} bytes"])
    return content


def _content(response: http.client.HTTPResponse) -> bytes:
    """Read an answer to its end, or beyond the limits: one that never ends would fill the memory, or never fill it."""
    content, deadline = bytearray(), time.monotonic() + WHOLE_S
    while len(content) <= LARGEST and (part := response.read1(2**20)):
        content += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"it was not complete after {WHOLE_S:.0f} s")
    if len(content) <= LARGEST and response.length:
        raise http.client.IncompleteRead(bytes(content), response.length)
    return bytes(content)


@contextmanager
def serving(content: bytes, faults: Sequence[str] = ()) -> Iterator[str]:
    """Serve the content at the URL that is yielded; each fault spoils one request, in order."""
    planned = iter(faults)
    # A page in a browser of this machine can have a name of its own stand for 127.0.0.1, and read what it can guess.
    path = f"/{secrets.token_hex(16)}/customers"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.partition("?")[0] != path:
                self.send_error(404)
                return
            fault = next(planned, None)
            if fault in {"429", "500"}:
                self.send_response(int(fault))
                if fault == "429":
                    self.send_header("Retry-After", str(RETRY_AFTER_S))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if fault == "timeout":
                time.sleep(TIMEOUT_S + 1)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if fault == "truncated" else content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{path}"
    finally:
        server.shutdown()
        server.server_close()
