"""Statistics: the numbers of engine starts and their intervals, lines and crossings, signs that a series is unstable."""
