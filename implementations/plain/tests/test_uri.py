"""What is shown of a path or a URL."""

from __future__ import annotations

import pytest

from churn.problem import BadData
from churn.uri import shown

SECRETS = (
    "https://host/x.csv?X-Amz-Signature=SECRET",
    "https://host/x.csv?X-Amz-Signature=a/SECRET@b",
    "https://host/x.csv#SECRET",
    "https://host/x.csv;password=SECRET",
    "https://user:SECRET@host/x.csv",
    "https://SECRET:word@host/x.csv",
    "https://user:SE@SECRET@host/x.csv",
    "postgresql://user:SECRET/SECRET@host/mlflow",
    "postgresql://user:SECRET?SECRET@host/mlflow",
    "postgresql://host/mlflow?user=a&password=SECRET",
)


@pytest.mark.parametrize("url", SECRETS)
def test_no_secret_is_shown(url: str) -> None:
    """Neither a password, whatever is in it, nor a query is shown, here and in an error line; the scheme is."""
    assert "SECRET" not in shown(url) + str(BadData(url, ["it is broken"])) + BadData(url, []).where
    assert shown(url).startswith(f"{url.partition('://')[0]}://")


@pytest.mark.parametrize(
    "where", ["/home/me/a?b@c#d.csv", "nowhere.csv", "", "https://host:8080/x.csv", "sqlite:////a/mlflow.db"]
)
def test_what_holds_no_secret_is_shown_whole(where: str) -> None:
    """A path, and a URL without user and query, are shown as they are."""
    assert shown(where) == where
