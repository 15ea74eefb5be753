"""Chairs of boxes, cylinders and balls: a seat, what carries it, a back, and perhaps arms, in two dozen styles.

Coordinates: x to the right, y up from the floor, z to the front; a seat of the width 1 reaches from -0.5 to 0.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from disentangle_bench.datasets.rendering.solids import Shape, Solid, solid, strut

Point = tuple[float, float, float]
DEPTH = 0.48
"""Half of a seat's depth."""


@dataclass(frozen=True)
class Style:
    """What tells one chair from another, besides its proportions.

    Attributes:
        legs, back, arms: names of builders below; arms may be none.
        seat: the seat's height, and half its thickness.
        tone: albedo of the frame.
        cushion: albedo of seat and, if it is upholstered, back.
        round_seat: whether the seat is a disk.
        wide: how much wider it is than others.
    """

    name: str
    legs: str
    back: str
    arms: str = ""
    seat: tuple[float, float] = (0.9, 0.05)
    tone: float = 0.5
    cushion: float = 0.5
    round_seat: bool = False
    wide: float = 1.0


@dataclass(frozen=True)
class Plan:
    """A chair's measures, from which its parts are built.

    Attributes:
        half: half the width of the seat.
        stance: how far out the legs begin, as a share of the seat's half width and depth.
        seat: the height of its upper side.
        under: the height of its lower side.
        top: the height of the back.
        tone, cushion: albedos.
    """

    half: float
    stance: float
    seat: float
    under: float
    top: float
    tone: float
    cushion: float


STYLES = (
    Style("kitchen", "square", "ladder", tone=0.45, cushion=0.55),
    Style("slatted", "square", "slats", tone=0.62, cushion=0.62),
    Style("panel", "square", "panel", tone=0.30, cushion=0.30),
    Style("carver", "square", "slats", "rests", tone=0.36, cushion=0.50),
    Style("windsor", "splayed", "spindles", tone=0.50, cushion=0.50, seat=(0.88, 0.06)),
    Style("windsor arms", "splayed", "spindles", "loops", tone=0.28, cushion=0.28, seat=(0.88, 0.06)),
    Style("cafe", "round", "hoop", tone=0.25, cushion=0.70, round_seat=True),
    Style("bistro", "crossed", "ladder", tone=0.75, cushion=0.75, seat=(0.9, 0.03)),
    Style("folding", "crossed", "panel", tone=0.55, cushion=0.35, seat=(0.9, 0.04)),
    Style("shell", "splayed", "shell", tone=0.60, cushion=0.85, seat=(0.86, 0.07)),
    Style("tulip", "pedestal", "shell", "", tone=0.85, cushion=0.85, round_seat=True, seat=(0.9, 0.08)),
    Style("swivel", "swivel", "pad", tone=0.20, cushion=0.35, seat=(0.95, 0.09)),
    Style("office", "swivel", "pad", "posts", tone=0.18, cushion=0.22, seat=(0.95, 0.09)),
    Style("executive", "swivel", "cushion", "pads", tone=0.22, cushion=0.30, seat=(0.95, 0.12)),
    Style("cantilever", "cantilever", "panel", tone=0.70, cushion=0.25, seat=(0.92, 0.04)),
    Style("cantilever arms", "cantilever", "pad", "posts", tone=0.72, cushion=0.45, seat=(0.92, 0.05)),
    Style("sled", "sled", "open", tone=0.40, cushion=0.65, seat=(0.9, 0.05)),
    Style("armchair", "block", "cushion", "blocks", tone=0.45, cushion=0.55, seat=(0.72, 0.14)),
    Style("club", "stubs", "cushion", "rolls", tone=0.30, cushion=0.38, seat=(0.75, 0.16)),
    Style("tub", "stubs", "arc", tone=0.25, cushion=0.65, seat=(0.78, 0.14), round_seat=True),
    Style("bar stool", "tall", "hoop", tone=0.35, cushion=0.35, seat=(1.15, 0.05), round_seat=True),
    Style("bar swivel", "pedestal", "pad", tone=0.55, cushion=0.25, seat=(1.15, 0.07), round_seat=True),
    Style("bench", "trestle", "slats", tone=0.55, cushion=0.55, wide=1.3),
    Style("sofa", "block", "cushion", "rolls", tone=0.40, cushion=0.60, seat=(0.68, 0.15), wide=1.3),
    Style("rocker", "rocker", "spindles", "rests", tone=0.38, cushion=0.38),
    Style("crossback", "round", "cross", tone=0.33, cushion=0.60),
    Style("throne", "block", "panel", "blocks", tone=0.60, cushion=0.60, seat=(0.9, 0.1)),
    Style("lounge", "sled", "cushion", "posts", tone=0.22, cushion=0.72, seat=(0.75, 0.11)),
)  # fmt: skip


