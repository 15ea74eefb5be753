"""Figures, as PNG, PDF or SVG: one kind per file, each a pure function of arrays."""

from disentangle_bench.reports.figures.write import write_comparison_figures, write_figures

__all__ = ["write_comparison_figures", "write_figures"]
