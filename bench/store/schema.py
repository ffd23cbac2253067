"""The JSON schemas of the files of a run: made from the structs that are written, with their docstrings as descriptions."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import msgspec

from bench.events import verification
from bench.plan import about, setup
from bench.scenarios.kit import case, procedures
from bench.store import records, rows

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

FILES: Final[Mapping[str, type[msgspec.Struct]]] = {
    "results": rows.Results,
    "run": records.RunRecord,
    "trial": records.TrialRecord,
    "start": records.StartRecord,
    "observation": records.ObservationRecord,
}
"""The files, named without `.json`, and the struct that each of them holds."""

Schema = dict[str, Any]


def schema_of(file: str) -> Schema:
    """Return the schema of a file. A property with a default may be missing in files of earlier schemas."""
    (root,), components = msgspec.json.schema_components([FILES[file]], ref_template="#/$defs/{name}")
    defs = {name: _described(name, each) for name, each in components.items()}
    if file == "results":
        defs = {name: _flat(each, defs["Setup"]) for name, each in defs.items() if name != "Setup"}
    return {"$schema": DRAFT, "title": f"{file}.json", **root, "$defs": defs}


def _flat(row: Schema, setup: Schema) -> Schema:
    """Return the schema of a row as rows are written: with the keys of the setup among those of the row."""
    if "setup" not in row["properties"]:
        return row
    properties: Schema = {}
    for key, value in row["properties"].items():
        properties |= setup["properties"] if key == "setup" else {key: value}
    required = [*setup["required"], *(key for key in row["required"] if key != "setup")]
    return row | {"properties": properties, "required": required}


def _described(name: str, schema: Schema) -> Schema:
    struct = _STRUCTS[name]
    bases = [each for each in reversed(struct.__mro__) if each in _STRUCTS.values()]
    docstrings = {key: text for each in bases for key, text in _docstrings_of_fields(each)}
    properties = {
        key: value | ({"description": docstrings[key]} if key in docstrings else {})
        for key, value in schema["properties"].items()
    }
    return schema | {"description": inspect.getdoc(struct), "properties": properties}


def _docstrings_of_fields(struct: type) -> Iterator[tuple[str, str]]:
    """Yield the docstring below each field that is not inherited: Python itself does not keep it."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    for field, below in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


_STRUCTS: Final = {
    name: each
    for module in (rows, records, setup, about, case, procedures, verification)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, msgspec.Struct)
}