def chair(style: int, width: float, back: float) -> list[Solid]:
    """Build a chair's solids.

    Args:
        style: its number in `STYLES`.
        width: of the seat.
        back: how far the back rises over the seat.
    """
    chosen = STYLES[style]
    height, thickness = chosen.seat
    half = 0.5 * width * chosen.wide
    stance = 0.66 if chosen.round_seat else 0.87
    plan = Plan(half, stance, height, height - 2 * thickness, height + back, chosen.tone, chosen.cushion)
    shape: Shape = "cylinder" if chosen.round_seat else "box"
    seat = solid(shape, (0, height - thickness, 0), (plan.half, thickness, DEPTH), albedo=chosen.cushion)
    parts = [LEGS[chosen.legs](plan), BACKS[chosen.back](plan), ARMS[chosen.arms](plan) if chosen.arms else ()]
    return [seat, *(one for part in parts for one in part)]


def bar(plan: Plan, start: Point, end: Point, half: float, shape: Shape = "box") -> Solid:
    """Return a straight piece of the frame, between two points."""
    return strut(shape, start, end, (half, half), albedo=plan.tone)


def sides(plan: Plan, inset: float = 0.06) -> tuple[float, float]:
    """Return where left and right pieces stand."""
    return -plan.half + inset, plan.half - inset


def four(plan: Plan, half: float, shape: Shape, splay: float = 0.0) -> Iterator[Solid]:
    """Build four legs, which stand `splay` farther out than they begin."""
    out, z_begin = 1 + splay, plan.stance * DEPTH
    for x in (-plan.stance * plan.half, plan.stance * plan.half):
        for z in (-z_begin, z_begin):
            yield bar(plan, (x, plan.under, z), (x * out, 0, z * out), half, shape)


def square_legs(plan: Plan) -> Iterator[Solid]:
    """Build four square legs, upright."""
    yield from four(plan, 0.05, "box")


def round_legs(plan: Plan) -> Iterator[Solid]:
    """Build four round legs, a little splayed."""
    yield from four(plan, 0.042, "cylinder", 0.08)


def splayed_legs(plan: Plan) -> Iterator[Solid]:
    """Build four turned legs, splayed, with stretchers."""
    yield from four(plan, 0.042, "cylinder", 0.28)
    for x in sides(plan, 0.0):
        yield bar(plan, (x, 0.40, -DEPTH), (x, 0.40, DEPTH), 0.03, "cylinder")
    yield bar(plan, (-plan.half, 0.40, 0), (plan.half, 0.40, 0), 0.03, "cylinder")


def tall_legs(plan: Plan) -> Iterator[Solid]:
    """Build the legs of a bar stool, with a foot rest all round."""
    yield from four(plan, 0.04, "cylinder", 0.3)
    x, z = 1.2 * plan.stance * plan.half, 1.2 * plan.stance * DEPTH
    for side in (-1, 1):
        yield bar(plan, (-x, 0.4, side * z), (x, 0.4, side * z), 0.03, "cylinder")
        yield bar(plan, (side * x, 0.4, -z), (side * x, 0.4, z), 0.03, "cylinder")


def crossed_legs(plan: Plan) -> Iterator[Solid]:
    """Build two pairs of crossed legs, joined on the floor."""
    for x in sides(plan):
        yield bar(plan, (x, plan.under, -DEPTH), (x, 0, DEPTH), 0.04)
        yield bar(plan, (x, plan.under, DEPTH), (x, 0, -DEPTH), 0.04)
    for z in (-DEPTH, DEPTH):
        yield bar(plan, (-plan.half, 0.03, z), (plan.half, 0.03, z), 0.03)


