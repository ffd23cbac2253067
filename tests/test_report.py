"""The report says what results.json says, is one page that needs nothing else, and shows hostile names as text."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, orchbench_in, refusal
from pages import OBEYED, STEERING, Page, rendered
from small_runs import edited, results_of, samples_of

from bench.base import wording
from bench.derive.reading import reading
from bench.store.rows import Estimate, row_of

pytest_plugins = ["report_runs"]  # its runs are made once for all tests
pytestmark = pytest.mark.xdist_group("report")

HOSTILE = '<script>alert("it\'s")</script><img src=x onerror=alert(1)>|`&amp; @octocat o@e.example #1 http://e.example :x:'


@pytest.fixture(scope="module")
def two_tools(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run as if two tools had been measured, at both tiers: its first screen compares them."""
    copy = tmp_path_factory.mktemp("two_tools") / "copy"
    shutil.copytree(run, copy)
    names: dict[str, str] = {}
    for path in sorted(copy.glob("starts/*/start.json")):
        with edited(path) as start:
            # Every other start of plain Python's is taken for that of another tool.
            names[path.parent.name] = start["setup"]["orchestrator"] = ("airflow", "dagster")[len(names) % 2]
    for path in copy.glob("trials/*/trial.json"):
        with edited(path) as trial:
            trial["setup"]["orchestrator"] = names[trial["start"]]
    with edited(copy / "run.json") as record:
        record["orchestrators"] = ["airflow", "dagster"]
    done = orchbench_in(copy.parent, "report", "copy")
    assert done.code == 0, done.err
    return copy


def page_of(run: Path) -> Page:
    """Return its report."""
    return Page((run / "report.html").read_text())


KEYS = {
    "estimates": ("scenario", "workload", "orchestrator", "tier", "profile", "deployment", "metric"),
    "ratios": (
        "scenario", "workload", "orchestrator", "tier", "profile", "deployment", "metric",
        "against", "against_deployment", "against_profile",
    ),
    "controls": ("scenario", "orchestrator", "tier", "profile", "deployment"),
    "engines": ("orchestrator", "tier", "profile", "deployment"),
    "ranges": ("scenario", "orchestrator", "tier", "profile", "deployment", "metric"),
    "code": ("orchestrator", "scenario"),
}  # fmt: skip


def test_every_number_is_that_of_the_results(run: Path) -> None:
    """Each number on the page names its row, and has its value, to the digits that are shown."""
    results = results_of(run)
    rows = {table: {"|".join(row[key] for key in keys): row for row in results[table]} for table, keys in KEYS.items()}
    page = page_of(run)
    shown: set[tuple[str, str]] = set()
    for attributes, text in page.numbers:
        row = rows[attributes["data-of"]][attributes["data-key"]]
        value = row[attributes["data-field"]]
        assert float(attributes["value"]) == value
        values = [value]
        if "data-until" in attributes:
            values.append(row["high"])
            assert float(attributes["data-until"]) == row["high"]
        unit = "s" if attributes["data-field"] == "ready_s" else row.get("unit")
        if attributes["data-of"] in {"estimates", "engines", "ranges"} and attributes["data-field"] != "n" and unit:
            assert text == wording.said(unit, *values, like=row.get("median", value))
        else:
            assert float(text.split()[0].replace(",", "")) == pytest.approx(value, rel=0.006, abs=0.5 if "MB" in text else 0)
        shown.add((attributes["data-of"], attributes["data-key"]))
    told = {key for table, key in shown if table == "estimates"}
    noise = {
        key
        for key, row in rows["estimates"].items()
        if row["median"] is not None and reading(row_of(Estimate, row)).kind == "noise"
    }
    assert told | noise >= {key for key, row in rows["estimates"].items() if row["median"] is not None}


def test_the_sentences_hold_no_other_numbers(two_tools: Path) -> None:
    """In the cards, whatever looks like a measurement is one of the marked numbers."""
    cards = (two_tools / "report.html").read_text().partition('<div class="cards">')[2].partition("<em>By hand</em>")[0]
    bare = re.sub(r"<data .*?</data>", "", cards, flags=re.DOTALL)
    assert len(bare) < len(cards)
    assert not re.search(r"\d+(\.\d+)? (ms|us|s|MB|lines|times)\b", re.sub(r"<.*?>", "", bare))


