"""What the harness needs to run Airflow."""
