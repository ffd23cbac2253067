"""The tables of a report, on the page and in Markdown, are those that a recount of results.json gives."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from pages import Page, rendered
from small_runs import read_results

from bench.derive.reading import reading
from bench.derive.table import columns_of, matches
from bench.store.rows import Check, Estimate

pytest_plugins = ["report_runs"]  # its runs are made once for all tests
pytestmark = pytest.mark.xdist_group("report")

Placed = TypeVar("Placed", Estimate, Check)

VERDICTS = {"pass": "✓ pass", "fail": "✗ fail", "unsupported": "\u2013 unsupported"}
SIGNS = {"pass": "✓", "fail": "✗", "unsupported": "unsupported"}
MEANS = {"by_hand": "by hand", "declared": "declared", "opt_in": "opt-in"}


def tables_of(run: Path) -> dict[str, str]:
    """Return the tables of a run's page, by what each is called."""
    page = (run / "report.html").read_text()
    return dict(re.findall(r'aria-label="([^"]*)"><table[^>]*>(.*?)</table>', page, re.DOTALL))


def by_place(rows: Sequence[Placed]) -> dict[tuple[str, str], list[Placed]]:
    """Return those of each scenario and tier: of each part of the page."""
    found: dict[tuple[str, str], list[Placed]] = defaultdict(list)
    for row in rows:
        found[row.scenario, row.setup.tier].append(row)
    return found


def number(row: Estimate | None) -> str:
    """Return an estimate's number, or what stands in its place, and whether it is unstable."""
    if row is None:
        return "-"
    its = reading(row)
    return its.text + " ~" * bool(row.unstable and its.kind == "value")


def shown(row: Estimate | None) -> str:
    """Return what a cell of the page holds: the number with its interval, or with how many runs there were."""
    if row is None or row.median is None:
        return number(row)
    if row.low is not None:
        return f"{number(row)} [{reading(row).spread}]"
    return number(row) + f" (n={row.n})" * bool(row.starts)  # a number of no engine start was chosen by the suite


def cells(subject: str, rows: Sequence[Estimate]) -> list[Estimate | None]:
    """Return the estimates of a subject that stand for its scenario."""
    own = [row for row in rows if row.setup.name == subject]
    columns = columns_of(rows[0].scenario, rows)
    return [next((row for row in own if matches(row, column)), None) for column in columns]


def usual(rows: Sequence[Estimate], tool: str, called: str) -> Estimate | None:
    """Return the estimate that stands for a tool where the number is called so: of its usual deployment, in its defaults."""
    (named,) = re.findall(r"\((\w+), (\w+)\)$", called)
    found = [row for row in rows if (row.metric, row.workload) == named and row.usual]
    return next((row for row in found if (row.setup.orchestrator, row.setup.profile) == (tool, "stock")), None)


def counted(checks: Sequence[Check], tool: str) -> tuple[Counter[str], Counter[str]]:
    """Return how many checks of a tool in its defaults came to what, and by which means those passed that did."""
    own = [row for row in checks if (row.setup.orchestrator, row.setup.profile) == (tool, "stock")]
    return Counter(row.verdict for row in own), Counter(row.means for row in own if row.verdict == "pass")


def test_the_matrix_counts_verdicts_and_has_the_usual_numbers(mixed: Path) -> None:
    """Of a tool's deployments in their defaults: what passed, and by which means, what failed, and what is unsupported."""
    results = read_results(mixed)
    estimates, checks = by_place(results.estimates), by_place(results.checks)
    assert {row.verdict for row in results.checks} == VERDICTS.keys()
    assert {row.setup.profile for row in results.checks} == {"stock", "tuned"}
    heading, *lines = Page(tables_of(mixed)["Scenarios and tools"]).rows
    assert heading[2:] == ["airflow", "plain"] and len(lines) == len(estimates)
    for where, called, *found in lines:
        scenario, tier = where.split(", ")
        for tool, cell in zip(heading[2:], found, strict=True):
            for counts, names in zip(counted(checks[scenario, tier], tool), (SIGNS, MEANS), strict=True):
                for kind, name in names.items():
                    said = [int(count) for count in re.findall(rf"(\d+) {name}", cell)]
                    assert sum(said) == counts[kind] and len(said) <= 1, (where, tool)
            assert cell.startswith(shown(usual(estimates[scenario, tier], tool, called)))


def test_the_numbers_of_a_scenario_are_those_of_its_subjects(mixed: Path) -> None:
    """Each cell of its table is the estimate of the one that stands at the left, by the metric that stands above."""
    for (scenario, tier), rows in by_place(read_results(mixed).estimates).items():
        heading, *lines = Page(tables_of(mixed)[f"Table: {scenario}, {tier} tier"]).rows
        columns = columns_of(scenario, rows)
        assert heading[1:] == [f"{column.heading}{column.workload or ''}" for column in columns]
        subjects = {row.setup.name: row.setup.isolation for row in rows}
        assert [line[0] for line in lines] == [subject + isolation for subject, isolation in subjects.items()]
        for subject, line in zip(subjects, lines, strict=True):
            assert line[1:] == [shown(row) for row in cells(subject, rows)]


