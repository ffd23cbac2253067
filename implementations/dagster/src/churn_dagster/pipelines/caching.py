"""A kept result: value -> begun -> computed -> used, each of which is only made when it is stale or missing.

Dagster keeps no results by a key. It keeps the latest one of each asset, and knows from which code version and from which
data versions of its inputs that was made; a change of either makes the asset, and all that depends on it, stale. A run makes
whatever it is asked for: so it is asked for what is stale or missing, as by "Materialize unsynced" in the UI.
"""

# Without `from __future__ import annotations`: this file may be loaded from elsewhere, under no module's name.

from datetime import timedelta
from threading import Lock
from typing import Any

import dagster as dg

from churn import home
from churn.patterns import slow
from contract.steps import step

KEPT_S = 3600

# The author of `computed` edits this number with its code.
body = 1

value = dg.AssetSpec("value", description="A file from elsewhere: who writes it reports its new data version to Dagster.")


class Companion(dg.ConfigurableResource[Any]):
    """What `computed` is given beside its input; no hash can be made of a lock."""

    unhashable: bool = False

    def create_resource(self, context: dg.InitResourceContext) -> Any:
        """Return it."""
        return Lock() if self.unhashable else None


@dg.asset(deps=[value], code_version="1")
@step("begin")
def begun() -> int:
    """Return what the result depends on."""
    return int((home.folder("dagster-kept") / "value").read_text())


@dg.asset(
    code_version=str(body),
    # The UI calls what is older overdue. That does not make it stale.
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(seconds=KEPT_S)),
)
def computed(begun: int, companion: dg.ResourceParam[Any]) -> dict[str, str]:  # noqa: ARG001 - to be given it is all
    """Do what is worth keeping."""
    with step("compute"):
        return slow(f"{describe(begun)}/{body}")


def describe(number: int) -> str:
    """Help the above; its code is part of no code version."""
    helper = 1
    return f"{number}/{helper}"


@dg.asset(code_version="1")
def used(computed: dict[str, str]) -> None:
    """Be what comes after."""
    with step("use", token=computed["text"]):
        pass


defs = dg.Definitions(
    assets=[value, begun, computed, used],
    jobs=[dg.define_asset_job("cached", [begun, computed, used])],
    resources={"companion": Companion(), "io_manager": dg.FilesystemIOManager()},
)
