"""What the steps of the two small pipelines do; each shows one pattern: a kept result, and a frame that is passed."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from churn.problem import BadParameters

if TYPE_CHECKING:
    import pandas as pd

# pandas takes half a second to import, and one of the two pipelines does not need it: functions import it.
# ruff: noqa: PLC0415

WORK_S: Final = 0.5
"""How long the result that is worth keeping takes."""

BALLAST: Final = 100_000
"""Characters that come with it, so that there is something to store."""

WAYS: Final = ("value", "store", "file")
"""How a frame goes from one step to the next: as the returned value, on the tool's most direct path; through storage that
the tool keeps values in; or as a Parquet file that one step writes and the other reads, with only the path as the value."""

COLUMNS: Final = 8


@dataclass(frozen=True)
class Cached:
    """What the pipeline `cached` can be told."""

    value: int = 1
    unhashable: bool = False
    """Whether the step is also given something that no hash can be made of."""
    by_file: bool = False
    """Whether the result goes by the whole source file, where the tool's usual way is another one."""


@dataclass(frozen=True)
class Passing:
    """What the pipeline `passing` can be told."""

    size: int = 1_000_000
    """Bytes of the frame."""
    way: str = "value"

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise BadParameters(f"way is {self.way!r}; it is one of {', '.join(WAYS)}")


def slow(text: str) -> dict[str, str]:
    """Return the text, as the result of some work."""
    time.sleep(WORK_S)
    return {"text": text, "ballast": "x" * BALLAST}


def frame(size: int) -> pd.DataFrame:
    """Return a table of that many bytes: random numbers, which no format can make much smaller."""
    import numpy as np
    import pandas as pd

    rows = max(1, size // (8 * COLUMNS))
    numbers = np.random.default_rng(size).random((rows, COLUMNS))
    return pd.DataFrame(numbers, columns=[f"c{i}" for i in range(COLUMNS)])


def checksum(table: pd.DataFrame) -> str:
    """Return a hash of the numbers and the shape of a table."""
    digest = hashlib.blake2b(repr((table.shape, list(table.columns))).encode(), digest_size=8)
    for name in table.columns:
        digest.update(table[name].to_numpy().tobytes())
    return digest.hexdigest()
