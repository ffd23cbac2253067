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
    """A commit of the harness; null is what is not known, because there is no git or because git refuses to say."""

    id: str | None = None
    dirty: bool | None = None
    """Whether the files differed from the commit."""

    @property
    def changes(self) -> str:
        """Say behind the id what is known of changes: nothing, where there were none."""
        if self.dirty is None:
            return "and perhaps changes"
        return "and changes" if self.dirty else ""
