"""What we change of Dagster's defaults, and why; `dagster.yaml` and the executor's config come from here."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import dagster

from contract.adapter import Setting, Setup

VERSIONS: Final = {"python": platform.python_version(), "dagster": dagster.__version__}

_INSTANCE: Final = "dagster.yaml: "
_EXECUTOR: Final = "multiprocess_executor: "
_OF_PIPELINES: Final = "multiprocess_executor of the churn jobs: "


def changed(setup: Setup) -> tuple[Setting, ...]:
    """Return the settings that are not Dagster's defaults in this deployment and profile."""
    everywhere = (
        Setting(
            "DAGSTER_HOME",
            "the engine's home",
            "unset: a temporary instance",
            "SQLite and logs stay below it",
        ),
        Setting(
            _INSTANCE + "telemetry.enabled",
            "false",
            "true",
            "nothing may leave the machine while it is measured",
        ),
        Setting(
            "DAGSTER_DISABLE_TELEMETRY",
            "1",
            "unset",
            "telemetry.enabled does not reach the webserver's upload thread, which posts whatever lies in "
            "DAGSTER_HOME/logs (dagster/_core/telemetry_upload.py)",
        ),
    )
    executor = (
        Setting(
            _EXECUTOR + "max_concurrent",
            str(setup.width),
            "the number of CPUs",
            "the same width for everyone",
        ),
    )
    service = (
        Setting("dagster-webserver --port", "a free port", "3000", "two engines must not meet"),
        Setting(
            "DAGSTER_WEBSERVER_PATH_PREFIX",
            "random, for each start",
            "none",
            "the webserver has no login, and looks at neither Host nor Origin: without a prefix that cannot be guessed, any "
            "web page in a browser of this machine, and any other user of it, could launch runs",
        ),
        Setting(
            "dagster-webserver: what is not below the prefix",
            "not found",
            "`/` redirects to the prefix",
            "whoever asked would be told the prefix; see webserver.py",
        ),
        Setting(
            "workspace.yaml: grpc_server.socket",
            "one `dagster code-server` on a Unix socket",
            "the webserver and the daemon load the code in a server each",
            "the architecture of a deployment: webserver, daemon, code location server "
            "(docs.dagster.io/deployment/oss/oss-deployment-architecture); "
            "a daemon with a server of its own restarts it every 60 s",
        ),
        Setting(
            _EXECUTOR + "start_method.forkserver",
            "{}",
            "spawn",
            "'a great way to reduce per-process overhead during multiprocess execution' "
            "(docs.dagster.io/guides/build/jobs/job-execution); it preloads the code location's module",
            profile="tuned",
        ),
        Setting(
            _OF_PIPELINES + "start_method.forkserver.preload_modules",
            '["churn_dagster.adapter.definitions", "churn_dagster.pipelines.deployment"]',
            "the code location's module",
            "that module imports the pipelines only for their own jobs, so that no step of a workload waits for pandas; a "
            "user's pipelines are the code location, and the default preloads them",
            profile="tuned",
        ),
        Setting(
            _INSTANCE + "run_coordinator",
            '{"module": "dagster.core.run_coordinator", "class": "DefaultRunCoordinator"}',
            "QueuedRunCoordinator, whose queue the daemon looks at every 5 s",
            "'immediately sends runs to the run launcher' (docs.dagster.io/deployment/oss/dagster-yaml); "
            "it gives up the limit on runs in progress, which one run at a time does not need",
            profile="tuned",
        ),
    )
    in_deployment = {
        "in_process": everywhere,
        "execute_job": everywhere + executor,
        "multiprocess": everywhere + executor + service,
    }[setup.deployment]
    return tuple(each for each in in_deployment if each.profile in ("stock", setup.profile))


def environment(home: Path) -> dict[str, str]:
    """Return the variables that every process of the engine gets."""
    return {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}


def write_instance(home: Path, settings: Sequence[Setting]) -> None:
    """Write the `dagster.yaml` of a home, as JSON, which is YAML too."""
    (home / "dagster.yaml").write_text(json.dumps(_config((_INSTANCE,), settings)))


def executor_config(settings: Sequence[Setting], *, of_pipelines: bool = False) -> dict[str, Any]:
    """Return the config of the multiprocess executor: that of the workloads' jobs, or that of the churn jobs."""
    return _config((_EXECUTOR, _OF_PIPELINES) if of_pipelines else (_EXECUTOR,), settings)


def _config(prefixes: tuple[str, ...], settings: Sequence[Setting]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for setting in settings:
        if setting.name.startswith(prefixes):
            *path, key = setting.name.partition(": ")[2].split(".")
            place = config
            for part in path:
                place = place.setdefault(part, {})
            place[key] = json.loads(setting.value)
    return config
