"""What a user of Airflow would write, and nothing else."""
