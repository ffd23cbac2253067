"""The log as it was written, and what it says: timelines, and whether the work was done as it was asked for."""
