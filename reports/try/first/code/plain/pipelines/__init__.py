"""What somebody without an orchestrator would write, and nothing else."""
