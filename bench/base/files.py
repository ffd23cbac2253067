"""The gate to the files below a folder that a stranger may have made.

A link in such a folder leads to the files of whoever opens it, a pipe never ends, and a file may be as large as it likes.
So each part of a path below the folder is looked at before anything is read, written or removed, and whatever is neither a
plain file nor a folder is refused. The folder itself is named by the user, and may be reached through a link. Files that the
user names one by one are written here too (`write`), because they may lie in such a folder.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from bench.base.problem import Problem

MB: Final = 1_000_000

LARGEST: Final = 64 * MB
"""What a file may hold where nothing else is said."""

DEEPEST: Final = 50
"""How many folders may lie in each other."""

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_INTO: Final = os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC


class Files:
    """The plain files and folders below a folder, named by their paths there, such as `trials/001/trial.json`."""

    def __init__(self, root: Path) -> None:
        """Name the folder; nothing is touched yet."""
        self.root = root

    def path(self, name: str) -> Path:
        """Return the path of what there is, or may be, under the name."""
        return self._looked_at(name)[0]

    def is_file(self, name: str) -> bool:
        """Whether there is a file of that name."""
        kind = self._looked_at(name)[1]
        return kind is not None and stat.S_ISREG(kind)

    def is_folder(self, name: str) -> bool:
        """Whether there is a folder of that name."""
        kind = self._looked_at(name)[1]
        return kind is not None and stat.S_ISDIR(kind)

    def names(self, folder: str) -> list[str]:
        """Return the names of what is in a folder, sorted; none, where there is no such folder."""
        return sorted(path.name for path in self.path(folder).iterdir()) if self.is_folder(folder) else []

    def below(self, folder: str, *, skipping: bool = False) -> Iterator[str]:
        """Yield the names of all files below a folder; what is neither file nor folder is skipped, or else refused."""
        if not self.is_folder(folder):
            return
        with os.scandir(self.path(folder)) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            name = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if not (skipping and name.count("/") >= DEEPEST):
                    yield from self.below(name, skipping=skipping)
            elif entry.is_file(follow_symlinks=False) or not skipping:
                self.path(name)
                yield name

    def check(self, name: str) -> None:
        """Raise where there is anything but plain files and folders, there or below."""
        for _ in self.below(name):
            pass

    def file(self, name: str, most: int = LARGEST) -> Path:
        """Return the path of a file that is there, and is not larger than that, for those who read it themselves."""
        path = self.path(name)
        _check(path, path.lstat(), most)
        return path

    def read(self, name: str, most: int = LARGEST) -> bytes:
        """Return what a file holds."""
        return read(self.path(name), most)

    def read_end(self, name: str, most: int) -> bytes:
        """Return the last bytes of a file, however large it is."""
        path = self.path(name)
        with _opened(path) as file:
            file.seek(max(0, _size(path, os.fstat(file.fileno())) - most))
            return file.read(most)

    def make(self, folder: str) -> Path:
        """Make a folder, and those above it, where they are not there yet."""
        path = self.path(folder)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: bytes) -> None:
        """Write a file, or replace it: a reader finds the old one or the new one, and never a part."""
        with _replaced(self.path(name), 0o666) as file:
            file.write(content)

    def copy(self, source: Path, name: str, mode: int = 0o666) -> None:
        """Write a file that holds the same as another one of the user's."""
        with _replaced(self.path(name), mode) as file, source.open("rb") as original:
            shutil.copyfileobj(original, file)

    def remove(self, name: str, *, as_far_as_possible: bool = False) -> None:
        """Remove a file or a folder, if it is there. What links in a folder lead to stays as it is."""
        path = self.path(name)
        if not self.is_folder(name):
            path.unlink(missing_ok=True)
            return
        try:
            shutil.rmtree(path, ignore_errors=as_far_as_possible)
        except RecursionError:
            raise Problem(f"{path} cannot be deleted: too many folders lie in each other") from None

    def _looked_at(self, name: str) -> tuple[Path, int | None]:
        """Return a path and what is there, if anything is; raise where any part of the path is neither file nor folder."""
        parts = name.split("/")
        if len(parts) > DEEPEST or not all(map(is_plain, parts)):
            raise Problem(f"{self.root}: {name[:200]!r} is no name of a file in there")
        path = str(self.root)  # a string, because a run has ten thousands of files
        kind: int | None = None
        for number, part in enumerate(parts, 1):
            path = f"{path}/{part}"
            try:
                kind = os.lstat(path).st_mode
            except FileNotFoundError:
                return self.root / name, None
            except OSError as error:
                raise Problem(f"{path}: {error.strerror}") from None
            if not (stat.S_ISDIR(kind) or (stat.S_ISREG(kind) and number == len(parts))):
                raise Problem(f"{path} is {_said(kind)}, which no run has there; this may be a trap")
        return self.root / name, kind


