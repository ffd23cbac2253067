"""Customers: made-up ones are worth learning from, and broken ones are refused with every problem named at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churn import customers, models, scoring, source
from churn.features import training_set
from churn.parameters import Training
from churn.problem import BadData

Break = Callable[[pd.DataFrame], object]


def good() -> pd.DataFrame:
    return customers.generate(200, 7)


def put(column: str, value: object, row: int = 2) -> Break:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table[column] = table[column].astype(object)
        table.loc[row, column] = value
        return table

    return change


BROKEN: dict[str, tuple[Break, list[str]]] = {
    "a column is missing": (lambda t: t.drop(columns="age"), ["column age is missing"]),
    "two columns are missing": (lambda t: t.drop(columns=["age", "frequency"]), ["age is missing", "frequency is missing"]),
    "a column is unknown": (lambda t: t.assign(colour="red"), ["column colour is unknown"]),
    "the label is missing": (lambda t: t.drop(columns="churned"), ["column churned is missing"]),
    "a word among numbers": (
        put("recency_days", "soon"),
        ["recency_days: 1 value is not a number, the first is row 3 (soon)"],
    ),
    "a whole column of words": (lambda t: t.assign(age="old"), ["age: 200 values are not a number"]),
    "a null": (put("monetary_value", None), ["monetary_value: 1 value is empty"]),
    "an empty id": (put("customer_id", None), ["customer_id: 1 value is empty"]),
    "a negative value": (put("support_tickets", -1), ["support_tickets: 1 value is impossible", "at least 0", "(-1)"]),
    "a negative amount": (put("avg_order_value", -0.5), ["avg_order_value: 1 value is impossible"]),
    "an impossible age": (put("age", 200), ["age: 1 value is impossible (age is from 0 to 130)"]),
    "an infinite value": (put("monetary_value", np.inf), ["monetary_value: 1 value is infinite"]),
    "half an order": (put("total_orders", 2.5), ["total_orders: 1 value is not a whole number"]),
    "a third class": (put("churned", 2), ["churned: 1 value is impossible"]),
    "a label in words": (lambda t: t.assign(churned="yes"), ["churned: 200 values are not a number"]),
    "true and false": (lambda t: t.assign(churned=t.churned == 1), ["churned: 200 values are not a number"]),
    "a missing column and a broken one": (
        lambda t: put("age", -1)(t).drop(columns="frequency"),  # type: ignore[attr-defined]
        ["frequency is missing", "age: 1 value is impossible"],
    ),
    "dates": (lambda t: t.assign(recency_days=pd.Timestamp("2026-01-01")), ["recency_days: 200 values are not a number"]),
    "an absurd number": (put("total_orders", 1e30), ["total_orders: 1 value is impossible"]),
    "a duplicate id": (put("customer_id", 1), ["customer_id: 1 value is repeated, such as 1"]),
    "too few rows": (lambda t: t.head(20), ["20 rows are too few"]),
    "no rows": (lambda t: t.head(0), ["0 rows are too few"]),
    "a single class": (lambda t: t.assign(churned=0), ["churned: 0 customers have 1"]),
    "hardly anyone of a class": (lambda t: t.assign(churned=[1, 1, *[0] * 198]), ["churned: 2 customers have 1"]),
    "several problems at once": (
        lambda t: put("age", -3)(put("frequency", "often")(t)),  # type: ignore[arg-type]
        ["frequency: 1 value is not a number", "age: 1 value is impossible"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_broken_customers_are_refused_with_every_problem_named(name: str, suffix: str, tmp_path: Path) -> None:
    """A broken table is refused in one line that names each problem, its column, its count of rows and an example."""
    change, expected = BROKEN[name]
    table = change(good())
    path = tmp_path / f"customers{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.astype({c: str for c in table.columns if table[c].dtype == object and c != "colour"}).to_parquet(path)
    with pytest.raises(BadData) as caught:
        customers.validate(customers.load(str(path), 0, 0), str(path))
    assert "\n" not in str(caught.value)
    if suffix == ".csv":
        assert [each for each in expected if each not in str(caught.value)] == []


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PAR1 and nothing more", b'a,b\n"1'])
def test_what_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    """A file that is neither CSV nor Parquet is refused, and so is one that is not there."""
    path = tmp_path / "customers.csv"
    path.write_bytes(content)
    for where in (path, tmp_path / "none.csv"):
        with pytest.raises(BadData):
            customers.validate(customers.load(str(where), 0, 0), str(where))


LINES = good().to_csv(index=False).splitlines()
UNREADABLE: dict[str, tuple[bytes, list[str]]] = {
    "semicolons": ("\n".join(LINES).replace(",", ";").encode(), ["semicolons"]),
    "semicolons, and commas in numbers": ("\n".join(LINES).replace(",", ";").replace(".", ",").encode(), ["semicolons"]),
    "tabs": ("\n".join(LINES).replace(",", "\t").encode(), ["tabs"]),
    "a long row": ("\n".join([*LINES[:6], f"{LINES[6]},1,2", *LINES[7:]]).encode(), ["line 7", "12", "10"]),
    "a long first row": ("\n".join([LINES[0], f"{LINES[1]},1,2", *LINES[2:]]).encode(), ["line 2", "12", "10"]),
    "a column without a name": ("\n".join([LINES[0], *(f"0,{each}" for each in LINES[1:])]).encode(), ["line 2", "11"]),
    "Latin-1": ("\n".join([*LINES, f"M\u00fcller{LINES[1]}"]).encode("latin-1"), ["UTF-8"]),
    "UTF-16": ("\n".join(LINES).encode("utf-16"), ["UTF-8"]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("content", "named"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_keeps_a_csv_from_being_read_is_one_problem(content: bytes, named: list[str], tmp_path: Path) -> None:
    """It is not ten missing columns, and pandas warns of nothing."""
    path = tmp_path / "customers.csv"
    path.write_bytes(content)
    with pytest.raises(BadData) as caught:
        customers.validate(customers.load(str(path), 0, 0), str(path))
    (problem,) = caught.value.problems
    assert [each for each in named if each not in problem] == []


def test_customers_survive_csv_and_parquet_to_the_last_bit(tmp_path: Path) -> None:
    """What is written as CSV or Parquet and read again is the same table."""
    table = good()
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        read = customers.validate(customers.load(str(tmp_path / name), 0, 0), name)
        pd.testing.assert_frame_equal(table, read, check_exact=True)


def test_the_same_seed_makes_the_same_customers() -> None:
    """Customers follow from their number and seed alone."""
    pd.testing.assert_frame_equal(customers.generate(500, 3), customers.generate(500, 3), check_exact=True)
    assert not customers.generate(500, 3).equals(customers.generate(500, 4))


def test_made_up_customers_make_sense() -> None:
    """No customer bought more in a year than ever, or before signing up; a third or so of them churn."""
    table = customers.validate(customers.generate(20_000, 5), "")
    assert (table.frequency <= table.total_orders).all()
    assert (table.recency_days <= table.days_since_signup).all()
    assert 0.25 < table.churned.mean() < 0.4
    assert table[["frequency", "total_orders"]].corr().iloc[0, 1] > 0.5
    assert table[["recency_days", "churned"]].corr().iloc[0, 1] > 0.2


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_best_model_comes_close_to_what_the_data_allow(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """ROC AUC of the winner is within 0.02 of that of the probabilities which the customers were made with."""
    parameters = Training(seed=seed)
    table = customers.generate(parameters.rows, seed)
    data = training_set(table, parameters.held_out, seed)
    held_out = data.table["held_out"].to_numpy()
    best = roc_auc_score(table.churned[held_out], customers.churn_probability(table)[held_out])
    reached = max(models.evaluate(models.train(kind, data, parameters), data)["roc_auc"] for kind in models.KINDS)
    with capsys.disabled():
        print(f"\nseed {seed}: the winner's ROC AUC is {reached:.4f}, and the best possible is {best:.4f}")
    assert best - 0.02 < reached < 0.95


def test_scoring_needs_no_labels() -> None:
    """Customers to be scored have no `churned`; where it is there, it is not looked at."""
    table = good()
    scored = customers.validate(table.drop(columns="churned"), "", labelled=False)
    pd.testing.assert_frame_equal(scored, customers.validate(table.assign(churned="?"), "", labelled=False))
    assert "churned" not in scored


def test_ids_may_be_texts(tmp_path: Path) -> None:
    """Customers may be called whatever their owner calls them, and predictions call them the same."""
    table = good()
    table["customer_id"] = [f"{number:04d}" for number in table.customer_id]
    table.to_csv(tmp_path / "a.csv", index=False)
    read = customers.validate(customers.load(str(tmp_path / "a.csv"), 0, 0), "a.csv")
    assert list(read.customer_id) == list(table.customer_id)
    data = training_set(read, 0.25, 7)
    model = models.train("logistic_regression", data, Training())
    assert list(scoring.score(model, read).customer_id) == list(table.customer_id)


def test_what_index_a_table_had_does_not_matter(tmp_path: Path) -> None:
    """Parquet keeps a frame's index; two parts put together have one that names rows twice."""
    parts = good().head(100), good().tail(100).reset_index(drop=True)
    pd.concat(parts).to_parquet(tmp_path / "a.parquet")
    read = customers.validate(customers.load(str(tmp_path / "a.parquet"), 0, 0), "a.parquet")
    pd.testing.assert_frame_equal(good(), read, check_exact=True)


def test_a_csv_with_quotes_and_spaces_is_read() -> None:
    """What spreadsheets write is read: quoted numbers, and a byte-order mark."""
    text = good().to_csv(index=False, quoting=1)
    read = customers._parse(b"\xef\xbb\xbf" + text.encode(), "x")  # noqa: SLF001
    pd.testing.assert_frame_equal(good(), customers.validate(read, "x"), check_exact=True)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its bytes, or by what a Parquet file says that it holds: equal values take no space in it."""
    table = customers.generate(1000, 1)
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(customers, "MOST_VALUES", 1000)
    monkeypatch.setattr(source, "LARGEST", (tmp_path / "a.csv").stat().st_size - 1)
    with pytest.raises(BadData, match=r"at most 1000|more than"):
        customers.load(str(tmp_path / name), 0, 0)
