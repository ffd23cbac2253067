"""Customers: made up with realistic correlations, or read from a file or a URL, and never used unchecked.

The made-up ones churn with a probability that follows from their columns alone (`churn_probability`), so the best that any
model can reach on them is known.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn import source
from churn.parameters import or_secret
from churn.problem import BadData

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Numbers = Whole | Floats

ID: Final = "customer_id"
LABEL: Final = "churned"


MOST_VALUES: Final = 500_000_000
"""How many values customers may have; in memory they take 4 GB."""

LARGEST: Final = 2.0**53
"""The largest whole number up to which a double counts without a gap."""


@dataclass(frozen=True)
class Column:
    """What a column holds: a name, a whole number or a number; and the range of values that a customer can have."""

    kind: str
    low: float = 0
    high: float = LARGEST


COLUMNS: Final[Mapping[str, Column]] = {
    ID: Column("name"),
    "recency_days": Column("whole"),
    "frequency": Column("whole"),
    "monetary_value": Column("number"),
    "avg_order_value": Column("number"),
    "days_since_signup": Column("whole"),
    "total_orders": Column("whole"),
    "support_tickets": Column("whole"),
    "age": Column("whole", 0, 130),
    LABEL: Column("whole", 0, 1),
}

MEASURES: Final = tuple(name for name in COLUMNS if name not in {ID, LABEL})
"""The columns that a model may look at."""

_BLOCK: Final = 100_000

_LONGEST_HEADER: Final = 10_000
"""How many bytes of a CSV file's first line are looked at to see what is between the columns."""

LEAST_TO_TRAIN: Final = 40
"""Rows, and at least this share of each class is needed too: a split, stratified, must leave both classes on both sides."""

LEAST_OF_A_CLASS: Final = 4


# Made-up customers -----------------------------------------------------------------------------------------------------


def generate(rows: int, seed: int, *, labelled: bool = True) -> pd.DataFrame:
    """Return made-up customers, the same ones for the same seed."""
    random = np.random.default_rng(seed)
    columns = {name: np.empty(rows, np.float64 if COLUMNS[name].kind == "number" else np.int64) for name in COLUMNS}
    columns[ID] = np.arange(1, rows + 1)
    # Block by block, so that the arithmetic stays in the processor's cache, and memory holds little but the result.
    for at in range(0, rows, _BLOCK):
        for name, values in _block(random, min(_BLOCK, rows - at)).items():
            columns[name][at : at + len(values)] = values
    if not labelled:
        del columns[LABEL]
    return pd.DataFrame(columns, copy=False)


def _block(random: np.random.Generator, rows: int) -> dict[str, Numbers]:
    loyalty = random.standard_normal(rows)  # what hides behind all columns, and correlates them
    signup = np.floor(30 + 1800 * random.beta(1.6, 1.9, rows))
    per_year = np.exp(1.55 + 0.55 * loyalty + 0.35 * random.standard_normal(rows))
    total_orders: Whole = 1 + random.poisson(per_year * signup / 365)
    frequency: Whole = np.minimum(total_orders, random.poisson(per_year * np.minimum(signup, 365) / 365))
    order_value: Floats = np.exp(3.7 + 0.15 * loyalty + 0.45 * random.standard_normal(rows)).round(2)
    recency = np.minimum(signup, np.floor(random.exponential(365 / (0.9 + per_year))))
    block: dict[str, Numbers] = {
        "recency_days": recency.astype(np.int64),
        "frequency": frequency,
        "monetary_value": (frequency * order_value).round(2),
        "avg_order_value": order_value,
        "days_since_signup": signup.astype(np.int64),
        "total_orders": total_orders,
        "support_tickets": random.poisson(np.exp(0.1 - 0.35 * loyalty)),
        "age": np.clip(np.round(44 + 13 * random.standard_normal(rows)), 18, 90).astype(np.int64),
    }
    block[LABEL] = (random.random(rows) < churn_probability(block)).astype(np.int64)
    return block


