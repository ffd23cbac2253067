"""What is shown of a path or a URL."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from churn.problem import BadData
from churn.uri import login_apart, shown

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


@pytest.mark.parametrize("written", ["a:b", "a/b", "a@b", "a%2Fb", "a%40b", "a?b", ""])
def test_a_password_is_taken_apart_whatever_is_in_it(written: str) -> None:
    """It ends at the last @, and may be encoded."""
    uri, user, password = login_apart(f"https://anna:{written}@host:5000/x")
    assert (uri, user, password) == ("https://host:5000/x", "anna", unquote(written))


def test_a_url_without_a_login_has_none() -> None:
    """Nothing is taken from it."""
    assert login_apart("https://host:5000/x") == ("https://host:5000/x", "", "")
