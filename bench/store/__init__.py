"""What is written down: the records of a run, and the folder that holds them."""