def test_a_range_is_that_of_all_runs(run: Path) -> None:
    """The least and the most of the runs of a scenario that count, whatever their workload."""
    rows = [row for row in results_of(run)["ranges"] if (row["scenario"], row["deployment"]) == ("overhead", "threads")]
    assert [row["metric"] for row in rows] == ["submit_to_first_s", "finish_lag_s"]
    for row in rows:
        where = {"scenario": "overhead", "deployment": "threads", "metric": row["metric"], "warmup": "0", "control": "0"}
        found = [each for each in samples_of(run) if where.items() <= each.items()]
        values = [float(each["value"]) for each in found]
        assert (row["low"], row["high"], row["n"]) == (min(values), max(values), len(values))
        assert row["workloads"] == len({each["workload"] for each in found}) > 1
        assert row["polls"] is False


def test_the_page_needs_nothing_else(run: Path) -> None:
    """It is below 5 MB, fetches nothing, and its own links lead somewhere."""
    path, page = run / "report.html", page_of(run)
    assert path.stat().st_size < 5_000_000
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        assert tag not in {"iframe", "object", "embed", "link"} or attributes.get("href") == "data:,"
        for name in ("src", "href", "xlink:href", "action", "data"):
            target = attributes.get(name)
            if target and target.startswith("#"):
                assert target[1:] in ids, target
            elif target and target != "data:,":
                assert tag == "a" and (run / target).exists(), (tag, target)
    assert not re.search(r"url\(['\"]?(?!#)", path.read_text())
    assert "@import" not in path.read_text()


def test_every_picture_has_words(run: Path) -> None:
    """Charts are pictures with alternative text, and their files lie beside the page."""
    page = page_of(run)
    pictures = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(pictures) > 5
    ids = {attributes.get("id") for _, attributes in page.elements}
    for each in pictures:
        assert each["role"] == "img"
        assert set((each["aria-labelledby"] or "").split()) <= ids
    assert {path.suffix for path in (run / "charts").iterdir()} == {".svg", ".png"}


def test_it_is_the_same_on_another_machine(run: Path, tmp_path: Path, orchbench: Call) -> None:
    """A copied folder renders to the same page, and --out leaves the copy as it is."""
    shutil.copytree(run, tmp_path / "copy" / run.name)
    (tmp_path / "copy" / run.name / "report.html").unlink()
    assert orchbench("report", f"copy/{run.name}").code == 0
    assert (tmp_path / "copy" / run.name / "report.html").read_bytes() == (run / "report.html").read_bytes()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "copy").rglob("*")}
    assert orchbench("report", f"copy/{run.name}", "--out", "elsewhere").code == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "copy").rglob("*")} == before
    assert (tmp_path / "elsewhere" / "report.html").exists()


@pytest.mark.parametrize("change", [{"id": "other"}, {"plan": "other"}, {"segments": []}])
def test_another_run_is_not_written_over(change: dict[str, Any], run: Path, tmp_path: Path, orchbench: Call) -> None:
    """--out takes no folder of a run that has another id, plan or beginning; nothing is written there."""
    shutil.copytree(run, tmp_path / "other")
    with edited(tmp_path / "other" / "run.json") as record:
        record.update(change)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in (tmp_path / "other").rglob("*")}
    assert refusal(orchbench("report", run, "--out", "other")).startswith("other holds another run")
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in (tmp_path / "other").rglob("*")} == before


def test_a_report_is_made_again_where_it_was_written(run: Path, tmp_path: Path, orchbench: Call) -> None:
    """The folder that --out has made holds the same run, and may be given again."""
    for _ in range(2):
        done = orchbench("report", run, "--out", "elsewhere")
        assert done.code == 0, done.err
    assert results_of(tmp_path / "elsewhere") == results_of(run)


