"""The pipelines as Airflow DAGs, and the adapter that runs Airflow for the harness."""