def test_all_estimates_are_there_with_their_number_of_runs(mixed: Path) -> None:
    """One line each, in their order: who, what, the number, of how many runs, and what is wrong with it."""
    for (scenario, tier), rows in by_place(read_results(mixed).estimates).items():
        _, *lines = Page(tables_of(mixed)[f"All estimates: {scenario}, {tier} tier"]).rows
        assert lines == [
            [
                row.setup.name, row.workload, row.metric, shown(row), str(row.n),
                row.missing_because or ", ".join(row.unstable),
            ]
            for row in rows
        ]  # fmt: skip


def test_all_checks_are_there_with_their_evidence(mixed: Path) -> None:
    """One line each, and above them how many there are of each kind."""
    page = (mixed / "report.html").read_text()
    for (scenario, tier), rows in by_place(read_results(mixed).checks).items():
        _, *lines = Page(tables_of(mixed)[f"Checks: {scenario}, {tier} tier"]).rows
        assert lines == [[row.setup.name, row.check.replace("_", " "), VERDICTS[row.verdict], row.because] for row in rows]
        counts = Counter(row.verdict for row in rows)
        said = f"{len(rows)} checks: {counts['pass']} passed, {counts['fail']} failed, {counts['unsupported']} unsupported"
        assert f'<details id="{scenario}-{tier}-checks"><summary>{said}</summary>' in page


def test_each_table_says_its_noise_floor(mixed: Path) -> None:
    """As it was applied, by tool, and that of the control: of the scenario, or else of its tier, and whose it is."""
    results = read_results(mixed)
    seen = set()
    for scenario, tier in by_place(results.estimates):
        near = [row for row in results.controls if row.setup.tier == tier and row.low is not None]
        own = [row for row in near if row.scenario == scenario]
        reach = [max(row.high, 1 / row.low) - 1 for row in own or near if row.low is not None and row.high is not None]
        control = f"of the control alone {max(reach) * 100:.1f} %" if reach else "no control has an interval"
        judged = [row for row in results.ratios if (row.scenario, row.setup.tier) == (scenario, tier)]
        applied = [100 * row.floor for row in judged if row.floor is not None and row.above_noise is not None]
        whose = f", that of {' and '.join(dict.fromkeys(row.scenario for row in near))}" if near and not own else ""
        table = tables_of(mixed)[f"Table: {scenario}, {tier} tier"]
        caption = table.partition("<caption>")[2].partition("</caption>")[0]
        assert caption.endswith(f"; {control}{whose}")
        assert (
            all(f"{floor:.1f}" in caption for floor in (min(applied), max(applied))) if applied else "airflow" not in caption
        )
        seen.add((bool(near), bool(own)))
    assert len(seen) == 3


def test_the_summary_has_the_matrix(mixed: Path) -> None:
    """The same numbers and counts as on the page, in words."""
    results, text = read_results(mixed), (mixed / "summary.md").read_text()
    estimates, checks = by_place(results.estimates), by_place(results.checks)
    heading, *lines = rendered(text.partition("## All scenarios")[2].split("<details>")[0]).rows
    assert heading == ["scenario", "number", "airflow", "plain"] and len(lines) == len(estimates)
    for where, called, *found in lines:
        scenario, tier = where.split(", ")
        for tool, cell in zip(heading[2:], found, strict=True):
            counts, means = counted(checks[scenario, tier], tool)
            how = ", ".join(f"{means[kind]} {name}" for kind, name in MEANS.items() if means[kind])
            said = {kind: f"{counts[kind]} {kind}" for kind in VERDICTS if counts[kind]}
            if how:
                said["pass"] += f" ({how})"
            assert cell == number(usual(estimates[scenario, tier], tool, called)) + ", ".join(said.values()), (where, tool)
    counts = Counter(row.verdict for row in results.checks)
    assert f"Checks: {counts['pass']} passed, {counts['fail']} failed, {counts['unsupported']} unsupported." in text


def test_the_summary_has_the_numbers_of_each_scenario(mixed: Path) -> None:
    """Each cell is the estimate of the one at the left, with its interval or how many runs there were."""
    text, places = (mixed / "summary.md").read_text(), by_place(read_results(mixed).estimates)
    parts = re.findall(r"<details><summary>(\w+), (\w+) tier</summary>\n(.*?)</details>", text, re.DOTALL)
    assert len(parts) == len(places)
    for scenario, tier, table in parts:
        rows = places[scenario, tier]
        heading, *lines = rendered(table).rows
        columns = columns_of(scenario, rows)
        assert heading[1:] == [f"{column.heading} {column.workload or ''}".strip() for column in columns]
        assert [line[0] for line in lines] == [*dict.fromkeys(row.setup.name for row in rows)]
        for subject, *found in lines:
            spreads = [row and reading(row).spread for row in cells(subject, rows)]
            said = [number(row) for row in cells(subject, rows)]
            assert found == [f"{text} [{spread}]" if spread else text for text, spread in zip(said, spreads, strict=True)]