def pedestal(plan: Plan) -> Iterator[Solid]:
    """Build one column on a round foot."""
    yield bar(plan, (0, 0, 0), (0, plan.under, 0), 0.07, "cylinder")
    yield solid("cylinder", (0, 0.03, 0), (0.42, 0.03, 0.42), albedo=plan.tone)
    yield solid("ball", (0, 0.06, 0), (0.22, 0.10, 0.22), albedo=plan.tone)


def swivel(plan: Plan) -> Iterator[Solid]:
    """Build a column on five feet with castors."""
    yield bar(plan, (0, 0.12, 0), (0, plan.under, 0), 0.06, "cylinder")
    for angle in np.deg2rad(np.arange(5) * 72 + 18):
        x, z = 0.5 * np.cos(angle), 0.5 * np.sin(angle)
        yield bar(plan, (0, 0.18, 0), (x, 0.10, z), 0.045)
        yield solid("ball", (x, 0.06, z), (0.06, 0.06, 0.06), albedo=0.6 * plan.tone)


def cantilever(plan: Plan) -> Iterator[Solid]:
    """Build a bent tube that carries the seat from the front."""
    for x in sides(plan, 0.03):
        yield bar(plan, (x, plan.under, DEPTH), (x, 0, DEPTH), 0.035, "cylinder")
        yield bar(plan, (x, 0.035, DEPTH), (x, 0.035, -DEPTH), 0.035, "cylinder")
        yield bar(plan, (x, plan.under, DEPTH), (x, plan.under, -DEPTH), 0.035, "cylinder")
    yield bar(plan, (-plan.half, 0.035, -DEPTH), (plan.half, 0.035, -DEPTH), 0.035, "cylinder")


def sled(plan: Plan) -> Iterator[Solid]:
    """Build two frames with runners."""
    for x in sides(plan, 0.04):
        for z in (-DEPTH + 0.06, DEPTH - 0.06):
            yield bar(plan, (x, plan.under, z), (x, 0, z), 0.035)
        yield bar(plan, (x, 0.035, -DEPTH), (x, 0.035, DEPTH), 0.036)


def block(plan: Plan) -> Iterator[Solid]:
    """Build a solid base, down to the floor."""
    middle = plan.under / 2
    yield solid("box", (0, middle, 0), (plan.half, middle, DEPTH), albedo=plan.tone)


def stubs(plan: Plan) -> Iterator[Solid]:
    """Build short round legs under an upholstered base."""
    yield from four(plan, 0.06, "cylinder")
    size = plan.stance + 0.08
    yield solid("box", (0, plan.under - 0.06, 0), (size * plan.half, 0.06, size * DEPTH), albedo=plan.tone)


def trestle(plan: Plan) -> Iterator[Solid]:
    """Build two upright boards and a beam."""
    for x in sides(plan, 0.18):
        yield solid("box", (x, plan.under / 2, 0), (0.05, plan.under / 2, 0.85 * DEPTH), albedo=plan.tone)
    yield bar(plan, (-plan.half + 0.18, 0.35, 0), (plan.half - 0.18, 0.35, 0), 0.06)


def rocker(plan: Plan) -> Iterator[Solid]:
    """Build four legs on curved runners."""
    yield from four(plan, 0.042, "cylinder", 0.1)
    turns = np.deg2rad(np.linspace(-32, 32, 6))
    for x in sides(plan, 0.04):
        points = [(x, 1.35 - 1.35 * np.cos(turn) + 0.02, 1.35 * np.sin(turn)) for turn in turns]
        yield from (bar(plan, start, end, 0.04) for start, end in pairwise(points))


def posts(plan: Plan, half: float = 0.045, lean: float = 0.1) -> Iterator[Solid]:
    """Build the uprights at both sides of a back, which leans back by a share of its height."""
    for x in sides(plan, half):
        yield bar(plan, (x, plan.under, -DEPTH + half), at(plan, x, 1.0, lean), half)


def at(plan: Plan, x: float, share: float, lean: float = 0.1) -> Point:
    """Return the point of the back at a share of its height over the seat."""
    rise = share * (plan.top - plan.seat)
    return x, plan.seat + rise, -DEPTH + 0.045 - lean * rise


