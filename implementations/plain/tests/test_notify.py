"""A webhook that cannot be told: the failure that it was to be told of stands, and the URL stays a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from churn import notify

NO_URLS = (
    "SECRET",
    "//host/SECRET",
    "https://[SECRET",
    "https:///SECRET",
    "http://host:SECRET/",
    "http://127.0.0.1/a SECRET",
    "http://127.0.0.1/\x1b]52;c;SECRET",
    "http://user:SECRET@127.0.0.1/",
    "http://user:SECRET/@127.0.0.1/",
    "http://\udc80/SECRET",
    "http://127.0.0.1/\udc80SECRET",
    f"http://{'a' * 70}.example/SECRET",
    "ftp://127.0.0.1/SECRET",
    "data:text/plain,SECRET",
)


@pytest.mark.parametrize("url", NO_URLS)
def test_a_malformed_url_is_neither_an_error_nor_shown(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the URL is, nothing is raised, and one line says that nobody was notified."""
    notify.failure(url, "a tool", "train", "the real failure")
    assert len(caplog.records) == 1
    assert "SECRET" not in caplog.text


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("ftp://127.0.0.1/SECRET", "https://"),
        ("hooks.example/SECRET", "https://"),
        ("http://user:SECRET@127.0.0.1/", "user name"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url: str, named: str, caplog: pytest.LogCaptureFixture) -> None:
    """So that whoever gave it can mend it."""
    notify.failure(url, "a tool", "train", "the real failure")
    assert named in caplog.text and "SECRET" not in caplog.text


def test_no_file_is_opened(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A webhook is http or https."""
    file = tmp_path_factory.mktemp("canary") / "canary"
    file.write_text("")
    with pytest.raises(ValueError):
        notify.post(file.as_uri(), "a text")


@contextmanager
def answering(line: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.wfile.write(line)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/SECRET"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("line", [b"HTTP/1.0 404 \x1b[2JNo\r\n\r\n", b"nonsense\r\n", b""])
def test_what_a_webhook_answers_is_not_shown(line: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """One that refuses, or speaks no HTTP, is named by its host alone."""
    with answering(line) as url, caplog.at_level(logging.WARNING):
        notify.failure(url, "a tool", "train", "the real failure")
    assert "127.0.0.1" in caplog.text
    assert "SECRET" not in caplog.text and "\x1b" not in caplog.text