def churn_probability(customers: Mapping[str, Numbers] | pd.DataFrame) -> Floats:
    """Return the probability with which each of the made-up customers churns, given the columns alone."""
    recency = np.asarray(customers["recency_days"], np.float64)
    frequency = np.asarray(customers["frequency"], np.float64)
    tickets = np.asarray(customers["support_tickets"], np.float64)
    signup = np.asarray(customers["days_since_signup"], np.float64)
    value = np.asarray(customers["monetary_value"], np.float64)
    age = np.asarray(customers["age"], np.float64)
    score = -1.1 + 1.1 * np.log1p(recency / 30) - 0.75 * np.log1p(frequency) + 0.42 * tickets
    score += -0.12 * np.log1p(value / 50) + np.where(signup < 180, 0.7, 0.0) - 0.012 * (age - 44)
    return np.asarray(1 / (1 + np.exp(-score)), np.float64)


# Customers from outside ------------------------------------------------------------------------------------------------


def load(where: str, rows: int, seed: int, *, labelled: bool = True) -> pd.DataFrame:
    """Return the customers of a CSV or Parquet file, of a URL that serves one, or made-up ones where none is given."""
    where = or_secret(where, "data")
    if not where:
        return generate(rows, seed, labelled=labelled)
    if where.startswith(("http://", "https://")):
        return _parse(source.fetch(where), where)
    try:
        with Path(where).open("rb") as file:
            content = file.read(source.LARGEST + 1)
    except OSError as error:
        raise BadData(where, [f"it cannot be read: {error.strerror}"]) from None
    if len(content) > source.LARGEST:
        raise BadData(where, [f"it has more than {source.LARGEST} bytes"])
    return _parse(content, where)


def _parse(content: bytes, where: str) -> pd.DataFrame:
    try:
        return _parquet(content, where) if content.startswith(b"PAR1") else _csv(content, where)
    except BadData:
        raise
    except (ValueError, OSError) as error:  # ValueError: also what the CSV parser and the decoder raise
        raise BadData(where, [_why(error)]) from None


def _parquet(content: bytes, where: str) -> pd.DataFrame:
    if (values := _values_in(content)) > MOST_VALUES:
        raise BadData(where, [f"it has {values} values, and at most {MOST_VALUES} are read"])
    return pd.read_parquet(io.BytesIO(content)).reset_index(drop=True)


def _csv(content: bytes, where: str) -> pd.DataFrame:
    header = io.BytesIO(content).readline(_LONGEST_HEADER)
    for separator, name in ((b";", "semicolons"), (b"\t", "tabs")):
        if separator in header and b"," not in header:
            raise BadData(where, [f"there are {name} between its columns, and only commas are read"])
    # Below a header, pandas lets the first row be too long; where there is none, it does not.
    pd.read_csv(io.BytesIO(content), header=None, nrows=2)
    # pandas 3 parses numbers to the last bit. An id is left as it is written: 007 is not 7.
    return pd.read_csv(io.BytesIO(content), dtype={ID: "str"}, index_col=False, low_memory=False)


