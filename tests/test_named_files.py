"""A file that the reader names may lie in a stranger's folder: what has its name already is replaced, and never followed."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Call, mounted, refusal
from small_runs import block, finished_run, suite_of

from bench.base import files

pytestmark = pytest.mark.xdist_group("named_files")  # the run is made once


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of plain Python."""
    small = block("overhead", reference_starts=1, options={"sizes": {"chain": [1]}, "sweep_ms": []})
    return finished_run(tmp_path_factory.mktemp("named"), suite_of(small))


@pytest.fixture
def runs(honest: Path, tmp_path: Path) -> Path:
    """A folder with two copies of the run."""
    for name in ("a", "b"):
        shutil.copytree(honest, tmp_path / "runs" / name)
    return tmp_path / "runs"


@pytest.mark.parametrize(
    "command",
    [
        "show runs/a --svg",
        "compare runs/a runs/b --html",
        "compare runs/a runs/b --markdown",
        "trend runs --out",
        "trend runs --markdown",
    ],
)
def test_a_planted_link_is_replaced(command: str, runs: Path, orchbench: Call, tmp_path: Path) -> None:
    """What it leads to stays as it is, and nothing else is left in the folder."""
    (tmp_path / "mine").write_text("a file of the reader's")
    (runs / "page").symlink_to(tmp_path / "mine")
    orchbench(*command.split(), "runs/page")
    assert (tmp_path / "mine").read_text() == "a file of the reader's"
    assert (runs / "page").stat().st_size > 500 and not (runs / "page").is_symlink()
    assert {path.name for path in runs.iterdir()} == {"a", "b", "page"}


@pytest.mark.parametrize("name", ["page", "nowhere/page", "runs/a/run.json/page"])
def test_a_file_that_cannot_be_written_is_named(name: str, runs: Path, orchbench: Call, tmp_path: Path) -> None:
    """As the reader has named it, in one line: where its folder is missing, is no folder, or cannot be written to."""
    place = tmp_path / "place"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", "ro", "tmpfs"):
        path = place / name if name == "page" else name
        assert refusal(orchbench("show", runs / "a", "--svg", path)).startswith(f"{path}: ")


def test_a_private_file_stays_private(tmp_path: Path) -> None:
    """Nobody may read it who might not read the one that it replaces."""
    page = tmp_path / "page"
    page.touch(0o600)
    files.write(page, b"words")
    assert (page.read_bytes(), stat.S_IMODE(page.stat().st_mode)) == (b"words", 0o600)


@pytest.mark.parametrize(
    "writing", [lambda path: files.write(path, b"new"), lambda path: files.Files(path.parent).write("f", b"new")]
)
def test_a_file_that_is_not_finished_has_no_name(
    writing: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full, the old file is as it was, and there is nothing beside it."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "f").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        writing(tmp_path / "f")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"f": "old"}


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """It stays a pipe, and whoever reads from it gets all."""
    pipe, content, got = tmp_path / "pipe", b"words" * 100_000, list[bytes]()  # more than a pipe holds
    os.mkfifo(pipe)
    handle = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    try:
        files.write(pipe, content)
    finally:
        os.close(handle)
    reader.join(timeout=60)
    assert got == [content] and pipe.is_fifo()


def test_nobody_waits_for_the_reader_of_a_pipe(runs: Path, orchbench: Call) -> None:
    """A planted one has none, which is said in one line."""
    os.mkfifo(runs / "pipe")
    assert "runs/pipe" in refusal(orchbench("show", "runs/a", "--svg", "runs/pipe", timeout=60))


@pytest.mark.parametrize(("name", "got"), [("/dev/stdout", "words"), ("/dev/fd/1", "words"), ("/dev/null", "")])
def test_what_the_system_has_is_written_to(
    name: str, got: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The output, whose name is a link, and devices are never replaced."""
    real = os.open

    def opened(path: Path, flags: int, *more: int) -> int:
        assert not flags & os.O_CREAT, "root would replace it"
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", opened)
    files.write(Path(name), b"words")
    assert capfd.readouterr().out == got
