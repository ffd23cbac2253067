"""A run of several parts, each measured in a sitting of its own: what may be one, and how the records come together.

The parts measured the same: one commit, and the same versions, settings and sources of each tool that two of them have. They
may differ in the suite, in the tools, in the seed and in the machine. So each part keeps the run.json that it had, and all
that is derived is derived part by part.

Every record is copied with a name that no other part has: the number of the part stands before the id, and the setup names
the part. Events are copied as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, count
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bench.base.origin import Commit, Host
from bench.base.problem import Problem
from bench.store.folder import RunFolder
from bench.store.records import RunRecord
from bench.store.rows import within

TABLES: Final[Mapping[str, str]] = {
    "scenarios": "version of scenario",
    "locks": "lock of",
    "versions": "version of",
    "settings": "setting of",
    "tools": "note on",
}
"""What two parts must agree on, where both have it, and what it is called."""


def merged(paths: Sequence[Path], name: str, *, allow_dirty: bool = False) -> RunRecord:
    """Return the record of a run that these runs are the parts of, or raise where they cannot be parts of one run."""
    records = [RunFolder(path).run() for path in paths]
    if len(records) < 2:
        raise Problem("merge takes two runs or more")
    for path, record in zip(paths, records, strict=True):
        _check(path, record, allow_dirty=allow_dirty)
    for (path, record), (other_path, other) in combinations(zip(paths, records, strict=True), 2):
        if apart := next(_apart(record, other), None):
            raise Problem(f"{path} and {other_path} cannot be merged: {apart}")
    for path, other_path in combinations(paths, 2):
        if file := next(_changed(RunFolder(path).sources.by_name(), RunFolder(other_path).sources.by_name()), None):
            raise Problem(f"{path} and {other_path} cannot be merged: {file} is not the same in both")
    return _record(name, list(_named(records)))


def gather(paths: Sequence[Path], record: RunRecord, target: RunFolder) -> None:
    """Copy the raw records of the parts, in the order of the record's parts."""
    if record.data:
        target.keep_private()
    gathered = _Gathered(target)
    for number, (path, part) in enumerate(zip(paths, record.parts, strict=True), 1):
        source = RunFolder(path)
        with source.locked():
            gathered.add(source, part.id, number)


@dataclass(frozen=True)
class _Gathered:
    """A merged folder that fills; trials and engine starts are numbered through, part after part."""

    folder: RunFolder
    trials: Iterator[int] = field(default_factory=lambda: count(1))
    starts: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, source: RunFolder, part: str, number: int) -> None:
        """Copy the records of a part; of a trial that was cut short there is no record, and nothing is copied."""

        def named(its_id: str) -> str:
            return f"{number}-{its_id}"

        trials, starts = source.trials(), source.starts()
        for trial in trials:
            moved = replace(trial, id=named(trial.id), start=named(trial.start), number=next(self.trials))
            self.folder.write_record(f"trials/{moved.id}/trial.json", within(moved, part))
        for start in starts:
            again = replace(start, id=named(start.id), number=next(self.starts))
            self.folder.write_record(f"starts/{again.id}/start.json", within(again, part))
        for seen in source.observations():
            self.folder.write_observation(within(replace(seen, id=named(seen.id)), part))
        for name in source.sources.by_name():
            self.folder.take(name, source, name)
        ended = {("trials", trial.id) for trial in trials} | {("starts", start.id) for start in starts}
        for name in (*source.raw_files(), *source.logs()):
            kind, its_id, *rest = name.split("/")
            if (kind, its_id) in ended and rest not in (["trial.json"], ["start.json"]):
                self.folder.take("/".join((kind, named(its_id), *rest)), source, name)


# What may be merged ----------------------------------------------------------------------------------------------------


def _check(path: Path, record: RunRecord, *, allow_dirty: bool) -> None:
    """Raise where a run cannot be a part of any."""
    if record.parts:
        raise Problem(f"{path} is merged already; give its parts")
    if record.duel:
        raise Problem(f"{path} is a side of a duel; `orchbench compare` puts it beside the other side")
    if not record.segments:
        raise Problem(f"{path} never began")
    if record.git.dirty is not False and not allow_dirty:
        raise Problem(
            f"{path} was measured with {_state(record.git)}, so that nobody knows what the parts have in common;"
            " --allow-dirty merges it all the same, and the report says so"
        )


