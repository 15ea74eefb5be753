"""The comparison as a table in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.peers.measure import Result, Values, mean
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import MISSING, decimals_for, say, say_interval, say_signed

DECIMALS = 4
ROUNDING = 1e-9
HEADINGS = ("Score", "Codes", "Ours", "Theirs", "Difference", "Seconds, ours", "Theirs, s", "Theirs, in times of ours")


def table(results: Sequence[Result]) -> str:
    """One row per score and case; the seconds of a metric are in its first row."""
    rows, timed = [], None
    for result in results:
        seconds = ["", "", ""] if result.seconds is timed else _seconds(result)
        timed = result.seconds
        rows.append([result.label, result.case, *_numbers(result), *seconds])
    return markdown_table(HEADINGS, rows, left=HEADINGS[:2])


def _numbers(result: Result) -> list[str]:
    return [_said(result.ours), _said(result.theirs), _difference(result)]


def _said(values: Values) -> str:
    """The mean, and the standard deviation over turns if it is not 0."""
    average = mean(values)
    if average is None:
        return MISSING
    spread = statistics.stdev([value for value in values if value is not None]) if len(values) > 1 else 0.0
    return say(average, DECIMALS) + (f" ± {spread:.{DECIMALS}f}" if spread > ROUNDING else "")


def _difference(result: Result) -> str:
    """The difference, with its 99 % interval for sampled scores; bold if it exceeds the interval or rounding."""
    difference, interval = result.difference, result.interval()
    if difference is None:
        both = mean(result.ours) is None and mean(result.theirs) is None
        return "" if both else MISSING
    if interval is None or interval[0] == interval[1]:
        return "0" if abs(difference) < ROUNDING else f"**{_small(difference)}**"
    decimals = decimals_for(*interval)
    text = f"{say_signed(difference, decimals)} {say_interval(*interval, decimals)}"
    return text if interval[0] <= 0 <= interval[1] else f"**{text}**"


def _small(difference: float) -> str:
    return say_signed(difference, DECIMALS) if abs(difference) >= 10.0**-DECIMALS else f"{difference:.0e}"


def _seconds(result: Result) -> list[str]:
    medians = (statistics.median(result.seconds), statistics.median(result.their_seconds))
    return [*(f"{seconds:.3g}" for seconds in medians), f"{result.ratio:.2g}"]
