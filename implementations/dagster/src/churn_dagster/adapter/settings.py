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
_EXECUTOR: Final = "executor: "
_OF_PIPELINES: Final = "executor of the churn jobs: "

_STORAGES: Final = (
    "dagster._core.storage.event_log.sqlite",
    "dagster._core.storage.runs.sqlite",
    "dagster._core.storage.schedules.sqlite",
    "dagster._core.storage.local_compute_log_manager",
)
"""The storages of the instance: each step's process imports them, with SQLAlchemy and Alembic, unless its forkserver has."""


def changed(setup: Setup) -> tuple[Setting, ...]:
    """Return the settings that are not Dagster's defaults in this deployment and profile."""
    everywhere = (
        Setting(
            "DAGSTER_DISABLE_TELEMETRY",
            "1",
            "unset",
            "telemetry.enabled does not reach the webserver's upload thread, which posts whatever lies in "
            "DAGSTER_HOME/logs (dagster/_core/telemetry_upload.py)",
        ),
    )
    recorded = (
        Setting(
            "DAGSTER_HOME",
            "the engine's home",
            "unset: `DagsterInstance.get()` and the daemon refuse, and the webserver makes a temporary folder",
            "SQLite and logs stay below it",
        ),
        Setting(
            _INSTANCE + "telemetry.enabled",
            "false",
            "true",
            "nothing may leave the machine while it is measured",
        ),
    )
    instance = (
        Setting(
            "execute_in_process: instance=",
            "DagsterInstance.get()",
            "an instance in memory, which captures no output and is forgotten with the call",
            "the other tools' calls record their runs too, and a later run builds on what is recorded; "
            "in_process_ephemeral measures the default, which neither records on disk nor starts two `tail`s and two "
            "interpreters in each call",
        ),
    )
    multiprocess = (
        Setting(
            _EXECUTOR + "multiprocess.max_concurrent",
            str(setup.width),
            "the number of CPUs",
            "the same width for everyone",
        ),
    )
    in_process = (
        Setting(
            _EXECUTOR + "in_process",
            "{}",
            "multiprocess",
            "the other mode of the default executor: 'execute each step within the same process' "
            "(docs.dagster.io/guides/operate/run-executors)",
        ),
    )
    no_logs = (
        Setting(
            _INSTANCE + "compute_logs",
            '{"module": "dagster.core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}',
            "LocalComputeLogManager: for each step two `tail`s, and two interpreters that watch over them",
            "to see what they cost, this alone is changed; it gives up a step's stdout and stderr in the UI. "
            "It is the default of Dagster's Helm chart (github.com/dagster-io/dagster/issues/27054)",
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
            _INSTANCE + "run_queue.dequeue_interval_seconds",
            "1",
            "5",
            "how often the daemon looks at the run queue (docs.dagster.io/deployment/oss/dagster-yaml): whole seconds only, "
            "so not a tenth; with 0 the daemon would never pause. DefaultRunCoordinator has no wait, but no queue "
            "either, and so neither priorities nor limits",
            profile="tuned",
        ),
    )
    preloaded = ("churn_dagster.adapter.definitions", *_STORAGES)
    forkserver = (
        Setting(
            _EXECUTOR + "multiprocess.start_method.forkserver.preload_modules",
            json.dumps(preloaded),
            "spawn, without a forkserver",
            "a forkserver is 'a great way to reduce per-process overhead during multiprocess execution, but can cause "
            "issues with certain libraries' (docs.dagster.io/guides/build/jobs/job-execution). Its schema says that it "
            "preloads the code location's module by default, but 1.13 preloads nothing. So what each step imports is "
            "named: the code location, as users do (dagster-io/dagster#30893), and the storages of the instance",
            profile="tuned",
        ),
        Setting(
            _OF_PIPELINES + "multiprocess.start_method.forkserver.preload_modules",
            json.dumps((*preloaded, "churn_dagster.pipelines.deployment")),
            "the same as for the workloads",
            "the adapter's module imports the pipelines only for their own jobs, so that no step of a workload waits for "
            "pandas; a user's pipelines are the code location",
            profile="tuned",
        ),
    )
    in_deployment = {
        "in_process": everywhere + recorded + instance,
        "in_process_ephemeral": everywhere,
        "execute_job": everywhere + recorded + multiprocess,
        "multiprocess": everywhere + recorded + service + multiprocess + forkserver,
        "multiprocess_no_logs": everywhere + recorded + service + multiprocess + no_logs,
        "in_process_runs": everywhere + recorded + service + in_process,
    }[setup.deployment]
    return tuple(each for each in in_deployment if each.profile in ("stock", setup.profile))


def environment(home: Path) -> dict[str, str]:
    """Return the variables that every process of the engine gets."""
    return {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}


def write_instance(home: Path, settings: Sequence[Setting]) -> None:
    """Write the `dagster.yaml` of a home, as JSON, which is YAML too."""
    (home / "dagster.yaml").write_text(json.dumps(_config((_INSTANCE,), settings)))


def executor_config(settings: Sequence[Setting], *, of_pipelines: bool = False) -> dict[str, Any]:
    """Return the config of the default executor: that of the workloads' jobs, or that of the churn jobs."""
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
