"""The browser of the tests, and what is said where there is none."""

from __future__ import annotations

import os
import shutil
from typing import Final

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
BROWSER: Final = next((path for name in NAMES if (path := shutil.which(name))), None)


def needs_a_browser(otherwise: str) -> pytest.MarkDecorator:
    """Skip a test where there is no browser, and say what is not tested then.

    `make` can bring Python packages, but no browser. GitHub's machines have one, and so there a test without it fails.
    """
    return pytest.mark.skipif(
        BROWSER is None and "GITHUB_ACTIONS" not in os.environ,
        reason=f"there is no Chromium or Chrome here, and `make` installs Python packages only: {otherwise}; "
        f"to test that too, put {', '.join(NAMES[:-1])} or {NAMES[-1]} on the PATH",
    )


def path_of_browser() -> str:
    """Return the path of the browser."""
    assert BROWSER, f"none of {', '.join(NAMES)} is on the PATH"
    return BROWSER
