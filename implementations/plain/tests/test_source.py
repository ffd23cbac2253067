"""The source fails as it was asked to, and the client tells each failure from bad data."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from churn import customers, source
from churn.problem import BadData


@pytest.mark.parametrize(
    ("fault", "said"),
    [("429", "answered 429"), ("500", "answered 500"), ("timeout", "did not answer"), ("truncated", "broke off")],
)
def test_each_fault_is_met_once_and_then_the_source_delivers(fault: str, said: str) -> None:
    """A request that fails as planned raises `SourceUnavailable`; the next one gets everything."""
    with source.serving(b"x" * 100_000, [fault]) as url:
        began = time.monotonic()
        with pytest.raises(source.SourceUnavailable, match=said):
            source.fetch(url, timeout_s=0.5)
        assert time.monotonic() - began < 3
        assert source.fetch(url) == b"x" * 100_000


def test_only_who_was_told_the_url_is_served() -> None:
    """A path that can be guessed is not found, and costs no fault: that is how a page in a browser would ask."""
    with source.serving(b"customers", ["500"]) as url:
        origin = "/".join(url.split("/")[:3])
        for path in ("/customers", "/", "//customers"):
            with pytest.raises(source.SourceUnavailable, match="404"):
                source.fetch(origin + path)
        with pytest.raises(source.SourceUnavailable, match="500"):
            source.fetch(url)
        assert source.fetch(url) == b"customers"


def test_a_source_that_is_not_there_is_unavailable() -> None:
    """Nobody listens: the same exception, so that the same retries meet it."""
    with source.serving(b"") as url:
        pass
    with pytest.raises(source.SourceUnavailable):
        source.fetch(url, timeout_s=0.5)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:SECRET@127.0.0.1/x.csv",
        "http://127.0.0.1/a b?X-Amz-Signature=SECRET",
        "http://[?SECRET",
        "http://127.0.0.1:x/?SECRET",
        "http://\udc80/?SECRET",
    ],
)
def test_what_is_no_url_is_bad_data(url: str) -> None:
    """It is refused in one line, without the password and the signature in it; asking again would not help."""
    with pytest.raises(BadData) as refusal:
        customers.load(url, rows=0, seed=0)
    assert len(str(refusal.value).splitlines()) == 1
    assert "SECRET" not in str(refusal.value)


def test_a_signature_is_in_no_error_line() -> None:
    """What is said of a signed URL that fails, or that serves no customers, leaves the signature out."""
    with source.serving(b"x", ["500", "truncated"]) as url:
        signed = f"{url}?X-Amz-Signature=SECRET"
        for _ in range(2):
            with pytest.raises(source.SourceUnavailable) as failure:
                source.fetch(signed)
            assert url in str(failure.value) and "SECRET" not in str(failure.value)
        with pytest.raises(BadData) as refusal:
            customers.validate(customers.load(signed, rows=0, seed=0), signed)
        assert url in str(refusal.value) and "SECRET" not in str(refusal.value)


@pytest.fixture
def endless() -> Iterator[str]:
    """A URL that serves bytes until somebody has had enough: at once, or a few at a time below `/slowly`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    if self.path == "/slowly":
                        time.sleep(0.05)
                    self.wfile.write(b"x" * (1 if self.path == "/slowly" else 100_000))
            except OSError:
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_answer_without_an_end_is_refused(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill the memory."""
    monkeypatch.setattr(source, "LARGEST", 10_000_000)
    with pytest.raises(BadData, match="10000000"):
        source.fetch(endless)


def test_an_answer_that_comes_too_slowly_is_given_up(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of it comes in time, and the last one never."""
    monkeypatch.setattr(source, "WHOLE_S", 0.5)
    began = time.monotonic()
    with pytest.raises(source.SourceUnavailable):
        source.fetch(f"{endless}/slowly")
    assert time.monotonic() - began < 5
