"""What a user of Prefect would write, and nothing else."""
