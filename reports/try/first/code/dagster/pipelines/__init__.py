"""What a user of Dagster would write, and nothing else."""
