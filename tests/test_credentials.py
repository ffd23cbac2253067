"""Passwords, tokens and signed URLs go nowhere: not to a terminal, not into a page, not to MLflow."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from conftest import ORCHBENCH, Call, call, refusal
from hypothesis import given
from hypothesis import strategies as st
from small_runs import edited
from tracked_runs import another_store, logged

from bench.base.text import MASK, masked, masked_url
from contract.servers import free_port

pytestmark = pytest.mark.xdist_group("tracked")  # as in test_tracking

LOGINS = {
    "plain": "anna:qwertz-uiopas",
    "a slash": "anna:qwertz/uiopas",
    "an at": "anna:qwertz@uiopas",
    "both": "anna:qwertz/@uiopas@x/",
    "a question mark": "anna:qwertz?uiopas",
    "a hash": "anna:qwertz#uiopas",
    "a space": "anna:qwertz uiopas",
    "encoded": "anna:qwertz%2Fuiopas%40",
    "a number first": "anna:1234/qwertz-uiopas",
    "a token": "qwertz-uiopas",
}
SECRETS = ("qwertz", "uiopas")


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
@pytest.mark.parametrize("login", LOGINS)
def test_no_error_of_mlflow_tells_a_password(login: str, scheme: str, tracked_copy: Path, orchbench: Call) -> None:
    """Whatever a library makes of the tracking URI, and whatever it says when that fails."""
    uri = f"{scheme}://{LOGINS[login]}@127.0.0.1:{free_port()}/runs"
    done = orchbench("track", tracked_copy, "--uri", uri, timeout=60)
    said = done.out + done.err
    assert done.code == 2 and "Traceback" not in said and "127.0.0.1" in said, said
    assert [secret for secret in SECRETS if secret in said] == []


QUERIES = ("password=qwertz", "a=b&access_token=qwertz", "X-Amz-Signature=qwertz/uiopas", "sig=qwertz")


@pytest.mark.parametrize("query", QUERIES)
def test_no_error_of_mlflow_tells_a_query(query: str, tracked_copy: Path, orchbench: Call) -> None:
    """A password may stand behind the address, too."""
    done = orchbench("track", tracked_copy, "--uri", f"http://127.0.0.1:{free_port()}?{query}", timeout=60)
    said = done.out + done.err
    assert done.code == 2 and [secret for secret in SECRETS if secret in said] == [], said


MISTAKES = {
    "no scheme": "anna:qwertz-uiopas@127.0.0.1:5000",
    "no scheme, a slash and an at": "anna:qwertz/@uiopas@127.0.0.1:5000/runs",
    "no scheme but slashes": "//anna:qwertz-uiopas@127.0.0.1:5000",
    "no colon": "http//anna:qwertz-uiopas@127.0.0.1:5000",
    "no slashes": "http:anna:qwertz-uiopas@127.0.0.1:5000",
    "a slash too many": "http:///anna:qwertz-uiopas@127.0.0.1:5000",
    "a wide at sign": "http://anna:qwertz-uiopas\uff20127.0.0.1:5000",
    "a small at sign": "http://anna:qwertz-uiopas\ufe6b127.0.0.1:5000",
    "for a driver": "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BSERVER%3D127.0.0.1%3BUID%3Danna%3BPWD%3Dqwertz%3Buiopas",
    "for a driver, first": "mssql+pyodbc:///?odbc_connect=pwd%3dqwertz%3buiopas%3bserver%3d127.0.0.1",
    "for a driver, bare": "mssql+pyodbc:///?odbc_connect=DRIVER={x};SERVER=127.0.0.1;PWD={qwertz;uiopas}",
    "a bearer": "http://127.0.0.1/?apikey=x&bearer=qwertz-uiopas",
    "a header": "http://127.0.0.1/?auth_header=qwertz-uiopas",
    "for another page": "http://127.0.0.1/?next=http%3A%2F%2Fh.example%2F%3Fa%3Db%26token%3Dqwertz",
}
"""URIs as people write them by mistake, and as drivers of databases take them."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_no_mistake_shows_a_password(mistake: str) -> None:
    """Alone, in quotes, as the value of something, and as a path, for which a library may take it."""
    uri = MISTAKES[mistake]
    for said in (uri, f"no scheme in '{uri}'.", f"uri={uri}", f"/home/bob/{uri}"):
        assert [secret for secret in SECRETS if secret in masked(said)] == [], masked(said)
        assert masked(masked(said)) == masked(said)


