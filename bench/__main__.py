"""`python -m bench` is `orchbench`."""

from bench.cli import main

main()
