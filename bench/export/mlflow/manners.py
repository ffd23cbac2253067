"""How MLflow is kept from talking, and from trying for long; and what it says when it fails, in one line."""

from __future__ import annotations

import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, TypeVar

from bench.base.text import login_of, masked

Answer = TypeVar("Answer")

_SETTINGS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # a benchmark must not phone home
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # what goes wrong is said below, in one line
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",  # it is imported, and not needed
    # A server that is gone must not hold up a run's end: MLflow would try for minutes, and wait as long as it is told to.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
}
"""MLflow's settings by environment variable, where the user has not set them."""

_CUT_ELSEWHERE: Final = re.compile(r"[/@?#\s]")
"""What stands encoded in a password: libraries cut the URI there, and name the pieces when they fail."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep MLflow and what is below it from talking, and from trying for long."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """Return what the call returns, or raise when it takes longer; it then ends with the process."""
    answer: Future[Answer] = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever waits for the answer
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        if answer.done():
            raise
        raise TimeoutError(f"it gave no answer within {seconds:.0f} s") from None


def why(error: BaseException, uri: str) -> str:
    """Say in one line what is at the bottom of an error: MLflow wraps those of the libraries below it, at length."""
    if _CUT_ELSEWHERE.search(login_of(uri)):
        return f"{type(error).__name__}; in a password, write / as %2F, @ as %40, ? as %3F and # as %23"
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        if isinstance(inner, LookupError):  # how it found out that it does not know something
            break
        error = inner
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    where = getattr(error, "filename", None)
    line = " ".join(masked(f"{where}: {said}" if where else said).split())
    return line if len(line) <= 300 else f"{line[:300]} ..."
