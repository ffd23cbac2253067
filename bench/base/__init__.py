"""What every room needs and no room owns: problems, files, signals, the machine, statistics, text and numbers in words."""
