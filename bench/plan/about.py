"""What a tool's folder says of the tool, beside how to start it: all that a report needs, so that a run keeps it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Hex = Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]

Marker = Literal["circle", "square", "diamond", "triangle", "cross", "wedge", "pentagon", "plus"]


class Colour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A colour on light paper, and the one that stands for it on dark paper."""

    light: Hex
    dark: Hex


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What stands in `[tool.orchbench]` beside the adapter and the deployments; none of it is mandatory."""

    title: str = ""
    """The tool's full name."""
    called: str = ""
    """The tool's name in a sentence, where that is shorter than the title."""
    colour: Colour | None = None
    marker: Marker | None = None
    """The colour and the shape of the tool's marks in charts; None: the next one that is free."""
    unsupported: dict[str, str] = {}
    """The checks of scenarios that ask for what the tool does not have, and why it has not."""
    by_hand: dict[str, str] = {}
    """The checks that judge what we wrote, because the tool does not have it."""
    declared: dict[str, str] = {}
    """The checks that judge what the tool has, but goes by what the pipeline's author declares."""
    remarks: dict[str, str] = {}
    """The checks of which a reader should know something when they fail."""
    by_choice: dict[str, str] = {}
    """Of the services that the adapter starts, those that a user can do without, and why we do not."""
    excerpts: dict[str, list[str]] = {}
    """By scenario: the parts of the code that show how it is done, each a `file.py:name`; see `bench.derive.excerpts`."""
