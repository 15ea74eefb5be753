"""Letters of any script: fonts that have them, where some are installed, and a spelling where none has."""

from __future__ import annotations

from functools import cache, lru_cache

from matplotlib.font_manager import FontProperties, fontManager, get_font

USUAL = "DejaVu Sans"
"""Comes with Matplotlib; it has Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic letters."""
FALLBACKS = (
    "Noto Sans CJK JP",  # each of these has the letters of the others, with Japanese, simplified, ... shapes
    "Noto Sans CJK SC",
    "Noto Sans CJK TC",
    "Noto Sans CJK KR",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans TC",
    "Noto Sans KR",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "IPAexGothic",
    "IPAGothic",
    "IPAPGothic",
    "TakaoPGothic",
    "VL PGothic",
    "NanumGothic",
    "UnDotum",
    "Hiragino Sans",
    "PingFang SC",
    "PingFang HK",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "MS Gothic",
    "Microsoft YaHei",
    "SimHei",
    "Microsoft JhengHei",
    "Malgun Gothic",
    "Noto Sans",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Gurmukhi",
    "Noto Sans Gujarati",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Kannada",
    "Noto Sans Malayalam",
    "Noto Sans Sinhala",
    "Noto Sans Thai",
    "Noto Sans Lao",
    "Noto Sans Khmer",
    "Noto Sans Myanmar",
    "Noto Sans Ethiopic",
    "Noto Sans Symbols",
    "Noto Sans Symbols 2",
    "FreeSans",
    "Nirmala UI",
    "Leelawadee UI",
    "Arial Unicode MS",
    "Noto Emoji",
    "Symbola",
    "Segoe UI Symbol",
    "Unifont",
)
"""Tried in this order for what the usual font lacks. Matplotlib warns of families that are not installed."""
_LINES = "\n"


@cache
def families() -> tuple[str, ...]:
    """The families of fonts for all text of figures: the usual one, and those fallbacks that are installed."""
    installed = set(fontManager.get_font_names())
    return (USUAL, *(name for name in FALLBACKS if name in installed))


@lru_cache(maxsize=4096)
def legible(text: str) -> str:
    r"""The text, with each character for which no font has a shape spelled as in `\u732b`, instead of an empty box."""
    if text.isascii() and text.replace(_LINES, "").isprintable():
        return text
    known = [_letters(family) for family in families()]
    return "".join(
        letter if letter in _LINES or any(ord(letter) in of for of in known) else ascii(letter)[1:-1] for letter in text
    )


def needs_fallbacks(text: str) -> bool:
    """Whether a legible text has letters that the usual font lacks."""
    return not text.isascii() and not set(map(ord, text)) - {ord(_LINES)} <= _letters(USUAL)


@cache
def _letters(family: str) -> frozenset[int]:
    """The code points for which a family has a shape."""
    return frozenset(get_font(fontManager.findfont(FontProperties(family=family))).get_charmap())
