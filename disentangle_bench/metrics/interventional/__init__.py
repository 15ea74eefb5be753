"""Metrics that hold factors fixed and look at what the codes do: one per file."""
