"""Two or more subjects side by side: one row a score, each difference to the first with interval and verdict."""

from disentangle_bench.evaluation.comparison.compare import compare_results
from disentangle_bench.evaluation.comparison.gate import check_gate
from disentangle_bench.evaluation.comparison.report import Comparison, Difference, Row, Side, Value

__all__ = ["Comparison", "Difference", "Row", "Side", "Value", "check_gate", "compare_results"]
