"""What others say about the tools, and whether the rows of a run bear it out."""
