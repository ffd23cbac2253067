"""The churn pipelines in plain Python, through the command line: what the three tools have to match."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from churn import customers, models, scoring, source
from churn.features import training_set
from churn.parameters import Training
from contract_testing import webhook

SMALL = ("--rows=600", "--n-estimators=10")


def churn(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "ORCHBENCH"))}
    return subprocess.run(
        [sys.executable, "-m", "churn_plain", *arguments],
        env=env | {"CHURN_HOME": str(home)} | variables,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_predictions_are_those_of_the_core(tmp_path: Path) -> None:
    """Training and inference by command line predict what calling the core predicts, to the last bit."""
    assert churn(tmp_path, "train", *SMALL).returncode == 0
    done = churn(tmp_path, "infer", "--rows=100", "--seed=8")
    assert done.returncode == 0, done.stderr
    parameters = Training(rows=600, n_estimators=10)
    data = training_set(customers.generate(600, 7), parameters.held_out, 7)
    trained = {kind: models.train(kind, data, parameters) for kind in models.KINDS}
    best = max(models.KINDS, key=lambda kind: models.evaluate(trained[kind], data)["roc_auc"])
    expected = scoring.score(trained[best], customers.generate(100, 8, labelled=False))
    written = pd.read_csv(done.stdout.strip())
    pd.testing.assert_frame_equal(expected, written, check_exact=True)


def test_a_source_that_fails_twice_is_survived(tmp_path: Path) -> None:
    """Two requests fail, the third delivers, and the run continues."""
    content = customers.generate(600, 7).to_csv(index=False).encode()
    with source.serving(content, ["500", "truncated"]) as url:
        done = churn(tmp_path, "train", f"--data={url}", *SMALL)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("is tried again") == 2


@pytest.mark.parametrize(("path", "key"), [("/services/T0/B0/x", "text"), ("/api/webhooks/1/discord", "content")])
def test_a_failure_is_posted_to_the_webhook(tmp_path: Path, path: str, key: str) -> None:
    """A refused gate is posted to Slack and to Discord, each in its own format; the run ends with one line and code 1."""
    with webhook(path) as (url, posted):
        done = churn(tmp_path, "train", "--min-roc-auc=1", "--tracking=files", f"--webhook={url}", *SMALL)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert [list(each) for each in posted] == [[key]]
    assert "train failed on plain Python" in posted[0][key]
    assert "roc_auc" in posted[0][key]
    assert not list(tmp_path.glob("registry/*.json"))


@pytest.mark.parametrize("url", ["https://[SECRET", "http://hooks.example:SECRET/", "ftp://hooks.example/SECRET", "SECRET"])
def test_a_webhook_that_is_no_url_hides_no_failure(tmp_path: Path, url: str) -> None:
    """The real failure ends the run as it would without a webhook, and the URL, which is a secret, is not quoted."""
    done = churn(tmp_path, "train", "--min-roc-auc=1", "--tracking=files", f"--webhook={url}", *SMALL)
    assert done.returncode == 1
    assert "roc_auc" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "SECRET" not in done.stdout + done.stderr


def test_what_may_be_secret_can_be_given_by_environment(tmp_path: Path) -> None:
    """Webhook and customers are those of the environment, unless the command line names others; help shows neither."""
    with webhook() as (url, posted):
        secret = {"CHURN_WEBHOOK": url, "CHURN_DATA": "nowhere.csv"}
        assert "nowhere.csv" in churn(tmp_path, "train", **secret).stderr
        assert "elsewhere.csv" in churn(tmp_path, "train", "--data=elsewhere.csv", **secret).stderr
    assert len(posted) == 2
    shown = churn(tmp_path, "train", "--help", **secret).stdout
    assert url not in shown and "nowhere.csv" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rows=20",), "20 rows are too few"),
        (("--n-estimators=0",), "n_estimators is 0"),
        (("--data=nowhere.csv",), "it cannot be read"),
        (("--tracking=paper",), "tracking is 'paper'"),
        (("--model=../../evil/x",), "model is"),
        (("--data=http://user:pass@word@localhost/x",), "http://"),
    ],
)
def test_what_the_reader_can_mend_is_one_line_and_code_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Bad data and bad parameters are named in one line; nothing is registered, and no file is left."""
    done = churn(tmp_path, "train", *arguments)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert said in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