def _why(error: Exception) -> str:
    """Say why a file cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return "its text is not UTF-8; save it as UTF-8"
    text = " ".join(str(error).split())
    if uneven := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text):
        return f"line {uneven[2]} has {uneven[3]} values, and {uneven[1]} are expected"
    return f"it is neither CSV nor Parquet: {text}"


def _values_in(content: bytes) -> int:
    """Return how many values a Parquet file has: equal ones take no space in the file, and all the more in memory."""
    from pyarrow import parquet  # noqa: PLC0415 - as pandas does, because most tasks read no Parquet here

    size = parquet.read_metadata(io.BytesIO(content))
    return int(size.num_rows * size.num_columns)


def validate(customers: pd.DataFrame, where: str, *, labelled: bool = True) -> pd.DataFrame:
    """Return the customers' known columns in order, as 64-bit numbers, or raise `BadData` that names every problem.

    Only `customer_id` may be a text, for it is none of a model's business.
    """
    where = or_secret(where, "data") or "generated customers"
    wanted = [name for name in COLUMNS if labelled or name != LABEL]
    twice = list(customers.columns[customers.columns.duplicated()].unique())
    problems = [f"column {name} is missing" for name in wanted if name not in customers]
    problems += [f"column {name} is unknown" for name in customers.columns.unique() if name not in COLUMNS]
    problems += [f"column {name} is there twice" for name in twice]
    there = [name for name in wanted if name in customers and name not in twice]
    numbers = {name: _numbers(customers[name], name, problems) for name in there if name != ID}
    problems += _of_all_rows(customers[there], labelled=labelled)
    if problems:
        raise BadData(where, problems)
    return pd.DataFrame({ID: _names(customers[ID]), **numbers}, copy=False)


def _names(values: pd.Series) -> NDArray[Any]:
    if values.dtype.kind in "iu" or values.astype("str").str.fullmatch("0|[1-9][0-9]{0,17}").all():
        return np.asarray(values.astype(np.int64))
    return np.asarray(values.astype("str"), object)


def _numbers(values: pd.Series, name: str, problems: list[str]) -> Numbers:
    """Return a column's values as numbers; say what is wrong with it, with a count of rows and the first of them."""
    column = COLUMNS[name]
    null = np.asarray(values.isna())
    if values.dtype.kind in "bmM":  # true, a date or a duration could be counted, but it is none of these columns
        numbers = np.full(len(values), np.nan)
    else:
        numbers = np.asarray(pd.to_numeric(values, errors="coerce"), np.float64)
    not_a_number = np.isnan(numbers) & ~null
    infinite = np.isinf(numbers)
    usable = ~(null | not_a_number | infinite)
    fraction = usable & (numbers != np.floor(numbers)) & (column.kind == "whole")
    outside = usable & ~fraction & ((numbers < column.low) | (numbers > column.high))
    allowed = f"at least {column.low:g}" if column.high == LARGEST else f"from {column.low:g} to {column.high:g}"
    for wrong, what in (
        (null, "empty"),
        (not_a_number, "not a number"),
        (infinite, "infinite"),
        (fraction, "not a whole number"),
        (outside, f"impossible ({name} is {allowed})"),
    ):
        if count := int(wrong.sum()):
            first = int(np.argmax(wrong))
            problems.append(
                f"{name}: {count} {_rows(count)} {what}, the first is row {first + 1} ({_shown(values.iloc[first])})"
            )
    whole = column.kind == "whole" and bool(usable.all()) and not outside.any()
    return numbers.astype(np.int64) if whole else numbers


def _rows(count: int) -> str:
    return "value is" if count == 1 else "values are"


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _of_all_rows(customers: pd.DataFrame, *, labelled: bool) -> list[str]:
    """Return what is wrong with the table as a whole."""
    problems: list[str] = []
    if ID in customers:
        ids = customers[ID]
        if nameless := int(ids.isna().sum()):
            problems.append(f"{ID}: {nameless} {_rows(nameless)} empty, the first is row {int(np.argmax(ids.isna())) + 1}")
        ids = ids[ids.notna()]
        if repeated := int(ids.duplicated().sum()):
            problems.append(f"{ID}: {repeated} {_rows(repeated)} repeated, such as {_shown(ids[ids.duplicated()].iloc[0])}")
    if not labelled:
        if len(customers) == 0:
            problems.append("there is no customer in it")
        return problems
    if len(customers) < LEAST_TO_TRAIN:
        problems.append(
            f"{len(customers)} rows are too few to train on and to hold some back: give {LEAST_TO_TRAIN} or more"
        )
        return problems
    if LABEL not in customers:
        return problems
    churned = pd.to_numeric(customers[LABEL], errors="coerce")
    counts = {0: int((churned == 0).sum()), 1: int((churned == 1).sum())}
    for label, count in counts.items():
        if count < LEAST_OF_A_CLASS and sum(counts.values()) == len(customers):
            problems.append(
                f"{LABEL}: {count} customers have {label}, and {LEAST_OF_A_CLASS} or more are needed of each class"
            )
    return problems
