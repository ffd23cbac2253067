"""From what was written down to results: measured trials, estimates, ratios, checks. No engine is needed for it."""
