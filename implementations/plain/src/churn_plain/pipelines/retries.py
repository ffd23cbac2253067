"""Retries: what the tools bring with them, and what a script has to write."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def retry(
    times: int, delay_s: float, backoff: float = 1, unless: type[Exception] | tuple[()] = ()
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Call again after an exception, each time after `backoff` times the delay; not after one that would only come again."""

    def decorate(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(call)
        def again(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            for attempt in range(times):
                try:
                    return call(*args, **kwargs)
                except unless:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it was, it may pass
                    print(f"{call.__name__} failed ({error}), and is tried again", file=sys.stderr, flush=True)
                    time.sleep(delay_s * backoff**attempt)
            return call(*args, **kwargs)

        return again

    return decorate
