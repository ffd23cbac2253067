"""Whatever a run, a folder or a machine is called, nothing in a name steers a terminal, and every command can be shown."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from answers import estimate, facts
from conftest import ORCHBENCH, ROOT, Done
from pages import OBEYED
from rich.console import Console
from rich.table import Table
from rich.text import Text
from small_runs import edited

from bench.base.text import visible
from bench.cli.console import Plain
from bench.cli.progress import Live, waiting
from bench.plan import planning, suite, tools
from bench.report import answer, terminal
from bench.run import forecast

STEERING = {
    "the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "a clear screen": "\x1b[2J\x1b[H",
    "colours": "\x1b[31m",
    "a title": "\x1b]0;forged\x1b\\",
    "eight bits": "\x9b2J\x9d52;c;ZXZpbA==\x9c",
    "a backspace": "\b\x7f",
    "another direction": "\u202eforged\u202c\u2066forged\u2069",
    "a line of its own": "\nFORGED\r\nFORGED\x0b\x0cFORGED\x85FORGED\u2028FORGED\u2029FORGED",
}
"""What a terminal would obey."""

HOSTILE = "name" + "".join(STEERING.values())


def is_harmless(text: str) -> bool:
    """Whether a terminal shows the text and no more, and no line of it is forged."""
    return not OBEYED.search(text) and not re.search(r"^FORGED", text, re.MULTILINE)


def renamed(run: Path, name: str) -> Path:
    """Make a copy of the sample's files whose free text is that name, as somebody might hand it out."""
    run.mkdir()
    for file in ("run.json", "results.json"):
        (run / file).write_bytes((ROOT / "reports/sample" / file).read_bytes())
    with edited(run / "run.json") as record:
        record |= {"id": name, "warnings": [name], "versions": {"plain": {"python": name}}}
        record["suite"]["name"] = name
        record["host"] |= dict.fromkeys(("name", "cpu", "system", "python"), name)
    with edited(run / "results.json") as results:
        for row in (*results["estimates"], *results["checks"]):
            row["isolation"] = name
        results["checks"][0] |= {"verdict": "fail", "because": name, "check": name}
        results["estimates"][0] |= {"median": None, "low": None, "high": None, "missing_because": name}
    return run


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two such runs."""
    return renamed(tmp_path / "one", HOSTILE), renamed(tmp_path / "two", HOSTILE)


def printed(*arguments: object, cwd: Path, encoding: str = "utf-8") -> Done:
    """Call orchbench, and return what a terminal of that encoding gets, with each carriage return."""
    argv = [str(ORCHBENCH), *map(str, arguments)]
    variables = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(argv, cwd=cwd, env=variables, capture_output=True, check=False)
    return Done(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


@pytest.mark.parametrize("command", ["show", "claims", "trend", "trend --markdown -", "show --svg drawn.svg"])
def test_names_steer_no_terminal(command: str, two: tuple[Path, Path], tmp_path: Path) -> None:
    """What a run holds is shown with escapes in the place of what a terminal would obey."""
    name, *options = command.split()
    done = printed(name, *(two if name == "trend" else two[:1]), *options, cwd=tmp_path)
    assert done.code == 0, done.err
    assert is_harmless(done.out) and is_harmless(done.err)
    assert command == "claims" or r"\x1b]52;c;" in done.out.replace("\\\\", "\\").replace("\\]", "]")


@pytest.mark.parametrize("attack", STEERING)
def test_a_complaint_is_one_harmless_line(attack: str, tmp_path: Path) -> None:
    """The names of folders and of commands come from others, too: a wildcard brings them into a command line."""
    name = f"name{STEERING[attack]}"
    for arguments in (["show", name], ["report", name], ["compare", name, name], [name], ["run", "--suite", name]):
        done = printed(*arguments, cwd=tmp_path)
        assert done.code == 2 and done.out == "" and is_harmless(done.err), done
        assert "name" in done.err


def test_json_is_harmless_and_whole(tmp_path: Path) -> None:
    """A program reads every letter; a terminal that shows the same obeys none."""
    run = renamed(tmp_path / "run", HOSTILE)
    done = printed("show", run, "--json", cwd=tmp_path)
    assert is_harmless(done.out)
    assert {row["because"] for row in json.loads(done.out)["checks"]} >= {HOSTILE}


def test_a_picture_is_harmless_and_loads_nothing(tmp_path: Path) -> None:
    """It is XML with the name in its title, and names no place but those within it."""
    run = renamed(tmp_path / "run", f"{HOSTILE}\ufffe\uffff")
    done = printed("show", run, "--svg", "drawn.svg", cwd=tmp_path)
    assert done.code == 0, done.err
    drawn = (tmp_path / "drawn.svg").read_text()
    assert is_harmless(drawn)
    texts = [(each.text or "").replace("\N{NO-BREAK SPACE}", " ") for each in ET.fromstring(drawn).iter() if each.text]
    assert any(text.startswith(r"orchbench show name\x1b]52;c;") for text in texts)
    assert re.findall(r"https?:[^\s\"']*", drawn) == ["http://www.w3.org/2000/svg"]
    assert "@import" not in drawn and set(re.findall(r"url\((.)", drawn)) == {"#"}


def screen(show: Callable[[Console], None]) -> str:
    """Return what a terminal gets, without the colours and the movements of rich's own, which never sets a clipboard."""
    terminal = io.StringIO()
    show(Plain(file=terminal, force_terminal=True, width=120))
    return re.sub(r"\x1b\[[\d;?]*[mKAhlGJ]|\r", "", terminal.getvalue())


