"""What strangers may do to a run folder: mutations of files and of what they hold, and a call that watches its limits."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

import bench.report.render  # noqa: F401 - once, and not in each fork
from bench import cli

LIMIT_CPU_S: Final = 10
LIMIT_BYTES: Final = 10**9
"""What a command may take of CPU time and, beyond what this process has, of memory."""

LIMIT_S: Final = 60
"""What it may take in all, where it waits for something, on a machine that has much else to do."""

RAW: Final = "@raw@"
"""Marks a value that is no JSON value of Python's: it is written as it is."""

VALUES: Final[Sequence[Any]] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**19,
    1e308,
    "",
    "x" * 100_000,
    "../../../../etc/passwd",
    "/etc/passwd",
    "a[/b] :x: \x1b]52;c;AAAA\x07\x1b[2J\r\n\u202e",
    "=HYPERLINK(1)",
    "<script>alert(1)</script>",
    [],
    {},
    [[]],
    [None] * 1000,
    {"": {}},
    f"{RAW}NaN",
    f"{RAW}-Infinity",
    f"{RAW}1{'0' * 400}",
    f"{RAW}{'9' * 100_000}",
    f"{RAW}{'[' * 5_000}{']' * 5_000}",
    f"{RAW}{'[' * 200_000}",
    f'{RAW}"\\ud800"',
)
"""What takes the place of a value in a document."""

WRITTEN_TO: Final = ("", "charts", "mlflow", "mlflow/orchbench-artifacts", "code", "starts/x/home", ".probe", "data")
"""Where a command may write to, or delete something."""

SOURCES: Final = (
    b"1" + b"+1" * 50_000,
    b"x = " + b"(" * 10_000,
    b"def f():\n" + b" " * 1000 + b"pass\n" * 10_000,
    b"x = 9**9**9**9\n",
    b"\x00\xff\xfe",
    b"'" * 99_999,
    b"# coding: utf-7\n+AAA-",
)
"""What takes the place of a source, or of any other file."""


@dataclass(frozen=True)
class Ended:
    """A command that ended, or was ended, and what it took."""

    code: int
    """The exit code, or minus the signal."""
    err: str
    cpu_s: float = 0.0
    memory: int = 0
    """Bytes that it had in memory at the most, those of this process too."""


def call(folder: Path, *arguments: str) -> Ended:
    """Call orchbench in that folder, in a fork of this process, within the limits."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(_within_limits(folder, arguments))
        _, status, used = os.wait4(pid, 0)
        err.seek(0)
        return Ended(os.waitstatus_to_exitcode(status), err.read(), used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def _within_limits(folder: Path, arguments: Sequence[str]) -> int:
    try:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT_BYTES, used + LIMIT_BYTES))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LIMIT_S)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_CPU_S, LIMIT_CPU_S))
        os.chdir(folder)
        sys.argv = ["orchbench", *arguments]
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", errors="replace")
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is, the caller has to see it
        traceback.print_exc()
        code = 70
    else:
        code = 0
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


def state_of(folder: Path) -> dict[str, object]:
    """Return all that can be seen of a folder and of what is in it."""
    every = [folder, *folder.rglob("*")]
    return {str(path): (path.read_bytes() if path.is_file() else "folder", path.stat().st_mode) for path in every}


@dataclass(frozen=True)
class World:
    """A folder with a run in it, which a stranger may have made, and with files of the reader's beside it."""

    folder: Path

    @property
    def run(self) -> Path:
        """The stranger's."""
        return self.folder / "run"

    @property
    def files(self) -> list[Path]:
        """All plain files of the run, in one order, but for those without an end, which nobody can change further."""
        every = sorted(path for path in self.run.rglob("*") if path.is_file() and not path.is_symlink())
        return [path for path in every if path.stat().st_size < LIMIT_BYTES]

    @property
    def targets(self) -> list[Path]:
        """What a link may lead to."""
        mine = self.folder / "mine"
        others = [Path("/etc/passwd"), Path("/dev/zero"), self.folder / "nowhere", self.run]
        return [mine / "secret", mine / "folder", mine, *others]

    def others(self) -> dict[str, object]:
        """Return all that is not in the run's folder, to see whether it stays as it is."""
        return {name: its for each in self.folder.iterdir() if each != self.run for name, its in state_of(each).items()}

    @classmethod
    def of(cls, base: Path, folder: Path) -> World:
        """Put a run into a new world."""
        shutil.copytree(base, folder / "run", symlinks=True, copy_function=_put)
        (folder / "mine" / "folder" / "below").mkdir(parents=True)
        for name in ("secret", "folder/file", "folder/below/home"):
            (folder / "mine" / name).write_text("mine")
        return cls(folder)


def _put(source: str, target: str) -> None:
    """Put a file into a world: one more name of it, which takes no time, unless it is written to where it lies."""
    shutil.copy2(source, target) if source.endswith(".db") else os.link(source, target)


