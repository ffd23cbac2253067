"""The source fails as it was asked to, and the client tells each failure from bad data."""

from __future__ import annotations

import time

import pytest

from churn import source


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


def test_a_source_that_is_not_there_is_unavailable() -> None:
    """Nobody listens: the same exception, so that the same retries meet it."""
    with source.serving(b"") as url:
        pass
    with pytest.raises(source.SourceUnavailable):
        source.fetch(url, timeout_s=0.5)
