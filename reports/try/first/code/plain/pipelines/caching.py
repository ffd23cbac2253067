"""A kept result: begin -> compute -> use, where `compute` does not run again while nothing that it depends on has changed.

It is written by hand: a file named after the arguments and the code of this module. Nobody deletes old files.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from churn import home
from churn.patterns import Cached, slow
from contract.steps import step

KEPT_S = 3600


def cached(parameters: Cached) -> None:
    """Compute something slow, and use it."""
    value = begin(parameters.value)
    arguments = (value, Lock()) if parameters.unhashable else (value,)
    use(kept(compute, *arguments))


@step("begin")
def begin(value: int) -> int:
    """Return what the result depends on."""
    return value


def compute(value: int, _lock: object = None) -> dict[str, str]:
    """Compute what is worth keeping."""
    with step("compute"):
        body = 1
        return slow(f"{describe(value)}/{body}")


def describe(value: int) -> str:
    """Help the above."""
    helper = 1
    return f"{value}/{helper}"


def use(result: dict[str, str]) -> None:
    """Use the result."""
    with step("use", token=result["text"]):
        pass


def kept(call: Callable[..., dict[str, str]], *arguments: Any) -> dict[str, str]:
    """Return the result of an earlier call with the same arguments and code, if it is not too old; else call."""
    try:
        key = json.dumps(arguments)
    except TypeError:
        return call(*arguments)  # without a key nobody knows whether there is a result
    digest = hashlib.sha256(key.encode() + Path(__file__).read_bytes()).hexdigest()
    file = home.folder("plain-kept") / digest
    with (home.folder("plain-locks") / digest).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the second call waits, and finds the result
        try:
            if time.time() - file.stat().st_mtime < KEPT_S:
                found: dict[str, str] = pickle.loads(file.read_bytes())  # noqa: S301 - our own file
                return found
        except (FileNotFoundError, pickle.UnpicklingError):
            pass  # there is no result, or none that can be read
        result = call(*arguments)
        with home.replacing(file) as new:
            new.write_bytes(pickle.dumps(result))
        return result
