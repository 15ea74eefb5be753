"""The HTML report: one file with tables and figures, made from stored results alone."""

from disentangle_bench.reports.html.content import Card, EntryFacts, ReportContent, RunFacts
from disentangle_bench.reports.html.page import render

__all__ = ["Card", "EntryFacts", "ReportContent", "RunFacts", "render"]
