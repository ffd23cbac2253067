"""What is set outside of the code: how many models are trained at once."""

from __future__ import annotations

from typing import Final

THREADS: Final = "CHURN_PLAIN_THREADS"
"""The environment variable with the number; all of them at once, if it is not set."""
