"""The Dagster adapter, as the harness starts it: `python -m churn_dagster.adapter`."""

from __future__ import annotations

from churn_dagster.adapter.library import ExecuteJob, InProcess, InProcessEphemeral
from churn_dagster.adapter.service import InProcessRuns, Multiprocess
from contract.host import serve

if __name__ == "__main__":
    serve(
        {
            "in_process": InProcess,
            "in_process_ephemeral": InProcessEphemeral,
            "execute_job": ExecuteJob,
            "multiprocess": Multiprocess,
            "multiprocess_no_logs": Multiprocess,
            "in_process_runs": InProcessRuns,
        }
    )
