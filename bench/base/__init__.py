"""What every room needs and no room owns: problems, signals, the machine, statistics, numbers in words."""
