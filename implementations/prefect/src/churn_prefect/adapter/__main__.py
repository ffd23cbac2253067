"""The Prefect adapter, as the harness starts it: `python -m churn_prefect.adapter`."""

from __future__ import annotations

from churn_prefect.adapter.library import Calls, FlowCall, ProcessPool
from churn_prefect.adapter.service import Serve, Worker
from contract.host import serve

if __name__ == "__main__":
    serve({"flow_call": FlowCall, "calls": Calls, "process_pool": ProcessPool, "serve": Serve, "worker": Worker})
