"""`python -m churn.check FILE`: say in one line what is wrong with a file of customers."""

from __future__ import annotations

import sys

from churn import customers
from churn.problem import BadData


def checked(file: str) -> int:
    """Return how many customers the file has, or raise `BadData` where something is wrong with them."""
    table = customers.load(file, rows=0, seed=0)
    customers.validate(table, file)
    return len(table)


if __name__ == "__main__":
    try:
        checked(sys.argv[1])
    except BadData as problem:
        print(" ".join(str(problem).split()), file=sys.stderr)
        sys.exit(2)