@pytest.mark.parametrize(
    "mistake", ["no scheme", "no scheme but slashes", "a slash too many", "a wide at sign", "for a driver"]
)
def test_no_error_of_mlflow_tells_what_was_mistaken(mistake: str, tracked_copy: Path, orchbench: Call) -> None:
    """Whether it takes it for a path, for another scheme, or for no URI at all."""
    done = orchbench("track", tracked_copy, "--uri", MISTAKES[mistake], timeout=60)
    said = done.out + done.err
    assert "Traceback" not in said and [secret for secret in SECRETS if secret in said] == [], said


def test_nothing_that_mlflow_is_told_holds_credentials(tracked_copy: Path, tmp_path: Path, orchbench: Call) -> None:
    """The address of the customers is a parameter; its signature is not."""
    with edited(tracked_copy / "run.json") as record:
        record["data"] = {"file": "https://anna:qwertz@store.example/customers.csv?version=7&X-Amz-Signature=uiopas"}
    uri = another_store(tracked_copy, tmp_path)
    done = orchbench("track", tracked_copy, "--uri", uri, timeout=60)
    assert done.code == 0, done.err
    (parent,), children = logged(uri)
    told = json.dumps([[each.data.params, each.data.tags] for each in (parent, *children)])
    assert "store.example/customers.csv?version=7" in told
    assert [secret for secret in SECRETS if secret in told] == []


def test_what_is_shown_and_rendered_of_a_run_holds_none(tracked_copy: Path, orchbench: Call) -> None:
    """An error that quotes a signed URL is told without what opens it: in the terminal, the page and the summary."""
    because = "ConnectionError: https://anna:qwertz@store.example/c.csv?sig=uiopas, tried 3 times"
    for path in sorted(tracked_copy.glob("trials/*/trial.json")):
        with edited(path) as trial:
            trial |= {"end": "crashed", "because": because}
    done = orchbench("report", tracked_copy)
    assert done.code == 0, done.err
    shown = orchbench("show", tracked_copy)
    for text in (shown.out, *((tracked_copy / name).read_text() for name in ("report.html", "summary.md"))):
        assert "store.example/c.csv" in text and "tried 3 times" in text
        assert [secret for secret in SECRETS if secret in text] == []


def test_a_mistake_is_named_without_the_password(tmp_path: Path) -> None:
    """An error line quotes what was given."""
    done = call(ORCHBENCH, "report", "https://anna:qwertz/uiopas@h/run?token=uiopas", cwd=tmp_path)
    assert MASK in refusal(done) and [secret for secret in SECRETS if secret in done.err] == []


@given(st.text().filter(lambda text: "://" not in text))
def test_any_password_is_masked(password: str) -> None:
    """Whatever characters it has."""
    assert masked_url(f"postgresql://anna:{password}@host.example/runs") == f"postgresql://{MASK}@host.example/runs"


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////home/anna@work/mlflow.db",
        "file:///home/a@b/mlruns",
        "https://store.example/a/b?page=2&keep=yes",
        "anna@example.org asked for a=b; see http://127.0.0.1:5000.",
        "databricks://profile",
        "mailto:anna@example.org, <anna@example.org>",
        "lodash@4.17.21 git@github.com:org/repo.git 50%",
        "12:30@Berlin 2026-01-01T12:30:45@host /home/anna@work/a.py:12:",
        r"C:\Users\anna@work sorted(key=None)",
        "Intel(R) Xeon(R) CPU @ 2.20GHz",
        "",
    ],
)
def test_what_is_no_secret_is_told(text: str) -> None:
    """Paths, addresses and harmless queries stay as they are."""
    assert masked(text) == text


def test_the_sentence_around_a_url_is_kept() -> None:
    """What follows the URL is not taken for a part of the secret."""
    assert masked("(see https://h.example/x?token=abc), then 'http://a:b@h.example'.") == (
        f"(see https://h.example/x?token={MASK}), then 'http://{MASK}@h.example'."
    )


LONG = {
    "schemes": "a://" * 50_000,
    "letters": "a" * 200_000 + "=",
    "queries": "?token=" * 50_000,
    "no value": "?" * 200_000 + "=",
    "ends": "?token=" + ")" * 200_000,
    "logins": "a://" + "b@" * 90_000,
    "users": "(a" * 100_000 + "@",
    "encoded": "%26key" * 40_000,
    "names": ";" + "key" * 70_000,
}


@pytest.mark.parametrize("case", LONG)
def test_long_texts_are_masked_soon(case: str) -> None:
    """A stranger's text cannot make it take long."""
    began = time.monotonic()
    masked(LONG[case])
    assert time.monotonic() - began < 5
