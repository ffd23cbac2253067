"""What MLflow takes: the names of metrics, parameters and tags, and the lengths of their values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from bench.base.text import masked

PARAM_LENGTH, TAG_LENGTH = 500, 5000
"""How many characters of a value are logged: MLflow 3 takes 6000 and 8000, and older versions take fewer."""

_ALLOWED: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")
"""Less than MLflow allows, which takes 250 characters, of every alphabet, and slashes, if they lead to no other path."""


def allowed(name: str) -> str:
    """Return the name, or a substitute that MLflow takes; only substitutes have a colon, so that no two names become one."""
    if _ALLOWED.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{re.sub('[^A-Za-z0-9_-]', '_', name)[:80]}:{digest}"


def fitting(values: Mapping[str, object], length: int) -> dict[str, str]:
    """Return the values that there are, without credentials, under names that MLflow takes, and cut to the length."""
    return {allowed(key): masked(str(value))[:length] for key, value in values.items() if value is not None}
