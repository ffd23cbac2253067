"""Features are computed the same way for everyone, from what was learnt on training data alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churn import customers
from churn.features import FEATURES, Features, fingerprint, training_set


def test_what_is_held_out_teaches_nothing() -> None:
    """The quintiles are those of the training rows, whatever the held-out rows hold."""
    table = customers.generate(1000, 1)
    data = training_set(table, 0.25, 1)
    held_out = data.table["held_out"].to_numpy()
    changed = table.copy()
    changed.loc[held_out, "monetary_value"] = 1e9
    again = training_set(changed, 0.25, 1)
    for column, quintiles in data.features.quintiles_.items():
        np.testing.assert_array_equal(quintiles, again.features.quintiles_[column])
    assert held_out.mean() == pytest.approx(0.25)
    assert table.churned[held_out].mean() == pytest.approx(table.churned.mean(), abs=0.01)


def test_a_customer_gets_the_same_features_alone_and_in_a_crowd() -> None:
    """Applying the features to one row gives that row of applying them to all."""
    table = customers.generate(300, 2)
    features = Features().fit(table)
    crowd = features.transform(table)
    assert tuple(crowd.columns) == FEATURES
    for row in (0, 17, 299):
        alone = features.transform(table.iloc[[row]])
        pd.testing.assert_frame_equal(alone, crowd.iloc[[row]].reset_index(drop=True), check_exact=True)


def test_scores_are_quintiles_and_recent_is_good() -> None:
    """Of distinct values each score holds a fifth; the most recent customers have an R score of 5."""
    table = customers.generate(1000, 3).assign(recency_days=np.arange(1000), monetary_value=np.arange(1000.0))
    scores = Features().fit(table).transform(table)
    assert scores.r_score.value_counts().to_dict() == dict.fromkeys([1, 2, 3, 4, 5], 200)
    assert scores.m_score.value_counts().to_dict() == dict.fromkeys([1, 2, 3, 4, 5], 200)
    assert (scores.r_score[:200] == 5).all()
    assert (scores.rfm_score == scores.r_score + scores.f_score + scores.m_score).all()


def test_ties_constants_and_tiny_tables_work() -> None:
    """Equal values get equal scores; a constant column and a table of one row are no problem."""
    table = customers.generate(50, 4).assign(frequency=3)
    assert len(set(Features().fit(table).transform(table).f_score)) == 1
    one = table.head(1)
    assert np.isfinite(Features().fit(one).transform(one).to_numpy(np.float64)).all()
    nothing = table.assign(frequency=0, total_orders=0, days_since_signup=0)
    assert np.isfinite(Features().fit(nothing).transform(nothing).to_numpy(np.float64)).all()


def test_the_fingerprint_knows_what_matters() -> None:
    """Another customer, split or seed is another fingerprint, and the same ones are the same."""
    table = customers.generate(100, 5)
    same = fingerprint(table, 0.25, 7)
    assert same == fingerprint(table.copy(), 0.25, 7)
    other = table.copy()
    other.loc[3, "age"] += 1
    assert len({same, fingerprint(other, 0.25, 7), fingerprint(table, 0.3, 7), fingerprint(table, 0.25, 8)}) == 4
