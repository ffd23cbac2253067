"""A run in the formats of others: MLflow and pytest-benchmark."""
