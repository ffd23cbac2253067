"""What the harness needs to run plain Python."""
