"""Where a run comes from: the machine that it was made on, and the commit that was measured."""

from __future__ import annotations

import msgspec


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, and the id of the boot that it is in."""

    name: str = ""
    system: str = ""
    cpu: str = ""
    cores: int = 0
    memory_gb: float = 0.0
    python: str = ""
    boot_id: str = ""


class Commit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A commit of the harness; both fields are null where there is no git."""

    id: str | None = None
    dirty: bool | None = None
    """Whether the files differed from the commit."""