def test_hostile_names_are_text(run: Path, tmp_path: Path, orchbench: Call) -> None:
    """HTML and controls in the names of a run, its machine, its settings and its failures are shown, not obeyed."""
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    name = HOSTILE + STEERING

    with edited(copy / "run.json") as record:
        record["id"] = name
        record["suite"] |= {"name": name, "about": name}
        record["host"]["cpu"] = name
        record["git"] = {name: name}
        record["warnings"] = [name]
        record["tools"]["plain"]["title"] = name
    for path in sorted(copy.glob("trials/*/trial.json"))[:6]:
        with edited(path) as trial:
            trial |= {"end": "crashed", "because": name}
            trial["setup"]["isolation"] = name
    for path in sorted(copy.glob("starts/*/start.json")):
        with edited(path) as start:
            start["settings"].append(dict.fromkeys(("name", "value", "default", "because", "profile"), name))
    done = orchbench("report", "copy")
    assert done.code == 0, done.err
    page = page_of(copy)
    assert page.text.count(HOSTILE) >= 6
    assert page.tags.count("script") == 1
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]
    assert "<script" not in (copy / "summary.md").read_text()
    assert "<img" not in (copy / "summary.md").read_text()
    summary = rendered((copy / "summary.md").read_text())
    assert HOSTILE in summary.text and summary.live == []
    files = [copy / "report.html", copy / "summary.md", *copy.glob("charts/*.svg")]
    assert len(files) > 2 and [file.name for file in files if OBEYED.search(file.read_text())] == []


def test_what_is_folded_away_is_on_the_page(two_tools: Path) -> None:
    """The first screen holds what the summary says, the library tier in a fold."""
    text = " ".join(page_of(two_tools).text.split())
    answer = (two_tools / "summary.md").read_text().split("## All scenarios")[0]
    said = [rendered(line[2:]).text.strip() for line in answer.splitlines() if line.startswith("- ")]
    picks = rendered("\n\n".join(re.findall(r"^\*\*.*\*\*: (.*)\.$", answer, re.MULTILINE))).text.splitlines()
    assert "And at the library tier" in text
    assert len([line for line in said if re.search("at the library tier", line, re.IGNORECASE)]) > 1
    assert len(picks) > 1
    assert [line for line in [*said, *picks] if line not in text] == []


def test_the_summary_says_the_same_in_short(run: Path) -> None:
    """The Markdown has the headline numbers of the page, in tables that have as many cells in each row."""
    summary = (run / "summary.md").read_text()
    results = results_of(run)
    row = next(
        row for row in results["estimates"]
        if (row["metric"], row["workload"], row["tier"]) == ("submit_to_first_s", "chain_1", "library")
    )  # fmt: skip
    assert wording.said(row["unit"], row["median"]) in summary
    for table in re.findall(r"(?:^\|.*\n)+", summary, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_the_summary_says_what_a_number_rests_on(run: Path) -> None:
    """How many of the checks passed by what the author wrote, and which numbers are unstable."""
    summary, results = (run / "summary.md").read_text(), results_of(run)
    means: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in results["checks"]:
        if row["verdict"] == "pass":
            means[row["scenario"], row["tier"]][row["means"]] += 1
    assert any(each["by_hand"] for each in means.values())
    for (scenario, tier), each in means.items():
        (line,) = (line for line in summary.splitlines() if line.startswith(f"| {scenario}, {tier} "))
        by_hand = f" ({each['by_hand']} by hand)" if each["by_hand"] else ""
        assert f"<br>{sum(each.values())} pass{by_hand}" in line
    assert any(row["unstable"] for row in results["estimates"])
    assert "\\~" in summary.split("What is marked")[0]


def test_an_unfinished_run_says_so(run: Path, tmp_path: Path, orchbench: Call) -> None:
    """Nobody takes half a run for a whole one."""
    shutil.copytree(run, tmp_path / "copy")
    with edited(tmp_path / "copy" / "run.json") as record:
        record["finished"] = False
    assert orchbench("report", "copy").code == 0
    assert "The run is not finished." in page_of(tmp_path / "copy").text


def test_results_without_their_trials_are_not_overwritten(run: Path, tmp_path: Path, orchbench: Call) -> None:
    """A folder that holds results only, as a sample does, is left as it is."""
    for name in ("run.json", "results.json"):
        shutil.copy(run / name, tmp_path)
    done = orchbench("report", ".")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "trials/" in done.err
    assert (tmp_path / "results.json").read_bytes() == (run / "results.json").read_bytes()
