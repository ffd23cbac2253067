"""The pipelines in Prefect: tasks and flows."""