def rail(plan: Plan, share: float, half: float) -> Solid:
    """Return a piece across the back."""
    _, y, z = at(plan, 0, share)
    return solid("box", (0, y - half, z), (plan.half - 0.04, half, 0.03), albedo=plan.tone)


def ladder(plan: Plan) -> Iterator[Solid]:
    """Build rails across, from side to side."""
    yield from posts(plan)
    yield from (rail(plan, share, 0.055) for share in (0.45, 0.72, 1.0))


def slats(plan: Plan) -> Iterator[Solid]:
    """Build upright slats under a rail; more of them on a bench."""
    yield from posts(plan)
    yield rail(plan, 1.0, 0.06)
    count = 7 if plan.half > 0.7 else 4
    for x in np.linspace(-plan.half, plan.half, count + 2)[1:-1]:
        yield strut("box", at(plan, x, 0.0), at(plan, x, 1.0), (0.035, 0.02), albedo=plan.tone)


def open_back(plan: Plan) -> Iterator[Solid]:
    """Build one board at the top."""
    yield from posts(plan, 0.035)
    yield strut("box", at(plan, 0, 0.55), at(plan, 0, 1.0), (plan.half - 0.02, 0.035), albedo=plan.cushion)


def panel(plan: Plan) -> Iterator[Solid]:
    """Build one board, as wide as the seat."""
    yield strut("box", at(plan, 0, -0.02), at(plan, 0, 1.0), (plan.half, 0.04), albedo=plan.cushion)


def cushion(plan: Plan) -> Iterator[Solid]:
    """Build thick upholstery with a rounded top."""
    yield strut("box", at(plan, 0, -0.02, 0.15), at(plan, 0, 1.0, 0.15), (plan.half, 0.11), albedo=plan.cushion)
    x, y, z = at(plan, plan.half, 1.0, 0.15)
    yield strut("cylinder", (-x, y, z), (x, y, z), (0.11, 0.11), albedo=plan.cushion)


def pad(plan: Plan) -> Iterator[Solid]:
    """Build a padded board on a single upright."""
    yield strut("box", (0, plan.under, -DEPTH), at(plan, 0, 0.5), (0.05, 0.03), albedo=plan.tone)
    yield strut("box", at(plan, 0, 0.3), at(plan, 0, 1.0), (0.86 * plan.half, 0.06), albedo=plan.cushion)


def shell(plan: Plan) -> Iterator[Solid]:
    """Build a rounded shell, thin and oval."""
    _, y, z = at(plan, 0, 0.45)
    yield solid("ball", (0, y, z + 0.04), (plan.half, 0.62 * (plan.top - plan.seat), 0.11), albedo=plan.cushion)


def spindles(plan: Plan) -> Iterator[Solid]:
    """Build thin round rods under a broad rail."""
    yield from posts(plan, 0.03)
    yield strut("box", at(plan, 0, 0.84), at(plan, 0, 1.0), (plan.half + 0.03, 0.03), albedo=plan.tone)
    for x in np.linspace(-plan.half, plan.half, 7)[1:-1]:
        yield bar(plan, at(plan, x, 0.0), at(plan, x, 0.9), 0.022, "cylinder")


def hoop(plan: Plan) -> Iterator[Solid]:
    """Build a bent rod with a rail."""
    reach = plan.stance * plan.half
    turns = np.linspace(0, np.pi, 8)
    forward = (1 - plan.stance) * DEPTH * 0.9
    points = [at(plan, reach, 0.0), *(at(plan, reach * np.cos(turn), 0.6 + 0.4 * np.sin(turn)) for turn in turns)]
    points = [(x, y, z + forward) for x, y, z in (*points, at(plan, -reach, 0.0))]
    yield from (bar(plan, start, end, 0.035, "cylinder") for start, end in pairwise(points))
    x, y, z = at(plan, reach, 0.55)
    yield bar(plan, (-x, y, z + forward), (x, y, z + forward), 0.03, "cylinder")


def cross(plan: Plan) -> Iterator[Solid]:
    """Build crossed diagonals under a rail."""
    yield from posts(plan)
    yield rail(plan, 1.0, 0.06)
    left, right = sides(plan)
    yield bar(plan, at(plan, left, 0.08), at(plan, right, 0.9), 0.03)
    yield bar(plan, at(plan, right, 0.08), at(plan, left, 0.9), 0.03)


