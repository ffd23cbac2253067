"""The report of a run: a page, a summary in Markdown, and the charts as files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

import msgspec

from bench.base import wording
from bench.derive.excerpts import excerpts
from bench.derive.floor import measured_on
from bench.derive.pace import pace
from bench.derive.reading import reading
from bench.export.formats import FORMATS
from bench.plan.setup import ANY
from bench.report import answer, prose, unstable
from bench.report.contents import Contents
from bench.report.draws import NOTE
from bench.report.facts import Facts
from bench.report.floors import by_metric
from bench.report.pages import page
from bench.report.parts import said
from bench.report.sections import key
from bench.report.summary import summary
from bench.store.folder import RunFolder
from bench.store.records import RunRecord

FILES = (
    ("results.json", "every number and every verdict"),
    ("samples.csv", "what each single run yielded"),
    ("run.json", "the suite, the versions, the settings and the machine"),
    *((each.file, each.holds) for each in FORMATS),
    ("summary.md", "the same in short"),
)

FOLDERS = (
    ("charts", "the charts, as SVG and PNG"),
    ("trials", "the events of every run, as they were logged"),
    ("starts", "the engine starts, with the ends of the tools' own logs"),
    ("code", "the implementations as they were when the run began"),
)
"""Named without a link: a web server has no page for a folder."""


def render(facts: Facts, source: RunFolder, target: RunFolder) -> Contents:
    """Write report.html, summary.md and charts/, and return what is in them; `source` has the code that ran."""
    contents = Contents.of(facts)
    target.write_charts(
        (f"{subsection.id}-{number}.{ending}", content)
        for section in contents.sections
        for subsection in section.subsections
        for number, chart in enumerate(subsection.charts, 1)
        for ending, content in chart.files().items()
    )
    target.write_page("summary.md", summary(contents))
    here = {path.name for path in target.path.iterdir()}
    target.write_page("report.html", _page(contents, source, here))
    return contents


def _page(contents: Contents, source: RunFolder, here: Collection[str]) -> str:
    facts, run = contents.facts, contents.facts.run
    tools = [facts.tools.name(name) for name in facts.orchestrators]
    return page(
        "report.html",
        facts.tools,
        run=run,
        title=f"{', '.join(tools[:-1])} and {tools[-1]}" if len(tools) > 1 else "".join(tools),
        made=facts.made,
        parts=[said(part) for part in run.parts],
        told=facts.told,
        began=run.segments[0].began if run.segments else "",
        cards=contents.cards,
        tiers={row.setup.tier for row in facts.results.estimates} - {ANY},
        profiles=_profiles(facts),
        not_measured=answer.not_measured(facts),
        orchestrators=facts.orchestrators,
        matrix=contents.matrix,
        sections=contents.sections,
        codes={section.name: excerpts(source, run, section.name) for section in contents.sections},
        engines=facts.results.engines,
        controls=facts.results.controls,
        floors=by_metric(facts.results.ratios),
        warnings=run.warnings,
        machine=facts.results.machine,
        unstable=unstable.counts(facts.results.estimates),
        floors_from=measured_on(),
        missing=list(_missing(facts)),
        settings=[(where, each) for where, settings in sorted(run.settings.items()) for each in settings],
        provenance=list(_provenance(facts)),
        files=[each for each in FILES if each[0] in here],
        folders=[(name, about, name in here) for name, about in FOLDERS],
        # By these the templates write numbers.
        reading=reading,
        said=wording.said,
        median=prose.median,
        draw=facts.draw,
        on_draws=NOTE,
        bounds=lambda row: prose.Sentence(prose.bounds(row)),
        engine=prose.engine,
        control=prose.control,
        key=key,
        base=wording.base,
    )


def _profiles(facts: Facts) -> set[str]:
    """Return the settings that the tools ran in; plain Python has default ones only, whatever those of the others are."""
    setups = {row.setup for row in facts.results.estimates}
    tools = {setup for setup in setups if not setup.is_plain} or setups
    return {setup.profile for setup in tools} - {ANY}


def _missing(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """Yield who lacks which numbers, and why: those of one reason together."""
    missing: dict[tuple[str, str], list[str]] = {}
    for row in facts.results.estimates:
        if row.median is None:
            who = f"{row.setup.name}, {row.setup.tier}, {row.scenario}{facts.told(row.setup, row.scenario)}"
            missing.setdefault((who, str(row.missing_because)), []).append(f"{row.workload} {row.metric}")
    for (who, because), what in missing.items():
        yield who, ", ".join(what), because


def _sitting(run: RunRecord) -> Iterator[tuple[str, str]]:
    """Yield what is known of a run, or of a part, that others of its parts need not share."""
    yield "suite", f"{run.suite['name']}: {run.suite['about']}"
    yield "seed", str(run.seed)
    yield "width", f"{run.width} tasks at once, where a scenario does not ask for another"
    for segment in run.segments:
        yield "measured", f"from {segment.began}, for {segment.wall_s / 60:.1f} minutes, boot {segment.boot_id}"
    for name, value in msgspec.structs.asdict(run.host).items():
        yield f"host: {name}", str(value)
    for name, value in run.data.items():
        yield f"customers: {name}", value


def _provenance(facts: Facts) -> Iterator[tuple[str, str]]:
    run = facts.run
    yield "run", run.id
    for part in run.by_part.values():
        yield from [("part", part.id)] if run.parts else ()
        yield from _sitting(part)
    for tool, versions in sorted(run.versions.items()):
        yield tool, ", ".join(f"{name} {version}" for name, version in versions.items())
    for name, value in msgspec.structs.asdict(run.git).items():
        yield f"git: {name}", "not known" if value is None else str(value)
    for name, digest in sorted(run.locks.items()):
        yield f"lock of {name}", digest
    if known := pace(facts.starts):
        yield "CPU work", str(known)
    counts = Counter(facts.endings.values())
    yield "runs", ", ".join(f"{count} {status}" for status, count in counts.most_common())
