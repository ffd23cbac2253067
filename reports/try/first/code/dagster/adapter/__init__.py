"""What the harness needs to run Dagster."""
