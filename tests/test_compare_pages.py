"""A comparison as Markdown, as a page and for programs: one verdict in all of them, and names are text in each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Call, orchbench_in, refusal
from pages import HOSTILE, OBEYED, STEERING, Page, rendered
from small_runs import block, edited, events_of, finished_run, results_of, stretch, suite_of

from bench.compare.changes import Change
from bench.compare.comparison import Comparison
from bench.compare.judging import Effect
from bench.plan.setup import Setup
from bench.report.comparison import html, markdown
from bench.scenarios import METRICS
from bench.store.folder import RunFolder

pytestmark = pytest.mark.xdist_group("compared")  # the run is made once

SUITE = suite_of(
    block("overhead", rounds=2, repeat=3, reference_starts=2, control=["plain"], options={"sizes": {"chain": [1, 20]}})
)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of plain Python, in which a chain of one task took 2 ms and one of twenty 20 ms, give or take 1 %."""
    folder = tmp_path_factory.mktemp("before")
    run = timed(finished_run(folder, SUITE), folder / "timed", chain_1=2.0, chain_20=20.0)
    assert orchbench_in(folder, "report", run).code == 0
    return run


@pytest.fixture
def slower(before: Path, tmp_path: Path) -> Path:
    """The same run, but for a chain of twenty tasks, which takes half as long again."""
    return timed(before, tmp_path / "slower", chain_20=30.0)


def timed(run: Path, target: Path, **milliseconds: float) -> Path:
    """Copy a run, and let its trials of some workloads take other times."""
    shutil.copytree(run, target)
    for workload, wanted in milliseconds.items():
        for number, folder in enumerate(sorted(target.glob(f"trials/*-{workload}"))):
            logs = list(folder.glob("events*.jsonl"))
            events = [event for log in logs for event in events_of(log)]
            starts = [event["t"] for event in events if event["kind"] == "started"]
            # A run of several tasks is compared from the first body on; that of one task, from the submission on.
            began = min(starts) if len(starts) > 1 else next(each["t"] for each in events if each["kind"] == "submitted")
            ended = max(event["t"] for event in events if event["kind"] == "finished")
            factor = wanted * 1e6 / (ended - began) * (0.99 + 0.005 * (number * 7 % 5))
            for log in logs:
                stretch(log, began, factor)
    return target


def leave_behind(run: Path, what: str) -> None:
    """Let the engines of a run have left a process when they stopped."""
    for path in run.glob("starts/*/start.json"):
        with edited(path) as start:
            start["left_behind"] = [what]


def renamed(run: Path, name: str) -> Path:
    """Give the run, and the orchestrator that it measured, another name."""
    for path in (run / "run.json", *run.glob("trials/*/trial.json"), *run.glob("starts/*/start.json")):
        with edited(path) as record:
            if "setup" in record:
                record["setup"]["orchestrator"] = name
            else:
                record["id"], record["orchestrators"] = name, [name]
    return run


# One verdict -----------------------------------------------------------------------------------------------------------


def test_a_regression_is_told_in_every_form(before: Path, slower: Path, orchbench: Call, tmp_path: Path) -> None:
    """What is slower heads the terminal, the Markdown and the page, and is named to programs; the exit code is 1."""
    done = orchbench("compare", before, slower, "--markdown", "c.md", "--html", "c.html")
    told = orchbench("compare", before, slower, "--json")
    assert (done.code, told.code) == (1, 1)
    assert "slower plain/threads (library, stock)" in done.out
    written = (tmp_path / "c.md").read_text()
    assert written.startswith("**Regression: ")
    assert {row[0] for row in rendered(written).rows} >= {"verdict", "slower", "same"}
    page = Page((tmp_path / "c.html").read_text())
    assert "Regression: " in page.text and "svg" in page.tags
    document = json.loads(told.out)
    assert document["verdict"] == "regression"
    worse = [change for change in document["changes"] if change["verdict"] == "worse"]
    assert {change["metric"] for change in worse} >= {"first_to_last_s", "per_task_ms"}
    assert page.text.count("slower") >= len(worse)


