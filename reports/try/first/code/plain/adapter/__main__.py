"""The plain adapter, as the harness starts it: `python -m churn_plain.adapter`."""

from __future__ import annotations

from churn_plain.adapter.library import Processes, Threads
from churn_plain.adapter.service import ProcessPerRun
from contract.host import serve

if __name__ == "__main__":
    serve({"threads": Threads, "processes": Processes, "process": ProcessPerRun})