def test_tables_are_harmless_on_a_terminal() -> None:
    """In every place of a table, with and without a style."""

    def show(console: Console) -> None:
        table = Table(title=HOSTILE, caption=HOSTILE)
        table.add_column(HOSTILE)
        table.add_column(Text(HOSTILE, "bold"), no_wrap=True)
        table.add_row(HOSTILE, Text.assemble(("before", "red"), HOSTILE))
        console.print(table)
        console.print(HOSTILE, style="yellow", soft_wrap=True)

    plain = re.sub(r"\x1b\[[\d;]*m", "", HOSTILE)
    assert "FORGED" in plain  # what the test itself takes away is not what it looks for
    assert is_harmless(screen(show))


def test_the_progress_is_harmless_on_a_terminal() -> None:
    """The bar and what is printed above it name tools, workloads and what went wrong with them."""
    known = tools.discover()
    chosen = suite.load("quick", known)
    plan = planning.make(planning.Choice(chosen, tools.choose(known, ["plain"]), seed=1), cpu_rounds_per_s=1e6)

    def show(console: Console) -> None:
        with Live(console, plan, forecast.of(plan, 1e6, [])) as watcher:
            watcher.lost(plan.starts[0], HOSTILE)
        with waiting(console, HOSTILE):
            pass

    assert is_harmless(screen(show))


# Other encodings -------------------------------------------------------------------------------------------------------

COMMANDS = ("show", "trend", "trend --markdown -", "claims", "list", "doctor", "--help", "trend --help")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_terminal_without_the_signs_shows_every_command(command: str, encoding: str, tmp_path: Path) -> None:
    """Names and signs that an encoding lacks are replaced; the exit code is that of any other terminal."""
    two = [renamed(tmp_path / name, f"Zoë ≠ {name} → 東京 …") for name in ("one", "two")]
    name, *options = command.split()
    runs = {"show": two[:1], "claims": two[:1], "trend": two}.get(name, []) if "--help" not in options else []
    usual, done = (printed(name, *runs, *options, cwd=tmp_path, encoding=each) for each in ("utf-8", encoding))
    assert done.code == usual.code and done.err.count("\n") == usual.err.count("\n"), done.err
    assert ("≠" in usual.out) == ("!=" in done.out) == (name in {"show", "trend"} and bool(runs))


def test_a_table_stays_aligned_without_the_signs() -> None:
    """Substitutes are put in before a column is measured."""
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict", write_through=True)
    table = Table("one", "two")
    table.add_row("≠ 4.1 ms", "東京")
    Plain(file=terminal, width=60).print(table)
    lines = terminal.buffer.getvalue().decode("ascii").splitlines()
    assert len({len(line) for line in lines}) == 1 and any("!= 4.1 ms" in line for line in lines)


@pytest.mark.parametrize("text", ["Zoë", "東京", "≠", "عربي", "😀", "a\\b", ""])
def test_what_steers_nothing_is_shown_as_it_is(text: str) -> None:
    """Names in any script are nobody's attack."""
    assert visible(text) == text


def test_the_answer_names_the_tool_to_pick() -> None:
    """It says why, too, and nothing of a need that the run has no numbers for."""
    rows = [estimate("airflow", 900.0, tier="service"), estimate("prefect", 4.0, tier="service")]
    cards = answer.cards(facts(estimates=rows))
    asked, others = [card for card in cards if card.is_measured], [card for card in cards if not card.is_measured]
    assert asked and others
    printed_to = io.StringIO()
    terminal.show_answer(Plain(file=printed_to, width=200), cards)
    printed = printed_to.getvalue()
    assert all(card.pick in printed for card in asked) and not any(card.need in printed for card in others)
