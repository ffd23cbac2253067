"""The command line: a file for each command, named as it is; `run` is the story of a run."""

from __future__ import annotations

import os
import sys
import traceback

import click

from bench.base.problem import Problem
from bench.base.signals import Interrupted
from bench.cli import (
    claims,
    compare,
    conform,
    doctor,
    duel,
    list_,
    merge,
    report,
    run,
    schema,
    show,
    spread,
    track,
    trend,
    try_,
)
from bench.cli.console import complain, lossless, misuse


@click.group(
    commands=[
        try_.try_,
        run.run,
        report.report,
        merge.merge,
        track.track,
        show.show,
        claims.claims,
        compare.compare,
        duel.duel,
        conform.conform,
        trend.trend,
        spread.spread,
        list_.list_,
        doctor.doctor,
        schema.schema,
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="orchbench")
def orchbench() -> None:
    """Measure what workflow orchestrators cost you, beside plain Python."""


def main() -> None:
    """Run a command; what a user can mend ends with exit code 2 and one line, or with click's usage and hint."""
    lossless()
    try:
        sys.exit(orchbench.main(standalone_mode=False) or 0)
    except Interrupted as signal:
        complain(str(signal))
        sys.exit(signal.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        misuse(error)
        sys.exit(error.exit_code)
    except Problem as problem:
        if os.environ.get("ORCHBENCH_TRACEBACK"):  # for contributors, who may want to know where
            traceback.print_exc()
        complain(str(problem))
        sys.exit(problem.exit_code)
    except OSError as error:
        complain(f"{error.filename or 'the system'}: {error.strerror or error}")
    sys.exit(2)
