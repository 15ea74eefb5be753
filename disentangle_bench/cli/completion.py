"""Shell completion of names."""

from __future__ import annotations

from collections.abc import Callable

import rich_click as click

from disentangle_bench.cli.kinds import KINDS

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def names_of(*kinds: str) -> Completer:
    """Offer the names of these kinds."""

    def complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        return [name for kind in kinds for name in KINDS[kind].names() if name.startswith(incomplete)]

    return complete
