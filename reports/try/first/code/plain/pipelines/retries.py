"""Retries: the tools have them, a script has to write them."""

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
    """Call again after an exception, and wait `backoff` times longer each time; give up at once after one of `unless`."""

    def decorate(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(call)
        def again(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            for attempt in range(times):
                try:
                    return call(*args, **kwargs)
                except unless:
                    raise
                except Exception as error:  # noqa: BLE001 - any failure may pass
                    print(f"{call.__name__} failed ({error}), and is tried again", file=sys.stderr, flush=True)
                    time.sleep(delay_s * backoff**attempt)
            return call(*args, **kwargs)

        return again

    return decorate
