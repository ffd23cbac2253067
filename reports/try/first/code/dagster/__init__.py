"""The pipelines in Dagster: assets, resources and jobs."""
