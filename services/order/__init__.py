"""Orders: what was agreed, whether it was paid in time, and where each line stands."""
