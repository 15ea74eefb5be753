"""Metrics of codes and known factors: one family per file."""
