"""What we change of the defaults: plain Python has none, so only its version stands here."""

from __future__ import annotations

import platform
from typing import Final

THREADS: Final = "CHURN_PLAIN_THREADS"
"""The environment variable that says how many models are trained at once; all of them, if it is not set."""

VERSIONS: Final = {"python": platform.python_version()}
