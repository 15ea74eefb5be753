"""Tables in LaTeX, for papers to read from a file: `booktabs` is the only package that they need."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

NEEDS = "% Needs \\usepackage{booktabs} in the preamble."
WIDEST = 90
"""Characters of a row; where there are more, columns of texts are as wide as their share of the line."""
SHORT, LONG = 12, 60
"""Characters of a column: one that needs no more is not broken, one with more gets no more room."""

_COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}", "\N{NO-BREAK SPACE}": "~", "\N{HORIZONTAL ELLIPSIS}": r"\dots{}",
}  # fmt: skip
_MATH = {
    "<": "<", ">": ">", "\N{MINUS SIGN}": "-", "±": r"\pm", "\N{MULTIPLICATION SIGN}": r"\times",
    "·": r"\cdot", "²": "^2", "³": "^3",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∞": r"\infty", "∈": r"\in", "√": r"\surd", "∑": r"\sum",
    "←": r"\leftarrow", "→": r"\rightarrow", "↔": r"\leftrightarrow", "↑": r"\uparrow", "↓": r"\downarrow",
    "⇒": r"\Rightarrow",
}  # fmt: skip
_GREEK_CAPITALS = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega")
_GREEK = (
    *_GREEK_CAPITALS, "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_MATH |= {
    unicodedata.lookup(
        f"GREEK {'CAPITAL' if name in _GREEK_CAPITALS else 'SMALL'} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}"
    ): rf"\{name}"
    for name in _GREEK
}
_ESCAPES = str.maketrans(_COMMANDS | {character: f"${command}$" for character, command in _MATH.items()})
_MINUS = re.compile(r"(?<![^\s(\[])-(?=[\d\s])")
"""A hyphen that stands for a minus: before a number, or with blanks on both sides."""
_OPENING = re.compile(r"^\s*([\[*])")
"""What the end of the row before would take for its own argument."""


def escape(text: str) -> str:
    """Write any text so that LaTeX prints it: special characters, arrows, Greek letters and minus signs.

    Letters of other alphabets stay as they are, as LaTeX reads UTF-8; blanks and line ends become one blank.
    """
    printable = "".join(character if character.isprintable() or character == "\xa0" else " " for character in text)
    one_line = re.sub(r" +", " ", _MINUS.sub("\N{MINUS SIGN}", printable))
    return one_line.translate(_ESCAPES)


def latex_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[str], notes: Sequence[str] = ()
) -> str:
    """Write a `tabular` environment.

    Args:
        headings: of the columns.
        rows: a text for each cell, which is escaped.
        left: the headings of the columns that are set flush left; the others are set flush right.
        notes: below the table, a paragraph each, in a smaller size.
    """
    kinds = ["l" if heading in left else "r" for heading in headings]
    longest = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    if sum(longest) > WIDEST:
        room = [min(length, LONG) for length in longest]
        share = [rf"p{{{0.75 * characters / sum(room):.2f}\linewidth}}" for characters in room]
        kinds = [
            of if kind == "l" and length > SHORT else kind
            for of, kind, length in zip(share, kinds, longest, strict=True)
        ]
    first, *others = (
        _OPENING.sub(r"{\1}", " & ".join(map(escape, cells))).rstrip() + r" \\" for cells in (headings, *rows)
    )
    lines = [NEEDS, rf"\begin{{tabular}}{{{''.join(kinds)}}}", r"\toprule", first, r"\midrule", *others, r"\bottomrule"]
    lines += [r"\end{tabular}", *(rf"\par{{\footnotesize {escape(note)}\par}}" for note in notes)]
    return "".join(f"{line}\n" for line in lines)
