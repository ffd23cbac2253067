"""Two runs side by side, and many runs in a row."""
