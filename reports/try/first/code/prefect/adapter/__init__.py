"""What the harness needs to run Prefect."""