def is_plain(name: str) -> bool:
    """Whether a name is that of a file or a folder in a folder, and leads nowhere else."""
    return name not in {"", ".", ".."} and not {"/", "\0"} & set(name)


def read(path: Path, most: int = LARGEST) -> bytes:
    """Return what a plain file holds; the folders that lead to it are the caller's to look at."""
    with _opened(path) as file:
        _check(path, os.fstat(file.fileno()), most)
        return file.read(most)


def write(path: Path, content: bytes) -> None:
    """Write a file that the user has named, or replace it; a pipe or a device of that name is written to."""
    try:
        with _named(path) as file:
            file.write(content)
    except OSError as error:  # of the file that was named, not of the one beside it
        raise OSError(error.errno, error.strerror, str(path)) from None


def _named(path: Path) -> AbstractContextManager[BinaryIO]:
    """Return what the content of a file goes to, by what has its name now; a link is replaced, for it may be a trap."""
    folder = os.path.realpath(path.parent)
    if folder == "/dev" or folder.startswith("/proc/"):
        return _into(path)  # the links in there are the system's, such as /dev/stdout
    try:
        now = path.lstat().st_mode
    except FileNotFoundError:
        return _replaced(path, 0o666)
    if stat.S_ISLNK(now):
        return _replaced(path, 0o666)
    if stat.S_ISREG(now):
        return _replaced(path, stat.S_IMODE(now))  # nobody may read it who might not read it before
    return _into(path, os.O_NOFOLLOW)


def _into(path: Path, more: int = 0) -> BinaryIO:
    handle = os.open(path, _INTO | more)  # without waiting: nobody may ever read from a pipe that somebody has planted
    os.set_blocking(handle, True)
    return os.fdopen(handle, "wb")


@contextmanager
def _replaced(path: Path, mode: int) -> Iterator[BinaryIO]:
    """Yield a file that gets the name when all is written, whatever has it now."""
    # Nobody can have put anything under a name that is drawn now.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, _MAKE, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(handle)  # a machine that loses power must not keep the new name without the content
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _opened(path: Path) -> BinaryIO:
    try:
        return os.fdopen(os.open(path, _READ), "rb")
    except IsADirectoryError:
        raise Problem(f"{path} is a folder, and no file") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Problem(f"{path} is a link, and no file") from None
        raise


def _size(path: Path, state: os.stat_result) -> int:
    """Return the size of a file, or raise where it is none."""
    if not stat.S_ISREG(state.st_mode):
        raise Problem(f"{path} is {_said(state.st_mode)}, and no file")
    return state.st_size


def _check(path: Path, state: os.stat_result, most: int) -> None:
    if (size := _size(path, state)) > most:
        raise Problem(f"{path} has {size / MB:.0f} MB, and such a file has at most {most / MB:.0f}")


def _said(kind: int) -> str:
    names = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFREG: "a file", stat.S_IFIFO: "a pipe"}
    return names.get(stat.S_IFMT(kind), "a device or a socket")
