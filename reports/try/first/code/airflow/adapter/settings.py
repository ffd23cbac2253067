"""What we change of Airflow's defaults, and why; it becomes the `airflow.cfg` of an engine's home."""

from __future__ import annotations

import base64
import os
import platform
import secrets
import sqlite3
from configparser import RawConfigParser
from importlib.metadata import version
from pathlib import Path
from typing import Final, TextIO

from contract.adapter import Setting, Setup

VERSIONS: Final = {
    "airflow": version("apache-airflow"),
    "task_sdk": version("apache-airflow-task-sdk"),
    "standard_provider": version("apache-airflow-providers-standard"),
    "io_provider": version("apache-airflow-providers-common-io"),
    "sqlite": sqlite3.sqlite_version,
    "python": platform.python_version(),
}

GENERATED: Final = "generated"
"""In place of the value of a port or a secret, which each start makes anew."""

COMMON: Final = (
    Setting("[core] load_examples", "False", "True", "the examples are none of the work, and would be parsed with it"),
)

LIBRARY: Final = (
    *COMMON,
    Setting(
        "[dag_processor] dag_bundle_config_list",
        "a bundle per workload",
        "one bundle for all",
        "dag.test() parses every DAG of the bundle again in each call; a run must not pay for the other workloads",
    ),
)


OBJECTS: Final = (
    Setting(
        "[core] xcom_backend",
        "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
        "airflow.sdk.execution_time.xcom.BaseXCom",
        "it is what this deployment is for: values between tasks in object storage",
    ),
    Setting("[common.io] xcom_objectstorage_path", "file://{home}/xcom", "none", "the storage that each machine has"),
    Setting(
        "[common.io] xcom_objectstorage_threshold",
        "0",
        "-1",
        "small values too, so that all sizes go the same way; the documentation's example keeps up to 1 MB in the database",
    ),
)
"""The changes that put XComs into files, as into any other object storage."""


def service(width: int) -> tuple[Setting, ...]:
    """Return the changes that hold in both profiles of the service tier."""
    return (
        *COMMON,
        Setting("[core] dags_are_paused_at_creation", "False", "True", "a deployed workload must be ready to run"),
        # A limit of each run since Airflow 3, as the width of the other tools is. Not the slots of a pool, which all runs
        # share. Not [core] parallelism either, the number of workers: they are often held after a task (README.md).
        Setting("[core] max_active_tasks_per_dag", str(width), "16", "the same width for all: tasks of a run at once"),
        Setting(
            "[scheduler] use_job_schedule",
            "False",
            "True",
            "the churn pipelines have schedules: the first run of an unpaused DAG may be due at once, and a training starts "
            "an inference through an asset; a run that nobody asked for would take the measured ones' CPU time",
        ),
        Setting("[api] host", "127.0.0.1", "0.0.0.0", "loopback only"),  # noqa: S104 - the default that we change
        Setting("[api] port", GENERATED, "8080", "a free port, so that engines do not meet"),
        Setting("[core] execution_api_server_url", GENERATED, "none", "where task processes find the free port"),
        Setting("[core] fernet_key", GENERATED, "generated", "the three servers must share it"),
        Setting("[api] secret_key", GENERATED, "generated", "the three servers must share it"),
        Setting("[api_auth] jwt_secret", GENERATED, "generated", "the three servers must share it"),
        Setting(
            "airflow scheduler --skip-serve-logs",
            "yes",
            "no",
            "its log server listens on every address, which no setting changes; the logs are on this host anyway",
        ),
        Setting(
            "airflow triggerer",
            "not started",
            "a part of `airflow standalone`",
            "no workload defers a task, so it would only take memory and CPU time",
        ),
    )


TUNED: Final = (
    Setting(
        "[scheduler] scheduler_idle_sleep_time",
        "0.1",
        "1",
        "a tenth of the default, of the pause of a loop with nothing to do; docs, 'Scheduler > Fine-tuning your Scheduler "
        "performance': decreasing intervals might bring improvements at the expense of higher utilization",
        "tuned",
    ),
)
"""Every setting that Airflow's documentation names for latency; README.md has those that were looked at and left."""


def of_service(setup: Setup) -> tuple[Setting, ...]:
    """Return all changes for a service of this width and profile."""
    return service(setup.width) + (TUNED if setup.profile == "tuned" else ())


def write_config(home: Path, settings: tuple[Setting, ...], port: int | None = None) -> None:
    """Write `airflow.cfg`, which only the owner can read: it holds keys."""
    values = {setting.name: setting.value for setting in settings} | (_generated(port) if port else {})
    config = RawConfigParser()
    for name, value in values.items():
        if name.startswith("["):
            section, _, option = name[1:].partition("] ")
            if not config.has_section(section):
                config.add_section(section)
            config.set(section, option, value.replace("{home}", str(home)))
    with private_file(home / "airflow.cfg") as file:
        config.write(file)


def private_file(path: Path) -> TextIO:
    """Open a new file that only the owner can read; it replaces the file of an earlier start."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")


def _generated(port: int) -> dict[str, str]:
    return {
        "[api] port": str(port),
        "[core] execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
        "[core] fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "[api] secret_key": secrets.token_hex(32),
        # Airflow signs with HS512, whose key must not be shorter than its hash: 64 bytes (RFC 7518, section 3.2).
        "[api_auth] jwt_secret": secrets.token_hex(64),
    }
