"""LaTeX prints every text as it is, and every table has as many cells a row as columns."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest

from disentangle_bench.evaluation.comparison import compare_results
from disentangle_bench.reports.latex import escape, latex_table
from disentangle_bench.reports.tables import to_latex

HOSTILE = f"{string.punctuation} c1 → L_I ± \N{GREEK SMALL LETTER SIGMA} ≥ 50 % a\nb\x1b[31m \N{MINUS SIGN}3 -0.5 x-ray"


def cells(line: str) -> list[str]:
    """The cells of a row."""
    return re.split(r"(?<!\\) &(?: |$)", line.removesuffix(r" \\"))


class TestEscape:
    @pytest.mark.parametrize(
        ("text", "latex"),
        [
            ("c1_accuracy & 50 % of #1", r"c1\_accuracy \& 50 \% of \#1"),
            (r"a\b{c}~^$", r"a\textbackslash{}b\{c\}\textasciitilde{}\textasciicircum{}\$"),
            ("shape → code", r"shape $\rightarrow$ code"),
            ("λ of c2, η²", r"$\lambda$ of c2, $\eta$$^2$"),
            ("p < 0.0001", r"p $<$ 0.0001"),
            ("two\nlines\tand   blanks", "two lines and blanks"),
            ("naïve Müller", "naïve Müller"),
        ],
    )
    def test_special_characters(self, text, latex):
        assert escape(text) == latex

    @pytest.mark.parametrize(
        ("text", "latex"),
        [
            ("-0.580 [-0.590, -0.570]", "$-$0.580 [$-$0.590, $-$0.570]"),
            ("B - A", "B $-$ A"),
            ("gan-with-q seed-0", "gan-with-q seed-0"),
        ],
    )
    def test_minus_signs_are_no_hyphens(self, text, latex):
        assert escape(text) == latex

    def test_nothing_special_is_left(self):
        left = re.sub(r"\\[a-zA-Z]+(\{\})?|\\[{}&%$#_]|\$[^$]*\$", "", escape(HOSTILE))
        assert not re.search(r"[\\{}&%$#_^~<>|\"\x00-\x1f]", left)


class TestTable:
    def test_is_a_tabular_with_rules_of_booktabs(self):
        text = latex_table(["Score", "Value"], [["mig", "0.5"], ["a_b", ""]], left=["Score"], notes=["50 %"])
        assert text.splitlines()[1:] == [
            r"\begin{tabular}{lr}",
            r"\toprule",
            r"Score & Value \\",
            r"\midrule",
            r"mig & 0.5 \\",
            r"a\_b & \\",
            r"\bottomrule",
            r"\end{tabular}",
            r"\par{\footnotesize 50 \%\par}",
        ]

    def test_a_cell_is_no_argument_of_the_line_before(self):
        text = latex_table(["[x]"], [["*"], ["[0, 1]"]], left=["[x]"])
        assert text.splitlines()[3:7] == [r"{[}x] \\", r"\midrule", r"{*} \\", r"{[}0, 1] \\"]

    def test_long_texts_are_broken_into_lines(self):
        text = latex_table(["Name", "What"], [["mig", "a sentence that goes on " * 4]], left=["Name", "What"])
        assert r"\begin{tabular}{lp{0.70\linewidth}}" in text

    def test_without_rows(self):
        assert r"\begin{tabular}{lr}" in latex_table(["Score", "Value"], [], left=["Score"])


class TestReports:
    def test_scores(self, first):
        lines = to_latex(first).splitlines()
        assert r"c1-accuracy.accuracy & 0.960 & [0.956, 0.964] & 0.146 & 1.000 \\" in lines
        assert lines[-1].startswith(r"\par{\footnotesize No value (the dataset has no \textbar{} labels): ")

    def test_a_comparison_says_who_is_compared(self, first, second):
        text = to_latex(compare_results([first, second]))
        rows = [line for line in text.splitlines() if line.endswith(r"\\")]
        assert {len(cells(row)) for row in rows} == {9}
        assert r"B $-$ A" in rows[0]
        assert rows[1].endswith(r"$-$0.580 [$-$0.590, $-$0.570] & $<$ 0.0001 & $<$ 0.0001 & worse on these samples \\")
        assert r"\par{\footnotesize A: infogan-mnist seed 0\par}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX (texlive-latex-recommended) is not installed")
def test_compiles(tmp_path: Path, first, second) -> None:
    wide = latex_table([HOSTILE, "[x]"], [[HOSTILE, "*"], ["[0, 1]", ""]], left=["[x]"], notes=[HOSTILE])
    for number, text in enumerate([wide, to_latex(first), to_latex(compare_results([first, second]))]):
        (tmp_path / f"table{number}.tex").write_text(text, encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}\begin{document}"
        + "".join(rf"\begin{{table}}\centering\input{{table{number}}}\end{{table}}" for number in range(3))
        + r"\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
