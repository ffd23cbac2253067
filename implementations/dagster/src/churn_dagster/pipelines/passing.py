"""A frame that goes from one asset to the next: as a value, by way of an IO manager, or as a file."""

# Without `from __future__ import annotations`: Dagster wants the classes that `config` and `context` are annotated with.

from pathlib import Path

import dagster as dg
import pandas as pd

from churn import home
from churn.patterns import Passing, checksum, frame
from contract.steps import step


class Frame(dg.Config):
    """The config of the asset that makes the frame."""

    size: int = 1_000_000


def make(size: int) -> pd.DataFrame:
    """Make a frame."""
    with step("make") as says:
        table = frame(size)
        says["token"] = checksum(table)
    return table


def take(table: pd.DataFrame) -> None:
    """Look at a frame."""
    with step("take") as says:
        says["token"] = checksum(table)


def pass_by(way: str) -> list[dg.AssetsDefinition]:
    """Return two assets that pass the frame through the IO manager with the name of the way."""

    @dg.asset(name=f"made_{way}", io_manager_key=way)
    def made(config: Frame) -> pd.DataFrame:
        return make(config.size)

    @dg.asset(name=f"taken_{way}", ins={"table": dg.AssetIn(f"made_{way}")})
    def taken(table: pd.DataFrame) -> None:
        take(table)

    return [made, taken]


def file_of(run: dg.DagsterRun) -> Path:
    """Return the file of a run."""
    return home.folder("frames") / f"{run.run_id}.parquet"


@dg.asset
def made_file(context: dg.AssetExecutionContext, config: Frame) -> dg.MaterializeResult:
    """Make a frame, and write it. The file is the asset, so there is no value for an IO manager."""
    path = file_of(context.run)
    make(config.size).to_parquet(path)
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(path)})


@dg.asset(deps=[made_file])
def taken_file(context: dg.AssetExecutionContext) -> None:
    """Read the frame of the same run, look at it, and delete the file: nobody needs it any more."""
    path = file_of(context.run)
    try:
        take(pd.read_parquet(path))
    finally:
        path.unlink()


WAYS = {"value": pass_by("value"), "store": pass_by("store"), "file": [made_file, taken_file]}


def job_name(way: str) -> str:
    """Return the name of the job. Each way has one: an asset's definition, and no run config, names the IO manager."""
    return f"passing_{way}"


def run_config(size: int = Passing.size, way: str = Passing.way) -> dg.RunConfig:
    """Return the run config of the job."""
    return dg.RunConfig(ops={f"made_{way}": Frame(size=size)})


defs = dg.Definitions(
    assets=[asset for assets in WAYS.values() for asset in assets],
    jobs=[dg.define_asset_job(job_name(way), assets) for way, assets in WAYS.items()],
    resources={
        "value": dg.mem_io_manager,
        # A pickle for each asset below DAGSTER_HOME; the next run replaces it.
        "store": dg.FilesystemIOManager(),
    },
)
