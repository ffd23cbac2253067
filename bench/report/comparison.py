"""Two runs compared, as a page and as Markdown: the verdict first, then what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.base import wording
from bench.compare.changed_checks import ChangedCheck
from bench.compare.comparison import VERDICTS, Change, Comparison, Verdict
from bench.report.charts import Drawing, Mark, Panel, dots
from bench.report.markdown import table, text
from bench.report.pages import page
from bench.report.tools import Tools
from bench.store.records import RunRecord

LIMIT: Final = 60_000
"""Bytes of Markdown: a comment on a pull request takes 65,536 characters, a job's summary 1 MiB."""

NAMED: Final = 40
"""How many differences Markdown names; the page names all."""

DRAWN: Final = 16
"""How many numbers of a setup its chart shows, those that changed most first: more could not be told apart."""

CHECK_COLUMNS: Final = ("before", "after", "who", "scenario", "check", "because")

COLUMNS: Final = ("verdict", "who", "workload", "metric", "before", "after", "change")

CHANGED: Final[Sequence[Verdict]] = ("lost", "worse", "better")


def verdict(its: Comparison) -> str:
    """Return the verdict in one sentence."""
    counts = Counter(change.verdict for change in its.changes)
    if its.exit_code == 2:
        return f"Not comparable: {its.because}."
    better = f", and {counts['better']} better" if counts["better"] else ""
    if its.exit_code == 1:
        said = " and ".join(f"{counts[each]} {each}" for each in ("worse", "lost") if counts[each]) or "none worse"
        lost = [f"{check.check} ({check.setup.orchestrator})" for check in its.checks if check.is_regression]
        checks = f"; of the checks that passed {len(lost)} no longer pass, such as {lost[0]}" if lost else ""
        return f"Regression: of {_judged(counts)} numbers, {said}{better}{checks}."
    return f"No regression: of {_judged(counts)} numbers that could be judged none is worse{better}."


def _judged(counts: Mapping[Verdict, int]) -> int:
    return sum(count for verdict, count in counts.items() if verdict != "too few runs")


def rest(its: Comparison) -> str:
    """Return what became of the numbers that did not change, and what is let pass."""
    counts = Counter(change.verdict for change in its.changes)
    few = f", {counts['too few runs']} have too few runs to be judged" if counts["too few runs"] else ""
    lies, duel = "lies beyond the noise floor", ""
    if its.is_duel:
        lies = "lies all on one side of no change"
        duel = (
            " The two were measured in step; times are means without the lowest and the highest tenth of the runs, "
            "counts are medians."
        )
    return (
        f"{counts['same']} show no change{few}. A change of a time counts where it is larger than "
        f"{its.fail_over * 100:.3g} %, and its interval, widened for the number of comparisons, {lies}.{duel}"
    )


def differing(its: Comparison) -> str:
    """Return what the list of differences is headed with."""
    return "Compared although they differ" if its.is_made else "All that differs"


# Markdown --------------------------------------------------------------------------------------------------------------


def markdown(its: Comparison) -> str:
    """Return it for a job's summary or a pull request."""
    lines = [f"**{text(verdict(its))}**", "", f"{text(its.before.id)} → {text(its.after.id)}", ""]
    if its.differences:
        lines += [f"{differing(its)}:", ""]
        lines += [f"- {text(each.said)}" for each in its.differences[:NAMED]]
        lines += [f"- and {len(its.differences) - NAMED} more"] * (len(its.differences) > NAMED)
        lines += [""]
    if its.checks:
        lines += ["Checks with another verdict:", ""]
        lines += table(CHECK_COLUMNS, [[text(cell) for cell in _cells_of(check)] for check in its.checks[:NAMED]])
        lines += [f"And {len(its.checks) - NAMED} more.", ""] if len(its.checks) > NAMED else []
    if changed := its.of(*CHANGED):
        lines += _table(changed, LIMIT - _size(lines) - 1000)
    if its.changes:
        lines += [rest(its), ""]
    if others := its.of(*(each for each in VERDICTS if each not in CHANGED)):
        lines += ["<details><summary>The other numbers</summary>", ""]
        lines += [*_table(others, LIMIT - _size(lines) - 200), "</details>", ""]
    return "\n".join(lines)


def _table(changes: Sequence[Change], room: int) -> Iterator[str]:
    """Yield the lines of a table that takes no more than so many bytes."""
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


def html(its: Comparison) -> str:
    """Return it as a page."""
    tools = Tools(its.before, its.after)
    return page(
        "compare.html",
        tools,
        its=its,
        base=wording.base,
        verdict=verdict(its),
        rest=rest(its),
        differing=differing(its),
        checks=[_cells_of(check) for check in its.checks],
        check_columns=CHECK_COLUMNS,
        columns=COLUMNS,
        changed=[(change, _cells(change)) for change in its.of(*CHANGED)],
        changes=[(change, _cells(change)) for change in its.changes],
        charts=list(_charts(its.changes, tools)),
        runs=list(_runs(its.before, its.after)),
    )


def _charts(changes: Sequence[Change], tools: Tools) -> Iterator[Drawing]:
    """Yield a chart for each setup, those of a tool after each other."""
    ratios = [change for change in changes if change.verdict != "too few runs" and change.effect]
    for name in sorted({change.setup.full_name for change in ratios}):
        its = [
            change for change in ratios if change.setup.full_name == name and change.effect and change.effect.by == "ratio"
        ]
        if its:
            # They come with what matters most first.
            said = f"all {len(its)} ratios" if len(its) <= DRAWN else f"of {len(its)} ratios the {DRAWN} that changed most"
            panel = Panel("after over before: 1 is no change", "x", [_mark(each, tools) for each in its[:DRAWN]])
            yield dots(f"{name}: {said}", [panel], "intervals, widened for the number of comparisons")


def _mark(change: Change, tools: Tools) -> Mark:
    setup, ratio = change.setup, change.effect
    size, low, high = (ratio.size, ratio.low, ratio.high) if ratio else (None, None, None)
    key = f"{change.scenario}/{setup.path}/{change.workload}/{change.metric.name}"
    return Mark(key, f"{change.workload} {change.metric.name}", tools.look(setup.orchestrator), size, low, high)


def _runs(before: RunRecord, after: RunRecord) -> Iterator[tuple[str, str, str]]:
    """Yield what the two runs are, side by side."""
    first, second = _facts(before), _facts(after)
    for name in {**first, **second}:
        yield name, first.get(name, "-"), second.get(name, "-")


def _facts(run: RunRecord) -> Mapping[str, str]:
    host, changed = run.host, " and changes" if run.git.dirty else ""
    return {
        "run": run.id,
        "began": run.segments[0].began if run.segments else "-",
        "finished": "yes" if run.finished else "no",
        "suite": f"{run.suite['name']}, seed {run.seed}, {run.trials_planned} runs",
        "commit": f"{run.git.id}{changed}" if run.git.id else "not known",
        "machine": f"{host.name}: {host.cpu}, {host.cores} cores, {host.memory_gb} GB, Python {host.python}",
        **{
            tool: ", ".join(f"{name} {version}" for name, version in versions.items())
            for tool, versions in sorted(run.versions.items())
        },
    }
