"""Write the table in docs/paper.md anew, from what is published of the suites: `python -m benchmarks.paper`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.readme import RESULTS, ROOT, opened, rewrite
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import MISSING, PLAIN_DECIMALS, say
from disentangle_bench.run import Run
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.state import COMPLETE

PAGE = ROOT / "docs" / "paper.md"
BEGIN, END = "<!-- claims: python -m benchmarks.paper -->\n", "<!-- end of claims -->\n"
BLOCK = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
NOT_RUN = "not run here"

Value = Callable[[Run], float | None]
"""What a claim is about, of one run; None where the run does not have it."""


def scored(*names: str, among: Callable[[Sequence[float]], float] = max) -> Value:
    """One of some scores without their signs, which a code does not have over seeds: the greatest, or the least."""

    def value(run: Run) -> float | None:
        scores = Results.load(run.results_file).scores
        found = [scores[name].value for name in names if name in scores]
        known = [abs(each) for each in found if each is not None]
        return among(known) if known else None

    return value


def held(factor: str) -> Value:
    """How many nats of a factor its best code has."""

    def value(run: Run) -> float | None:
        score = Results.load(run.results_file).scores.get("mutual-information-matrix")
        if score is None or factor not in score.details.get("factors", []):
            return None
        column = score.details["factors"].index(factor)
        return float(max(row[column] for row in score.details["nats"]))

    return value


def first_step(code: str, nats: float) -> Value:
    """The first step in the log at which `L_I` of a code was as high."""

    def value(run: Run) -> float | None:
        return next((float(entry["step"]) for entry in run.log() if entry["L_I"].get(code, 0) >= nats), None)

    return value


@dataclass(frozen=True)
class Claim:
    """What the paper says, and what counts as the same.

    Attributes:
        where: in the paper.
        says: in our words.
        measured: what is compared.
        suite, entry: whose runs.
        value: of a run.
        bound: from which on a seed shows the same: the paper's number, or, where it shows images, a round one of ours.
        figure: of the suite, which shows it.
        at_most: whether less is the same.
        decimals: of the values.
    """

    where: str
    says: str
    measured: str
    suite: str
    entry: str
    value: Value
    bound: float
    figure: str
    at_most: bool = False
    decimals: int = PLAIN_DECIMALS

    def row(self) -> list[str]:
        """The cells of its line in the table."""
        sign = "at most" if self.at_most else "at least"
        limit = f"{self.measured}: {sign} {self.bound:g}"
        values = self.values(self.entry)
        if not values:
            return [self.where, self.says, limit, f"{NOT_RUN} (`dbench bench run {self.suite}`)", "", "", ""]
        known = [value for value in values if value is not None]
        kept = sum(value <= self.bound if self.at_most else value >= self.bound for value in known)
        seeds = "1 seed" if len(values) == 1 else f"{len(values)} seeds"
        shown = f"[{self.figure}](../{(RESULTS / self.suite / 'figures' / self.figure).as_posix()})"
        baseline = find_suite(self.suite).baseline_of(self.entry)
        others = self.listed(self.values(baseline)) if baseline else ""
        return [self.where, self.says, limit, self.listed(values), others, f"{kept} of {seeds}", shown]

    def listed(self, values: Sequence[float | None]) -> str:
        """`0.40 (0.40, 0.38, n/a)`: the median of the seeds that have a value, then every seed."""
        if not values:
            return NOT_RUN
        known = [value for value in values if value is not None]
        each = ", ".join(MISSING if value is None else say(value, self.decimals) for value in values)
        return f"{say(median(known), self.decimals) if known else MISSING} ({each})"

    def values(self, entry: str) -> list[float | None]:
        """Its value in every published run of an entry, by seed."""
        if not (ROOT / RESULTS / self.suite).is_dir():
            return []
        bench = opened(self.suite)
        cells = [planned.cell for planned in bench.plan() if planned.state in COMPLETE]
        return [self.value(Run(bench.folder.cell(cell) / "run")) for cell in cells if cell.entry == entry]


def image_measure(name: str) -> Value:
    """The strongest rank correlation of a continuous code with a measure of the images that it is swept in."""
    return scored(f"image-measures.c2.{name}", f"image-measures.c3.{name}")


WIDE = scored("traversal-consistency.c2.fidelity/wide", "traversal-consistency.c3.fidelity/wide", among=min)
SHARE = scored("mutual-information.c1.share")
CURVES = "information.png"
CLAIMS = (
    Claim("Figure 1", "`L_I` of c1 reaches H(c1)", "share of H(c1)", "paper-mnist", "infogan", SHARE, 0.97, CURVES),
    Claim(
        "Figure 1", "`L_I` of c1 is maximized quickly", "steps until 2.1 of 2.303 nats, of 5,000", "paper-mnist",
        "infogan", first_step("c1", 2.1), 500, CURVES, at_most=True, decimals=0,
    ),
    Claim(
        "Figure 1", "without the term, Q finds hardly any information", "share of H(c1) with the baseline",
        "paper-mnist", "gan-with-q", SHARE, 0.1, CURVES, at_most=True,
    ),
    Claim(
        "7.2", "c1 classifies digits with an error of 5 %", "error of the one-to-one matching", "paper-mnist",
        "infogan", scored("c1-accuracy.error"), 0.05, "infogan-seed-0-c1.png", at_most=True,
    ),
    Claim(
        "Figure 2 (c)", "one code is the rotation of digits", "rank correlation of c2 or c3 with the slant",
        "paper-mnist", "infogan", image_measure("slant"), 0.5, "infogan-seed-0-c3.png",
    ),
    Claim(
        "Figure 2 (d)", "the other is their width", "rank correlation of c2 or c3 with the width", "paper-mnist",
        "infogan", image_measure("width"), 0.5, "infogan-seed-0-c2.png",
    ),
    Claim(
        "Figure 2", "c2 and c3 extend to [-2, 2]", "how well the less readable of them is read there, R2",
        "paper-mnist", "infogan", WIDE, 0.7, "infogan-seed-0-c2.png",
    ),
    *(
        Claim(
            f"Figure 3 ({letter})", f"a code is the {factor} of faces", "nats of the factor in its best code",
            "paper-faces", entry, held(factor), 0.5, f"{entry}-seed-0-{code}.png",
        )
        for letter, factor, entry, code in (
            ("a", "azimuth", "azimuth", "c3"), ("b", "elevation", "elevation", "c3"),
            ("c", "lighting", "lighting", "c2"), ("d", "width", "lighting", "c5"),
        )
    ),
    *(
        Claim(
            f"Figure 4 ({letter})", f"a code is the {factor} of chairs", "nats of the factor in its best code",
            "paper-chairs", entry, held(factor), 0.5, f"{entry}-seed-0-c1.png",
        )
        for letter, factor, entry in (("a", "azimuth", "rotation"), ("b", "width", "width"))
    ),
    Claim(
        "Figure 5", "codes are lighting and context of house numbers", "share of H(c1)", "paper-svhn", "infogan", SHARE,
        0.97, CURVES,
    ),
    Claim(
        "Figure 6", "codes are pose, glasses, hair and emotion of faces", "share of H(c1)", "paper-celeba", "infogan",
        SHARE, 0.97, CURVES,
    ),
)  # fmt: skip


def claims() -> str:
    """The table of every claim, with the marks around it."""
    obtained = "obtained: median (each seed)"
    heads = ["", "the paper says", "counts as the same", obtained, "the baseline", "reproduced", "figure"]
    return BEGIN + markdown_table(heads, [claim.row() for claim in CLAIMS], left=heads) + END


if __name__ == "__main__":
    sys.exit(rewrite(PAGE, BLOCK, claims))