def _rewrite(file: Path, content: bytes) -> None:
    """Write a file that may have another name in the run that nobody changes."""
    file.unlink()
    file.write_bytes(content)


Mutation = Callable[[World], str]
"""Changes a world, and says what it did."""


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """Return something that a stranger may do to a run folder."""
    kind: Callable[[st.DrawFn], Mutation] = draw(st.sampled_from([_document, _document, _bytes, _source, _kind_of_file]))
    return kind(draw)


@st.composite
def traps(draw: st.DrawFn) -> Mutation:
    """Return something of it that leaves what is planned as it is."""
    return _kind_of_file(draw)


def _document(draw: st.DrawFn) -> Mutation:
    """Change a value, a key or a length in a document."""
    which, where = draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))
    value, how = draw(st.sampled_from(VALUES)), draw(st.sampled_from(["set", "delete", "rename", "repeat"]))

    def mutate(world: World) -> str:
        files = [path for path in world.files if path.suffix == ".json"]
        if not files:
            return "there is no document"
        file = files[which % len(files)]
        try:
            document = json.loads(file.read_text())
        except (ValueError, RecursionError):
            return "it is no document any more"
        places = list(_places(document))
        if not places:
            return "it is empty"
        parent, key = places[where % len(places)]
        if how == "set":
            parent[key] = value
        elif how == "delete":
            del parent[key]
        elif how == "rename" and isinstance(parent, dict):
            parent[f"{key}?"] = parent.pop(key)
        else:
            parent[key] = [parent[key]] * 3
        text = json.dumps(document)
        if isinstance(value, str) and value.startswith(RAW):
            text = text.replace(json.dumps(value), value.removeprefix(RAW))
        _rewrite(file, text.encode())
        return f"{file.name}: {how} {key!r} {str(value)[:40]!r}"

    return mutate


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(document, dict):
        for key in document:
            yield document, key
        for value in document.values():
            yield from _places(value)
    elif isinstance(document, list):
        for number, value in enumerate(document[:20]):
            yield document, number
            yield from _places(value)


def _bytes(draw: st.DrawFn) -> Mutation:
    """Damage any file."""
    which, where = draw(st.integers(0, 10**6)), draw(st.floats(0, 1))
    how = draw(st.sampled_from(["cut", "flip", "double", "insert", "empty"]))
    new = draw(st.binary(min_size=1, max_size=8))

    def mutate(world: World) -> str:
        if not (files := world.files):
            return "there is no file"
        file = files[which % len(files)]
        content = file.read_bytes()
        at = int(where * len(content))
        _rewrite(
            file,
            {
                "cut": content[:at],
                "flip": content[:at] + new + content[at + len(new) :],
                "double": content + content,
                "insert": content[:at] + new + content[at:],
                "empty": b"",
            }[how],
        )
        return f"{file.relative_to(world.run)}: {how} at {at}"

    return mutate


def _source(draw: st.DrawFn) -> Mutation:
    """Put hostile code, or what passes for it, into a file."""
    which, content = draw(st.integers(0, 10**6)), draw(st.sampled_from(SOURCES))
    only_code = draw(st.booleans())

    def mutate(world: World) -> str:
        files = [path for path in world.files if not only_code or path.suffix == ".py"] or world.files
        if not files:
            return "there is no file"
        file = files[which % len(files)]
        _rewrite(file, content)
        return f"{file.relative_to(world.run)}: {content[:20]!r}"

    return mutate


def _kind_of_file(draw: st.DrawFn) -> Mutation:
    """Put a link, a pipe, a folder or an endless file in the place of a file or folder, or where one is written to."""
    which, target = draw(st.integers(0, 10**6)), draw(st.integers(0, 6))
    how = draw(st.sampled_from(["link", "link", "pipe", "folder", "endless", "nothing", "hard link"]))
    extra = draw(st.sampled_from(WRITTEN_TO))

    def mutate(world: World) -> str:
        every = sorted(path for path in world.run.rglob("*") if not path.is_symlink())
        place = world.run / extra if extra else every[which % len(every)] if every else world.run / "run.json"
        for above in reversed(place.relative_to(world.run).parents[:-1]):
            if not (world.run / above).is_dir():
                (world.run / above).unlink(missing_ok=True)
                (world.run / above).mkdir()
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        to = world.targets[target % len(world.targets)]
        match how:
            case "link":
                place.symlink_to(to)
            case "pipe":
                os.mkfifo(place)
            case "folder":
                place.mkdir()
            case "endless":
                with place.open("wb") as file:
                    file.truncate(10**12)
            case "hard link":
                os.link(world.folder / "mine" / "secret", place)
            case _:
                pass
        return f"{place.relative_to(world.run)}: {how} {to.name}"

    return mutate
