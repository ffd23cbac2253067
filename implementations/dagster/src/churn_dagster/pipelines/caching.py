"""A kept result: value -> begun -> computed -> used, each of which is only made when it is stale or missing.

Dagster keeps no results by a key. It keeps the latest result of each asset, and knows from which code version and from which
data versions of the inputs it was made. A change of either makes the asset stale, and all that depends on it. A file from
elsewhere gets its data version when Dagster observes it. A run makes each asset that it is asked for, so it is asked for the
stale and missing ones with all that depends on them. The UI's "Materialize unsynced" leaves out what is not stale yet.
"""

# Without `from __future__ import annotations`: this file may be loaded from elsewhere, under no module's name.

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import dagster as dg

from churn import home
from churn.patterns import slow
from contract.steps import step

KEPT_S = 3600

# The author of `computed` edits this number with its code.
body = 1

# An edit of anything in this file is another version.
FILE = sha256(Path(__file__).read_bytes()).hexdigest()


def source() -> Path:
    """Return the file from elsewhere that the assets depend on."""
    return home.folder("dagster-kept") / "value"


@dg.observable_source_asset
def value() -> dg.DataVersion:
    """Look at the file: its hash is its data version."""
    return dg.DataVersion(sha256(source().read_bytes()).hexdigest())


@dg.asset(deps=[value], code_version="1")
@step("begin")
def begun() -> int:
    """Return what the result depends on."""
    return int(source().read_text())


@dg.asset(
    code_version=str(body),
    # The UI calls an older result overdue. That does not make it stale.
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(seconds=KEPT_S)),
)
def computed(begun: int) -> dict[str, str]:
    """Compute what is worth keeping."""
    with step("compute"):
        return slow(f"{describe(begun)}/{body}")


def describe(number: int) -> str:
    """Help the above. No code version covers this code."""
    helper = 1
    return f"{number}/{helper}"


@dg.asset(code_version="1")
def used(computed: dict[str, str]) -> None:
    """Use the result."""
    with step("use", token=computed["text"]):
        pass


@dg.asset(code_version=FILE)
def computed_by_file(begun: int) -> dict[str, str]:
    """Compute the same, in a version that no author has to raise."""
    with step("compute"):
        return slow(f"{describe(begun)}/{body}")


@dg.asset(code_version="1")
def used_by_file(computed_by_file: dict[str, str]) -> None:
    """Use that."""
    with step("use", token=computed_by_file["text"]):
        pass


observed = dg.define_asset_job("observed", [value])

cached = dg.define_asset_job("cached", [begun, computed, used])

cached_by_file = dg.define_asset_job("cached_by_file", [begun, computed_by_file, used_by_file])

defs = dg.Definitions(
    assets=[value, begun, computed, used, computed_by_file, used_by_file],
    jobs=[observed, cached, cached_by_file],
    resources={"io_manager": dg.FilesystemIOManager()},
)
