"""The comparison of two runs as a page and as Markdown: the verdict first, then the numbers behind it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.base import wording
from bench.compare.changed_checks import ChangedCheck
from bench.compare.changes import Change
from bench.compare.comparison import Comparison
from bench.compare.judging import VERDICTS, Verdict
from bench.derive import floor
from bench.report.charts import Drawing, Mark, Panel, dots
from bench.report.markdown import fold, table, text
from bench.report.pages import page
from bench.report.parts import said
from bench.report.tools import Tools
from bench.store.records import RunRecord

LIMIT: Final = 60_000
"""The most bytes of Markdown: a comment on a pull request holds 65,536 characters, the summary of a job 1 MiB."""

NAMED: Final = 40
"""How many differences the Markdown names; the page names all of them."""

DRAWN: Final = 16
"""How many ratios the chart of a setup shows, the largest changes first: nobody could tell more of them apart."""

CHECK_COLUMNS: Final = ("before", "after", "who", "scenario", "check", "because")

COLUMNS: Final = ("verdict", "who", "workload", "metric", "before", "after", "change")

CHANGED: Final[Sequence[Verdict]] = ("lost", "worse", "better")


def verdict(comparison: Comparison) -> str:
    """Return the verdict in one sentence."""
    counts = Counter(change.verdict for change in comparison.changes)
    if comparison.exit_code == 2:
        return f"Not comparable: {comparison.because}."
    better = f", and {counts['better']} better" if counts["better"] else ""
    if comparison.exit_code == 1:
        worse = " and ".join(f"{counts[each]} {each}" for each in ("worse", "lost") if counts[each]) or "none worse"
        broken = [f"{check.check} ({check.setup.orchestrator})" for check in comparison.checks if check.is_regression]
        checks = f"; of the checks that passed {len(broken)} no longer pass, such as {broken[0]}" if broken else ""
        return f"Regression: of {_judged(counts)} numbers, {worse}{better}{checks}."
    return f"No regression: of {_judged(counts)} numbers that could be judged none is worse{better}."


def _judged(counts: Mapping[Verdict, int]) -> int:
    return sum(count for verdict, count in counts.items() if verdict != "too few starts")


def rest(comparison: Comparison) -> str:
    """Count the numbers without a change, and say how large a change has to be to count."""
    counts = Counter(change.verdict for change in comparison.changes)
    few = (
        f", {counts['too few starts']} were measured in too few engine starts to be judged"
        if counts["too few starts"]
        else ""
    )
    lies, duel = "lies beyond the noise floor", ""
    if host := floor.measured_on():
        lies += f" (that of re-runs was measured on {host}, in default settings)"
    if comparison.is_duel:
        lies = "lies on one side of no change"
        duel = (
            " The two were measured in step. Times are means without the lowest and the highest tenth of the runs, "
            "and counts are medians."
        )
    return (
        f"{counts['same']} show no change{few}. A change of a time counts if it is larger than "
        f"{comparison.fail_over * 100:.3g} %, and if the whole interval {lies}. The interval is widened for the number "
        f"of comparisons.{duel}"
    )


def differing(comparison: Comparison) -> str:
    """Return the heading of the list of differences."""
    return "Compared although they differ" if comparison.is_made else "All that differs"


# Markdown --------------------------------------------------------------------------------------------------------------


def markdown(comparison: Comparison) -> str:
    """Return the comparison for the summary of a job, or for a pull request."""
    lines = [f"**{text(verdict(comparison))}**", "", f"{text(comparison.before.id)} → {text(comparison.after.id)}", ""]
    if comparison.differences:
        lines += [f"{differing(comparison)}:", ""]
        lines += [f"- {text(each.said)}" for each in comparison.differences[:NAMED]]
        if len(comparison.differences) > NAMED:
            lines.append(f"- and {len(comparison.differences) - NAMED} more")
        lines.append("")
    if comparison.checks:
        lines += ["Checks with another verdict:", ""]
        lines += table(CHECK_COLUMNS, [[text(cell) for cell in _cells_of(check)] for check in comparison.checks[:NAMED]])
        if len(comparison.checks) > NAMED:
            lines += [f"And {len(comparison.checks) - NAMED} more.", ""]
    if changed := comparison.of(*CHANGED):
        lines += _table(changed, LIMIT - _size(lines) - 1000)
    if comparison.changes:
        lines += [rest(comparison), ""]
    if others := comparison.of(*(verdict for verdict in VERDICTS if verdict not in CHANGED)):
        lines += [*fold("The other numbers"), *_table(others, LIMIT - _size(lines) - 200), "</details>", ""]
    return "\n".join(lines)


def _table(changes: Sequence[Change], room: int) -> Iterator[str]:
    """Yield the lines of a table that fits into `room` bytes."""
    rows: list[Sequence[str]] = []
    for change in changes:
        row = [text(cell) for cell in _cells(change)]
        room -= _size(row) + 3 * len(row)
        if room < 0:
            break
        rows.append(row)
    yield from table(COLUMNS, rows)
    if len(rows) < len(changes):
        yield f"And {len(changes) - len(rows)} more, which do not fit in here."
        yield ""


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _cells(change: Change) -> Sequence[str]:
    before = wording.said(change.unit, change.before)
    after = "missing" if change.after is None else wording.said(change.unit, change.after)
    apart = change.effect.said(change.unit) if change.effect else ""
    return change.word, change.setup.full_name, change.workload, change.metric.name, before, after, apart


def _cells_of(check: ChangedCheck) -> Sequence[str]:
    return check.before, check.after, check.setup.full_name, check.scenario, check.check, check.because


# The page --------------------------------------------------------------------------------------------------------------


def html(comparison: Comparison) -> str:
    """Return the comparison as a page."""
    tools = Tools(comparison.before, comparison.after)
    return page(
        "compare.html",
        tools,
        comparison=comparison,
        base=wording.base,
        verdict=verdict(comparison),
        rest=rest(comparison),
        differing=differing(comparison),
        checks=[_cells_of(check) for check in comparison.checks],
        check_columns=CHECK_COLUMNS,
        columns=COLUMNS,
        changed=[(change, _cells(change)) for change in comparison.of(*CHANGED)],
        changes=[(change, _cells(change)) for change in comparison.changes],
        charts=list(_charts(comparison.changes, tools)),
        runs=list(_runs(comparison.before, comparison.after)),
    )


def _charts(changes: Sequence[Change], tools: Tools) -> Iterator[Drawing]:
    """Yield a chart for each setup that has ratios; the setups of a tool follow each other."""
    ratios: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.verdict != "too few starts" and change.effect and change.effect.by == "ratio":
            ratios[change.setup.full_name].append(change)
    for setup, own in sorted(ratios.items()):
        # The largest changes come first.
        count = f"all {len(own)} ratios" if len(own) <= DRAWN else f"of {len(own)} ratios the {DRAWN} that changed most"
        panel = Panel("after over before: 1 is no change", "x", [_mark(change, tools) for change in own[:DRAWN]])
        yield dots(f"{setup}: {count}", [panel], "intervals, widened for the number of comparisons")


def _mark(change: Change, tools: Tools) -> Mark:
    setup, ratio = change.setup, change.effect
    size, low, high = (ratio.size, ratio.low, ratio.high) if ratio else (None, None, None)
    key = f"{change.scenario}/{setup.path}/{change.workload}/{change.metric.name}"
    return Mark(key, f"{change.workload} {change.metric.name}", tools.look(setup.orchestrator), size, low, high)


def _runs(before: RunRecord, after: RunRecord) -> Iterator[tuple[str, str, str]]:
    """Yield what is known of both runs, side by side."""
    first, second = _facts(before), _facts(after)
    for name in {**first, **second}:
        yield name, first.get(name, "-"), second.get(name, "-")


def _facts(run: RunRecord) -> Mapping[str, str]:
    host = run.host
    sitting = {
        "suite": f"{run.suite['name']}, seed {run.seed}, {run.trials_planned} runs",
        "machine": f"{host.name}: {host.cpu}, {host.cores} cores, {host.memory_gb} GB, Python {host.python}",
    }
    return {
        "run": run.id,
        "began": run.segments[0].began if run.segments else "-",
        "finished": "yes" if run.finished else "no",
        **({"parts": "; ".join(map(said, run.parts))} if run.parts else sitting),
        "commit": f"{run.git.id} {run.git.changes}".rstrip() if run.git.id else "not known",
        **{
            tool: ", ".join(f"{name} {version}" for name, version in versions.items())
            for tool, versions in sorted(run.versions.items())
        },
    }
