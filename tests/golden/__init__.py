"""The golden run: raw records of a real run, and what was derived from them."""
