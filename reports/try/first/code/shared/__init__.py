"""The churn pipeline's core: what the four implementations call, and what knows none of them."""
