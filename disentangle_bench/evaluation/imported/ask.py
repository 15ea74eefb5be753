"""What others' networks raise, as one message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from disentangle_bench.errors import DbenchError, RepresentationError


def ask(function: Callable[[Tensor], Any], inputs: Tensor, what: str, given: str, remedy: str) -> Any:
    """What somebody's function gives for inputs.

    Args:
        function: that is asked.
        inputs: what it is given.
        what: the function is, for the message, such as `encoder`.
        given: what the inputs are, such as `images`.
        remedy: what to do if it takes other inputs.

    Raises:
        RepresentationError: it raises an exception.
    """
    try:
        return function(inputs)
    except DbenchError:
        raise
    except Exception as error:  # whatever another's function does
        said = " ".join(str(error).split())[:300]
        raise RepresentationError(
            f"The {what} raises {type(error).__name__} for {given} {tuple(inputs.shape)}: {said}", remedy
        ) from error