def test_numbers_are_those_of_the_results(before: Path, slower: Path, orchbench: Call, tmp_path: Path) -> None:
    """Every number in the page and for programs is a median of one of the two results.json."""
    assert orchbench("report", slower).code == 0
    orchbench("compare", before, slower, "--html", "c.html")
    document = json.loads(orchbench("compare", before, slower, "--json").out)
    for run, side in ((before, "before"), (slower, "after")):
        medians = {_key(row): row["median"] for row in results_of(run)["estimates"]}
        assert document["changes"]
        assert {_key(change): change[side] for change in document["changes"]}.items() <= medians.items()
    shown = Page((tmp_path / "c.html").read_text()).values
    assert {change[side] for change in document["changes"] for side in ("before", "after")} <= set(shown)


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("scenario", "orchestrator", "tier", "deployment", "profile", "workload", "metric"))


def test_a_run_compared_with_itself_is_no_regression(before: Path, orchbench: Call, tmp_path: Path) -> None:
    """The verdict is the same in every form, and the exit code 0."""
    done = orchbench("compare", before, before, "--markdown", "-", "--html", "c.html")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("**No regression: ")
    assert "No regression: " in Page((tmp_path / "c.html").read_text()).text
    assert json.loads(orchbench("compare", before, before, "--json").out)["verdict"] == "no regression"


def test_the_verdict_does_not_depend_on_where_the_runs_lie(
    before: Path, slower: Path, orchbench: Call, tmp_path: Path
) -> None:
    """Copies in other folders compare to the same, to the last digit; the two sides are drawn independently all the same."""
    first, second = (shutil.copytree(run, tmp_path / "moved" / run.name) for run in (before, slower))
    assert orchbench("compare", first, second, "--json").out == orchbench("compare", before, slower, "--json").out
    itself = json.loads(orchbench("compare", before, before, "--json").out)
    assert any(change["effect"]["low"] < 1 < change["effect"]["high"] for change in itself["changes"])


def test_a_lost_number_is_a_regression(before: Path, orchbench: Call, tmp_path: Path) -> None:
    """Where no run did its work any more, the numbers are lost, and said to be missing."""
    broken = tmp_path / "broken"
    shutil.copytree(before, broken)
    for path in broken.glob("trials/*chain_20/events*.jsonl"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if json.loads(line)["node"] != "n3"))
    done = orchbench("compare", before, broken, "--markdown", "c.md")
    assert done.code == 1
    assert "lost plain/threads (library, stock)  chain_20  makespan_s: it was" in done.out
    assert ["lost", "missing"] in [[row[0], row[5]] for row in rendered((tmp_path / "c.md").read_text()).rows]


@pytest.fixture
def shorter(before: Path, tmp_path: Path) -> Path:
    """The same run, of which nothing is left that has to do with a chain of twenty tasks, nor with the engines' stops."""
    run = tmp_path / "shorter"
    shutil.copytree(before, run)
    for folder in run.glob("trials/*chain_20"):
        shutil.rmtree(folder)
    for record in run.glob("starts/*/start.json"):
        record.unlink()
    return run


