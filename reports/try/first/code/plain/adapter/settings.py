"""What we change of the defaults: plain Python has none, so there is only the version."""

from __future__ import annotations

import platform
from typing import Final

VERSIONS: Final = {"python": platform.python_version()}
