"""The explorer: a page on which the codes of a trained model are turned by hand."""

from disentangle_bench.reports.explorer.content import ExploredRun, ExplorerContent
from disentangle_bench.reports.explorer.page import write_page, write_single_file

__all__ = ["ExploredRun", "ExplorerContent", "write_page", "write_single_file"]
