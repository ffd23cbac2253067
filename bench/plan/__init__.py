"""From a suite and a seed to a plan: the tools there are, what is chosen of them, and in which order it runs."""
