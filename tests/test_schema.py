"""The published schemas: what is written is what they say, in the files of this version and in those that are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Call
from golden import pack
from jsonschema import Draft202012Validator, ValidationError
from small_runs import results_of, validator

from bench.store.folder import RunFolder
from bench.store.rows import Results
from bench.store.schema import FILES, schema_of

REPORTS = Path(__file__).parents[1] / "reports"
KEPT = [REPORTS / "sample", *sorted((REPORTS / "earlier").iterdir())]


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A real run of an earlier schema, with what this version derives from it."""
    folder = tmp_path_factory.mktemp("golden")
    pack.derive(pack.unpack(folder / "raw"), folder / "derived")
    return RunFolder(folder / "raw")


@pytest.mark.parametrize("file", FILES)
def test_a_schema_is_one(file: str, orchbench: Call) -> None:
    """The command prints each, and the default is that of the results."""
    printed = orchbench("schema", file).out
    Draft202012Validator.check_schema(json.loads(printed))
    assert file != "results" or orchbench("schema").out == printed


def test_what_is_written_is_valid(golden: RunFolder) -> None:
    """Results, and the records that they are derived from."""
    assert results_of(golden.path.parent / "derived")["estimates"]
    records = [("run", golden.run()), *(("trial", each) for each in golden.trials())]
    for file, record in [*records, *(("start", each) for each in golden.starts())]:
        validator(file).validate(msgspec.json.decode(msgspec.json.encode(record)))


@pytest.mark.parametrize("run", KEPT, ids=lambda run: run.name)
def test_what_was_written_before_is_valid(run: Path) -> None:
    """The schema covers the results of all earlier versions, and they are read."""
    document = results_of(run)
    read = RunFolder(run).results()
    assert [each.median for each in read.estimates] == [row["median"] for row in document["estimates"]]
    assert {(each.setup.orchestrator, each.setup.database) for each in read.checks} == {
        (row["orchestrator"], row.get("database", "none" if row["orchestrator"] == "plain" else "sqlite"))
        for row in document["checks"]
    }
    if (run / "samples.csv").exists():
        assert {each.setup.key for each in RunFolder(run).samples()} >= {each.setup.key for each in read.estimates}


def test_what_is_read_is_written_again(golden: RunFolder) -> None:
    """Nothing is lost on the way from the file to the structs and back."""
    document = results_of(golden.path.parent / "derived")
    assert Results.of(document).document() == document


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        ("estimates", {"median": "fast"}),
        ("ratios", {"better": "larger"}),
        ("checks", {"verdict": "maybe"}),
        ("controls", {"tier": None}),
        ("engines", {"names": "webserver"}),
    ],
)
def test_a_row_of_another_form_is_invalid(golden: RunFolder, table: str, broken: dict[str, Any]) -> None:
    """The schema says what a row holds, and the keys of its setup too."""
    document = json.loads((golden.path.parent / "derived" / "results.json").read_text())
    document[table][0] |= broken
    with pytest.raises(ValidationError):
        validator("results").validate(document)


def test_each_field_of_a_row_is_described_or_named_for_what_it_is() -> None:
    """Descriptions come from the code: no table of the schema is without one, and `low` says an interval of what it is."""
    tables = schema_of("results")["$defs"]
    assert all(each["description"] for each in tables.values())
    assert "interval" in tables["Estimate"]["properties"]["low"]["description"]
    assert tables["Ratio"]["properties"]["workload"] == tables["Estimate"]["properties"]["workload"]
    assert "setup" not in tables["Estimate"]["properties"] and "database" in tables["Estimate"]["properties"]