def test_what_disappears_is_lost(before: Path, shorter: Path, orchbench: Call, tmp_path: Path) -> None:
    """A number or a check that the second run has no row for, though it was asked for the same, is a regression."""
    done = orchbench("compare", before, shorter, "--markdown", "c.md", "--html", "c.html")
    assert done.code == 1
    for name in ("chain_20  makespan_s", "chain  per_task_ms"):
        assert f"lost plain/threads (library, stock)  {name}: it was" in done.out
    assert "pass -> not checked plain/threads (library, stock)  overhead  stops_without_a_trace" in done.out
    rows = rendered((tmp_path / "c.md").read_text()).rows
    assert ["lost", "chain_20", "missing"] in [[row[0], row[2], row[5]] for row in rows if row[0] == "lost"]
    assert "not checked" in Page((tmp_path / "c.html").read_text()).text
    told = json.loads(orchbench("compare", before, shorter, "--json").out)
    assert ["pass", "not checked"] in [[each["before"], each["after"]] for each in told["checks"]]
    assert orchbench("compare", shorter, before).code == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"orchestrators": ["plain", "another"]}, {}),
        ({}, {"own_workload": "chain_20"}),
        ({}, {"suite": {"name": "another", "about": "For tests."}}),
    ],
)
def test_what_was_not_asked_for_is_not_lost(
    first: dict[str, Any], second: dict[str, Any], before: Path, shorter: Path, orchbench: Call, tmp_path: Path
) -> None:
    """Of another suite, workload or choice of tools a missing row says nothing."""
    before = Path(shutil.copytree(before, tmp_path / "before"))
    for run, change in ((before, first), (shorter, second)):
        with edited(run / "run.json") as record:
            record.update(change)
    done = orchbench("compare", before, shorter, "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert "lost" not in {each["verdict"] for each in document["changes"]} and document["checks"] == []


def test_what_is_not_measured_yet_is_not_lost(before: Path, shorter: Path, orchbench: Call) -> None:
    """An unfinished run may still get its missing numbers: there is no verdict, and one line says why."""
    with edited(shorter / "run.json") as record:
        record["finished"] = False
    done = orchbench("compare", before, shorter)
    assert done.code == 2 and "is not finished, and has no row yet for" in done.err and done.err.count("\n") == 1
    assert "lost" not in done.out.replace("0 lost", "")


def test_a_check_that_passes_no_more_is_a_regression(before: Path, orchbench: Call, tmp_path: Path) -> None:
    """It is told in every form, with why; one that passes now is told too, and is none."""
    broken = tmp_path / "broken"
    shutil.copytree(before, broken)
    leave_behind(broken, HOSTILE)
    done = orchbench("compare", before, broken, "--markdown", "c.md", "--html", "c.html")
    assert done.code == 1
    assert "pass -> fail plain/" in done.out and "(library, stock)  overhead  stops_without_a_trace: " in done.out
    assert HOSTILE in done.out
    written = (tmp_path / "c.md").read_text()
    assert written.startswith("**Regression: ")
    assert ["pass", "fail", "stops_without_a_trace"] in [
        [*row[:2], row[4]] for row in rendered(written).rows if len(row) > 4
    ]
    assert HOSTILE in rendered(written).text and HOSTILE in Page((tmp_path / "c.html").read_text()).text
    mended = orchbench("compare", broken, before, "--json")
    assert mended.code == 0
    assert {(each["before"], each["after"]) for each in json.loads(mended.out)["checks"]} == {("fail", "pass")}


def test_both_runs_are_derived_by_the_code_at_hand(before: Path, slower: Path, orchbench: Call, tmp_path: Path) -> None:
    """What stands in their results, from whatever version, is not looked at, and may be missing."""
    bare = [shutil.copytree(run, tmp_path / name) for name, run in (("first", before), ("second", slower))]
    (bare[0] / "results.json").unlink()
    (bare[1] / "results.json").write_text("{}")
    whole, derived = (json.loads(orchbench("compare", *pair, "--json").out) for pair in ((before, slower), bare))
    assert derived["changes"] == whole["changes"] and derived["checks"] == whole["checks"]
    assert derived["verdict"] == "regression"


def test_what_is_not_comparable_is_written_down_too(before: Path, orchbench: Call, tmp_path: Path) -> None:
    """The exit code is 2, and Markdown, page and JSON say what differs."""
    other = tmp_path / "other"
    shutil.copytree(before, other)
    with edited(other / "run.json") as run:
        run["host"]["cpu"], run["versions"]["plain"]["python"] = "abacus", "4.0"
    done = orchbench("compare", before, other, "--markdown", "c.md", "--html", "c.html")
    assert done.code == 2 and "(compare them --anyway)" in done.err and done.err.count("\n") == 1
    for text in ((tmp_path / "c.md").read_text(), (tmp_path / "c.html").read_text()):
        assert "Not comparable" in text and "abacus" in text and "4.0" in text
    told = orchbench("compare", before, other, "--json")
    assert told.code == 2
    document = json.loads(told.out)
    assert document["verdict"] == "not comparable" and [each["of"] for each in document["differences"]] == ["run", "tool"]
    anyway = orchbench("compare", before, other, "--anyway", "--markdown", "c.md")
    assert anyway.code == 0 and "although they differ" in (tmp_path / "c.md").read_text()


def test_a_run_without_its_raw_data_is_refused(before: Path, orchbench: Call, tmp_path: Path) -> None:
    """A folder of results, as a sample or a history keeps it, is named on either side, and what reads such folders too."""
    (tmp_path / "kept").mkdir()
    for name in ("run.json", "results.json"):
        shutil.copy(before / name, tmp_path / "kept")
    for arguments in ((before, "kept"), ("kept", before), ("kept", "kept", "--anyway")):
        done = orchbench("compare", *arguments, "--json")
        assert done.out == ""
        assert refusal(done).startswith("kept has no trials") and "orchbench trend" in done.err


def test_checks_are_told_where_there_are_no_numbers(before: Path, orchbench: Call, tmp_path: Path) -> None:
    """Two runs without a number in common may have checks in common, and one that passes no more is printed."""
    names = ("chain_1", "chain_20")
    runs = [shutil.copytree(before, tmp_path / name) for name in names]
    for name, run in zip(names, runs, strict=True):
        for folder in set(run.glob("trials/*")) - set(run.glob(f"trials/*-{name}")):
            shutil.rmtree(folder)
        with edited(run / "run.json") as record:
            record["suite"]["name"] = name
    leave_behind(runs[1], "a server")
    done = orchbench("compare", *runs)
    assert done.code == 1
    assert "pass -> fail plain/" in done.out and "stops_without_a_trace" in done.out


def test_two_things_are_not_printed_at_once(before: Path, orchbench: Call) -> None:
    """--markdown - and --json exclude each other, and that is said in one line."""
    done = orchbench("compare", before, before, "--markdown", "-", "--json")
    assert done.code == 2 and done.out == "" and done.err.count("\n") == 1


# Names are text --------------------------------------------------------------------------------------------------------


def test_hostile_names_are_text(before: Path, slower: Path, orchbench: Call, tmp_path: Path) -> None:
    """Neither Markdown nor the page makes a picture, a link or another cell of a name, or turns its direction."""
    first, second = (renamed(run, HOSTILE + STEERING) for run in (shutil.copytree(before, tmp_path / "first"), slower))
    done = orchbench("compare", first, second, "--markdown", "c.md", "--html", "c.html")
    assert done.code == 1, done.err
    assert HOSTILE in done.out
    assert not any(OBEYED.search((tmp_path / name).read_text()) for name in ("c.md", "c.html"))
    written = rendered((tmp_path / "c.md").read_text())
    page = Page((tmp_path / "c.html").read_text())
    for each in (written, page):
        assert not {"img", "em"} & set(each.tags)
        assert HOSTILE in each.text
        changed = [row for row in each.rows if row[0] == "slower"]
        assert changed and all(len(row) == 7 and row[1].startswith(HOSTILE) for row in changed)
    assert page.tags.count("script") == 1
    assert written.live == written.links == [] and not [link for link in page.links if link.startswith("http")]


def test_markdown_fits_into_a_comment(before: Path) -> None:
    """However many numbers changed, it stays below what a comment on a pull request takes, and says what it leaves out."""
    record = RunFolder(before).run()
    setup = Setup("b", "c", "d", "e", "one process")
    effect = Effect("ratio", 2.0, 1.9, 2.1)
    changes = [
        Change("a", setup, f"{verdict}_{number}", METRICS["makespan_s"], 1.0, 2.0, effect, verdict)
        for verdict in ("worse", "same")
        for number in range(3000)
    ]
    text = markdown(Comparison(record, record, 0.1, [], changes))
    assert 50_000 < len(text.encode()) < 65_536
    assert "more, which do not fit in here" in text
    assert len(Page(html(Comparison(record, record, 0.1, [], changes))).rows) > 6000


# Numbers that have no ratio --------------------------------------------------------------------------------------------


def waiting(run: Path, target: Path, milliseconds: float) -> Path:
    """Copy a run, and let its chains of twenty tasks wait for so long before the first of them, give or take 1 %."""
    shutil.copytree(run, target)
    for number, folder in enumerate(sorted(target.glob("trials/*-chain_20"))):
        logs = {log: events_of(log) for log in folder.glob("events*.jsonl")}
        began = min(event["t"] for events in logs.values() for event in events if event["kind"] == "started")
        waited = int(milliseconds * 1e6 * (0.99 + 0.005 * (number * 7 % 5)))
        for log, events in logs.items():
            moved = [event | {"t": began - waited} if event["kind"] == "submitted" else event for event in events]
            log.write_text("".join(json.dumps(event) + "\n" for event in moved))
    return target


def test_a_slope_below_zero_is_judged_by_its_difference(before: Path, orchbench: Call, tmp_path: Path) -> None:
    """Nothing can be divided by it: a wait that grows with the graph, and did not before, is slower all the same."""
    runs = [waiting(before, tmp_path / name, wait_ms) for name, wait_ms in (("short", 0.01), ("long", 200.0))]
    document = json.loads(orchbench("compare", *runs, "--json").out)
    change = next(
        each for each in document["changes"] if (each["workload"], each["metric"]) == ("chain", "ahead_per_task_ms")
    )
    assert change["before"] < 0 < change["after"]
    assert change["effect"]["by"] == "difference" and change["effect"]["low"] > 0
    assert change["effect"]["size"] == pytest.approx(change["after"] - change["before"])
    assert change["verdict"] == "worse"
