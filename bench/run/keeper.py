"""A small process between the harness and an adapter, which outlives both and ends everything that the adapter started.

The keeper adopts the orphans that the tools' servers leave. Standard input is the leash: it closes when the harness goes
away, even by a SIGKILL. When the adapter ends or the leash closes, the keeper ends every process below it and removes the
private temporary folder.

    python -m bench.run.keeper LEFT_BEHIND_FILE TEMPORARY_FOLDER COMMAND...
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

from contract.tree import adopt_orphans, command, descendants, kill_descendants

SETTLE_S = 1.0
"""A process that ends within this time after the adapter was not left behind."""


def main() -> None:
    """Keep one adapter."""
    left_behind_file, temporary, *argv = sys.argv[1:]
    adopt_orphans()
    pipe = int(os.environ["ORCHBENCH_PIPE"])
    try:
        adapter = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=(pipe,))  # noqa: S603 - the adapter's command
        os.close(pipe)  # so that the harness sees the end of the pipe when the adapter ends
        ended = os.pidfd_open(adapter.pid)
        ready, _, _ = select.select([sys.stdin, ended], [], [])
        if ended in ready:
            adapter.wait()
            Path(left_behind_file).write_text(json.dumps(_left_behind()))
    finally:
        kill_descendants()
        shutil.rmtree(temporary, ignore_errors=True)


def _left_behind() -> list[str]:
    deadline = time.monotonic() + SETTLE_S
    while descendants() and time.monotonic() < deadline:
        time.sleep(0.01)
    return [command(pid) for pid in descendants()]


if __name__ == "__main__":
    main()
