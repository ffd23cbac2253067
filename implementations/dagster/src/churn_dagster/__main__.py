"""`python -m churn_dagster train|infer|check`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from churn import command_line, home
from churn.parameters import Common, Inference, Training
from churn.problem import GateFailed

if TYPE_CHECKING:
    import dagster as dg

# Dagster takes seconds to import, and `check` needs none of it.

_INSTANCE: Final = """\
telemetry:
  enabled: false
concurrency:
  runs:
    tag_concurrency_limits:
      # Two trainings at once would overwrite each other's values: the queue starts one run of each pipeline at a time.
      - key: pipeline
        value:
          applyLimitPerUniqueValue: true
        limit: 1
"""


def train(parameters: Training) -> str:
    """Execute the job."""
    return str(execute("train", parameters).asset_value("champion"))


def infer(parameters: Inference) -> Path:
    """Execute the job."""
    [written] = execute("infer", parameters).asset_materializations_for_node("predictions_file")
    return Path(str(written.metadata["path"].value))


def execute(job: str, parameters: Common) -> dg.ExecuteInProcessResult:
    """Execute the job in this process, and return its result; or tell of the failure, and raise what the core raised."""
    import dagster as dg

    from churn_dagster.pipelines.deployment import defs
    from churn_dagster.pipelines.notifications import tell
    from churn_dagster.pipelines.parameters import run_config

    raised: list[Any] = []

    @dg.failure_hook
    def keep(context: dg.HookContext) -> None:
        raised.append(context.op_exception)

    config = run_config(job, **asdict(parameters))
    # Dagster logs a traceback for each failure to stderr. The instance keeps all of it.
    config.loggers["console"] = {"config": {"log_level": "CRITICAL"}}
    with dg.DagsterInstance.get() as instance:
        # By default Dagster raises the exception of a step here, and then does not call the step's hooks.
        run = defs.resolve_job_def(job).with_hooks({keep}).execute_in_process(config, instance, raise_on_error=False)
        if run.success:
            return run
        tell(instance, run.dagster_run, run.get_run_failure_event())
    for check in run.get_asset_check_evaluations():
        if not check.passed:
            raise GateFailed(check.description)
    raise raised[0].__cause__ if isinstance(raised[0], dg.Failure) else raised[0]


def use_home() -> None:
    """Keep Dagster's state in the churn home, unless the user has chosen another place."""
    if not os.environ.get("DAGSTER_HOME"):
        settings = home.folder("dagster") / "dagster.yaml"
        if not settings.exists():
            settings.write_text(_INSTANCE)
        os.environ["DAGSTER_HOME"] = str(settings.parent)


if __name__ == "__main__":
    use_home()
    command_line.main("dagster", train, infer)
