"""The Prefect adapter, as the harness starts it: `python -m churn_prefect.adapter`."""

from __future__ import annotations

from churn_prefect.adapter.library import AsyncFlowCall, Calls, FlowCall, ProcessPool
from churn_prefect.adapter.service import Serve, ServeProcesses, Worker, WorkerCommand
from contract.host import serve

if __name__ == "__main__":
    serve(
        {
            "flow_call": FlowCall,
            "async_flow_call": AsyncFlowCall,
            "calls": Calls,
            "process_pool": ProcessPool,
            "serve": Serve,
            "serve_processes": ServeProcesses,
            "worker": Worker,
            "worker_command": WorkerCommand,
        }
    )
