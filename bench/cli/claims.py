"""`claims`: what is said about the tools, and what a run says to it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import click
import msgspec
from rich.table import Table
from rich.text import Text

from bench.claims.known import Known
from bench.claims.ledger import LEDGER, read
from bench.claims.settle import Settled, Word, settle
from bench.cli.console import FILE, document, err, out
from bench.report.terminal import stacked
from bench.store.folder import RunFolder
from bench.store.rows import flat

STYLES: Final[Mapping[Word, str]] = {"holds": "green", "does not hold": "red", "not measured": "dim"}


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--ledger", type=FILE, default=LEDGER, help="Claims of your own.  [default: those of orchbench]")
@click.option("--strict", is_flag=True, help="End with exit code 1 where a run says something else than was expected.")
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def claims(run_dir: Path, ledger: Path, strict: bool, as_json: bool) -> None:
    """Settle what course material and articles say about the tools, by the results of a run."""
    results = RunFolder(run_dir).results()
    known = Known(results)
    settled = settle(read(ledger, known), results)
    if as_json:
        document([_document(each) for each in settled])
    else:
        out.print(_table(settled, known))
        counts = Counter(each.verdict for each in settled)
        out.print(", ".join(f"{word}: {counts[word]}" for word in get_args(Word) if counts[word]))
    surprises = [(each.name, answer) for each in settled for answer in each.surprises]
    for name, answer in surprises:
        what = f" {name} with {answer.setup.full_name}: {answer.evidence}"
        err.print(Text.assemble(("not as expected:", "yellow"), what), soft_wrap=True)
    sys.exit(1 if strict and surprises else 0)


def _table(settled: Sequence[Settled], known: Known) -> Table:
    table = Table(show_lines=True)
    for heading in ("about", "claim", "verdict", "because"):
        table.add_column(heading)
    for each in settled:
        claim = each.claim
        table.add_row(
            _about(each, known),
            stacked(*map(Text, claim.claim.splitlines()), Text(claim.source, "dim")),
            Text(each.verdict, STYLES.get(each.verdict, "yellow")),
            stacked(Text(each.because), *(Text(line, "dim") for line in claim.remark.splitlines())),
        )
    return table


def _about(each: Settled, known: Known) -> str:
    """Name the tools; a verdict on all tools is one on those that were seen."""
    if each.claim.tools:
        return ", ".join(map(known.name, each.claim.tools))
    return f"all tools; seen: {', '.join(map(known.name, each.seen)) or 'none'}"


def _document(each: Settled) -> Mapping[str, Any]:
    return {
        "name": each.name,
        **msgspec.to_builtins(each.claim),
        "verdict": each.verdict,
        "seen": each.seen,
        "because": each.because,
        "answers": [flat(answer) for answer in each.answers],
        "as_expected": None if each.claim.expected is None or each.verdict == "not measured" else not each.surprises,
    }
