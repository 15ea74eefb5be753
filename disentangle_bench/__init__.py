"""disentangle-bench."""
