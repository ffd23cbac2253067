"""The Dagster adapter, as the harness starts it: `python -m churn_dagster.adapter`."""

from __future__ import annotations

from churn_dagster.adapter.library import ExecuteJob, InProcess
from churn_dagster.adapter.service import Multiprocess
from contract.host import serve

if __name__ == "__main__":
    serve({"in_process": InProcess, "execute_job": ExecuteJob, "multiprocess": Multiprocess})
