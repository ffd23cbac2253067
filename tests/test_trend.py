"""A trend shows many runs in the order of their beginning, and draws no line where nothing can be compared."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Call
from drawings import look
from pages import HOSTILE, OBEYED, STEERING, Page, rendered
from small_runs import block, edited, finished_run, record_of, results_of, suite_of

from bench.report.charts import Curve, Point, Scales, curves

pytestmark = pytest.mark.xdist_group("trend")  # the runs are made once

SUITE = suite_of(block("overhead", repeat=2, reference_starts=2, options={"sizes": {"chain": [1, 20]}}))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of plain Python."""
    return finished_run(tmp_path_factory.mktemp("measured"), SUITE)


def week(measured: Path, target: Path, number: int, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Path:
    """Make the run of another week of it: what a trend reads, with numbers that are larger week by week."""
    target.mkdir(parents=True)
    run = record_of(measured)
    day = date(2025, 12, 31) + timedelta(weeks=number)
    run["segments"][0]["began"], run["id"] = f"{day}T03:00:00+00:00", target.name
    change(run)
    (target / "run.json").write_text(json.dumps(run))
    results = results_of(measured) | {"run": run["id"]}
    for row in results["estimates"]:
        for key in ("median", "low", "high"):
            row[key] = None if row[key] is None else row[key] * number
    (target / "results.json").write_text(json.dumps(results))
    return target


def series(document: dict[str, Any], metric: str = "per_task_ms", subject: str = "plain/threads") -> dict[str, Any]:
    """Return one number of one subject."""
    found = [each for each in document["numbers"] if (each["metric"], each["subject"]) == (metric, subject)]
    assert len(found) == 1
    return dict(found[0])


def on_another_host(run: dict[str, Any]) -> None:
    """Measure it elsewhere."""
    run["host"]["name"] = "elsewhere"


def on_a_slower_host_of_that_name(run: dict[str, Any]) -> None:
    """Measure it on a machine that looks the same."""
    run["cpu_rounds_per_s"] *= 0.77


def with_another_scenario(run: dict[str, Any]) -> None:
    """Measure it in another way."""
    run["scenarios"]["overhead"] = 99


def with_another_version(run: dict[str, Any]) -> None:
    """Measure another version of the tool."""
    run["versions"]["plain"]["python"] = "4.0"


def with_a_longer_chain(run: dict[str, Any]) -> None:
    """Lay the line through another size."""
    run["suite"]["blocks"][0]["options"]["sizes"]["chain"] = [1, 20, 50]


def by_schema_one(run: dict[str, Any]) -> None:
    """Have it written by the first version of this program."""
    run["schema"] = 1


def test_runs_come_in_the_order_of_their_beginning(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """However the folders are named and given, and with the numbers of their results.json."""
    third, first = week(measured, tmp_path / "a", 3), week(measured, tmp_path / "b", 1)
    second = week(measured, tmp_path / "more" / "c", 2)
    done = orchbench("trend", third, first, tmp_path / "more", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert [run["id"] for run in document["runs"]] == ["b", "c", "a"]
    its = series(document)
    for point, folder in zip(its["points"], (first, second, third), strict=True):
        rows = results_of(folder)["estimates"]
        row = next(
            row for row in rows if (row["metric"], row["workload"], row["deployment"]) == ("per_task_ms", "chain", "threads")
        )
        assert point == {"run": point["run"], "draw": False} | {
            key: row[key] for key in ("median", "low", "high", "n", "missing_because")
        }
    assert its["breaks"] == []


def test_numbers_of_another_meaning_break_the_line(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """A run whose report was made again by a later version has that version's numbers, whatever it was measured by."""
    folders = [week(measured, tmp_path / str(n), n) for n in (1, 2)]
    with edited(folders[1] / "results.json") as results:
        version = results["scenarios"]["overhead"]
        results["scenarios"]["overhead"] += 1
    done = orchbench("trend", *folders)
    assert "run 2 cannot be compared with run 1" in done.out
    assert f"the numbers of overhead are derived by version {version} and {version + 1}" in done.out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (on_another_host, "elsewhere"),
        (on_a_slower_host_of_that_name, "host pace is"),
        (with_another_scenario, "version of scenario overhead is"),
        (with_a_longer_chain, "lays chain through"),
        (by_schema_one, "schema is"),
    ],
)
def test_what_cannot_be_compared_breaks_the_line(
    change: Callable[[dict[str, Any]], object], said: str, measured: Path, orchbench: Call, tmp_path: Path
) -> None:
    """Another machine, scenario version, size or schema does, on either side of it, and each form of the trend says why."""
    folders = [week(measured, tmp_path / str(n), n, change if n == 2 else lambda _: None) for n in (1, 2, 3)]
    done = orchbench("trend", *folders, "--out", "t.html", "--markdown", "t.md")
    assert done.code == 0, done.err
    assert series(json.loads(orchbench("trend", *folders, "--json").out))["breaks"] == [2, 3]
    for text in (done.out, Page((tmp_path / "t.html").read_text()).text, rendered((tmp_path / "t.md").read_text()).text):
        assert "run 2 cannot be compared with run 1" in text and "run 3 cannot be compared with run 2" in text
        assert said in text


def test_a_new_version_of_a_tool_breaks_no_line(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """What it does to the numbers is what a trend is for; the page names it beside the run."""
    folders = [week(measured, tmp_path / str(n), n, with_another_version if n == 2 else lambda _: None) for n in (1, 2)]
    document = json.loads(orchbench("trend", *folders, "--out", "t.html", "--json").out)
    assert series(document)["breaks"] == []
    assert "4.0" in document["runs"][1]["since"][0]["said"]
    assert "4.0" in Page((tmp_path / "t.html").read_text()).text


def test_what_differs_at_one_tier_breaks_no_line_of_another(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """A scenario may be measured with few sizes at the tier where runs are long."""

    def sized(*sizes: int) -> Callable[[dict[str, Any]], None]:
        def change(run: dict[str, Any]) -> None:
            own = run["suite"]["blocks"][0]
            run["suite"]["blocks"].append(own | {"tier": "service", "options": {"sizes": {"chain": sizes}}})

        return change

    folders = [week(measured, tmp_path / str(n), n, sized(1, 8 * n)) for n in (1, 2)]
    document = json.loads(orchbench("trend", *folders, "--json").out)
    assert [each["tier"] for each in document["runs"][1]["since"]] == ["service"]
    assert series(document)["breaks"] == []


def test_what_a_poll_draws_makes_no_trend(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """What begins with the submission is in parentheses, without an interval and without a line; what comes later is not."""
    folders = [week(measured, tmp_path / str(n), n) for n in (1, 2, 3)]
    steady = orchbench("trend", *folders, "--out", "steady.html").out
    with edited(folders[1] / "results.json") as results:
        for row in results["ranges"]:
            row["polls"] = True
    done = orchbench("trend", *folders, "--out", "t.html", "--markdown", "t.md")
    document = json.loads(orchbench("trend", *folders, "--json").out)
    drawn = {each["metric"] for each in document["numbers"] if any(point["draw"] for point in each["points"])}
    assert "per_run_ms" in drawn and "per_task_ms" not in drawn
    assert [point["draw"] for point in series(document, "per_run_ms")["points"]] == [False, True, False]
    page, before = (Page((tmp_path / name).read_text()) for name in ("t.html", "steady.html"))
    draws = sum(point["draw"] for each in document["numbers"] for point in each["points"])
    for text in (done.out, page.text, rendered((tmp_path / "t.md").read_text()).text):
        assert len(re.findall(r"\([\d.]+ (?:us|ms|s)\)", text)) == draws
    assert not re.search(r"\([\d.]+ (?:us|ms|s)\)", steady + before.text)


def test_a_line_is_drawn_between_comparable_runs_only() -> None:
    """Of four points with a break at the third, the chart's line has two parts."""
    points = [Point(float(x), float(x)) for x in (1, 2, 3, 4)]
    strokes = {}
    for breaks in ((), (3,)):
        svg = str(curves("t", Scales("run", "ms"), [Curve("k", "plain", look("plain"), points, breaks=breaks)]).svg)
        strokes[breaks] = max(path.count("M") for path in re.findall(r' d="([^"]*)"', svg) if path.count("L") >= 2)
    assert strokes == {(): 1, (3,): 2}


def test_the_page_has_a_chart_of_each_number(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """Each headline number has its chart and its table, whose values are those of the results."""
    folders = [week(measured, tmp_path / str(n), n) for n in (1, 2)]
    document = json.loads(orchbench("trend", *folders, "--out", "t.html", "--json").out)
    page = Page((tmp_path / "t.html").read_text())
    numbers = {(each["scenario"], each["tier"], each["metric"], each["workload"]) for each in document["numbers"]}
    assert page.tags.count("svg") == len(numbers) > 3
    medians = [point["median"] for each in document["numbers"] for point in each["points"] if point["median"] is not None]
    assert sorted(page.values) == sorted(medians)
    assert not [link for link in page.links if link.startswith("http")]


def test_the_sample_report_can_be_shown(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """A committed run of another machine, whatever its schema, is welcome."""
    done = orchbench("trend", ROOT / "reports/earlier/2026-11-20-quick", week(measured, tmp_path / "a", 1), "--json")
    assert done.code == 0, done.err
    assert {len(each["points"]) for each in json.loads(done.out)["numbers"]} == {1, 2}


def test_hostile_names_are_text(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """The id of a run, its host and its versions are shown as they are, and make nothing of the page."""

    def change(run: dict[str, Any]) -> None:
        run["id"] = run["host"]["name"] = run["versions"]["plain"]["python"] = HOSTILE + STEERING

    folders = [week(measured, tmp_path / "1", 1), week(measured, tmp_path / "2", 2, change)]
    done = orchbench("trend", *folders, "--out", "t.html", "--markdown", "t.md")
    assert done.code == 0, done.err
    written, page = rendered((tmp_path / "t.md").read_text()), Page((tmp_path / "t.html").read_text())
    for each in (written, page):
        assert not {"img", "em"} & set(each.tags)
        assert HOSTILE in each.text
    assert written.live == []
    assert page.tags.count("script") == 1
    assert all(len(row) == 4 for row in written.rows if HOSTILE in "".join(row))
    assert not any(OBEYED.search((tmp_path / name).read_text()) for name in ("t.md", "t.html"))


def test_one_run_is_no_trend(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """One line says so, also when one run is named twice; the exit code is 2."""
    one = week(measured, tmp_path / "one", 1)
    for arguments in ([one], [one, one]):
        done = orchbench("trend", *arguments)
        assert (done.code, done.out) == (2, "") and done.err.count("\n") == 1 and "at least two runs" in done.err


def test_a_folder_without_runs_is_named(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """One line names what holds no run."""
    (tmp_path / "empty").mkdir()
    done = orchbench("trend", week(measured, tmp_path / "one", 1), "empty")
    assert done.code == 2 and done.err.count("\n") == 1 and "empty" in done.err


def test_runs_are_found_at_any_depth(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """Below a folder that is no run, but neither in a run's own folder nor in a hidden one."""
    for number, name in enumerate(("all/a", "all/more/b", "all/more/still/c", "all/a/inside", "all/.hidden/d"), 1):
        week(measured, tmp_path / name, number)
    done = orchbench("trend", "all", "--json")
    assert done.code == 0, done.err
    assert [run["id"] for run in json.loads(done.out)["runs"]] == ["a", "b", "c"]


def test_no_link_is_followed_but_the_one_that_is_named(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """A stranger may have put it into the folder; it could lead to any run of the reader's, and round in circles."""
    for number, name in enumerate(("all/a", "all/b", "mine"), 1):
        week(measured, tmp_path / name, number)
    (tmp_path / "all" / "planted").symlink_to(tmp_path / "mine")
    (tmp_path / "all" / "round").symlink_to(tmp_path / "all")
    (tmp_path / "link").symlink_to(tmp_path / "all")
    done = orchbench("trend", "link", "--json")
    assert done.code == 0, done.err
    assert [run["id"] for run in json.loads(done.out)["runs"]] == ["a", "b"]


def test_folders_without_end_are_passed_over(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """No run is meant that lies so deep; those beside it are shown."""
    for number in (1, 2):
        week(measured, tmp_path / "all" / str(number), number)
    deep = tmp_path / "all" / "deep"
    deep.mkdir()
    try:
        for _ in range(1500):
            deep /= "d"
            deep.mkdir()
        week(measured, deep / "3", 3)
        done = orchbench("trend", "all", "--json")
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "all" / "deep"], check=True)  # deeper than Python itself can delete
    assert done.code == 0, done.err
    assert [run["id"] for run in json.loads(done.out)["runs"]] == ["1", "2"]


def test_a_run_without_results_is_left_out_and_named(measured: Path, orchbench: Call, tmp_path: Path) -> None:
    """In a folder of runs one may be going on; it is not dropped in silence."""
    for number in (1, 2, 3):
        week(measured, tmp_path / "all" / str(number), number)
    (tmp_path / "all" / "3" / "results.json").unlink()
    done = orchbench("trend", "all", "--json")
    assert done.code == 0 and "left out: all/3" in done.err
    assert len(json.loads(done.out)["runs"]) == 2
    shutil.rmtree(tmp_path / "all" / "2")
    assert orchbench("trend", "all").code == 2
