"""What the folder of a tool says about the tool, except how to start it. A run keeps all of it for the report."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Hex = Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]

Marker = Literal["circle", "square", "diamond", "triangle", "cross", "wedge", "pentagon", "plus"]


class Colour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A colour on a light page, and the counterpart on a dark one."""

    light: Hex
    dark: Hex


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What `[tool.orchbench]` holds beside the adapter, the deployments and the script; nothing of it is mandatory."""

    title: str = ""
    """The tool's full name."""
    called: str = ""
    """The tool's name in a sentence, where that is shorter than the title."""
    colour: Colour | None = None
    marker: Marker | None = None
    """The shape of the tool's marks in charts. Where no colour or shape is given, the next free one is used."""
    unsupported: dict[str, str] = {}
    """The checks that ask for what the tool does not have, and why the tool does not have it."""
    not_applicable: dict[str, str] = {}
    """The checks whose question does not arise with the tool, and why; they count neither for the tool nor against it."""
    opt_in: dict[str, str] = {}
    """The checks of what the tool does where a documented argument or setting asks for it, and the name of that."""
    declared: dict[str, str] = {}
    """The checks of what the tool does by something that the pipeline's author keeps up to date, such as a version."""
    by_hand: dict[str, str] = {}
    """The checks of what we wrote by hand, because the tool does not have it."""
    remarks: dict[str, str] = {}
    """What a reader should know when one of these checks fails, or beside one of these metrics."""
    debug: dict[str, str] = {}
    """The deployments that the vendor documents for debugging, and where: they are shown, and never ranked."""
    by_choice: dict[str, str] = {}
    """The services that the adapter starts although a user can do without them, and why it does."""
    excerpts: dict[str, Annotated[list[str], msgspec.Meta(max_length=50)]] = {}
    """By scenario: the parts of the code that show how it is done, each a `file.py:name`; see `bench.derive.excerpts`."""
    styles: dict[str, Annotated[list[str], msgspec.Meta(max_length=50)]] = {}
    """By name: another style in which the pipelines are written too, and its files; see `bench.derive.excerpts`."""
