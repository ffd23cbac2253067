"""What a run will take, said before it starts: in a line, and in a table."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.base.wording import counted, roughly
from bench.plan.setup import Setup
from bench.run.forecast import Forecast, StartForecast


def in_a_line(forecast: Forecast) -> str:
    """Return how many runs and engine starts there are, how long they take, and the disk that they need."""
    work = f"{counted(forecast.runs, 'run')} in {counted(len(forecast.starts), 'engine start')}"
    return f"{work}, {_long(forecast)}, up to {forecast.disk_bytes / 1e9:.1f} GB of disk"


def _long(forecast: Forecast) -> str:
    return f"about {roughly(forecast.seconds)}" if forecast.is_informed else "nobody knows how long"


def show(console: Console, forecast: Forecast) -> None:
    """Print what is measured, by setup, and what it takes."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("setup", no_wrap=True)
    table.add_column("scenarios")
    for name in ("starts", "runs", "about"):
        table.add_column(name, justify="right", no_wrap=True)
    by_setup: dict[Setup, list[StartForecast]] = defaultdict(list)
    for each in forecast.starts:
        by_setup[each.start.setup].append(each)
    for setup, starts in sorted(by_setup.items(), key=lambda entry: entry[0].label):
        runs = [trial for each in starts for trial in each.start.trials if trial.id in each.trials]
        scenarios = ", ".join(dict.fromkeys(trial.scenario for trial in runs))
        took = roughly(sum(each.seconds for each in starts)) if forecast.is_informed else "?"
        again = " (measured twice)" if setup.control else ""
        table.add_row(Text(f"{setup.full_name}{again}"), Text(scenarios), str(len(starts)), str(len(runs)), took)
    console.print(table)
    console.print(in_a_line(forecast), soft_wrap=True)
