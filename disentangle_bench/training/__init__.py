"""Training: the loop, checkpoints and the collapse watch."""
