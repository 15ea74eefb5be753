"""Draw the layers of the package, as import-linter's contract has them: `python docs/site/layers.py`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "layers.svg"
WIDTH, HEIGHT, GAP = 760, 30, 6
"""Of the whole picture, of a layer, and between two layers or two modules of one."""
COLORS = 'fill="#e8f0f9" stroke="#0072b2"'


def layers(root: Path) -> list[list[str]]:
    """The modules of each layer, from the top."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [contract] = (contract for contract in contracts if contract["id"] == "layers")
    return [layer.split(" | ") for layer in contract["layers"] if layer != "__main__"]


def drawing(rows: list[list[str]]) -> str:
    """SVG: a row of boxes for each layer."""
    high = len(rows) * (HEIGHT + GAP) + GAP
    boxes = []
    for place, modules in enumerate(rows):
        letters, left = sum(map(len, modules)), float(GAP)
        spare = WIDTH - GAP * (len(modules) + 1)
        for module in modules:  # as wide as its name needs, and all of a layer as wide as the picture
            wide = spare * (0.5 * len(module) / letters + 0.5 / len(modules))
            top = GAP + place * (HEIGHT + GAP)
            boxes.append(
                f'<rect x="{left:.0f}" y="{top}" width="{wide:.0f}" height="{HEIGHT}" rx="4" {COLORS}/>'
                f'<text x="{left + wide / 2:.0f}" y="{top + 20}">{escape(module)}</text>'
            )
            left += wide + GAP
    style = "font: 12px system-ui, sans-serif; text-anchor: middle; fill: #1a1a1a"
    size = f'viewBox="0 0 {WIDTH} {high}" width="{WIDTH}" height="{high}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><g style="{style}">\n{chr(10).join(boxes)}\n</g></svg>\n'


if __name__ == "__main__":
    PICTURE.write_text(drawing(layers(ROOT)))
