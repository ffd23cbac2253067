"""The resources of the assets: the parameters of a run, the registry, and the storage of values."""

from __future__ import annotations

from typing import Any, Final

import dagster as dg

from churn.parameters import Common
from churn.registry import Registry, open_registry
from churn_dagster.pipelines.parameters import InferenceParameters, TrainingParameters


class ModelRegistry(dg.ConfigurableResource[Any]):
    """Where models are recorded and found; a test or a deployment may use another one."""

    def open(self, parameters: Common) -> Registry:
        """Return the registry that the parameters ask for."""
        return open_registry(parameters)


RESOURCES: Final = {
    "training": TrainingParameters.configure_at_launch(),
    "inference": InferenceParameters.configure_at_launch(),
    "registry": ModelRegistry(),
    # Dagster's own: a pickle for each asset, in the storage folder of the instance.
    "io_manager": dg.FilesystemIOManager(),
}