def _state(commit: Commit) -> str:
    return f"commit {commit.id[:9]} {commit.changes}" if commit.id else "a commit that is not known"


def _apart(record: RunRecord, other: RunRecord) -> Iterator[str]:
    """Yield in what two runs differ that parts of one run have in common."""
    if record.identity == other.identity:
        yield "they are the same run"
    yield from _differing("", {"schema": record.schema}, {"schema": other.schema})
    yield from _differing("", {"commit": record.git.id}, {"commit": other.git.id})
    for table, what in TABLES.items():
        first, second = (_by_name(getattr(each, table)) for each in (record, other))
        for key in sorted(first.keys() & second.keys()):
            yield from _differing(what, {key: first[key]}, {key: second[key]})
    if record.data and other.data:
        yield from _differing("the customers'", {"sha256": record.data.get("sha256")}, {"sha256": other.data.get("sha256")})


def _by_name(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a table in builtin types; the settings of a setup by their names."""
    plain: dict[str, Any] = msgspec.to_builtins(table)
    return {key: {one["name"]: one for one in each} if isinstance(each, list) else each for key, each in plain.items()}


def _differing(what: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(first.keys() | second.keys()):
        one, other = first.get(name), second.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differing(f"{what} {name}", one, other)
        elif one != other:
            yield f"{what} {name} is {str(one)[:100]} and {str(other)[:100]}".strip()


def _changed(first: Mapping[str, bytes], second: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the sources that are not the same in both, of all that belong to whom both have kept sources of."""
    owners = set.intersection(*({name.split("/")[1] for name in kept} for kept in (first, second)))
    for name in sorted(first.keys() | second.keys()):
        if name.split("/")[1] in owners and first.get(name) != second.get(name):
            yield name


# The record ------------------------------------------------------------------------------------------------------------


def _named(records: Sequence[RunRecord]) -> Iterator[RunRecord]:
    """Yield the parts, each with an id that no other has: two runs may lie in folders of one name."""
    taken: set[str] = set()
    for record in records:
        names = chain([record.id], (f"{record.id}-{number}" for number in count(2)))
        name = next(each for each in names if each not in taken)
        taken.add(name)
        yield replace(record, id=name)


def _record(name: str, parts: Sequence[RunRecord]) -> RunRecord:
    """Sum the parts up; what is left of the first one has no sum, and is read in each part."""
    suites = dict.fromkeys(part.suite["name"] for part in parts)
    return replace(
        parts[0],
        id=name,
        suite={"name": " + ".join(suites), "about": f"merged of {', '.join(part.id for part in parts)}"},
        seed=None,
        orchestrators=list(dict.fromkeys(tool for part in parts for tool in part.orchestrators)),
        scenarios=_union([part.scenarios for part in parts]),
        cases={},
        own_workload=None,
        trials_planned=sum(part.trials_planned for part in parts),
        plan=hashlib.sha256(" ".join(part.plan for part in parts).encode()).hexdigest()[:16],
        host=_shared([part.host for part in parts]),
        versions=_union([part.versions for part in parts]),
        settings=_union([part.settings for part in parts]),
        tools=_union([part.tools for part in parts]),
        data=next((part.data for part in parts if part.data), {}),
        locks=_union([part.locks for part in parts]),
        git=Commit(id=parts[0].git.id, dirty=_dirty([part.git.dirty for part in parts])),
        warnings=[f"part {part.id}: {warning}" for part in parts for warning in part.warnings],
        segments=sorted((each for part in parts for each in part.segments), key=lambda segment: segment.began),
        finished=all(part.finished for part in parts),
        parts=list(parts),
    )


def _union(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {key: value for table in tables for key, value in table.items()}


def _shared(hosts: Sequence[Host]) -> Host:
    """Return what is known of the machine whatever the part: that is not what another part has otherwise."""
    first = msgspec.structs.asdict(hosts[0])
    return Host(**{key: value for key, value in first.items() if all(getattr(host, key) == value for host in hosts)})


def _dirty(states: Sequence[bool | None]) -> bool | None:
    """Return whether any part had changes; nothing, where that is not known of one, and none of the others had any."""
    return True if True in states else None if None in states else False
