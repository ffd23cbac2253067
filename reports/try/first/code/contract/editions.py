"""Edit a pipeline's source as its author would: give a name in it another number.

A cache that looks at code must notice. So `caching.py` of each implementation has the lines `body = 1` in the task's own
function, `helper = 1` in one that it calls, and `KEPT_S = 3600`, which says how long a result is good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FIRST: Final[Mapping[str, int]] = {"body": 1, "helper": 1, "KEPT_S": 3600}
"""What the lines say in the files as they are."""


def edited(source: str, editions: Mapping[str, int]) -> str:
    """Return the source with the numbers in place, each of which it assigns exactly once."""
    for name, number in editions.items():
        source, times = re.subn(rf"^(\s*{name} = )\d+$", rf"\g<1>{number}", source, flags=re.MULTILINE)
        if times != 1:
            raise ValueError(f"{name} is assigned {times} times, not once")
    return source


def write(source: Path, target: Path, editions: Mapping[str, int] = FIRST) -> None:
    """Write the edited source in one piece: a server may be looking."""
    new = target.with_suffix(".new")
    new.write_text(edited(source.read_text(), editions))
    new.replace(target)
