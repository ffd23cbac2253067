"""What scenarios are made of: cases, checks, metrics, formulas and graphs."""