def arc(plan: Plan) -> Iterator[Solid]:
    """Build upholstery all round, lower at the front."""
    for turn in np.deg2rad(np.linspace(-25, 205, 12)):
        x, z = 0.97 * plan.half * np.cos(turn), -0.97 * DEPTH * np.sin(turn)
        drop = 0.5 * (plan.top - plan.seat) * (1 - max(float(np.sin(turn)), 0.0)) ** 2
        yield strut("cylinder", (x, plan.under, z), (x, plan.top - drop, z), (0.14, 0.12), albedo=plan.cushion)


def rests(plan: Plan) -> Iterator[Solid]:
    """Build straight arm rests on front posts."""
    for x in (-plan.half, plan.half):
        yield bar(plan, (x, plan.seat + 0.36, -DEPTH), (x, plan.seat + 0.36, DEPTH - 0.08), 0.045)
        yield bar(plan, (x, plan.under, DEPTH - 0.14), (x, plan.seat + 0.36, DEPTH - 0.14), 0.04)


def loops(plan: Plan) -> Iterator[Solid]:
    """Build round arm rests on rods."""
    for x in (-plan.half - 0.02, plan.half + 0.02):
        yield bar(plan, (x, plan.seat + 0.34, -DEPTH), (x, plan.seat + 0.34, 0.3), 0.035, "cylinder")
        for z in (-0.2, 0.05, 0.28):
            yield bar(plan, (x, plan.seat, z), (x, plan.seat + 0.34, z), 0.022, "cylinder")


def arm_posts(plan: Plan) -> Iterator[Solid]:
    """Build short arm rests on one post each."""
    for x in (-plan.half - 0.05, plan.half + 0.05):
        yield bar(plan, (x, plan.under, 0.02), (x, plan.seat + 0.34, 0.02), 0.035)
        yield bar(plan, (x, plan.seat + 0.36, -0.24), (x, plan.seat + 0.36, 0.28), 0.05)


def arm_pads(plan: Plan) -> Iterator[Solid]:
    """Build padded arm rests."""
    for x in (-plan.half - 0.06, plan.half + 0.06):
        yield solid("box", (x, plan.seat + 0.12, -0.02), (0.05, 0.2, 0.3), albedo=plan.tone)
        yield solid("box", (x, plan.seat + 0.36, -0.02), (0.08, 0.05, 0.36), albedo=plan.cushion)


def arm_blocks(plan: Plan) -> Iterator[Solid]:
    """Build solid sides, down to the floor."""
    top = plan.seat + 0.32
    for x in (-plan.half - 0.08, plan.half + 0.08):
        yield solid("box", (x, top / 2, 0), (0.09, top / 2, DEPTH), albedo=plan.tone)


def arm_rolls(plan: Plan) -> Iterator[Solid]:
    """Build sides with rolls on top."""
    top = plan.seat + 0.26
    for x in (-plan.half - 0.06, plan.half + 0.06):
        yield solid("box", (x, (top + 0.12) / 2, 0), (0.08, (top - 0.12) / 2, DEPTH), albedo=plan.cushion)
        yield strut("cylinder", (x, top, -DEPTH), (x, top, DEPTH), (0.13, 0.13), albedo=plan.cushion)


Builder = Callable[[Plan], Iterator[Solid]]
LEGS: dict[str, Builder] = {
    "square": square_legs, "round": round_legs, "splayed": splayed_legs, "tall": tall_legs, "crossed": crossed_legs,
    "pedestal": pedestal, "swivel": swivel, "cantilever": cantilever, "sled": sled, "block": block, "stubs": stubs,
    "trestle": trestle, "rocker": rocker,
}  # fmt: skip
BACKS: dict[str, Builder] = {
    "ladder": ladder, "slats": slats, "open": open_back, "panel": panel, "cushion": cushion, "pad": pad,
    "shell": shell, "spindles": spindles, "hoop": hoop, "cross": cross, "arc": arc,
}  # fmt: skip
ARMS: dict[str, Builder] = {
    "rests": rests, "loops": loops, "posts": arm_posts, "pads": arm_pads, "blocks": arm_blocks, "rolls": arm_rolls,
}  # fmt: skip
