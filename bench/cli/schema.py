"""`schema`: what the files of a run hold, for programs that read them."""

from __future__ import annotations

import click

from bench.cli.console import document
from bench.store.schema import FILES, schema_of


@click.command()
@click.argument("file", type=click.Choice(list(FILES)), default="results")
def schema(file: str) -> None:
    """Print the JSON schema of a file that a run leaves: results.json, unless another is named."""
    document(schema_of(file), indent=2)
