"""Make the golden data: `python tests/golden/pack.py RUN` packs a raw run, `python tests/golden/pack.py` derives it anew.

The run is one of suite.toml beside this file: `orchbench run --suite tests/golden/suite.toml --seed 13 --out RUN`. What is
expected of it is what the code at hand derives: read the differences that tests/test_golden.py names before you pin it.
"""

from __future__ import annotations

import io
import lzma
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.export.publish import publish
from bench.plan.tools import TIERS, discover
from bench.store.folder import RunFolder

HERE = Path(__file__).parent
RAW = HERE / "raw.tar.xz"
DERIVED = ("results.json", "samples.csv", "pytest-benchmark.json")
UNREAD = {"adapter.log"}
"""What a tool printed is large, and nothing is derived from it."""


def pack(run: RunFolder) -> None:
    """Pack what a run was derived from, in the same bytes for the same files."""
    with lzma.open(RAW, "wb", preset=9 | lzma.PRESET_EXTREME) as file, tarfile.open(fileobj=file, mode="w") as archive:
        for name in ["run.json", *run.raw_files()]:
            if name.rpartition("/")[2] not in UNREAD:
                content = run.file(name).read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))


def unpack(folder: Path) -> RunFolder:
    """Return the golden run, as a folder."""
    with tarfile.open(RAW) as archive:
        archive.extractall(folder, filter="data")
    return RunFolder(folder)


def derive(raw: RunFolder, target: Path) -> None:
    """Write what today's code derives from the run."""
    derived = RunFolder(target)
    derived.make()
    publish(raw, raw.run(), derived)


def expected(name: str) -> str:
    """Return what was derived when it was pinned."""
    return lzma.decompress((HERE / "expected" / f"{name}.xz").read_bytes()).decode()


def pin() -> None:
    """Derive the golden run, and make that what is expected."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "derived"
        derive(unpack(Path(folder) / "raw"), target)
        for name in DERIVED:
            content = lzma.compress((target / name).read_bytes(), preset=9 | lzma.PRESET_EXTREME)
            (HERE / "expected" / f"{name}.xz").write_bytes(content)


def lacks(run: RunFolder) -> Iterator[str]:
    """Say what a run lacks that the golden one has to have: every scenario, at both tiers, in all tools."""
    record = run.run()
    if not record.finished:
        yield "its end"
    made = {(each.scenario, each.setup.tier, each.setup.orchestrator) for each in run.trials() if not each.warmup}
    for scenario in record.scenarios:
        for tier in TIERS:
            for tool in discover():
                if (scenario, tier, tool) not in made:
                    yield f"{scenario} at the {tier} tier in {tool}"


def main(run: str = "") -> None:
    """Pack the run, if one is named, and pin what is derived from the packed one."""
    if run:
        if missing := list(lacks(RunFolder(Path(run)))):
            sys.exit(f"{run} lacks {', '.join(missing)}")
        pack(RunFolder(Path(run)))
    pin()


if __name__ == "__main__":
    main(*sys.argv[1:])
