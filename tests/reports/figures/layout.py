"""Where the texts of a figure lie, as matplotlib draws them."""

from __future__ import annotations

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

TOLERANCE = 1.0  # dots of rounding


def require_room(figure: Figure) -> None:
    """Require that every text lies on the canvas, and that no two texts overlap."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    unseen = {label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _unseen(axis)}
    texts = [text for text in texts if text not in unseen and (text.axes is None or text.axes.get_visible())]
    boxes = np.array([text.get_window_extent(canvas.get_renderer()).extents for text in texts])
    width, height = canvas.get_width_height()
    for text, (left, bottom, right, top) in zip(texts, boxes, strict=True):
        inside = min(left, bottom, width - right, height - top) >= -TOLERANCE
        assert inside, f"{text.get_text()!r} lies outside: {left, bottom, right, top} of {width, height}"
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    overlapping = np.triu((high - low > TOLERANCE).all(axis=2), k=1)
    pairs = [(texts[one].get_text(), texts[other].get_text()) for one, other in np.argwhere(overlapping)]
    assert not pairs, f"overlapping: {pairs[:5]} of {len(pairs)}"


def _unseen(axis: Axis) -> list[Text]:
    """Labels of ticks that lie beyond the ends of an axis, which matplotlib makes and does not draw."""
    low, high = sorted(axis.get_view_interval())
    ticks = axis.get_major_ticks()
    return [label for tick in ticks if not low <= tick.get_loc() <= high for label in (tick.label1, tick.label2)]
