"""The interface of engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol


class Engine(Protocol):
    """Works on cells whose folders hold an order; see `work.work`."""

    @property
    def here(self) -> bool:
        """Whether cells are worked on by the processors of this machine."""
        ...

    def check(self) -> None:
        """Make sure that it can be used.

        Raises:
            DbenchError: it is not installed, or cannot be reached.
        """
        ...

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Work on cells, in this order as far as there is a choice.

        A cell that fails, or a process that is killed, never stops the others. When the iterator is closed, or Ctrl-C
        is pressed, what is under way is interrupted.

        Yields:
            The folder of each cell as soon as the work on it is over; the outcome is read there.
        """
        ...
