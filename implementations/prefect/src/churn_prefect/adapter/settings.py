"""What we change of Prefect's defaults, and why; `{...}` is filled in when an engine starts."""

from __future__ import annotations

import platform
import secrets
from importlib.metadata import version
from typing import Final

from contract.adapter import Setting, Setup, Started
from contract.servers import HOST, free_port

_LATENCY: Final = (
    "latency: a submitted run waits for the next poll. A tenth of the default, as for every tool; "
    "docs.prefect.io/v3/api-ref/settings-ref has both settings. v3/concepts/workers (Polling for work) has that of workers, "
    "with 15 s as its default, where Prefect 3.9.1 has 10"
)
# PREFECT_WORKER_PREFETCH_SECONDS is none of them: it says how long before its time a *scheduled* run is taken.

_FAIR: Final = "fairness: every tool runs as many tasks at once"
_THREADS: Final = Setting("ThreadPoolTaskRunner(max_workers=)", "{width}", "unbounded", _FAIR)
_PROCESSES: Final = Setting("ProcessPoolTaskRunner(max_workers=)", "{width}", "the number of CPUs", _FAIR)
_SEMAPHORE: Final = Setting("asyncio.Semaphore()", "{width}", "none: all at once", _FAIR)
_COMMAND: Final = Setting(
    "job_variables: command",
    "python -m prefect.engine",
    "none: a supervisor finds out what to start",
    "what the supervisor costs is the question",
)
_NO_PAUSE: Final = Setting(
    "serve(pause_on_shutdown=)",
    "False",
    "True: who stops the process pauses the schedules",
    "docs.prefect.io/v3/how-to-guides/deployment_infra/run-flows-in-local-processes: where restarts are expected",
)
_NO_CACHE: Final = Setting(
    "@task(cache_policy=)",
    "NO_CACHE where a table is an argument",
    "DEFAULT: the arguments are hashed",
    "each table would be hashed for a result that nobody keeps; docs.prefect.io/v3/concepts/caching names the policy",
)

IN_CODE: Final = {
    "flow_call": (_THREADS, _NO_CACHE),
    "async_flow_call": (_SEMAPHORE,),
    "process_pool": (_PROCESSES, _NO_CACHE),
    "calls": (),
    "serve": (_THREADS, _NO_CACHE, _NO_PAUSE),
    "serve_processes": (_PROCESSES, _NO_CACHE, _NO_PAUSE),
    "worker": (_THREADS, _NO_CACHE),
    "worker_command": (_THREADS, _COMMAND),
}
"""Changed in the code of the flows and deployments, as Prefect's users do it (see shapes.py, gathering.py, service.py)."""

ENVIRONMENT: Final = (
    Setting("PREFECT_HOME", "{home}/prefect", "~/.prefect", "database, profiles and storage belong to the run"),
    Setting("PREFECT_SERVER_API_HOST", HOST, HOST, "the default, but nothing may override it"),
    Setting("PREFECT_SERVER_API_PORT", "{port}", "4200", "a free port, so that engines can run side by side"),
    Setting("PREFECT_API_URL", f"http://{HOST}:{{port}}/api", "none", "the engine's own server"),
    Setting(
        "PREFECT_SERVER_API_AUTH_STRING",
        "orchbench:{password}",
        "none: the API is open",
        "an API that starts processes must not be open to every user of the machine; the password is random",
    ),
    Setting("PREFECT_API_AUTH_STRING", "orchbench:{password}", "none", "the other end of the same"),
    Setting(
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS",
        f"http://{HOST}:{{port}}",
        "*: any web page may read the answers",
        "the pages of the server itself are all that have to read what it says",
    ),
    Setting(
        "PREFECT_SERVER_EPHEMERAL_ENABLED",
        "false",
        "true in the default profile",
        "a client that cannot reach our server must fail, not start a server of its own",
    ),
    Setting("PREFECT_SERVER_ANALYTICS_ENABLED", "false", "true", "telemetry off"),
    Setting("DO_NOT_TRACK", "1", "unset", "telemetry off"),
    Setting("PREFECT_RUNNER_POLL_FREQUENCY", "1", "10", _LATENCY, "tuned"),
    Setting("PREFECT_WORKER_QUERY_SECONDS", "1", "10", _LATENCY, "tuned"),
)
"""Changed by environment variables, which a flow run's process inherits."""

_PIPELINES: Final = Setting(
    "PREFECT_TASKS_RUNNER_THREAD_POOL_MAX_WORKERS",
    "{width}",
    "unset: unbounded",
    "as above, for the churn pipelines, whose code leaves the width open",
)
"""Where the pipelines run in threads; the files of those in a pool of processes name its width."""


def environment(setup: Setup) -> dict[str, str]:
    """Return the variables of an engine: a free port and a new password each time."""
    values = {
        "home": str(setup.home),
        "port": str(free_port()),
        "password": secrets.token_urlsafe(16),
        "width": str(setup.width),
    }
    return {each.name: each.value.format(**values) for each in _of(setup, _variables(setup))}


def started(setup: Setup) -> Started:
    """Return the versions and the settings that the run's record names; the password stays a placeholder."""
    versions = {"python": platform.python_version(), "prefect": version("prefect"), "fastapi": version("fastapi")}
    return Started(versions, _of(setup, IN_CODE[setup.deployment] + _variables(setup)))


def _variables(setup: Setup) -> tuple[Setting, ...]:
    return (*ENVIRONMENT, _PIPELINES) if _THREADS in IN_CODE[setup.deployment] else ENVIRONMENT


def _of(setup: Setup, settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    return tuple(each for each in settings if each.profile in ("stock", setup.profile))
