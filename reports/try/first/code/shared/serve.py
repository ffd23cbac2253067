"""The source of customers as a command.

    python -m churn.serve --data customers.csv --fail 429 --fail truncated

serves the file (or made-up customers: --rows, --seed) on a free loopback port, fails the first requests as told, and
ends when standard input does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from churn import customers, source


def main() -> None:
    """Serve until standard input ends, as it does when whoever started this is gone."""
    parser = argparse.ArgumentParser(prog="python -m churn.serve", description=__doc__)
    parser.add_argument("--data", default="")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--fail", action="append", default=[], choices=source.FAULTS)
    options = parser.parse_args()
    if options.data:
        content = Path(options.data).read_bytes()
    else:
        content = customers.generate(options.rows, options.seed).to_csv(index=False).encode()
    with source.serving(content, options.fail) as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
