"""Metrics that need no factors: of the codes of one model, or of several models."""
